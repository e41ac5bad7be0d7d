"""Settings as pages: in two steps that say what follows, optimistic, with history (R53, R75, R80)."""

import re
from datetime import timedelta

import pytest

from gate.core.roles import AccountId, Act, Role
from gate.web.staff.ports.approvals import ApprovalId, ApprovalState, ApprovalView
from tests.web.gate_fakes import NOON

RULES, SAVE = "/staff/rules", "/staff/rules/save"
SPAN, ASK, DO = "/staff/rules/retention", "/staff/rules/retention/ask", "/staff/rules/retention/save"


def view(state, account="a", subject="rules face.retention_days=180>90"):
    return ApprovalView(
        id=ApprovalId("1" * 16),
        act=Act.CHANGE_RETENTION,
        subject=subject,
        reason="The committee asked.",
        asked_by=AccountId(account * 16),
        asked_at=NOON,
        state=state,
        until=NOON + timedelta(days=1),
    )


def test_r80_what_follows_is_said_before_anything_is_saved(house, manager):
    page = manager.press(manager.get(RULES), RULES, door__release_s="6")
    assert page.status_code == 200
    assert "Face is locked." in page.text
    assert "The notice has to be published anew." in page.text
    assert house.gate.overrides.saved == []
    answer = manager.press(page, SAVE)
    assert answer.headers["location"] == "/staff/rules?said=saved"
    assert house.gate.overrides.values["door.release_s"] == 6.0
    assert "the gate starts anew" in manager.get(answer.headers["location"]).text


def test_r80_how_a_face_must_show_that_it_lives_is_chosen_in_words(house, manager):
    page = manager.get(RULES)
    assert '<option value="basic" selected>A movement only if needed</option>' in page.text
    assert "films on a screen often pass" in page.text
    step = manager.press(page, RULES, face__liveness="challenge")
    assert "Face is locked." in step.text
    assert "<td>A movement only if needed</td><td><b>A movement each time</b></td>" in step.text
    assert manager.press(step, SAVE).status_code == 303
    assert house.gate.overrides.values["face.liveness"] == "challenge"
    history = house.signed_in(Role.INSTALLER, account="c").get("/staff/rules/history").text
    assert "A movement only if needed, as the settings file says → <b>A movement each time</b>" in history


def test_a_level_of_liveness_that_there_is_not_is_told_beside_its_field(house, manager):
    page = manager.press(manager.get(RULES), RULES, face__liveness="none")
    assert page.status_code == 422
    assert "Choose one of these." in page.text
    assert house.gate.overrides.newest == 0


def test_the_form_holds_what_is_in_force(manager):
    page = manager.get(RULES).text
    assert 'name="door.release_s" type="text" value="5"' in page
    assert 'name="site.contact" type="text" value="010-5555 0100"' in page


def test_r53_a_span_of_faces_cannot_be_slipped_into_the_form_of_one_person(house, manager):
    page = manager.get(RULES)
    assert "face.retention_days" not in page.text
    manager.press(page, RULES, door__release_s="6", face__retention_days="1")
    confirm = manager.press(page, RULES, door__release_s="6", once="other")
    manager.press(confirm, SAVE, face__retention_days="1")
    assert house.gate.overrides.values["face.retention_days"] == 365


def test_a_value_that_cannot_be_is_told_beside_its_field_and_what_was_typed_stays(house, manager):
    page = manager.press(manager.get(RULES), RULES, door__release_s="long", site__contact="Ms Wang")
    assert page.status_code == 422
    assert 'href="#field-door.release_s"' in page.text
    assert 'id="wrong-door.release_s"' in page.text
    assert 'aria-invalid="true"' in page.text
    assert 'value="long"' in page.text
    assert 'value="Ms Wang"' in page.text
    assert house.gate.overrides.newest == 0


def test_a_form_that_changes_nothing_says_so(manager):
    page = manager.press(manager.get(RULES), RULES, door__release_s="5")
    assert "Nothing in the form differs" in page.text


def test_of_two_managers_the_second_sees_what_changed_beside_what_they_typed(house, manager):
    other = house.signed_in(Role.MANAGER, account="b")
    mine, theirs = manager.get(RULES), other.get(RULES)
    manager.press(manager.press(mine, RULES, door__release_s="6"), SAVE)
    page = other.press(theirs, RULES, door__release_s="4")
    assert "Somebody else changed the settings meanwhile." in page.text
    assert "Changed meanwhile" in page.text
    assert "<b>6</b>" in page.text
    assert 'value="4"' in page.text
    assert house.gate.overrides.values["door.release_s"] == 6.0


def test_between_the_two_steps_somebody_else_may_be_first(house, manager):
    other = house.signed_in(Role.MANAGER, account="b")
    step = other.press(other.get(RULES), RULES, door__release_s="4")
    manager.press(manager.press(manager.get(RULES), RULES, door__release_s="6"), SAVE)
    page = other.press(step, SAVE)
    assert page.status_code == 422
    assert "Changed meanwhile" in page.text
    assert house.gate.overrides.values["door.release_s"] == 6.0


def test_pressed_twice_it_is_saved_once(house, manager):
    step = manager.press(manager.get(RULES), RULES, door__release_s="6")
    first, second = manager.press(step, SAVE), manager.press(step, SAVE)
    assert first.headers["location"] == second.headers["location"]
    assert len(house.gate.overrides.saved) == 1


@pytest.mark.parametrize("seen", ["", "x", "-1", "9" * 30, "\uff11"])
def test_a_form_without_the_number_it_was_shown_changes_nothing(house, manager, seen):
    house.gate.overrides.newest = 3
    page = manager.press(manager.get(RULES), RULES, door__release_s="6", seen=seen)
    assert "Somebody else changed the settings meanwhile." in page.text


def test_altered_settings_are_told(house, manager):
    house.gate.overrides.altered = True
    assert "Somebody altered the settings in the database." in manager.get(RULES).text


def test_the_history_names_the_account_to_who_manages_accounts(house, manager, monkeypatch):
    manager.press(manager.press(manager.get(RULES), RULES, door__release_s="6"), SAVE)
    installer = house.signed_in(Role.INSTALLER, account="c")
    assert manager.who.value in installer.get("/staff/rules/history").text


def test_the_history_tells_the_value_before_also_where_the_settings_file_gave_it(house, manager):
    """R80."""
    manager.press(manager.press(manager.get(RULES), RULES, door__release_s="6"), SAVE)
    page = house.signed_in(Role.INSTALLER, account="c").get("/staff/rules/history").text
    assert re.search(r"[0-9.]+, as the settings file says → <b>6</b>", page)


def test_r53_a_span_needs_a_second_person_who_reads_why(house):
    officer = house.signed_in(Role.PRIVACY_OFFICER)
    step = officer.press(officer.get(SPAN), SPAN, face__retention_days="90")
    assert "A second person has to agree" in step.text
    assert DO not in step.text
    without = officer.press(step, ASK, reason="")
    assert without.status_code == 422
    asked = officer.press(step, ASK, reason="The committee asked.", once="again")
    assert asked.headers["location"] == f"{SPAN}?said=asked"
    assert house.gate.overrides.asked == [
        (officer.who.value, "rules face.retention_days=>90", "The committee asked.")
    ]


def test_r53_while_it_waits_nothing_can_be_done_and_once_agreed_it_can(house):
    officer = house.signed_in(Role.PRIVACY_OFFICER)
    house.gate.overrides.approvals = view(ApprovalState.PENDING)
    waiting = officer.press(officer.get(SPAN), SPAN, face__retention_days="90")
    assert "Nothing changes until they agree" in waiting.text
    assert DO not in waiting.text
    house.gate.overrides.approvals = view(ApprovalState.ALLOWED)
    agreed = officer.press(officer.get(SPAN), SPAN, face__retention_days="90", once="x")
    officer.press(agreed, DO)
    assert house.gate.overrides.values["face.retention_days"] == 90


def test_what_one_asked_for_is_found_again_and_what_others_asked_is_not(house):
    officer = house.signed_in(Role.PRIVACY_OFFICER)
    house.office.approvals.asked = [view(ApprovalState.ALLOWED), view(ApprovalState.ALLOWED, account="b")]
    page = officer.get(SPAN)
    assert page.text.count("agreed") == 1
    house.gate.overrides.approvals = view(ApprovalState.ALLOWED)
    opened = officer.press(page, SPAN)
    assert "A second person agreed" in opened.text


def test_a_span_that_cannot_be_is_told_beside_its_field(house):
    officer = house.signed_in(Role.PRIVACY_OFFICER)
    page = officer.press(officer.get(SPAN), SPAN, face__retention_days="9000")
    assert page.status_code == 422
    assert "This lies outside what is possible here." in page.text

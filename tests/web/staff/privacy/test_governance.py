"""Duties, registers and the impact assessment on their pages (R16, R53, R80, R82 to R85)."""

import html
import re
from datetime import date

import pytest

from gate.core.duties import Task
from gate.core.register_forms import AnswerFault, questions
from gate.core.registers import FORMS, Register, Sign
from gate.core.roles import Role
from gate.govern.approval import face_approved
from gate.govern.config import configuration
from gate.govern.report import flat
from gate.store.account.audit import Action
from gate.web.staff import duty_words, register_words
from gate.web.staff.assessment_words import name_of, value_of
from gate.web.staff.audit_words import ACTIONS, ACTORS

DUTIES, SIGNS, ASSESSMENT = "/staff/duties", "/staff/registers/sign", "/staff/assessment"
SIGN = {"placement": "Beside the main gate", "checked_on": "2026-11-20", "ended_on": ""}


def test_every_duty_register_field_and_act_has_its_words():
    assert set(duty_words.TASKS) == set(Task)
    assert set(register_words.REGISTERS) == set(Register)
    asked = {question.name for register in Register for question in questions(register)}
    assert asked == set(register_words.FIELDS)
    assert set(register_words.FAULTS) == set(AnswerFault)
    assert set(Action) <= set(ACTIONS)
    assert set(ACTORS) >= {"gate", "resident", "desk", "installer", "staff", "token"}


def test_what_is_to_do_stands_with_the_place_to_do_it(house, manager):
    page = manager.get(DUTIES).text
    assert "Read the impact assessment" in page
    assert f'href="{ASSESSMENT}"' in page
    assert "Put up the sign" in page


def test_a_sign_is_entered_and_its_duty_is_done_for_ninety_days_r16(house, manager):
    manager.follow(manager.post(f"{SIGNS}/new", **SIGN))
    assert house.store.registers.current(Register.SIGN)[0].fields == Sign(
        "Beside the main gate", date(2026, 11, 20)
    )
    page = manager.get(DUTIES).text
    assert "Put up the sign" not in page
    assert "2027-02-17" in page
    assert house.actions()[-1] == (manager.who.value, "register-changed")


@pytest.mark.parametrize("register", Register)
def test_every_register_takes_a_filled_form_r82_r83_r85(house, manager, register):
    typed = {
        each.name: {"words": "Words", "day": "2026-11-20", "moment": "2026-11-20T08:00"}[each.kind]
        for each in questions(register)
    }
    manager.follow(manager.post(f"/staff/registers/{register}/new", **typed))
    (entry,) = house.store.registers.current(register)
    assert type(entry.fields) is FORMS[register]
    assert entry.id in manager.get(f"/staff/registers/{register}").text


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(house, manager):
    answer = manager.post(f"{SIGNS}/new", placement="", checked_on="2026-11-23", ended_on="never")
    assert answer.status_code == 422
    assert 'id="wrong-placement"' in answer.text
    assert 'id="wrong-ended_on"' in answer.text
    ahead = manager.post(f"{SIGNS}/new", **(SIGN | {"checked_on": "2026-11-23"}))
    assert "This has not come yet." in ahead.text
    assert "Beside the main gate" in ahead.text
    assert house.store.registers.current(Register.SIGN) == ()


def test_a_second_writer_sees_what_the_first_wrote_and_loses_nothing(house, manager, officer):
    manager.follow(manager.post(f"{SIGNS}/new", **SIGN))
    (entry,) = house.store.registers.current(Register.SIGN)
    path = f"{SIGNS}/{entry.id}"
    seen = officer.hidden(path, "seen")
    manager.follow(manager.post(path, seen=seen, **(SIGN | {"placement": "By the lift"})))
    late = officer.post(path, seen=seen, **(SIGN | {"placement": "By the stairs"}))
    assert late.status_code == 422
    assert "By the lift" in late.text
    assert "By the stairs" in late.text
    assert house.store.registers.newest(entry.id).fields.placement == "By the lift"


def test_earlier_revisions_can_be_read_r82(house, manager):
    manager.follow(manager.post(f"{SIGNS}/new", **SIGN))
    (entry,) = house.store.registers.current(Register.SIGN)
    path = f"{SIGNS}/{entry.id}"
    manager.follow(
        manager.post(path, seen=manager.hidden(path, "seen"), **(SIGN | {"placement": "By the lift"}))
    )
    page = manager.get(path).text
    assert "What it said before" in page
    assert "Beside the main gate" in page


def test_an_assessment_is_approved_for_what_was_shown_and_the_account_is_named_r80(house, officer):
    assert not face_approved(house.settings, house.store)
    seen = officer.hidden(ASSESSMENT, "seen")
    page = officer.follow(officer.post(ASSESSMENT, seen=seen, remarks="A guard is always there.")).text
    assert "assessed and approved" in page
    assert "Wang Li" in page
    assert face_approved(house.settings, house.store)
    (kept,) = house.store.assessments.all()
    assert "A guard is always there." in kept.document
    assert (kept.approver, kept.role) == ("Wang Li", "privacy-officer")
    assert house.actions()[-1] == (officer.who.value, "assessment-approved")


def test_the_configuration_is_said_in_words_beside_what_is_sealed_r80(house, officer):
    """Whoever approves it need not know the settings file."""
    page = officer.get(ASSESSMENT).text
    rows = dict(re.findall(r"<th scope=\"row\">([^<]+)</th>\s*<td>([^<]*)</td>", page))
    assert rows["Face as a way in"] == "on"
    assert rows["Name of the gate"] == house.settings.site.gate_id
    assert rows["Where one complains"] == "none"
    assert "face.enabled = True" in page
    sealed = [key for key, _ in flat(configuration(house.settings, house.store)) if ".sha256." not in key]
    assert [key for key in sealed if name_of(key) is None] == []


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("operating_point.fmr_at_most", "0.013983337256407052", "1.4 %"),
        ("operating_point.fnmr_at_most", "unknown", "unknown"),
        ("site.contact", "100 % us", "100 % us"),
        ("key_custody", "elsewhere", "elsewhere"),
    ],
)
def test_a_value_without_words_stands_as_it_is(key, value, said):
    assert value_of(key, value) == said


def test_the_page_says_that_the_notice_is_published_first_r80(house, officer):
    assert "First publish the notice" not in officer.get(ASSESSMENT).text
    house.unpublish()
    officer = house.console(Role.PRIVACY_OFFICER)
    assert "First publish the notice" in officer.get(ASSESSMENT).text


def test_a_configuration_that_moved_on_is_not_approved_r80(house, officer):
    seen = officer.hidden(ASSESSMENT, "seen")
    officer.follow(
        officer.post(
            "/staff/registers/recipient/new",
            name="Police",
            contact="110",
            purpose="law",
            method="paper",
            categories="none",
        )
    )
    answer = officer.post(ASSESSMENT, seen=seen, remarks="Kept words")
    assert answer.status_code == 422
    assert "Kept words" in answer.text
    assert not face_approved(house.settings, house.store)


def test_consents_and_people_are_counted_r84(house, manager):
    house.agree(house.move_in())
    page = html.unescape(manager.get(DUTIES).text)
    assert "A template of 1 person is kept" in page
    assert re.search(r"in force</td>\s*<td class=\"number\">1<", page)


def test_a_guard_sees_none_of_it_r53(house):
    guard = house.console(Role.GUARD)
    for path in (DUTIES, SIGNS, f"{SIGNS}/new", ASSESSMENT):
        assert guard.get(path).status_code == 403

"""The page handed over to a resident: reading, deciding, being captured with guidance, and nothing beyond it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from html import unescape

import pytest

from gate.core.consent import Relation, RelationProof
from gate.core.consent_record import EventKind
from gate.core.notices import Form
from gate.core.roles import Role
from gate.web.app import create_app
from gate.web.consent_words import PROOFS, RELATIONS
from gate.web.context import ChildSaid, FaceStanding
from gate.web.sitting import SITTING_COOKIE, SITTING_SPAN
from gate.web.words import OBSTACLES
from tests.notices import FIRST as NOTICE
from tests.notices import bare_board
from tests.web.conftest import Client
from tests.web.residents import AGREE, EN, Resident

CHILD = {
    "age": "under-14",
    "relation": "parent",
    "checked_by": "birth-certificate",
    "turns_14_on": "2030-05-01",
}


@pytest.fixture
def resident(client, clock, world, runner):
    return Resident(client, clock, world, runner).sit_down()


# --- handing over ---


def test_r53_handing_over_signs_the_staff_out_in_this_browser(client, resident):
    assert client.get("/staff/desk").status_code == 303
    assert client.get("/staff/people").headers["location"].startswith("/staff/sign-in")


def test_r53_nobody_of_the_staff_is_signed_in_after_the_screen_is_given_back(client, resident):
    answer = resident.press("give-back")
    assert answer.headers["location"] == "/staff/sign-in?next=/staff/desk"
    assert client.get("/enrol").headers["location"] == "/staff/sign-in?next=/staff/desk"


def test_a_guard_hands_no_page_over(client):
    token = client.sign_in(Role.GUARD)
    assert client.post("/staff/desk/hand-over", {"token": token, "person": "p-agreed"}).status_code == 403
    assert SITTING_COOKIE not in client._http.cookies


def test_the_cookie_is_this_sites_alone_strict_and_unreadable_for_scripts(client):
    token = client.sign_in(Role.MANAGER)
    answer = client.post("/staff/desk/hand-over", {"token": token})
    cookie = next(each for each in answer.headers.get_list("set-cookie") if SITTING_COOKIE in each).lower()
    parts = {part.strip() for part in cookie.split(";")}
    assert {"httponly", "secure", "samesite=strict", "path=/"} <= parts


def test_a_page_that_nobody_touches_is_over(client, clock, resident):
    clock.seconds += SITTING_SPAN.idle_s
    assert client.get("/enrol").status_code == 303


def test_without_a_sitting_no_button_does_anything(client, world):
    for path in ("consent", "decline", "reconfirm", "stop", "pin", "card", "give-back", "identify"):
        answer = client.post(f"/enrol/{path}", AGREE | {"token": "x", "card": "1", "unit": "1", "pin": "1"})
        assert answer.status_code == 400
    assert (world.desk.said, world.desk.pins, world.desk.cards) == ([], [], [])


@pytest.mark.parametrize("path", ["consent", "decline", "pin", "give-back"])
def test_r54_a_form_without_the_sittings_own_token_is_refused(client, world, resident, path):
    assert resident.press(path, token="guess").status_code == 400
    assert world.desk.said == []


def test_a_resident_can_identify_themselves_and_staff_learn_no_pin(client, clock, world, runner):
    resident = Resident(client, clock, world, runner).sit_down(person="")
    assert 'name="pin" type="password"' in resident.page()
    assert "<b>Chen & Bo</b>" not in resident.page()
    assert resident.press("identify", unit="1204", pin="739154").status_code == 303
    assert "1204" in resident.page()


def test_a_wrong_pin_at_the_desk_opens_nobodys_sheet(client, clock, world, runner):
    resident = Resident(client, clock, world, runner).sit_down(person="")
    answer = resident.press("identify", unit="1204", pin="000000")
    assert (answer.status_code, "Unit, PIN or code is not right." in answer.text) == (422, True)
    assert resident.press("decline").status_code == 422
    assert world.desk.said == []


# --- the sheet ---


def test_r06_r14_the_full_notice_stands_above_the_box_in_the_readers_language(resident, world):
    for language in ("zh-CN", "en"):
        page = resident.page(language=language)
        for line in world.context.notices.in_force.texts[language, Form.FULL].splitlines():
            assert line.lstrip("#- ").strip() in page
        assert f'name="language" value="{language}"' in page


def test_r06_r26_nothing_is_ticked_beforehand_and_no_picture_can_be_sent(resident, world):
    world.desk.children_enabled = True
    page = resident.page()
    assert (page.count('type="checkbox"'), page.count('type="radio"')) == (1, 2)
    assert not re.search(r"<input[^>]* checked", page)
    assert "selected" not in page
    assert 'type="file"' not in page


def test_r04_r05_declining_is_a_button_like_agreeing_and_needs_no_tick(resident, world):
    pair = re.search(r'<div class="pair">(.*?)</div>', resident.page(), flags=re.DOTALL)[1]
    assert pair.count("<button") == 2
    assert "class=" not in pair
    assert resident.press("decline", agreed="").status_code == 303  # and without any wait
    assert [said.notice for said in world.desk.said] == [NOTICE]


def test_r10_an_agreement_before_the_notice_could_be_read_is_none(resident, clock, world):
    answer = resident.press("consent")
    assert (answer.status_code, "not before you long enough" in answer.text) == (422, True)
    assert world.desk.said == []


@pytest.mark.parametrize("stamp", ["", "1.", "0.00", "x.y", "1000000.é"])
def test_r10_an_agreement_without_a_stamp_of_this_gate_is_none(resident, world, stamp):
    assert resident.decide("consent", shown=stamp).status_code == 422
    assert world.desk.said == []


def test_r10_the_stamp_of_one_language_serves_no_other(resident, world):
    assert resident.decide("consent", language="zh-CN").status_code == 422
    assert world.desk.said == []


def test_a_sheet_shown_again_for_a_mistake_does_not_start_the_time_anew(resident, world):
    first = resident.hidden("shown")
    assert resident.decide("consent", agreed="").status_code == 422
    assert resident.hidden("shown") == first
    assert resident.press("consent").status_code == 303


@pytest.mark.parametrize("path", ["consent", "reconfirm"])
def test_r06_consent_without_the_tick_is_none_and_the_fault_leads_to_the_box(resident, world, path):
    answer = resident.decide(path, agreed="")
    assert answer.status_code == 422
    assert 'href="#field-agreed"' in answer.text
    assert 'aria-describedby="wrong-agreed" aria-invalid="true"' in answer.text
    assert world.desk.said == []


@pytest.mark.parametrize("path", ["consent", "reconfirm", "decline"])
def test_r22_nobody_answers_to_another_notice_than_the_one_in_force(resident, world, path):
    answer = resident.decide(path, notice="0.9")
    assert (answer.status_code, "The notice has changed meanwhile." in answer.text) == (422, True)
    assert world.desk.said == []


@pytest.mark.parametrize("field", ["language", "age", "relation", "checked_by", "turns_14_on"])
def test_words_that_no_form_offers_are_refused(resident, world, field):
    world.desk.children_enabled = True
    assert resident.decide("consent", **CHILD | {field: "x"}).status_code == 400
    assert world.desk.said == []


def test_r22_who_agreed_under_an_older_notice_agrees_again_without_the_camera(client, clock, world, runner):
    world.desk.standings["p-agreed"] = FaceStanding.OUTDATED
    resident = Resident(client, clock, world, runner).sit_down("p-agreed")
    assert 'formaction="/enrol/reconfirm"' in resident.page()
    assert resident.decide("reconfirm").status_code == 303
    assert world.desk.issued[0].facts.what is EventKind.RECONFIRMED


# --- children ---


def test_r27_without_children_nothing_is_asked_about_age(resident, world):
    assert 'name="age"' not in resident.page()
    resident.decide("consent", **CHILD)
    assert world.desk.said[0].child is None


def test_r27_with_children_the_age_must_be_said(resident, world):
    world.desk.children_enabled = True
    answer = resident.decide("consent")
    assert (answer.status_code, 'href="#field-age-from-14"' in answer.text) == (422, True)
    assert world.desk.said == []


@pytest.mark.parametrize("field", ["relation", "checked_by", "turns_14_on"])
def test_r27_a_child_without_a_part_of_the_guardians_answer_is_refused(resident, world, field):
    world.desk.children_enabled = True
    answer = resident.decide("consent", **CHILD | {field: ""})
    assert (answer.status_code, "the guardian must decide" in answer.text) == (422, True)
    assert world.desk.said == []


def test_r27_a_child_needs_a_second_approval_that_nobody_declares_for_themselves(resident, world):
    world.desk.children_enabled = True
    answer = resident.decide("consent", **CHILD, approver="manager")
    assert (answer.status_code, "only with a second approval" in answer.text) == (422, True)
    assert world.desk.said == []


def test_r27_a_childs_guardian_is_heard_once_a_second_person_agreed(resident, world):
    world.desk.children_enabled = True
    world.desk.opened.add(("a" * 16, "p-undecided"))
    assert resident.decide("consent", **CHILD).status_code == 303
    assert world.desk.said[0].child == ChildSaid(
        Relation.PARENT, RelationProof.BIRTH_CERTIFICATE, date(2030, 5, 1)
    )
    assert (set(RELATIONS), set(PROOFS)) == (set(Relation), set(RelationProof))


# --- how it ends ---


@pytest.mark.parametrize("alike", [True, False])
def test_who_looks_much_like_another_is_told_and_sent_to_the_card(resident, world, alike):
    world.desk.lookalikes = {"p-undecided"} if alike else set()
    resident.decide("consent")
    assert ("Another face here is much like yours" in resident.page()) is alike


def test_who_declined_is_told_nothing_of_faces(resident, world):
    world.desk.lookalikes = {"p-undecided"}
    resident.press("decline")
    assert "much like yours" not in resident.page()


def test_r25_both_ends_give_a_receipt_to_print_with_its_code_and_file(resident, world):
    resident.press("decline")
    page = resident.page()
    [receipt] = world.desk.issued
    assert receipt.facts.fingerprint in page
    assert '<svg class="qr"' in page or 'class="qr"' in page
    answer = resident.client.get("/enrol/receipt.json")
    assert json.loads(answer.text)["kind"] == "receipt"
    assert "attachment" in answer.headers["content-disposition"]


def test_r05_declining_ends_well_with_card_and_pin_at_once(resident, world):
    resident.press("decline")
    assert "Declined: card and PIN it is" in resident.page()
    answer = resident.press("pin")
    assert "482915" in resident.client.get(answer.headers["location"]).text
    assert "482915" not in resident.client.get(answer.headers["location"]).text, "shown once"
    assert resident.press("card", card="40451").status_code == 303
    assert world.desk.cards == [("p-undecided", "40451")]
    assert world.desk.pins == [("p-undecided", f"staff:{'a' * 16}")], "on record as whoever handed over"


def test_a_card_that_is_none_is_told_beside_what_was_typed(resident):
    resident.press("decline")
    answer = resident.press("card", card="4o451")
    assert answer.status_code == 422
    assert 'value="4o451"' in answer.text


@pytest.mark.parametrize("path", ["pin", "card"])
def test_before_the_decision_no_card_and_no_pin_is_given(resident, world, path):
    assert resident.press(path, card="40451").status_code == 422
    assert (world.desk.pins, world.desk.cards) == ([], [])


def test_reloading_or_going_back_after_the_end_decides_nothing_again(resident, world):
    form = resident.form()
    resident.press("decline")
    assert "Declined" in resident.page()
    assert "Declined" in resident.page()
    assert len(world.desk.said) == 1
    assert "Declined" in unescape(resident.client.get("/enrol", params=EN).text)
    assert form["token"]


def test_r11_without_a_published_notice_nobody_agrees(world, clock, runner):
    app = create_app(replace(world.context, notices=bare_board()), world.screen)
    resident = Resident(Client(app, runner), clock, world, runner).sit_down()
    assert OBSTACLES["notice_published"].title in resident.page()
    assert resident.decide("consent").status_code == 422
    assert world.desk.agreements == []

"""What the page handed over takes only once, only in its step, and only from whoever it was handed to (R05, R26, R53)."""

from __future__ import annotations

import asyncio
import re

import pytest
from starlette.requests import Request
from starlette.responses import Response

from gate.core.consent_record import EventKind
from gate.core.roles import AccountId, Role, Staff
from gate.core.types import PersonId
from gate.web.context import FaceStanding, Identified
from gate.web.sitting import SITTING_COOKIE, Sitting, Step
from tests.receipts import receipt_of
from tests.web.residents import EN, Resident

MANAGER = Staff(AccountId("b" * 16), frozenset({Role.MANAGER}))
FROM_14 = "I am 14 or older, I have read the notice, and I agree to my face opening this gate"


@pytest.fixture
def resident(client, clock, world, runner):
    return Resident(client, clock, world, runner).sit_down()


@pytest.fixture
def unknown(client, clock, world, runner):
    """Somebody who has to say who they are."""
    return Resident(client, clock, world, runner).sit_down(person="")


@pytest.fixture
def sheet(resident, clock, world):
    """Give the sheet's form, read for long enough."""
    form = resident.form()
    clock.seconds += world.rules.notice_minimum_s
    return form


@pytest.fixture
def capturing(resident, world, sheet):
    """Begin a capture that goes on; give how many there were."""
    begun = []
    enrol = world.desk.enrol

    async def counted(person, said, **by):
        begun.append(person)
        return await enrol(person, said, **by)

    async def event():
        return asyncio.Event()

    world.desk.enrol = counted
    world.desk.capture_ends = resident.runner.run(event())
    assert resident.client.post("/enrol/consent", sheet, params=EN).status_code == 303
    resident.until(world.desk.capturing.is_set)
    return begun


def send(resident, path, form):
    answer = resident.client.post(f"/enrol/{path}", form, params=EN)
    resident.settle()
    return answer


# --- a form that comes twice, or too late ---


def test_agreeing_pressed_twice_begins_one_capture_and_stop_stops_it(resident, world, sheet, capturing):
    assert send(resident, "consent", sheet | {"once": "another"}).headers["location"] == "/enrol"
    assert len(capturing) == 1
    resident.press("stop")
    assert world.desk.given_up.is_set()
    world.desk.capture_ends.set()
    resident.settle()
    assert "Stopped. Nothing was taken" in resident.page()
    assert world.desk.said == []


@pytest.mark.parametrize("path", ["reconfirm", "identify"])
def test_while_the_camera_looks_no_other_decision_is_taken(resident, world, sheet, capturing, path):
    assert send(resident, path, sheet | {"unit": "1204", "pin": "739154"}).status_code == 303
    assert world.desk.said == []
    assert not world.desk.given_up.is_set()


def test_r05_declining_while_the_camera_looks_ends_the_capture_and_stands(resident, world, sheet, capturing):
    assert send(resident, "decline", sheet).status_code == 303
    assert world.desk.given_up.is_set()
    assert world.desk.standings["p-undecided"] is FaceStanding.DECLINED
    assert "Declined: card and PIN it is" in resident.page()


@pytest.mark.parametrize("path", ["consent", "reconfirm", "decline"])
def test_after_the_decision_the_sheets_form_decides_nothing_more(resident, world, sheet, path):
    resident.press("decline")
    assert send(resident, path, sheet).headers["location"] == "/enrol"
    assert len(world.desk.issued) == 1
    assert "Declined" in resident.page()


def test_a_face_that_was_written_before_it_could_be_stopped_is_told_as_written(clock, runner):
    """Nobody is told that nothing was stored while something was."""

    async def stopped_in_the_turn_after():
        face, written = asyncio.Event(), asyncio.Event()

        async def enrolling():
            await face.wait()
            written.set()
            return receipt_of(EventKind.GIVEN, seq=2)

        sitting = Sitting(MANAGER, PersonId("p"))
        await sitting.begin(enrolling(), clock)
        for _ in range(5):
            await asyncio.sleep(0)
        face.set()
        await written.wait()
        assert sitting.step is Step.CAPTURE, "the page has not looked at it yet"
        await sitting.stop()
        return sitting

    sitting = runner.run(stopped_in_the_turn_after())
    assert (sitting.step, sitting.error) == (Step.DONE, None)


def test_an_enrolment_whose_browser_stays_is_written_r26(resident, clock, world, capturing):
    for _ in range(3):
        clock.seconds += 7
        assert resident.client.get("/enrol/progress").status_code == 200
    world.desk.capture_ends.set()
    resident.until(lambda: world.desk.issued)
    resident.settle()
    assert world.desk.consented["p-undecided"]
    assert "Done: face, card and PIN" in resident.page()


# --- whose page it is ---


def test_r53_a_sitting_ends_with_the_account_that_handed_it_over(resident, world):
    resident.press("decline")
    form = resident.form(card="40451")
    world.office.accounts.ended.add("a" * 16)
    for path in ("pin", "card"):
        assert resident.client.post(f"/enrol/{path}", form, params=EN).status_code == 400
    assert resident.client.get("/enrol").headers["location"] == "/staff/sign-in?next=/staff/desk"
    assert (world.desk.pins, world.desk.cards) == ([], [])


def test_r53_a_capture_ends_with_the_account_that_handed_the_page_over(resident, world, capturing):
    world.office.accounts.ended.add("a" * 16)
    assert resident.client.get("/enrol/progress").status_code == 409
    resident.until(world.desk.given_up.is_set)
    assert world.desk.said == []


def test_r26_a_staff_sign_in_in_that_browser_ends_the_sitting(client, resident):
    """Else the console and a resident's sheet stand side by side, and staff tick for somebody."""
    answer = Response()
    cookie = f"{SITTING_COOKIE}={client._http.cookies[SITTING_COOKIE]}".encode()
    request = Request({"type": "http", "headers": [(b"cookie", cookie)]})
    client._app.state.gatekeeper.sign_in(answer, request, MANAGER)
    assert client.get("/enrol").status_code == 303
    gone = [each for each in answer.headers.getlist("set-cookie") if each.startswith(SITTING_COOKIE)]
    assert "Max-Age=0" in gone[0]


# --- by card ---


def test_a_card_held_to_the_desks_reader_opens_its_holders_sheet(unknown, world):
    page = unknown.page()
    assert re.search(r'<input id="field-card" name="card" type="password"', page)
    assert unknown.press("identify", card="40451").status_code == 303
    assert "1204" in unknown.page()
    unknown.press("decline")
    assert world.desk.said[-1].identified is Identified.BY_CARD


def test_a_wrong_card_opens_nobodys_sheet_and_is_not_shown_again(unknown, world):
    answer = unknown.press("identify", card="40999")
    assert (answer.status_code, "No card that opens here has this number." in answer.text) == (422, True)
    assert "40999" not in answer.text
    assert "field-agreed" not in unknown.page()


@pytest.mark.parametrize("path", ["pin", "card"])
def test_who_showed_a_card_alone_is_given_no_pin_and_no_further_card(unknown, world, path):
    """A card that was found tells its holder's number to anybody: it must not buy the PIN as well."""
    unknown.press("identify", card="40451")
    unknown.press("decline")
    assert "/enrol/pin" not in unknown.page()
    assert unknown.press(path, card="40999").status_code == 422
    assert (world.desk.pins, world.desk.cards) == ([], [])


def test_r26_what_was_said_tells_how_it_was_known_who_said_it(unknown, resident, world):
    resident.press("decline")
    assert world.desk.said[-1].identified is Identified.BY_STAFF


def test_r26_a_pin_tells_it_too(unknown, world):
    unknown.press("identify", unit="1204", pin="739154")
    unknown.press("decline")
    assert world.desk.said[-1].identified is Identified.BY_PIN


def test_whoever_is_known_is_not_made_somebody_else_by_another_form(resident, world):
    world.desk.identify_card = lambda _card: "p-agreed"
    assert resident.press("identify", card="40451").status_code == 303
    assert "1204" in resident.page()


# --- cards taken along, and age ---


def test_r53_one_sitting_gives_one_card(resident, world):
    resident.press("decline")
    assert 'name="card"' in resident.page()
    assert resident.press("card", card="40451").status_code == 303
    assert 'name="card"' not in resident.page()
    answer = resident.press("card", card="40452")
    assert (answer.status_code, "One card was given here already" in answer.text) == (422, True)
    assert world.desk.cards == [("p-undecided", "40451")]


def test_a_card_that_was_refused_does_not_use_up_the_one(resident, world):
    resident.press("decline")
    resident.press("card", card="4o451")
    assert resident.press("card", card="40451").status_code == 303
    assert "The card opens from now on." in resident.page()


@pytest.mark.parametrize(("language", "begins"), [("en", FROM_14), ("zh-CN", "我已满 14 周岁")])
def test_r27_without_face_for_children_whoever_ticks_says_that_they_are_14(resident, language, begins):
    tick = re.search(r'name="agreed"[^>]*> ([^<]+)<', resident.page(language=language))[1]
    assert tick.startswith(begins)


def test_r27_with_face_for_children_the_age_is_asked_apart(resident, world):
    world.desk.children_enabled = True
    tick = re.search(r'name="agreed"[^>]*> ([^<]+)<', resident.page())[1]
    assert tick == "I have read the notice and agree to my face opening this gate"

"""One's own page on the real store and the real service: see, withdraw, restrict, ask, take along (R24, R70, R71)."""

import asyncio
import json
import re
from datetime import timedelta

import pytest

from gate.core.rights import Outcome, last_day
from gate.identifying import SIGN_INS_MOST, SIGN_INS_S
from gate.store.account.audit import Action, Actor
from gate.store.requests import OPEN_MOST
from gate.web.gatekeeper import OWN_COOKIE, OWN_SPAN
from tests.service.browsing import ENGLISH
from tests.service.world import FACE


def cookie_of(answer):
    """Give the cookie of the session, without those that end."""
    return next(each for each in answer.headers.get_list("set-cookie") if OWN_COOKIE in each).lower()


def test_r70_a_resident_sees_what_is_held_and_nothing_of_anybody_else(at_page):
    async def scenario(gate, open_browser, person, pin):
        gate.consent(person)
        gate.store.people.add("87651204", "Bo Wang", "bo@example.org")
        browser = open_browser()
        await browser.sign_in("1203", pin)
        page = await browser.page()
        for mine in ("1203", "Ada Chen", "ada@example.org", "A face template exists since", "Card: valid"):
            assert mine in page
        for others in ("Bo Wang", "bo@example.org", "87651204"):
            assert others not in page

    at_page(scenario)


def test_r24_one_press_withdraws_gives_a_receipt_and_empties_the_gallery(at_page):
    async def scenario(gate, open_browser, person, pin):
        gate.consent(person)
        browser = open_browser()
        await browser.sign_in("1203", pin)
        answer = await browser.press("withdraw")
        assert answer.status_code == 200
        assert "/me/receipt?reference=" in str(answer.url)
        assert "Consent to face was withdrawn" in answer.text
        assert gate.vision.gallery == {}
        assert gate.store.templates.count() == 0
        assert "No face template of you exists here." in await browser.page()
        gate.reader.present(40451)
        assert (await gate.result()).granted

    at_page(scenario)


def test_r24_a_withdrawal_here_outlives_an_enrolment_that_began_before_it(at_page):
    async def scenario(gate, open_browser, person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        gate.consent(person)
        enrolling = asyncio.create_task(gate.enrol(person))
        await gate.until(lambda: gate.vision.enrolling, "the camera to open")
        await browser.press("withdraw")
        gate.capture.take(gate.vision.capturing, gate.store.epochs.current.number, FACE)
        with pytest.raises(Exception, match="withdrawn meanwhile"):
            await enrolling
        assert gate.store.templates.count() == 0

    at_page(scenario)


def test_r71_a_face_left_alone_is_not_matched_until_it_is_released(at_page):
    async def scenario(gate, open_browser, person, pin):
        template = gate.consent(person)
        browser = open_browser()
        await browser.sign_in("1203", pin)
        await browser.press("restrict")
        assert gate.vision.gallery == {}
        assert "Your face is left alone" in await browser.page()
        await browser.press("release")
        assert list(gate.vision.gallery) == [template]

    at_page(scenario)


def test_r71_an_objection_leaves_the_face_alone_at_once_and_waits_for_an_answer(at_page):
    async def scenario(gate, open_browser, person, pin):
        gate.consent(person)
        browser = open_browser()
        await browser.sign_in("1203", pin)
        await browser.press("request", kind="object", details="Not while I am ill.")
        assert gate.vision.gallery == {}
        (request,) = gate.store.requests.of(person)
        assert request.facts.details == "Not while I am ill."

    at_page(scenario)


def test_r72_a_request_stands_on_the_page_with_its_due_date_and_then_its_answer(at_page):
    async def scenario(gate, open_browser, person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        await browser.press("request", kind="correct", details="My name is Ada <Chen-Li>.")
        page = await browser.page()
        (request,) = gate.store.requests.of(person)
        assert "My name is Ada <Chen-Li>." in page
        assert f"due on {last_day(request.due_at)} at the latest." in page
        now = gate.clock.now()
        gate.store.requests.close(request.id, Outcome.DONE, "Corrected.", at=now, actor=Actor.INSTALLER)
        assert "Answer: Corrected." in await browser.page()

    at_page(scenario)


@pytest.mark.parametrize("kind", ["correct", "explain"])
def test_r71_a_request_that_does_not_say_what_is_meant_is_refused_with_words(at_page, kind):
    async def scenario(gate, open_browser, person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        refused = await browser.press("request", kind=kind, details=" \n ")
        assert refused.status_code == 422
        assert "Say it in your own words, then send it again." in refused.text
        assert gate.store.requests.of(person) == ()

    at_page(scenario)


def test_r72_who_sent_a_request_is_told_the_last_day_of_its_answer(at_page):
    async def scenario(gate, open_browser, person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        sent = await browser.press("request", kind="delete")
        (request,) = gate.store.requests.of(person)
        assert sent.url.params["received"] == request.id
        page = (await browser.http.get("/me", params=ENGLISH | {"received": request.id})).text
        assert f"you get an answer by {last_day(request.due_at)}." in page

    at_page(scenario)


def test_r71_the_own_page_tells_what_was_measured_apart_from_its_bound(at_page):
    async def scenario(_gate, open_browser, _person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        page = await browser.page()
        assert "6 % of people's own faces were refused (at most 14 %, with 95 % confidence)" in page

    at_page(scenario)


def test_r70_the_copy_to_take_along_is_json_without_any_template_and_is_on_record(at_page):
    async def scenario(gate, open_browser, person, pin):
        gate.consent(person)
        browser = open_browser()
        await browser.sign_in("1203", pin)
        answer = await browser.http.get("/me/record.json")
        assert answer.headers["content-type"] == "application/json"
        assert json.loads(answer.text)["name"] == "Ada Chen"
        assert gate.store.audit.entries()[-1].action == Action.RECORD_EXPORTED

    at_page(scenario)


def test_r71_the_decision_is_explained_with_its_figures_and_the_way_to_a_human(at_page):
    async def scenario(gate, open_browser, _person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        page = await browser.page()
        assert "Similar enough means 0." in page
        assert "A human being looks at any decision you question: +86 10 5555 0100" in page
        assert "不利后果" in (await browser.http.get("/me", params={"lang": "zh-CN"})).text

    at_page(scenario)


def test_a_wrong_pin_and_an_unknown_unit_get_the_same_words(at_page):
    async def scenario(_gate, open_browser, _person, pin):
        wrong = "000111" if pin != "000111" else "111000"
        answers = [
            await open_browser().sign_in(*typed) for typed in (("1203", wrong), ("9999", pin), ("x", pin))
        ]
        assert {answer.status_code for answer in answers} == {422}
        typed_again = re.compile(r'name="unit" type="text" value="\w+"|name="once" value="[^"]+"')
        assert len({typed_again.sub("", answer.text) for answer in answers}) == 1
        assert "Unit, PIN or code is not right." in answers[0].text

    at_page(scenario)


def test_r03_wrong_pins_here_wait_and_the_pin_at_the_keypad_does_not(at_page):
    async def scenario(gate, open_browser, _person, pin):
        for unit in ("1203",) * 4:
            await open_browser().sign_in(unit, "000111")
        assert "Too many tries just now" in (await open_browser().sign_in("1203", pin)).text
        gate.reader.press(f"1203#{pin}#")
        assert (await gate.result()).granted

    at_page(scenario)


def test_r03_a_flood_of_sign_ins_leaves_the_keypad_its_turn(at_page):
    async def scenario(gate, open_browser, _person, pin):
        flood = [asyncio.create_task(open_browser().sign_in("1203", pin)) for _ in range(8)]
        await asyncio.sleep(0)
        gate.reader.press(f"1203#{pin}#")
        assert (await gate.result()).granted
        answers = [await each for each in flood]
        assert sum("Too many tries just now" in each.text for each in answers) == len(flood) - 1

    at_page(scenario)


def test_r54_so_many_right_pins_of_one_unit_wait_a_minute(at_page):
    async def scenario(gate, open_browser, _person, pin):
        for _ in range(SIGN_INS_MOST):
            assert "Ada Chen" in (await open_browser().sign_in("1203", pin)).text
        assert "Too many tries just now" in (await open_browser().sign_in("1203", pin)).text
        gate.clock.leap(SIGN_INS_S)
        assert "Ada Chen" in (await open_browser().sign_in("1203", pin)).text

    at_page(scenario)


def test_r54_a_new_pin_ends_what_was_signed_in_to_with_the_old_one(at_page):
    async def scenario(gate, open_browser, person, pin):
        gate.consent(person)
        browser = open_browser()
        await browser.sign_in("1203", pin)
        token = await browser.token()
        gate.store.residents.new_pin("1203", gate.clock.now())
        assert "Ada Chen" not in await browser.page()
        await browser.http.post("/me/withdraw", data={"token": token})
        assert "Ada Chen" not in (await browser.http.get("/me/record.json")).text
        assert gate.store.templates.count() == 1

    at_page(scenario)


def test_r54_nothing_is_done_for_a_session_whose_tenancy_is_over(at_page):
    async def scenario(gate, open_browser, person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        token = await browser.token()
        now = gate.clock.now()
        gate.store.residents.set_end("1203", now - timedelta(seconds=2), now)
        await browser.http.post("/me/request", data={"token": token, "kind": "delete"})
        assert "Ada Chen" not in (await browser.http.get("/me/record.json")).text
        assert gate.store.requests.of(person) == ()

    at_page(scenario)


def test_r72_the_page_takes_five_open_requests_and_an_objection_still_leaves_the_face_alone(at_page):
    async def scenario(gate, open_browser, person, pin):
        gate.consent(person)
        browser = open_browser()
        await browser.sign_in("1203", pin)
        for number in range(OPEN_MOST):
            answer = await browser.press("request", kind="correct", details=f"My name, part {number}.")
            assert answer.status_code == 200
        refused = await browser.press("request", kind="object", details="Not while I am ill.")
        assert "Five of your requests wait for an answer already." in refused.text
        assert len(gate.store.requests.of(person)) == OPEN_MOST
        assert gate.vision.gallery == {}

    at_page(scenario)


def test_signing_in_opens_no_door_and_leaves_no_passage(at_page):
    async def scenario(gate, open_browser, _person, pin):
        await open_browser().sign_in("1203", pin)
        assert gate.door.locked
        assert gate.decisions() == []

    at_page(scenario)


def test_without_signing_in_nothing_is_shown_and_nothing_done(at_page):
    async def scenario(gate, open_browser, person, _pin):
        gate.consent(person)
        stranger = open_browser()
        for path in ("/me", "/me/record.json", "/me/receipt", "/me/receipt.json", "/me/pin", "/me/visitors"):
            answer = await stranger.http.get(path, params=ENGLISH | {"reference": "x"})
            assert 'action="/me/sign-in"' in answer.text
            assert "Ada" not in answer.text
        for path in ("withdraw", "restrict", "release", "request", "sign-out"):
            await stranger.http.post(f"/me/{path}", data={"token": "x", "kind": "delete"})
        assert gate.store.templates.count() == 1
        assert gate.store.requests.list() == ()

    at_page(scenario)


def test_r54_a_form_without_the_sessions_own_token_is_refused(at_page):
    async def scenario(gate, open_browser, person, pin):
        gate.consent(person)
        browser, other = open_browser(), open_browser()
        for each in (browser, other):
            await each.sign_in("1203", pin)
        for token in ("", "guess", await other.token()):
            answer = await browser.http.post("/me/withdraw", data={"token": token})
            assert answer.status_code in {400, 403}
        assert gate.store.templates.count() == 1

    at_page(scenario)


def test_r54_no_foreign_page_may_ask_for_the_copy(at_page):
    async def scenario(gate, open_browser, _person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        before = len(gate.store.audit.entries())
        answer = await browser.http.get("/me/record.json", headers={"sec-fetch-site": "same-site"})
        assert answer.status_code == 403
        assert len(gate.store.audit.entries()) == before

    at_page(scenario)


def test_r54_the_cookie_is_strict_secure_and_unreadable_for_scripts(at_page):
    async def scenario(_gate, open_browser, _person, pin):
        browser = open_browser()
        browser.http.follow_redirects = False
        cookie = cookie_of(await browser.sign_in("1203", pin))
        assert {"httponly", "secure", "samesite=strict", "path=/"} <= {
            part.strip() for part in cookie.split(";")
        }

    at_page(scenario)


def test_a_session_ends_after_ten_idle_minutes_and_by_signing_out(at_page):
    async def scenario(gate, open_browser, _person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        gate.clock.leap(OWN_SPAN.idle_s - 1)
        assert "Ada Chen" in await browser.page()
        gate.clock.leap(OWN_SPAN.idle_s)
        assert "Ada Chen" not in await browser.page()
        await browser.sign_in("1203", pin)
        await browser.press("sign-out")
        assert "Ada Chen" not in await browser.page()

    at_page(scenario)


def test_r75_a_session_does_not_outlive_the_tenancy(at_page):
    async def scenario(gate, open_browser, _person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        now = gate.clock.now()
        gate.store.residents.set_end("1203", now - timedelta(seconds=2), now)
        assert "Ada Chen" not in await browser.page()
        assert "Sign in" in await browser.page()

    at_page(scenario)


def test_what_only_the_page_or_the_desk_does_is_no_request(at_page):
    async def scenario(gate, open_browser, person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        for kind in ("next-of-kin", "withdraw", "nonsense"):
            assert (await browser.press("request", kind=kind)).status_code in {400, 422}
        assert gate.store.requests.of(person) == ()

    at_page(scenario)


# --- what was typed is not lost ---


def test_a_request_that_is_refused_keeps_what_was_typed(at_page):
    async def scenario(_gate, open_browser, _person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        answer = await browser.press("request", kind="explain", details="x" * 2001)
        assert answer.status_code == 422
        assert "x" * 2001 in answer.text
        assert '<option value="explain" selected>' in answer.text

    at_page(scenario)


def test_moments_on_the_own_page_are_the_sites(at_page):
    async def scenario(gate, open_browser, person, pin):
        gate.consent(person)
        browser = open_browser()
        await browser.sign_in("1203", pin)
        assert "UTC+08:00" in await browser.page()

    at_page(scenario)

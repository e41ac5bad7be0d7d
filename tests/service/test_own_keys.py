"""Signing in with a code from the gate, another PIN, and visitors' codes, on the real store and service (R52, R54)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from gate.office.gatecodes import HOLDS_S
from gate.store.account.audit import Actor
from tests.service.browsing import ENGLISH, SHANGHAI

# --- the code from the gate's screen ---


def test_r54_without_a_code_from_the_gate_no_right_pin_signs_in(at_page):
    async def scenario(_gate, open_browser, _person, pin):
        for code in ("", "00000000", "x" * 16):
            answer = await open_browser().sign_in("1203", pin, code)
            assert (answer.status_code, "Ada Chen" in answer.text) == (422, False)

    at_page(scenario)


def test_r54_a_wrong_code_costs_what_a_wrong_pin_does(at_page):
    """Guessing codes is as slow as guessing PINs."""

    async def scenario(_gate, open_browser, _person, pin):
        for _ in range(4):
            await open_browser().sign_in("1203", pin, "00000000")
        assert "Too many tries just now" in (await open_browser().sign_in("1203", pin)).text

    at_page(scenario)


def test_r54_a_code_is_good_once(at_page):
    async def scenario(_gate, open_browser, _person, pin):
        browser = open_browser()
        code = browser.codes.issue()
        assert "Ada Chen" in (await browser.sign_in("1203", pin, code)).text
        assert "Ada Chen" not in (await open_browser().sign_in("1203", pin, code)).text

    at_page(scenario)


def test_a_code_is_over_after_five_minutes(at_page):
    async def scenario(gate, open_browser, _person, pin):
        browser = open_browser()
        code = browser.codes.issue()
        gate.clock.leap(HOLDS_S)
        assert "Ada Chen" not in (await browser.sign_in("1203", pin, code)).text

    at_page(scenario)


def test_whoever_brought_a_code_may_mistype_the_pin_without_going_back_to_the_gate(at_page):
    async def scenario(gate, open_browser, _person, pin):
        browser = open_browser()
        wrong = await browser.sign_in("1203", "000111")
        assert "The code from the gate was right." in wrong.text
        assert 'name="code"' not in wrong.text
        assert "Ada Chen" in (await browser.sign_in("1203", pin, "")).text
        other = open_browser()
        await other.sign_in("1203", "000111")
        gate.clock.leap(HOLDS_S)
        assert "Ada Chen" not in (await other.sign_in("1203", pin, "")).text

    at_page(scenario)


def test_the_gates_qr_code_fills_the_code_in_and_nothing_else(at_page):
    async def scenario(_gate, open_browser, _person, _pin):
        http = open_browser().http
        assert 'value="12345678"' in (await http.get("/me", params=ENGLISH | {"code": "12345678"})).text
        page = (await http.get("/me", params=ENGLISH | {"code": '"><b>1'})).text
        assert "<b>1" not in page

    at_page(scenario)


# --- another PIN ---


def new_pin_on(answer):
    return re.search(r'<p class="value">(\d+)</p>', answer.text)[1]


def test_r52_a_drawn_pin_takes_the_place_of_the_old_one_and_is_shown_once(at_page):
    async def scenario(gate, open_browser, _person, pin):
        browser, other = open_browser(), open_browser()
        for each in (browser, other):
            await each.sign_in("1203", pin)
        answer = await browser.press("pin", present=pin)
        fresh = new_pin_on(answer)
        assert fresh not in (await browser.http.get(answer.url)).text
        assert "Ada Chen" in await browser.page(), "this browser stays signed in"
        assert "Ada Chen" not in await other.page(), "every other one does not"
        gate.reader.press(f"1203#{fresh}#")
        assert (await gate.result()).granted
        assert gate.store.audit.entries()[-1].actor == Actor.RESIDENT

    at_page(scenario)


def test_r52_a_chosen_pin_opens(at_page):
    async def scenario(gate, open_browser, _person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        answer = await browser.press("pin", present=pin, chosen="739154", again="739154")
        assert new_pin_on(answer) == "739154"
        gate.reader.press("1203#739154#")
        assert (await gate.result()).granted

    at_page(scenario)


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"present": "000111"}, "present", "This is not your present PIN"),
        ({"chosen": "123456", "again": "123456"}, "chosen", "too easy to guess"),
        ({"chosen": "12345", "again": "12345"}, "chosen", "too easy to guess"),
        ({"chosen": "7391 54", "again": "7391 54"}, "chosen", "too easy to guess"),
        ({"chosen": "739154", "again": "739145"}, "again", "The two new PINs differ"),
        ({"chosen": "", "again": "739154"}, "again", "The two new PINs differ"),
    ],
)
def test_r52_a_pin_that_will_not_do_is_refused_beside_its_field_and_the_old_one_stays(
    at_page, typed, field, words
):
    async def scenario(gate, open_browser, _person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        answer = await browser.press("pin", **{"present": pin} | typed)
        assert answer.status_code == 422
        assert words in answer.text
        assert f'href="#field-{field}"' in answer.text
        assert not any(each and each in answer.text for each in typed.values())
        gate.reader.press(f"1203#{pin}#")
        assert (await gate.result()).granted

    at_page(scenario)


def test_guessing_the_present_pin_waits_like_any_guessing(at_page):
    async def scenario(_gate, open_browser, _person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        for _ in range(4):
            await browser.press("pin", present="000111")
        assert "Too many tries just now" in (await browser.press("pin", present=pin)).text

    at_page(scenario)


# --- visitors ---


def typed_time(gate, **ahead):
    return f"{(gate.clock.now() + timedelta(**ahead)).astimezone(SHANGHAI):%Y-%m-%dT%H:%M}"


def test_a_code_for_a_visitor_is_shown_once_and_opens_once(at_page):
    async def scenario(gate, open_browser, person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        answer = await browser.press("visitors", begins="", until=typed_time(gate, hours=3))
        code = re.search(r"GV1\.[A-Z2-7]+", answer.text)[0]
        assert 'class="qr"' in answer.text
        assert code not in (await browser.http.get(answer.url)).text
        (open_one,) = gate.store.visits.of(person, gate.clock.now())
        assert open_one.id not in answer.text.split("Codes nobody used yet")[0]
        assert gate.store.visits.check(code, gate.clock.now(), clock_trusted=True).person == person
        assert gate.store.visits.of(person, gate.clock.now()) == ()

    at_page(scenario)


def test_times_of_visits_are_typed_and_told_in_the_sites_own_time(at_page):
    async def scenario(gate, open_browser, person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        begins, until = typed_time(gate, hours=1), typed_time(gate, hours=4)
        await browser.press("visitors", begins=begins, until=until)
        (visit,) = gate.store.visits.of(person, gate.clock.now())
        assert f"{visit.valid_from.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}" == begins
        page = (await browser.http.get("/me/visitors", params=ENGLISH)).text
        assert f"until {until.replace('T', ' ')} UTC+08:00" in page

    at_page(scenario)


@pytest.mark.parametrize(
    ("begins", "until"), [("", "tomorrow"), ("", "2020-01-01T10:00"), ("", "9999-12-31"), ("x", "2030-01-01")]
)
def test_a_visit_at_no_possible_time_is_refused_with_what_was_typed(at_page, begins, until):
    async def scenario(gate, open_browser, person, pin):
        browser = open_browser()
        await browser.sign_in("1203", pin)
        answer = await browser.press("visitors", begins=begins, until=until)
        assert answer.status_code == 422
        assert f'value="{until}"' in answer.text
        assert gate.store.visits.of(person, gate.clock.now()) == ()

    at_page(scenario)


def test_a_resident_takes_back_their_own_codes_and_nobody_elses(at_page):
    async def scenario(gate, open_browser, person, pin):
        now = gate.clock.now()
        other = gate.store.people.add("1204", "Bo Wang", "")
        until = now + timedelta(hours=2)
        theirs = gate.store.visits.issue(other, now, until, at=now).visit
        mine = gate.store.visits.issue(person, now, until, at=now).visit
        browser = open_browser()
        await browser.sign_in("1203", pin)
        refused = await browser.press("visitors/revoke", visit=theirs.id)
        assert (refused.status_code, len(gate.store.visits.of(other, now))) == (422, 1)
        await browser.press("visitors/revoke", visit=mine.id)
        assert gate.store.visits.of(person, now) == ()

    at_page(scenario)

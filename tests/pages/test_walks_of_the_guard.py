"""Walks of the guard: an alarm that comes while they look, a call for help, and a gate that stands still."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.pages.kiosk import at_the_gate
from tests.pages.languages import both
from tests.pages.settled import ADA, EVERYTHING, GUARD
from tests.pages.signing_in import signed_in

pytestmark = [pytest.mark.models, pytest.mark.portraits]

LIVE_MS = 20_000


@both()
def test_an_alarm_comes_and_goes_on_the_overview_by_itself_and_is_acknowledged(house, browsing, language):
    """R65: nobody reloads a page to hear that the door does not answer."""
    signed_in(browsing, GUARD)
    with browsing.opened(language=language, who=GUARD) as page:
        page.goto("/staff")
        expect(page.locator(".calm-line")).to_be_visible()
        page.evaluate("document.body.dataset.same = 'page'")
        house.simulate("deed", name="unplug-door")
        alarm = page.locator("#alarm-controller-lost")
        expect(alarm).to_be_visible(timeout=LIVE_MS)
        expect(page.locator("body")).to_have_attribute("data-same", "page")
        expect(page.locator("#news")).not_to_be_empty()
        expect(page).to_have_title(re.compile(r"^\(1\)"))
        browsing.look_at(page, "guard alarm")
        page.locator("#know-controller-lost").click()
        expect(page.locator("#know-controller-lost")).to_have_count(0)
        expect(alarm).to_be_visible()
        browsing.look_at(page, "guard alarm known")
        page.evaluate("document.body.dataset.same = 'page'")
        house.simulate("deed", name="plug-door")
        expect(page.locator(".calm-line")).to_be_visible(timeout=LIVE_MS)
        expect(page.locator("body")).to_have_attribute("data-same", "page")


@both()
def test_a_call_for_help_at_the_gate_reaches_the_guard_and_the_answer_reaches_the_gate(
    house, browsing, language
):
    """R74: who called reads that they were heard, and whom else to ask."""
    signed_in(browsing, GUARD)
    with (
        browsing.opened(language=language, who=GUARD) as page,
        at_the_gate(browsing, language) as kiosk,
    ):
        page.goto("/staff")
        called = kiosk.page.locator("#aside")
        expect(called).to_be_empty()
        _call(kiosk)
        expect(called).to_contain_text("+86 10 5555 0100")
        browsing.shoot(kiosk.page, f"gate help called {language}", whole=False)
        help_wanted = page.locator("#alarm-help")
        expect(help_wanted).to_be_visible(timeout=LIVE_MS)
        browsing.look_at(page, "guard help")
        page.locator("#know-help").click()
        expect(help_wanted).to_have_count(0)
        expect(called).to_be_empty(timeout=LIVE_MS)


def _call(kiosk) -> None:
    """Press until it is a call: right after an answered one, nobody is called anew for half a minute."""
    for _ in range(8):
        kiosk.page.locator('form[action="/kiosk/help"] button').click()
        try:
            expect(kiosk.page.locator("#aside")).not_to_be_empty(timeout=5_000)
        except AssertionError:
            continue
        return
    raise AssertionError("nobody was called")


@both()
def test_a_gate_whose_reader_is_gone_says_so_and_lets_in_by_the_way_that_is_left(house, browsing, language):
    """R02, R12: unit and PIN on the screen; and back to its welcome once the reader answers."""
    ada = house.settled[ADA]
    with at_the_gate(browsing, language) as kiosk:
        page = kiosk.page
        house.simulate("deed", name="unplug")
        page.locator(".welcome.shut").wait_for(timeout=LIVE_MS)
        expect(page.locator('form[action="/kiosk/start"]')).to_have_count(0)
        browsing.shoot(page, f"gate reader lost {language}", whole=False)
        page.locator('form[action="/kiosk/pad"] button').click()
        for key in (*ada.unit, "ok", *ada.pin, "ok"):
            page.locator(f'form[action="/kiosk/key"] button[value="{key}"]').click()
        kiosk.granted()
        kiosk.greet()
        expect(page.locator(".welcome.shut")).to_be_visible()
        house.simulate("deed", name="plug")
        page.locator('form[action="/kiosk/start"]').wait_for(timeout=LIVE_MS)
        house.simulate("card", value=ada.card)
        kiosk.granted()


@both()
def test_a_gate_that_cannot_open_says_so_before_anybody_tries_and_whom_to_ask(house, browsing, language):
    """R65, R67: a door that does not answer, and a lockdown; both are said at once and end by themselves."""
    signed_in(browsing, EVERYTHING)
    with (
        at_the_gate(browsing, language) as kiosk,
        browsing.opened(language=language, who=EVERYTHING) as console,
    ):
        page = kiosk.page
        still = page.locator(".welcome.shut")
        house.simulate("deed", name="unplug-door")
        expect(still).to_contain_text("+86 10 5555 0100", timeout=LIVE_MS)
        browsing.shoot(page, f"gate door lost {language}", whole=False)
        house.simulate("card", value=house.settled[ADA].card)
        kiosk.refused()
        browsing.shoot(page, f"gate refused door lost {language}", whole=False)
        house.simulate("deed", name="plug-door")
        page.locator('form[action="/kiosk/start"]').wait_for(timeout=LIVE_MS)
        console.goto("/staff/door")
        console.locator('form[action="/staff/door/lockdown"] button').click()
        expect(still).to_contain_text("+86 10 5555 0100", timeout=LIVE_MS)
        browsing.shoot(page, f"gate lockdown {language}", whole=False)
        browsing.look_at(console, "door lockdown")
        console.locator('form[action="/staff/door/lockdown/end"] button').first.click()
        page.locator('form[action="/kiosk/start"]').wait_for(timeout=LIVE_MS)

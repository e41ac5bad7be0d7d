"""Walks at the gate's own screen, in a real browser before a whole gate: only reader, door and camera are simulated."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.pages.kiosk import at_the_gate
from tests.pages.languages import both
from tests.pages.settled import ADA, LIN

pytestmark = [pytest.mark.models, pytest.mark.portraits]


@both()
def test_card_and_pin_open_without_touching_the_screen_r02(house, browsing, language):
    with at_the_gate(browsing, language) as kiosk:
        browsing.shoot(kiosk.page, f"gate rest {language}", whole=False)
        house.simulate("card", value=house.settled[ADA].card)
        kiosk.granted()
        browsing.shoot(kiosk.page, f"gate granted {language}", whole=False)
        kiosk.rests()
        house.simulate("keys", keys=house.settled[LIN].keys)
        kiosk.granted()
        kiosk.greet()
        house.simulate("card", value=59999)
        kiosk.refused()
        browsing.shoot(kiosk.page, f"gate refused {language}", whole=False)


@both()
def test_who_reads_the_notice_and_takes_the_card_comes_in_all_the_same_r04(house, browsing, language):
    with at_the_gate(browsing, language) as kiosk:
        kiosk.begin()
        kiosk.notice()
        browsing.shoot(kiosk.page, f"gate notice {language}", whole=False)
        kiosk.choose("card")
        kiosk.page.locator(".stage.told").wait_for()
        browsing.shoot(kiosk.page, f"gate card chosen {language}", whole=False)
        house.simulate("card", value=house.settled[ADA].card)
        kiosk.granted()


@both()
def test_a_server_that_is_lost_while_the_screen_waits_is_said_and_comes_back(house, browsing, language):
    """R12: the page says so by itself; nobody is left before a screen that only looks alive."""
    with at_the_gate(browsing, language) as kiosk:
        house.kill()
        kiosk.refused()
        browsing.shoot(kiosk.page, f"gate lost {language}", whole=False)
        house.start()
        kiosk.rests()
        house.simulate("card", value=house.settled[ADA].card)
        kiosk.granted()


@both()
def test_unit_and_pin_are_typed_on_the_screen_and_never_shown(house, browsing, language):
    """R03: the same credential as at the keypad, without one."""
    ada = house.settled[ADA]
    with at_the_gate(browsing, language) as kiosk:
        page = kiosk.page
        page.locator('form[action="/kiosk/pad"] button').click()
        for digit in ada.unit:
            page.locator(f'form[action="/kiosk/key"] button[value="{digit}"]').click()
        expect(page.locator("#typed")).to_have_text(ada.unit)
        page.locator('form[action="/kiosk/key"] button[value="ok"]').click()
        expect(page.locator("#typed")).to_have_text("")
        for count, digit in enumerate(ada.pin, 1):
            page.locator(f'form[action="/kiosk/key"] button[value="{digit}"]').click()
            expect(page.locator("#typed")).to_have_text(re.compile(rf"^[^0-9]{{{count},}}$"))
        browsing.shoot(page, f"gate keypad {language}", whole=False)
        page.locator('form[action="/kiosk/key"] button[value="ok"]').click()
        kiosk.granted()

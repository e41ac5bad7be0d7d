"""Walks at the gate's own screen, in a real browser before a whole gate: only reader, door and camera are simulated."""

from __future__ import annotations

import pytest

from tests.pages.kiosk import at_the_gate
from tests.pages.settled import ADA, LIN

pytestmark = [pytest.mark.models, pytest.mark.portraits]

BOTH = [pytest.param("zh-CN"), pytest.param("en", marks=pytest.mark.slow)]


@pytest.mark.parametrize("language", BOTH)
def test_card_and_pin_open_without_touching_the_screen_r02(house, browsing, language):
    with at_the_gate(browsing, language) as kiosk:
        browsing.shoot(kiosk.page, f"gate rest {language}", whole=False)
        house.simulate("card", value=house.settled[ADA].card)
        kiosk.granted()
        browsing.shoot(kiosk.page, f"gate granted {language}", whole=False)
        kiosk.rests()
        house.simulate("keys", keys=house.settled[LIN].keys)
        kiosk.granted()
        kiosk.rests()
        house.simulate("card", value=59999)
        kiosk.refused()
        browsing.shoot(kiosk.page, f"gate refused {language}", whole=False)


@pytest.mark.parametrize("language", BOTH)
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

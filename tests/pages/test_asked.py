"""A visit by face on the gate's screen, the real gate behind it: a print is asked to move, and does not."""

import pytest

from tests.pages.kiosk import at_the_gate

PRINT = "print"


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.models
@pytest.mark.portraits
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_a_print_held_up_is_asked_for_a_movement_and_refused_as_a_stranger_is(house, browsing, language):
    house.simulate("scene", name=PRINT)
    with at_the_gate(browsing, language) as kiosk:
        kiosk.begin_with_face()
        kiosk.choose("face")
        kiosk.page.locator(".stage.challenge").wait_for(timeout=10_000)
        browsing.shoot(kiosk.page, f"asked {language}")
        kiosk.refused()
        told = {"en": "Your face was not recognised", "zh-CN": "未能识别您的人脸"}[language]
        assert told in kiosk.page.locator("h1").inner_text()
        kiosk.rests()

"""A movement that is asked for, in a real browser: seen, heard, and told apart by its picture alone."""

from __future__ import annotations

import pytest

from gate.core import effects as do
from gate.core.liveness import Challenge
from gate.core.policy import Hint
from gate.core.types import AttemptId
from gate.web.kiosk.parts import KioskParts
from tests.pages.examine import accessible
from tests.web.browser import open_kiosk, opened

ATTEMPT = AttemptId("asked")
SIDES = {Challenge.TURN_LEFT: "left", Challenge.TURN_RIGHT: "right"}
CENTRE = "selector => { const box = document.querySelector(selector).getBoundingClientRect(); return box.x + box.width / 2; }"
MOVED = "() => document.getAnimations().map(each => each.effect.getComputedTiming().endTime)"


class Voice:
    """Says nothing, and remembers what it was asked to say."""

    def __init__(self):
        self.said = []

    async def say(self, text, _language):
        self.said.append(text)
        return b""


def ask(site, challenge, language="en"):
    guide = do.Guide(ATTEMPT, Hint.COMPARED, challenge=challenge)
    site.do(lambda world: (world.screen.speak(language), world.screen.show(guide)))


def test_the_arrow_points_to_the_persons_own_side_and_its_motion_ends_by_itself(page, sites):
    """WCAG 2.2.2: what moves longer than five seconds would need a way to stop it."""
    site = sites()
    open_kiosk(page, site)
    for challenge, side in SIDES.items():
        ask(site, challenge)
        page.get_by_role("heading", name=f"to your {side}").wait_for()
        arrow, head = page.evaluate(CENTRE, ".way"), page.evaluate(CENTRE, ".head ellipse")
        assert (arrow < head) == (side == "left")
        assert 0 < max(page.evaluate(MOVED)) <= 5000


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_whoever_cannot_see_or_press_well_is_asked_as_everybody_is_r15(page, sites, language):
    """WCAG 2.2 AA, by axe."""
    site = sites()
    page.set_viewport_size({"width": 800, "height": 480})
    open_kiosk(page, site)
    for challenge in Challenge:
        ask(site, challenge, language)
        page.locator(f".challenge.{challenge.value}").wait_for()
        assert accessible(page) == []


@pytest.mark.slow
def test_nothing_moves_for_whoever_wants_no_motion_and_the_picture_still_differs(chromium, sites):
    site = sites()
    with opened(chromium) as page:
        page.emulate_media(reduced_motion="reduce")
        open_kiosk(page, site)
        pictures = set()
        for challenge in Challenge:
            ask(site, challenge)
            page.locator(f".challenge.{challenge.value}").wait_for()
            assert page.evaluate(MOVED) == []
            pictures.add(page.locator(".mirror").screenshot())
        assert len(pictures) == len(Challenge)


@pytest.mark.slow
@pytest.mark.parametrize("sound", [True, False], ids=["with sound", "silent by settings"])
def test_a_movement_is_said_without_being_asked_to_for_it_has_seconds_r15(chromium, sites, sound):
    voice = Voice()
    site = sites(kiosk=KioskParts(sound=sound, voice=voice))
    with opened(chromium) as page:
        open_kiosk(page, site)
        ask(site, Challenge.NOD)
        page.get_by_role("heading", name="Nod slowly").wait_for()
        ask(site, Challenge.TURN_LEFT)
        page.get_by_role("heading", name="to your left").wait_for()
        if sound:
            site.until(lambda _world: len(voice.said) == 2)
            assert voice.said[1].startswith("Turn your head slowly to your left.")
        assert sound or not voice.said

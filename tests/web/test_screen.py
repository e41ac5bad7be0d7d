import asyncio

from gate.core import effects as do
from gate.core.types import AttemptId, Method
from gate.web.screen import STALE_AFTER_S, KioskScreen

ATTEMPT = AttemptId("a")
OFFER = do.OfferMethods(ATTEMPT, (Method.CARD, Method.PIN))


def test_a_screen_nobody_opened_is_not_live_r12(clock):
    assert not KioskScreen(clock).live


def test_a_screen_is_live_until_it_has_been_silent_for_three_seconds_r12(clock):
    screen = KioskScreen(clock)
    screen.heard()
    clock.seconds += STALE_AFTER_S - 0.01
    assert screen.live
    clock.seconds += 0.01
    assert not screen.live


def test_a_covered_screen_is_not_live_at_once_r12(clock):
    screen = KioskScreen(clock)
    screen.heard()
    screen.hidden()
    assert not screen.live


def test_every_view_has_a_higher_number_than_the_one_before(clock):
    screen = KioskScreen(clock)
    before = screen.shown.number
    screen.show(OFFER)
    screen.show(OFFER)
    assert screen.shown.number == before + 2


def test_a_new_view_wakes_every_page_that_waits(clock):
    async def scenario():
        screen = KioskScreen(clock)
        number = screen.shown.number
        waiting = [asyncio.create_task(screen.newer_than(number)) for _ in range(2)]
        await asyncio.sleep(0)
        screen.show(OFFER)
        return [shown.view for shown in await asyncio.gather(*waiting)]

    assert asyncio.run(scenario()) == [OFFER, OFFER]


def test_only_a_method_on_offer_can_be_chosen(clock):
    screen = KioskScreen(clock)
    screen.show(OFFER)
    assert not screen.choose(ATTEMPT, Method.FACE)
    assert not screen.choose(AttemptId("another"), Method.CARD)
    assert screen.shown.chosen is None
    assert screen.choose(ATTEMPT, Method.CARD)
    assert screen.shown.chosen is Method.CARD


def test_a_new_offer_forgets_what_was_chosen(clock):
    screen = KioskScreen(clock)
    screen.show(OFFER)
    screen.choose(ATTEMPT, Method.CARD)
    screen.show(OFFER)
    assert screen.shown.chosen is None


def test_the_next_visitor_gets_the_first_language_back(clock):
    screen = KioskScreen(clock)
    screen.speak("en")
    screen.show(OFFER)
    assert screen.shown.language == "en"
    screen.show(do.ClearScreen())
    assert screen.shown.language == "zh-CN"

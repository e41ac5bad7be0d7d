import asyncio

from gate.core import effects as do
from gate.core.types import AttemptId, Method, NoticeVersion
from gate.web.screen import STALE_AFTER_S, KioskScreen

ATTEMPT = AttemptId("a")
OFFER = do.OfferMethods(ATTEMPT, (Method.CARD, Method.PIN))
NOTICE = do.ShowNotice(ATTEMPT, NoticeVersion("1"))


def ask(screen, page):
    """Ask as *page* does; tells whether it is the gate's screen."""
    screen.take_over(page)
    return screen.heard(page)


def opened(screen):
    page = screen.load()
    ask(screen, page)
    return page


def test_a_screen_nobody_opened_is_not_live_r12(clock):
    assert not KioskScreen(clock).live


def test_a_screen_is_live_until_it_has_been_silent_for_three_seconds_r12(clock):
    screen = KioskScreen(clock)
    opened(screen)
    clock.seconds += STALE_AFTER_S - 0.01
    assert screen.live
    clock.seconds += 0.01
    assert not screen.live


def test_a_covered_screen_is_not_live_at_once_r12(clock):
    screen = KioskScreen(clock)
    page = opened(screen)
    screen.hidden(page)
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


def test_a_notice_that_is_cancelled_gives_the_next_visitor_the_first_language_too(clock):
    screen = KioskScreen(clock)
    screen.speak("en")
    screen.show(NOTICE)
    screen.show(do.ClearScreen())
    assert screen.shown.language == "zh-CN"


def test_a_restarted_notice_keeps_its_language_until_that_visit_ends(clock):
    screen = KioskScreen(clock)
    screen.show(NOTICE)
    screen.restart("en")
    screen.show(do.ClearScreen())
    screen.show(NOTICE)
    assert screen.shown.language == "en"
    screen.show(do.ClearScreen())
    assert screen.shown.language == "zh-CN"


def test_a_restart_that_a_card_overtakes_is_not_the_next_visitors(clock):
    screen = KioskScreen(clock)
    screen.show(NOTICE)
    screen.restart("en")
    screen.show(do.ShowChecking(AttemptId("b"), Method.CARD))
    screen.show(do.ClearScreen())
    assert screen.shown.language == "zh-CN"


def test_only_the_newest_load_keeps_the_screen_alive_r12(clock):
    screen = KioskScreen(clock)
    old, new = opened(screen), opened(screen)
    clock.seconds += STALE_AFTER_S
    assert not ask(screen, old)
    assert not screen.live
    assert ask(screen, new)
    assert screen.live


def test_an_older_page_that_is_covered_leaves_the_newest_alive_r12(clock):
    screen = KioskScreen(clock)
    old, new = opened(screen), opened(screen)
    screen.hidden(old)
    assert screen.is_seen_on(new)
    assert not screen.is_seen_on(old)


def test_a_load_that_never_asks_takes_the_screen_from_nobody(clock):
    screen = KioskScreen(clock)
    page = opened(screen)
    screen.load()
    assert ask(screen, page)


def test_a_page_that_outlived_a_restart_is_the_screen_until_a_newer_is_opened(clock):
    screen = KioskScreen(clock)
    assert ask(screen, "from before")
    opened(screen)
    assert not ask(screen, "from before")


def test_every_load_has_a_token_of_its_own(clock):
    screen = KioskScreen(clock)
    assert len({screen.load() for _ in range(100)}) == 100

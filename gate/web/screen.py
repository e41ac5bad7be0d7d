"""The gate's screen as a page in a browser: what it shows now, and whether anybody can see it."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from gate.core import effects as do
from gate.core.policy import CHOOSE_S, SHOW_WITHDRAWN_S
from gate.core.types import AttemptId, Method, Pin, Reason, Seconds, UnitPin
from gate.ports import Clock
from gate.web.kiosk.keypad import Pad
from gate.web.languages import DEFAULT

STALE_AFTER_S: Final[Seconds] = 3.0
"""A page that has not asked for so long is not on any screen (R12). It asks again within ``HOLD_S``."""
HOLD_S: Final[Seconds] = 1.0
ASIDE_S: Final[Seconds] = 6.0
"""How long it is said that somebody else was refused."""
CODE_S: Final[Seconds] = 60.0
"""How long a code stands on the screen, for the next person must not find it there."""

_WAITS = do.OfferMethods | do.AskSecond | do.AskCredential | do.ConfirmWithdrawal | do.ShowWithdrawn

_OfVisit = _WAITS | do.ShowNotice | do.Guide | do.ShowChecking | do.ShowResult


@dataclass(frozen=True, slots=True)
class OwnCode:
    """A code for somebody's own telephone, in place of the resting screen."""

    code: str = field(repr=False)
    until: Seconds


@dataclass(frozen=True, slots=True)
class Shown:
    """What is on the screen: a view, what the person pressed on it, and in which language.

    drawn: the number as of which all but what a page changes in place stands there. over: what stands in front of the
    view. restarts: the same person's visit is about to begin again, in the language they chose. since: the monotonic
    time from which the view's time counts. refused: why somebody else was, said until. spoken: how often it was asked
    by the keypad that the view be read aloud.
    """

    number: int
    view: do.View
    drawn: int = 0
    chosen: Method | None = None
    over: Pad | OwnCode | None = None
    language: str = DEFAULT
    restarts: bool = False
    since: Seconds = 0.0
    refused: Reason | None = None
    refused_until: Seconds = 0.0
    spoken: int = 0

    @property
    def span_s(self) -> Seconds | None:
        """Give how long the gate waits for the person before this view, None where it does not."""
        if isinstance(self.view, _WAITS):
            return SHOW_WITHDRAWN_S if isinstance(self.view, do.ShowWithdrawn) else CHOOSE_S
        return None

    @property
    def attempt(self) -> AttemptId | None:
        """Give whose view it is."""
        return None if isinstance(self.view, do.ClearScreen) else self.view.attempt


class KioskScreen:
    """The screen the kiosk page shows; meets ``ports.Screen``. To be used on the loop's thread only.

    touch: whether it can be touched; only then are there keys on it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.touch = True
        # A page that outlived a restart must not take an old number for a new one.
        number = secrets.randbelow(2**32)
        self._shown = Shown(number, do.ClearScreen(), drawn=number)
        self._changed = asyncio.Event()
        self._heard_at: Seconds | None = None
        self._page: str | None = None
        self._newest: str | None = None

    @property
    def live(self) -> bool:
        """Tell whether the page was visible and heard from within ``STALE_AFTER_S``."""
        return self._heard_at is not None and self._clock.monotonic() - self._heard_at < STALE_AFTER_S

    @property
    def shown(self) -> Shown:
        """Give what is on the screen now; what stood there for its time is gone."""
        self._end_what_is_over()
        return self._shown

    @property
    def left_s(self) -> Seconds | None:
        """Give how long the gate still waits for the person, None where it does not."""
        span = self._shown.span_s
        return None if span is None else max(0.0, self._shown.since + span - self._clock.monotonic())

    @property
    def stood_s(self) -> Seconds:
        """Give how long the present view has stood, or since more time was given."""
        return self._clock.monotonic() - self._shown.since

    def show(self, view: do.View | do.Aside) -> None:
        """Show *view*, or say it beside what stands there. A visit that ends gives the next person the first language back.

        Half an entry at the keys outlives the choice it began from: it is good at rest too.
        """
        shown, now = self._shown, self._clock.monotonic()
        match view:
            case do.Prolonged():
                self._put(replace(shown, since=now))
            case do.TellRefused(_, reason):
                self._put(replace(shown, refused=reason, refused_until=now + ASIDE_S))
            case do.Guide() if _is_same_guidance(shown.view, view):
                self._put(replace(shown, view=view))
            case do.ClearScreen() if isinstance(shown.view, do.ClearScreen):
                # A door that nothing opens says so in place of keys that open nothing now.
                shut = view.standstill not in {None, do.Standstill.READER_LOST}
                over = None if shut and isinstance(shown.over, Pad) else shown.over
                self._draw(replace(shown, view=view, over=over))
            case do.ClearScreen() if self._types_on:
                self._draw(replace(shown, view=view, chosen=None, since=now, refused=None))
            case do.ClearScreen():
                language = shown.language if shown.restarts else DEFAULT
                self._draw(Shown(shown.number, view, language=language, since=now))
            case _:
                self._draw(self._next(view, now))

    def choose(self, attempt: AttemptId, method: Method | None) -> bool:
        """Show how to go on with *method*, or the choice again for None; tells whether it was on offer."""
        view = self._shown.view
        if not isinstance(view, do.OfferMethods | do.AskSecond) or view.attempt != attempt:
            return False
        if method is not None and method not in view.methods:
            return False
        pad = None
        if method is Method.PIN and self.touch:
            pad = Pad(self._clock.monotonic(), alone=isinstance(view, do.AskSecond))
        self._draw(replace(self._shown, chosen=method, over=pad))
        return True

    def open_pad(self) -> None:
        """Put the keys in front of what stands there, for a unit and a PIN."""
        if self.touch:
            self._draw(replace(self._shown, over=Pad(self._clock.monotonic())))

    def press(self, key: str) -> UnitPin | Pin | None:
        """Press one of the keys; give the entry that it completes, which takes the keys away."""
        pad = self._shown.over
        if not isinstance(pad, Pad):
            return None
        after, entry = pad.press(key, self._clock.monotonic())
        if entry is not None:
            self._draw(
                replace(self._shown, over=None, chosen=None)
            )  # the answer comes in this person's language
        elif (after.at_pin, after.fault) != (pad.at_pin, pad.fault):
            self._draw(replace(self._shown, over=after))
        else:
            self._put(replace(self._shown, over=after))
        return entry

    def show_code(self, code: str) -> None:
        """Show a code for somebody's telephone in place of the resting screen."""
        until = self._clock.monotonic() + CODE_S
        self._draw(replace(self._shown, over=OwnCode(code, until)))

    def uncover(self) -> None:
        """Show the view alone. At rest that is the end of somebody's stay, and of their language."""
        shown = self._shown
        language = DEFAULT if isinstance(shown.view, do.ClearScreen) else shown.language
        self._draw(replace(shown, over=None, chosen=None, language=language))

    def speak(self, language: str) -> None:
        """Show the same in another language."""
        self._draw(replace(self._shown, language=language))

    def restart(self, language: str) -> None:
        """Show the same in another language, and keep that language when this view is left to begin again."""
        self._draw(replace(self._shown, language=language, restarts=True))

    def read_aloud(self) -> None:
        """Have the page read aloud what it shows, where no finger can ask for it."""
        self._put(replace(self._shown, spoken=self._shown.spoken + 1))

    def tell(self) -> None:
        """Have the page look again at what is said beside the view."""
        self._put(self._shown)

    def load(self) -> str:
        """Give a fresh load of the page its token."""
        self._newest = secrets.token_urlsafe(16)
        return self._newest

    def take_over(self, page: str) -> bool:
        """Make *page* the gate's screen if it is the newest load; tells whether another page was it before.

        It takes over when it asks, not when it is loaded: a load without script or in the background is no screen.
        A page from before a restart of the gate is taken while there is no other.
        """
        before = self._page
        if before is None or page == self._newest:
            self._page = page
        return before not in {None, self._page}

    def heard(self, page: str) -> bool:
        """Note that the visible *page* asked for its view; tells whether it is the gate's screen."""
        if page == self._page:
            self._heard_at = self._clock.monotonic()
        return page == self._page

    def hidden(self, page: str) -> None:
        """Note that *page* was covered or closed: nobody sees it until it asks again."""
        if page == self._page:
            self._heard_at = None

    def is_seen_on(self, page: str) -> bool:
        """Tell whether *page* is the gate's screen and a person can see it."""
        return self.live and page == self._page

    async def newer_than(self, number: int) -> Shown:
        """Give what is shown as soon as its number is not *number*, or after ``HOLD_S`` at the latest."""
        if self.shown.number == number:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), HOLD_S)
        return self.shown

    @property
    def _types_on(self) -> bool:
        """Tell whether a unit and PIN are being typed that open at rest as they would have before."""
        shown = self._shown
        return isinstance(shown.over, Pad) and not (
            shown.over.alone or shown.restarts or isinstance(shown.view, do.AskCredential)
        )

    def _next(self, view: _OfVisit, now: Seconds) -> Shown:
        """Give what follows with *view*: of the same visit, what others were told and what is being typed stays."""
        shown = self._shown
        after = Shown(shown.number, view, language=shown.language, since=now, spoken=shown.spoken)
        if shown.attempt == view.attempt:
            if isinstance(view, do.ShowNotice | do.AskSecond | do.Guide):
                after = replace(after, refused=shown.refused, refused_until=shown.refused_until)
            if isinstance(view, do.OfferMethods) and isinstance(shown.over, Pad):
                after = replace(after, over=shown.over, chosen=Method.PIN)
        if self.touch and isinstance(view, do.AskSecond) and view.methods == (Method.PIN,):
            after = replace(after, over=Pad(now, alone=True))
        return after

    def _end_what_is_over(self) -> None:
        shown, now = self._shown, self._clock.monotonic()
        if shown.refused is not None and now >= shown.refused_until:
            self._put(replace(shown, refused=None))
        match self._shown.over:
            case Pad(alone=False) as pad if pad.is_over(now):
                self.uncover()
            case OwnCode(until=until) if now >= until:
                self.uncover()
            case _:
                pass

    def _draw(self, shown: Shown) -> None:
        """Show what a page must draw anew."""
        self._put(replace(shown, drawn=shown.number + 1))

    def _put(self, shown: Shown) -> None:
        self._shown = replace(shown, number=shown.number + 1)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def _is_same_guidance(before: do.View, view: do.Guide) -> bool:
    """Tell whether *view* says what stands there: a movement that is asked for goes before every hint."""
    return isinstance(before, do.Guide) and replace(before, place=None) == replace(view, place=None)

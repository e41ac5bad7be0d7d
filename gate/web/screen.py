"""The gate's screen as a page in a browser: what it shows now, and whether anybody can see it."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from gate.core import effects as do
from gate.core.types import AttemptId, Method, Seconds
from gate.ports import Clock
from gate.web.languages import DEFAULT

STALE_AFTER_S: Final[Seconds] = 3.0
"""A page that has not asked for so long is not on any screen (R12). It asks again within ``HOLD_S``."""
HOLD_S: Final[Seconds] = 1.0


@dataclass(frozen=True, slots=True)
class Shown:
    """What is on the screen: a view, what the person pressed on it, and in which language.

    restarts: the same person's visit is about to begin again, in the language they chose.
    """

    number: int
    view: do.View
    chosen: Method | None = None
    language: str = DEFAULT
    restarts: bool = False


class KioskScreen:
    """The screen the kiosk page shows; meets ``ports.Screen``. To be used on the loop's thread only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # A page that outlived a restart must not take an old number for a new one.
        self._shown = Shown(secrets.randbelow(2**32), do.ClearScreen())
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
        """Give what is on the screen now."""
        return self._shown

    def show(self, view: do.View) -> None:
        """Show *view*. A visit that ends gives the next person the first language back."""
        ends = isinstance(view, do.ClearScreen) and not self._shown.restarts
        language = DEFAULT if ends else self._shown.language
        self._put(Shown(self._shown.number, view, language=language))

    def choose(self, attempt: AttemptId, method: Method | None) -> bool:
        """Show how to go on with *method*, or the choice again for None; tells whether it was on offer."""
        view = self._shown.view
        if not isinstance(view, do.OfferMethods | do.AskSecond) or view.attempt != attempt:
            return False
        if method is not None and method not in view.methods:
            return False
        self._put(replace(self._shown, chosen=method))
        return True

    def speak(self, language: str) -> None:
        """Show the same in another language."""
        self._put(replace(self._shown, language=language))

    def restart(self, language: str) -> None:
        """Show the same in another language, and keep that language when this view is left to begin again."""
        self._put(replace(self._shown, language=language, restarts=True))

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
        if self._shown.number == number:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), HOLD_S)
        return self._shown

    def _put(self, shown: Shown) -> None:
        self._shown = replace(shown, number=shown.number + 1)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

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
    """What is on the screen: a view, what the person pressed on it, and in which language."""

    number: int
    view: do.View
    chosen: Method | None = None
    language: str = DEFAULT


class KioskScreen:
    """The screen the kiosk page shows; meets ``ports.Screen``. To be used on the loop's thread only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # A page that outlived a restart must not take an old number for a new one.
        self._shown = Shown(secrets.randbelow(2**32), do.ClearScreen())
        self._changed = asyncio.Event()
        self._heard_at: Seconds | None = None

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
        # The notice is left and begun again when its reader asks for the other language.
        ends = isinstance(view, do.ClearScreen) and not isinstance(self._shown.view, do.ShowNotice)
        self._put(
            replace(self._shown, view=view, chosen=None, language=DEFAULT if ends else self._shown.language)
        )

    def choose(self, attempt: AttemptId, method: Method | None) -> bool:
        """Show how to go on with *method*, or the choice again for None; tells whether it was on offer."""
        view = self._shown.view
        if not isinstance(view, do.OfferMethods) or view.attempt != attempt:
            return False
        if method is not None and method not in view.methods:
            return False
        self._put(replace(self._shown, chosen=method))
        return True

    def speak(self, language: str) -> None:
        """Show the same in another language."""
        self._put(replace(self._shown, language=language))

    def heard(self) -> None:
        """Note that the visible page asked for its view."""
        self._heard_at = self._clock.monotonic()

    def hidden(self) -> None:
        """Note that the page was covered or closed: nobody sees it until it asks again."""
        self._heard_at = None

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

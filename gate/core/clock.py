"""Time that never runs backwards, however the wall clock is set: consent and retention are judged by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

TOLERANCE: Final = timedelta(minutes=5)
"""A wall clock further behind the latest time seen than this was set back: face goes off until somebody looks."""

LEAP: Final = timedelta(days=1)
"""A wall clock further ahead than this may be one wrong reading: nothing is deleted on its word alone."""
LEAP_STANDS: Final = timedelta(days=1)
"""So long the gate must itself have run under the new time before it deletes by it."""


def has_leapt(wall: datetime, *, seen: datetime, elapsed: timedelta) -> bool:
    """Tell whether *wall* lies further ahead of the time *seen*, and what *elapsed* since, than a clock drifts."""
    return wall - (seen + elapsed) > LEAP


@dataclass(frozen=True, slots=True)
class TrustedTime:
    """A time never earlier than any before it, and whether the wall clock may be believed."""

    at: datetime
    clock_trusted: bool


def trusted(wall: datetime, *, seen: datetime, elapsed: timedelta) -> TrustedTime:
    """Judge the *wall* time by the latest trusted time *seen* and the monotonic time *elapsed* since then.

    A clock slightly behind is believed, and trusted time runs at half speed until it has caught up. One far behind is
    not: trusted time runs on from what was seen, so that no consent is revived, no deletion postponed, and no wait for
    a PIN grows long. A clock ahead is believed: after a power cut it is ahead with good reason. What is deleted by it
    waits where it ``has_leapt``.
    """
    behind = seen - wall
    if behind <= timedelta():
        return TrustedTime(wall, clock_trusted=True)
    if behind <= TOLERANCE:
        return TrustedTime(max(wall, seen + elapsed / 2), clock_trusted=True)
    return TrustedTime(seen + elapsed, clock_trusted=False)

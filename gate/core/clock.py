"""Time that never runs backwards, however the wall clock is set: consent and retention are judged by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

TOLERANCE: Final = timedelta(minutes=5)
"""A wall clock further behind the latest time seen than this was set back: face goes off until somebody looks."""


@dataclass(frozen=True, slots=True)
class TrustedTime:
    """A time never earlier than any before it, and whether the wall clock may be believed."""

    at: datetime
    clock_trusted: bool


def trusted(wall: datetime, *, seen: datetime, elapsed: timedelta) -> TrustedTime:
    """Judge the *wall* time by the latest trusted time *seen* and the monotonic time *elapsed* since then.

    A clock slightly behind is believed, and trusted time runs at half speed until it has caught up. One far behind is
    not: trusted time runs on from what was seen, so that no consent is revived, no deletion postponed, and no wait for
    a PIN grows long. A clock ahead is believed: after a power cut it is ahead with good reason.
    """
    behind = seen - wall
    if behind <= timedelta():
        return TrustedTime(wall, clock_trusted=True)
    if behind <= TOLERANCE:
        return TrustedTime(max(wall, seen + elapsed / 2), clock_trusted=True)
    return TrustedTime(seen + elapsed, clock_trusted=False)

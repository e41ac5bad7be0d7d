"""What leaves the device: counts of a closed hour and the gate's own health, never a passage (R36, R43, R44).

This is the first, coarse form: a total below ``SMALL_CELL`` is published as unknown. Such counts are de-identified;
the word anonymous is kept for when distinct people are counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(hours=1)
SMALL_CELL = 5
"""A count below this is withheld (R44's k for a site of 200 residents and more)."""


@dataclass(frozen=True, slots=True)
class AccessCounts:
    """Decisions of one clock hour, as counted on the device. ``window_start`` is UTC, on the hour."""

    window_start: datetime
    granted: int
    refused: int


@dataclass(frozen=True, slots=True)
class PublishedCounts:
    """The same hour as the outside may see it: ``None`` stands for fewer than ``SMALL_CELL``."""

    window_start: datetime
    window_end: datetime
    granted: int | None
    refused: int | None


@dataclass(frozen=True, slots=True)
class Health:
    """The gate's own state: no passage and no person can be read from it."""

    at: datetime
    face_offered: bool
    reader_healthy: bool
    door_healthy: bool
    version: str


@dataclass(frozen=True, slots=True)
class Queued:
    """One closed window that waits for the broker, with the random id under which it is sent, once, for good."""

    message_id: str
    counts: AccessCounts


def window_of(at: datetime) -> datetime:
    """Give the start of the clock hour that holds *at* (aware, UTC)."""
    return at.replace(minute=0, second=0, microsecond=0)


def publishable(counts: AccessCounts) -> PublishedCounts:
    """Withhold small cells; a withheld zero and a withheld four look the same."""

    def cell(count: int) -> int | None:
        return count if count >= SMALL_CELL else None

    return PublishedCounts(
        window_start=counts.window_start,
        window_end=counts.window_start + WINDOW,
        granted=cell(counts.granted),
        refused=cell(counts.refused),
    )

"""What leaves the device: counts of a closed hour and the gate's own health, never a passage (R36, R43, R44).

This is the first, coarse form: a total below ``SMALL_CELL`` is published as unknown. Such counts are de-identified;
the word anonymous is kept for when distinct people are counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gate.core.alarms import Alarm
from gate.core.door_mode import DoorMode
from gate.core.types import Method

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
    """The gate's own state: no passage and no person can be read from it.

    alarms: those that stand and leave the device at all. deidentified_live: whether de-identified live events are on.
    """

    at: datetime
    door_mode: DoorMode
    alarms: tuple[Alarm, ...]
    face_offered: bool
    reader_healthy: bool
    door_healthy: bool
    storage_healthy: bool
    clock_trusted: bool
    deidentified_live: bool
    version: str


class Stream(StrEnum):
    """A row of messages with a sequence of its own, so that a receiver sees at once when one is missing."""

    COUNTS = "counts"
    """Counted and Denied: their number and their times follow from the clock alone."""
    ALARMS = "alarms"
    PASSAGES = "passages"
    """De-identified live events, where a site switched them on; else nothing is ever in it."""


class Span(StrEnum):
    """How long a counted window is."""

    HOUR = "hour"
    BLOCK = "four-hours"
    """What the four hours withheld, together."""
    DAY = "day"
    """What the day's hours and blocks withheld, together."""
    MERGED = "merged"
    """Several windows in one message: the gate was off for long, or could not send for long."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One cell of the partition of all passages: each passage stands in exactly one cell that is shown, or in none.

    window_start, window_end: UTC, on the hour. granted: None where withheld; else at least *k*. by_method: every method
    that the gate offers, each at least *k*, adding up to granted; None where any of them is withheld, and always for
    other spans than an hour. epsilon: the noise's budget for one passage, over everything published; 0: no noise.
    """

    span: Span
    window_start: datetime
    window_end: datetime
    granted: int | None
    by_method: Mapping[Method, int] | None
    k: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Denied:
    """How often nobody was let in, over one UTC day or several: a multiple of *k* from 2k on, else None."""

    window_start: datetime
    window_end: datetime
    refused: int | None
    k: int
    epsilon: float = 0.0


@dataclass(frozen=True, slots=True)
class Alarmed:
    """An alarm began, or ended; where it and somebody waits, nothing of who. at: UTC, a whole second.

    times: how many such alarms this one message stands for; *at* is then the last one's.
    """

    alarm: Alarm
    began: bool
    at: datetime
    times: int = 1


@dataclass(frozen=True, slots=True)
class Passage:
    """One de-identified live event: an arrival time can single a person out, so it is never called anonymous.

    at: UTC, a whole minute. method: None where the site does not show it.
    """

    at: datetime
    method: Method | None
    granted: bool


Body = Counted | Denied | Alarmed | Passage


@dataclass(frozen=True, slots=True)
class Queued:
    """One message that waits for the broker, with the random id under which it is sent, once, for good.

    epoch: 16 hex digits, new at the first start and after a restore; sequences begin at 1 in each. sequence: of its
    stream, without a gap: drawn when the message is first handed out, and the message never changes from then on.
    """

    message_id: str
    stream: Stream
    epoch: str
    sequence: int
    body: Body


@dataclass(frozen=True, slots=True)
class QueuedHour:
    """As the outbox held it before schema 0009; goes with it."""

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

"""What may leave the device: counted cells, refusals of a day, alarms, the gate's own health (R36, R42, R43, R44).

Cells are anonymous as ``gate.core.anonymity`` makes them. A live event is de-identified at most, and named so.
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

    window_start, window_end: UTC, on the hour. people: how many different people came in, each once however often they
    did; None where withheld, else at least *k*. by_method: by the method of each one's first passage, for every method
    that the site offers its residents, each at least *k*, adding up to people; None where any of them is withheld, and
    always for other spans than an hour. epsilon: what all that a person does in one hour may cost, 0: no noise.
    """

    span: Span
    window_start: datetime
    window_end: datetime
    people: int | None
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


def window_of(at: datetime) -> datetime:
    """Give the start of the clock hour that holds *at* (aware, UTC)."""
    return at.replace(minute=0, second=0, microsecond=0)

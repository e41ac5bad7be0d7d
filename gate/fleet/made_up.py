"""Made-up gates: a clock that can run fast, and an outbox that fills with the counts of nobody's passages.

A made-up gate sends as many messages as a real one, at the times that a real one would (gate/core/anonymity.py): both follow from
the clock alone. What the messages say is drawn by chance.
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from gate.core.door_mode import DoorMode
from gate.core.events import Body, Counted, Denied, Health, Queued, Span, Stream
from gate.core.types import Seconds

HOUR: Final = timedelta(hours=1)
K: Final = 10
EPSILON: Final = 1.0
A_DAYS_MESSAGES: Final = 24 + 6 + 1 + 1
"""Hours, blocks of four, the day, and its denials."""
EARLIEST_DUE: Final = timedelta(seconds=60)
LONGEST_DELAY_S: Final = 300.0


class FastClock:
    """Meets ports.Clock: wall time runs *speed* times as fast as the world's, or stands still; monotonic time does not.

    What the wall clock drives is what is counted; time-outs and pauses go by the monotonic one and stay real.
    """

    def __init__(self, start: datetime, real: Callable[[], Seconds] = time.monotonic) -> None:
        self._real = real
        self._wall = start
        self._since = real()
        self._speed = 0.0

    def monotonic(self) -> Seconds:
        """Give real seconds."""
        return self._real()

    def now(self) -> datetime:
        """Give the made-up wall time."""
        return self._wall + timedelta(seconds=(self._real() - self._since) * self._speed)

    def run(self, speed: float) -> None:
        """Run at *speed* from now on; 0 stops it."""
        self._wall, self._since, self._speed = self.now(), self._real(), speed

    def leap(self, by: timedelta) -> None:
        """Step ahead by *by*."""
        self._wall += by


class MadeUpOutbox:
    """Meets ports.Outbox, in memory. A gate's messages come due at times of its own, as a real gate draws them.

    draw: where chance comes from; a fixed seed gives the same counts and times, under other message ids.
    """

    def __init__(self, clock: FastClock, draw: random.Random) -> None:
        self._draw = draw
        self._window = clock.now().replace(minute=0, second=0, microsecond=0)
        self._epoch = secrets.token_hex(8)
        self._unsent: dict[str, tuple[datetime, Queued]] = {}
        self.made = 0
        """How many messages there ever were; also the last sequence."""

    def pending(self, now: datetime, *, limit: int = 100) -> Sequence[Queued]:
        """Give what is due and was never acknowledged, oldest first."""
        self._catch_up(now)
        return list(islice(self._due(now), limit))

    def mark_sent(self, message_id: str, *, at: datetime) -> None:  # noqa: ARG002 - the port's signature
        """Cross the message off."""
        self._unsent.pop(message_id, None)

    def waiting(self, now: datetime) -> int:
        """Tell how many are due and not yet acknowledged."""
        self._catch_up(now)
        return sum(1 for _ in self._due(now))

    def acknowledged(self) -> int:
        """Tell how many the broker acknowledged."""
        return self.made - len(self._unsent)

    def _due(self, now: datetime) -> Iterator[Queued]:
        for due, queued in self._unsent.values():
            if due > now:
                return  # a stream goes out in order, so what is behind waits too
            yield queued

    def _catch_up(self, now: datetime) -> None:
        while self._window + HOUR <= now:
            self._window += HOUR
            due = self._window + EARLIEST_DUE + timedelta(seconds=self._draw.uniform(0, LONGEST_DELAY_S))
            for body in self._closed_at(self._window):
                self._queue(due, body)

    def _closed_at(self, end: datetime) -> Iterator[Body]:
        yield self._counted(Span.HOUR, end, HOUR)
        if end.hour % 4 == 0:
            yield self._counted(Span.BLOCK, end, 4 * HOUR)
        if end.hour == 0:
            yield self._counted(Span.DAY, end, 24 * HOUR)
            refused = self._draw.choice((None, 2 * K, 3 * K))
            yield Denied(end - 24 * HOUR, end, refused, K, EPSILON)

    def _counted(self, span: Span, end: datetime, length: timedelta) -> Counted:
        people = self._draw.randint(K, 400) if self._draw.random() < 0.5 else None  # noqa: PLR2004 - as often as not
        return Counted(span, end - length, end, people, None, K, EPSILON)

    def _queue(self, due: datetime, body: Body) -> None:
        self.made += 1
        queued = Queued(secrets.token_hex(16), Stream.COUNTS, self._epoch, self.made, body)
        self._unsent[queued.message_id] = (due, queued)


def made_up_health(at: datetime, version: str) -> Health:
    """Give the state of a gate that is well. at: aware, UTC."""
    return Health(
        at=at,
        door_mode=DoorMode.CONTROLLED,
        alarms=(),
        face_offered=True,
        reader_healthy=True,
        door_healthy=True,
        storage_healthy=True,
        clock_trusted=True,
        deidentified_live=False,
        version=version,
    )

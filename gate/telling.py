"""What the gate tells at once: alarms, and de-identified live events where the privacy officer switched them on.

Whoever raises an alarm, or waits at the door, waits for none of it: it is noted in memory and put into the outbox by a task
of its own, within a quarter of a second. After a restart every alarm that stands is told again: to have begun twice is to
have begun.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

import structlog

from gate.alarms import AlarmBoard
from gate.core.alarms import Alarm, leaves
from gate.core.events import Alarmed, Passage
from gate.core.overflow import merged, pair_to_merge
from gate.core.types import Method, Seconds
from gate.errors import GateError
from gate.ports import Clock

log = structlog.get_logger()

FLUSH_S: Seconds = 0.25
ALARMS_MOST: Final = 256
"""So many wait here while the outbox cannot be written; then two of one kind become one."""
PASSAGES_MOST: Final = 256


class Queue(Protocol):
    """The outbox as this needs it. Both raise VaultError while it cannot be written."""

    def alarm(self, alarm: Alarmed) -> None:
        """Queue an alarm, to be sent at once."""

    def passage(self, passage: Passage) -> None:
        """Queue a de-identified live event, to be sent at once."""


class Teller:
    """Carries alarms and live events to the outbox. live: whether each decision is told at once, de-identified."""

    def __init__(self, queue: Queue, clock: Clock, *, live: bool) -> None:
        self._queue = queue
        self._clock = clock
        self._live = live
        self._alarms: list[Alarmed] = []
        self._passages: deque[Passage] = deque(maxlen=PASSAGES_MOST)
        self._failing = False

    def alarm(self, alarm: Alarm, began: bool, at: datetime) -> None:  # noqa: FBT001 - as the board tells it
        """Note that *alarm* began or ended; what stays on the device is not noted."""
        if not leaves(alarm):
            return
        self._alarms.append(Alarmed(alarm, began, at.replace(microsecond=0)))
        if len(self._alarms) > ALARMS_MOST and (pair := pair_to_merge(self._alarms)):
            older, newer = pair
            both = merged(self._alarms[older], self._alarms[newer])
            assert isinstance(both, Alarmed)
            self._alarms[newer] = both
            del self._alarms[older]

    def passed(self, method: Method, *, granted: bool) -> None:
        """Note one decision, to the minute, where the site tells such: nothing of whose it was is known here."""
        if self._live:
            minute = self._clock.now().replace(second=0, microsecond=0)
            self._passages.append(Passage(minute, method, granted))

    async def run(self) -> None:
        """Put what was noted into the outbox, until cancelled."""
        while True:
            self.flush()
            await asyncio.sleep(FLUSH_S)

    def flush(self) -> None:
        """Put what was noted into the outbox now; what cannot be written stays noted. Never raises."""
        try:
            while self._alarms:
                self._queue.alarm(self._alarms[0])
                del self._alarms[0]
            while self._passages:
                self._queue.passage(self._passages[0])
                self._passages.popleft()
        except Exception as error:  # noqa: BLE001 - an outer loop: the next alarm must still go out
            self._say(error)
        else:
            self._failing = False

    def _say(self, error: Exception) -> None:
        if self._failing:
            return
        self._failing = True
        if isinstance(error, GateError):
            log.error("not_queued", code=error.code, remedy=error.remedy)
        else:
            log.error("not_queued", kind=type(error).__name__)


def alarm_of_a_breach(alarms: AlarmBoard, clock: Clock) -> Callable[[], None]:
    """Give what to call when a message was refused because it fits no published schema (R42).

    It rings once and not again until somebody knows: a program that errs does so each second.
    """

    def ring() -> None:
        if Alarm.EGRESS not in alarms.standing:
            alarms.ring(Alarm.EGRESS, clock.monotonic())

    return ring

"""Which alarms stand at this gate. Said once in the log, shown on the staff's pages, and never with a person in them.

What rings is kept in the database as well, so that a restart ends none of it: by its name and its time alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Protocol

import structlog

from gate.core.alarms import RINGING, Alarm
from gate.core.types import Seconds
from gate.errors import GateError
from gate.store.account.audit import Who

log = structlog.get_logger()

PAST_MOST: Final = 50
RINGS_S: Seconds = 1800.0
"""How long what nobody needs to look at for long rings."""
ENDS_BY_ITSELF: Final = frozenset({Alarm.PASSBACK})
"""What rings for ``RINGS_S`` alone. A call for help, or an opening under threat, is over when somebody says so."""


class Rings(Protocol):
    """What rings, as it is remembered over a restart. Every method may raise VaultError."""

    def standing(self) -> tuple[tuple[Alarm, datetime], ...]:
        """Give what rings and since when, oldest first."""

    def begin(self, alarm: Alarm, at: datetime) -> None:
        """Remember that *alarm* rings since *at*."""

    def end(self, alarm: Alarm) -> None:
        """Forget it."""

    def acknowledge(self, alarm: Alarm, at: datetime, by: Who) -> None:
        """Note in the audit log that somebody knows of *alarm*, and forget it where it rang."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One alarm that stands. acknowledged: somebody of the staff knows; it makes no sound any more."""

    alarm: Alarm
    since: datetime
    acknowledged: bool = False
    until: Seconds | None = None
    """Monotonic; None: until it is over, or acknowledged."""


Hear = Callable[[Alarm, bool, datetime], None]
"""Takes an alarm, whether it began or is over, and when."""


@dataclass(frozen=True, slots=True)
class Past:
    """One alarm that is over. acknowledged: somebody of the staff had said that they know."""

    alarm: Alarm
    since: datetime
    over: datetime
    acknowledged: bool


def _no_time() -> datetime:
    return datetime.fromtimestamp(0, UTC)


class AlarmBoard:
    """The alarms that stand: some until their cause is over, some until somebody knows, some for a time."""

    def __init__(
        self, rings: Rings | None = None, now: Callable[[], datetime] = _no_time, hear: Hear | None = None
    ) -> None:
        """rings: where what rings is kept; None: in memory alone. now: the wall time, for people to read.

        hear: told of each alarm that begins, and of each that is over; must not wait for anything.
        """
        self._rings = rings
        self._now = now
        self._hear = hear
        self._standing: dict[Alarm, Standing] = {}
        self._unwritten: list[tuple[Alarm, Callable[[Rings], None]]] = []
        self._past: deque[Past] = deque(maxlen=PAST_MOST)

    @property
    def standing(self) -> tuple[Alarm, ...]:
        """Name them, in the order they came."""
        return tuple(self._standing)

    @property
    def all(self) -> tuple[Standing, ...]:
        """Give them with all that is known of each, in the order they came."""
        return tuple(self._standing.values())

    @property
    def past(self) -> tuple[Past, ...]:
        """Give the last PAST_MOST that were over since the gate was started, the newest first."""
        return tuple(reversed(self._past))

    def restore(self, now: Seconds) -> None:
        """Let ring what rang when the gate was ended; what ends by itself rings its whole time again."""
        if self._rings is None:
            return
        try:
            kept = self._rings.standing()
        except GateError as error:
            log.error("rings_unread", code=error.code, remedy=error.remedy)  # noqa: TRY400 - code and remedy say it
            return
        for alarm, since in kept:
            self._stand(Standing(alarm, since, until=_until(alarm, now)))

    def raise_alarm(self, alarm: Alarm) -> None:
        """Let *alarm* stand until it is cleared."""
        self._stand(Standing(alarm, self._now()))

    def ring(self, alarm: Alarm, now: Seconds) -> None:
        """Let *alarm* ring from monotonic *now*; each time is said, for each is one more."""
        self._standing.pop(alarm, None)
        began = Standing(alarm, self._now(), until=_until(alarm, now))
        self._stand(began)
        self._unwritten.append((alarm, lambda rings: rings.begin(alarm, began.since)))

    def clear(self, alarm: Alarm) -> None:
        """End *alarm*; one that does not stand is none."""
        if alarm in self._standing:
            log.info("alarm_over", alarm=alarm)
            self._end(alarm)
            if alarm in RINGING:
                self._unwritten.append((alarm, lambda rings: rings.end(alarm)))

    def acknowledge(self, alarm: Alarm, by: Who) -> bool:
        """Note that somebody of the staff knows of *alarm*; False where it does not stand, or is known already.

        What rings is over with that; what has a cause stands as long as the cause does. Raises VaultError: then
        nothing has changed.
        """
        standing = self._standing.get(alarm)
        if standing is None or standing.acknowledged:
            return False
        if self._rings is not None:
            self._rings.acknowledge(alarm, self._now(), by)
        log.info("alarm_acknowledged", alarm=alarm)
        if alarm in RINGING:
            self._end(alarm, acknowledged=True)
            self._unwritten = [each for each in self._unwritten if each[0] is not alarm]
        else:
            self._standing[alarm] = replace(standing, acknowledged=True)
        return True

    def heed(self, alarm: Alarm, *, stands: bool) -> None:
        """Let *alarm* stand exactly while something is so."""
        if stands:
            self.raise_alarm(alarm)
        else:
            self.clear(alarm)

    def poll(self, now: Seconds) -> None:
        """End what rang long enough, and write down what rings: here, so that no visitor ever waits for it."""
        for standing in self.all:
            if standing.until is not None and now >= standing.until:
                self.clear(standing.alarm)
        while self._unwritten:
            self._keep(self._unwritten.pop(0)[1])

    def _end(self, alarm: Alarm, *, acknowledged: bool = False) -> None:
        ended, now = self._standing.pop(alarm), self._now()
        self._past.append(Past(alarm, ended.since, now, acknowledged or ended.acknowledged))
        if self._hear is not None:
            self._hear(alarm, False, now)

    def _stand(self, standing: Standing) -> None:
        if standing.alarm not in self._standing:
            log.error("alarm", alarm=standing.alarm)
            self._standing[standing.alarm] = standing
            if self._hear is not None:
                self._hear(standing.alarm, True, standing.since)

    def _keep(self, write: Callable[[Rings], None]) -> None:
        """Write what rings; a store that cannot must keep no alarm from ringing, and no door from opening."""
        if self._rings is None:
            return
        try:
            write(self._rings)
        except GateError as error:
            log.error("rings_unwritten", code=error.code, remedy=error.remedy)  # noqa: TRY400 - code and remedy say it


def _until(alarm: Alarm, now: Seconds) -> Seconds | None:
    return now + RINGS_S if alarm in ENDS_BY_ITSELF else None

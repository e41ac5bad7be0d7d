"""Which alarms stand at this gate. Said once in the log, shown on the status page, and never with a person in them."""

from __future__ import annotations

import structlog

from gate.core.alarms import Alarm
from gate.core.types import Seconds

log = structlog.get_logger()

RINGS_S: Seconds = 1800.0
"""How long an alarm stands that nothing ends: somebody should have looked by then."""


class AlarmBoard:
    """The alarms that stand: some until their cause is over, some for a time."""

    def __init__(self) -> None:
        self._until: dict[Alarm, Seconds | None] = {}

    @property
    def standing(self) -> tuple[Alarm, ...]:
        """Name them, in the order they came."""
        return tuple(self._until)

    def raise_alarm(self, alarm: Alarm) -> None:
        """Let *alarm* stand until it is cleared."""
        self._stand(alarm, None)

    def ring(self, alarm: Alarm, now: Seconds) -> None:
        """Let *alarm* stand for ``RINGS_S`` from monotonic *now*; each time is said, for each is one more."""
        self._until.pop(alarm, None)
        self._stand(alarm, now + RINGS_S)

    def clear(self, alarm: Alarm) -> None:
        """End *alarm*; one that does not stand is none."""
        if alarm in self._until:
            del self._until[alarm]
            log.info("alarm_over", alarm=alarm)

    def heed(self, alarm: Alarm, *, stands: bool) -> None:
        """Let *alarm* stand exactly while something is so."""
        if stands:
            self.raise_alarm(alarm)
        else:
            self.clear(alarm)

    def poll(self, now: Seconds) -> None:
        """End what rang long enough."""
        for alarm, until in tuple(self._until.items()):
            if until is not None and now >= until:
                self.clear(alarm)

    def _stand(self, alarm: Alarm, until: Seconds | None) -> None:
        if alarm not in self._until:
            log.error("alarm", alarm=alarm)
        self._until[alarm] = until

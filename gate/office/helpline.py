"""The call for help at the gate's screen: an alarm without a person in it, until somebody of the staff says they know."""

from __future__ import annotations

from typing import Final

from gate.alarms import AlarmBoard
from gate.core.alarms import Alarm
from gate.core.types import Seconds
from gate.ports import Clock

AGAIN_S: Final[Seconds] = 30.0
"""Who is on their way need not be called anew at every press."""


class GateHelpLine:
    """Rings for help (R74); meets ``gate.web.kiosk.parts.HelpLine``."""

    def __init__(self, alarms: AlarmBoard, clock: Clock) -> None:
        self._alarms = alarms
        self._clock = clock
        self._called_at: Seconds = float("-inf")

    @property
    def called(self) -> bool:
        """Tell whether the call stands."""
        return Alarm.HELP in self._alarms.standing

    def call(self) -> None:
        """Ring, unless a call stands or was made within AGAIN_S."""
        now = self._clock.monotonic()
        if self.called or now - self._called_at < AGAIN_S:
            return
        self._called_at = now
        self._alarms.ring(Alarm.HELP, now)

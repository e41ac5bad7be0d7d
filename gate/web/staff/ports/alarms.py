"""What the pages need of the alarms: which stand, since when, and that somebody knows. No alarm says who."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gate.core.alarms import Alarm
from gate.core.roles import Program, Staff


@dataclass(frozen=True, slots=True)
class AlarmView:
    """One alarm that stands. acknowledged: somebody of the staff knows; it makes no sound any more.

    ends: acknowledging ends it; any other stands as long as its cause does.
    """

    alarm: Alarm
    since: datetime
    acknowledged: bool
    ends: bool


@dataclass(frozen=True, slots=True)
class PastAlarm:
    """One alarm that is over. acknowledged: somebody of the staff had said that they know."""

    alarm: Alarm
    since: datetime
    over: datetime
    acknowledged: bool


class AlarmsPort(Protocol):
    """The alarms of this gate."""

    def standing(self) -> Sequence[AlarmView]:
        """Give those that stand, the newest first, those that nobody acknowledged before the others."""

    def past(self) -> Sequence[PastAlarm]:
        """Give up to 50 that were over since the gate was started, the newest first."""

    def acknowledge(self, who: Staff | Program, alarm: str) -> bool:
        """Note that somebody knows of *alarm*; False where it does not stand, or is known already. Raises VaultError."""

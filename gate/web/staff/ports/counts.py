"""What the pages need of the counts: sums by hour and day from which nobody's passage can be read (R44)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from gate.core.counts import Day, Hour


class CountsPort(Protocol):
    """Every method may raise VaultError."""

    def days(self, days: int) -> Sequence[Day]:
        """Give the last *days* days in the site's zone, today last; none from before the gate counted."""

    def since(self) -> date | None:
        """Give the day of the first hour that is kept, None before there is one."""

    def hours(self, day: date) -> Sequence[Hour]:
        """Give the hours of one day that are over, earliest first; none of a day that is too long ago or to come."""

"""What the pages need of the counts: what was told of passages, from which nobody's can be read (R44)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from gate.core.counts import Day, Window


class CountsPort(Protocol):
    """Days are UTC's. Every method may raise VaultError."""

    def days(self, days: int) -> Sequence[Day]:
        """Give the last *days* days, today last; none from before the gate counted."""

    def since(self) -> date | None:
        """Give the day of the first window that is kept, None before there is one."""

    def windows(self, day: date) -> Sequence[Window]:
        """Give the closed windows of one day, earliest first; none of a day that is too long ago or to come."""

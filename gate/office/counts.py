"""What was told of passages, as the outbox keeps it: the site's own staff see no more than the broker (R44)."""

from __future__ import annotations

from datetime import UTC, date, timedelta

from gate.core.counts import DAYS_MOST, Day, Window, bounds, days_of, windows_of
from gate.ports import Clock
from gate.store import Store


class CountsOffice:
    """The counts port."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def days(self, days: int) -> tuple[Day, ...]:
        """Give the last *days* UTC days, today last; none from before the gate counted."""
        first = self.since()
        if first is None:
            return ()
        today = self._today()
        first = max(first, today - timedelta(days=min(days, DAYS_MOST) - 1))
        begins, ends = bounds(first)[0], bounds(today)[1]
        return days_of(self._store.outbox.published(begins, ends), first, today)

    def since(self) -> date | None:
        """Give the UTC day of the first window that is kept, None before there is one."""
        first = self._store.outbox.first()
        return None if first is None else first.date()

    def windows(self, day: date) -> tuple[Window, ...]:
        """Give the cells of one UTC day that are closed."""
        today = self._today()
        if not today - timedelta(days=DAYS_MOST) < day <= today:
            return ()
        return windows_of(self._store.outbox.published(*bounds(day)), day)

    def _today(self) -> date:
        return self._clock.now().astimezone(UTC).date()

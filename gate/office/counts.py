"""The outbox's sums, as even the site's own staff may see them (R44)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gate.core.counts import DAYS_MOST, Day, Hour, days_of, hours_of, is_closed, since
from gate.core.events import AccessCounts
from gate.ports import Clock
from gate.store import Store


class CountsOffice:
    """The counts port. zone: the site's, in which days are meant."""

    def __init__(self, store: Store, clock: Clock, zone: ZoneInfo) -> None:
        self._store = store
        self._clock = clock
        self._zone = zone

    def days(self, days: int) -> tuple[Day, ...]:
        """Give the last *days* days, today last; none from before the gate counted."""
        now = self._clock.now()
        first = self.since()
        known = days_of(self._closed(since(now, days), now), now, self._zone, days=days)
        return tuple(each for each in known if first is not None and each.day >= first)

    def since(self) -> date | None:
        """Give the day of the first hour that is kept, None before there is one."""
        first = self._store.outbox.first()
        return None if first is None else first.astimezone(self._zone).date()

    def hours(self, day: date) -> tuple[Hour, ...]:
        """Give the hours of one day that are over."""
        now = self._clock.now()
        today = now.astimezone(self._zone).date()
        if not today - timedelta(days=DAYS_MOST) < day <= today:
            return ()
        begins = datetime.combine(day, time(), self._zone)
        around = self._closed(begins - timedelta(hours=1), begins + timedelta(hours=26))
        return hours_of(around, day, self._zone)

    def _closed(self, start: datetime, end: datetime) -> list[AccessCounts]:
        now = self._clock.now()
        return [each for each in self._store.outbox.between(start, end) if is_closed(each, now)]

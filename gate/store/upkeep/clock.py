"""The latest time this gate has seen, kept in the database, and the clock that never runs behind it."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from gate.core.clock import TrustedTime, trusted
from gate.core.types import Seconds
from gate.ports import Clock
from gate.store.account.audit import Action, Actor, AuditLog
from gate.store.database import Database
from gate.store.times import seconds_of, time_of

WRITTEN_EVERY = timedelta(minutes=1)
_MARK, _ACCEPTED = "clock", "clock-accepted"


class ClockMark:
    """The high-water mark in meta: the latest trusted time, and how often an operator set it back."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit

    def read(self) -> tuple[datetime | None, int]:
        """Give the mark, None on a first start, and the number of times it was accepted anew."""
        rows: dict[str, int] = dict(
            self._database.rows(
                "SELECT name, value FROM meta WHERE name IN (:mark, :accepted)",
                mark=_MARK,
                accepted=_ACCEPTED,
            )
        )
        mark = rows.get(_MARK)
        return (None if mark is None else time_of(mark)), rows.get(_ACCEPTED, 0)

    def raise_to(self, at: datetime) -> None:
        """Move the mark forward to *at*, never back."""
        sql = """INSERT INTO meta VALUES (?, ?)
            ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)"""
        self._database.write(lambda connection: connection.execute(sql, (_MARK, seconds_of(at))))

    def trusted(self, wall: datetime) -> TrustedTime:
        """Judge *wall* by the mark alone, for a command that runs beside the gate or without it."""
        mark, _ = self.read()
        return trusted(wall, seen=mark or wall, elapsed=timedelta())

    def accept(self, wall: datetime) -> None:
        """Take *wall* for right although it lies behind the mark: somebody looked. Audited."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("REPLACE INTO meta VALUES (?, ?)", (_MARK, seconds_of(wall)))
            sql = "INSERT INTO meta VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1"
            connection.execute(sql, (_ACCEPTED,))
            self._audit.note(connection, Actor.INSTALLER, Action.CLOCK_ACCEPTED, at=wall)

        self._database.write(work)


class TrustedClock:
    """A clock whose wall time never runs backwards, as ``gate.ports.Clock`` asks for it; reads no database in ``now``.

    Its mark is taken up at the start and kept by ``keep``, which the housekeeping calls.
    """

    def __init__(self, clock: Clock, mark: ClockMark) -> None:
        self._clock = clock
        self._mark = mark
        seen, self._accepted = mark.read()
        self._set(seen or clock.now())
        self._written: datetime | None = seen

    @property
    def trusted(self) -> bool:
        """Tell whether the wall clock is not behind what was seen (by more than the tolerance)."""
        return self._judge().clock_trusted

    def monotonic(self) -> Seconds:
        """Give seconds that only grow."""
        return self._clock.monotonic()

    def now(self) -> datetime:
        """Give the trusted time, aware, in UTC: never earlier than any before, also over restarts."""
        self._set(self._judge().at)
        return self._seen

    def keep(self) -> None:
        """Write the mark, at most once a minute, and take up what ``gate clock accept`` set beside the running gate."""
        mark, accepted = self._mark.read()
        if accepted != self._accepted and mark is not None:
            self._accepted = accepted
            self._set(mark)
            self._written = mark
        now = self.now()
        if self._written is None or now - self._written >= WRITTEN_EVERY:
            self._mark.raise_to(now)
            self._written = now

    def _judge(self) -> TrustedTime:
        elapsed = timedelta(seconds=max(0.0, self._clock.monotonic() - self._at))
        return trusted(self._clock.now(), seen=self._seen, elapsed=elapsed)

    def _set(self, seen: datetime) -> None:
        self._seen = seen
        self._at = self._clock.monotonic()

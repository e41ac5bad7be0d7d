"""The latest time this gate has seen, kept in the database, and the clock that never runs behind it."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from gate.core.clock import LEAP_STANDS, TrustedTime, has_leapt, trusted
from gate.core.types import Seconds
from gate.errors import VaultError
from gate.ports import Clock
from gate.store.account.audit import Action, Actor, AuditLog
from gate.store.database import Database
from gate.store.times import seconds_of, time_of

WRITTEN_EVERY = timedelta(minutes=1)
_MARK, _ACCEPTED, _LEAPT = "clock", "clock-accepted", "clock-leapt"


class ClockMark:
    """The high-water mark in meta: the latest trusted time, and how often an operator set it back."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit

    def read(self) -> tuple[datetime | None, int]:
        """Give the mark, None on a first start, and the number of times it was accepted anew.

        Raises VaultError ``record-altered`` for a mark that is no time.
        """
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

    def has_leapt(self, wall: datetime) -> bool:
        """Tell whether *wall* lies too far ahead of the mark to delete by, for a command. Raises VaultError as ``read``."""
        mark, _ = self.read()
        return mark is not None and has_leapt(wall, seen=mark, elapsed=timedelta())

    @property
    def leap_stood(self) -> timedelta:
        """Give how long the gate ran under a time far ahead of the mark, also before a restart."""
        rows = self._database.rows("SELECT value FROM meta WHERE name = :name", name=_LEAPT)
        stood = rows[0][0] if rows else 0
        within = isinstance(stood, int) and 0 <= stood <= LEAP_STANDS.total_seconds()
        return timedelta(seconds=stood) if within else timedelta()

    def note_leap(self, stood: timedelta | None) -> None:
        """Keep how long it stood; None: it is over."""
        if stood is None:
            self._database.write(lambda c: c.execute("DELETE FROM meta WHERE name = ?", (_LEAPT,)))
            return
        row = (_LEAPT, int(stood.total_seconds()))
        self._database.write(lambda c: c.execute("REPLACE INTO meta VALUES (?, ?)", row))

    def accept(self, wall: datetime) -> None:
        """Take *wall* for right although it lies far from the mark, or the mark is no time: somebody looked. Audited."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("REPLACE INTO meta VALUES (?, ?)", (_MARK, seconds_of(wall)))
            sql = "INSERT INTO meta VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1"
            connection.execute(sql, (_ACCEPTED,))
            connection.execute("DELETE FROM meta WHERE name = ?", (_LEAPT,))
            self._audit.note(connection, Actor.INSTALLER, Action.CLOCK_ACCEPTED, at=wall)

        self._database.write(work)


class TrustedClock:
    """A clock whose wall time never runs backwards, as ``gate.ports.Clock`` asks for it; reads no database in ``now``.

    But for one case: a leap far ahead that was over before it had stood was no time that passed, and is taken back. Its
    mark is taken up at the start and kept by ``keep``, which the housekeeping calls.
    """

    def __init__(self, clock: Clock, mark: ClockMark) -> None:
        self._clock = clock
        self._mark = mark
        self._unread, self._accepted = False, 0
        seen, self._accepted = self._read()
        self._seen: datetime = seen or clock.now()
        self._at: Seconds = clock.monotonic()
        self._base, self._base_at = self._seen, self._at
        self._written: datetime | None = seen
        self._stood = mark.leap_stood
        self._leapt = self._is_ahead()

    @property
    def trusted(self) -> bool:
        """Tell whether the wall clock neither lies behind what was seen, beyond the tolerance, nor leapt far ahead."""
        return self.settled and not self._is_ahead() and self._judge().clock_trusted

    @property
    def settled(self) -> bool:
        """Tell whether anything may be deleted by this time: not by a leap that has not stood for a day of running."""
        return not (self._leapt or self._unread)

    @property
    def confirmed(self) -> datetime | None:
        """Give the time to delete by, None while nothing may be: what ``keep`` saw, and what passed since.

        It reads no wall clock: a leap that began since then has no part in it.
        """
        return self._expected(self.monotonic()) if self.settled else None

    def monotonic(self) -> Seconds:
        """Give seconds that only grow."""
        return self._clock.monotonic()

    def now(self) -> datetime:
        """Give the trusted time, aware, in UTC: never earlier than any that stood, also over restarts."""
        self._set(self._judge().at)
        return self._seen

    def keep(self) -> None:
        """Write the mark, at most once a minute, and take up what ``gate clock accept`` set beside the running gate.

        A time far ahead moves the mark only once the gate has run under it for LEAP_STANDS, restarts not counted.
        """
        mark, accepted = self._read()
        if accepted != self._accepted and mark is not None:
            self._accepted = accepted
            self._set(mark)
            self._base, self._base_at, self._leapt, self._stood = mark, self._at, False, timedelta()
            self._written = mark
        wall, at = self._clock.now(), self.monotonic()
        self._heed_leap(wall, at)
        if not self.settled:
            return
        expected = self._expected(at)
        if has_leapt(self._seen, seen=expected, elapsed=timedelta()):  # a leap that is over already
            self._seen, self._at = expected, at
        self._seen = trusted(wall, seen=self._seen, elapsed=timedelta(seconds=at - self._at)).at
        self._at = at
        self._base, self._base_at = self._seen, at
        if self._written is None or self._seen - self._written >= WRITTEN_EVERY:
            self._mark.raise_to(self._seen)
            self._written = self._seen

    def _heed_leap(self, wall: datetime, at: Seconds) -> None:
        """Begin, carry on or end the wait under a time far ahead."""
        if not has_leapt(wall, seen=self._expected(at), elapsed=timedelta()):
            if self._leapt:
                self._mark.note_leap(None)
            self._leapt, self._stood = False, timedelta()
            return
        if self._leapt:
            self._stood += timedelta(seconds=at - self._base_at)
        self._leapt = True
        # The base runs on with the gate's own time, so that what it is compared with stays what the clock should say.
        self._base, self._base_at = self._expected(at), at
        if self._stood >= LEAP_STANDS:
            self._mark.note_leap(None)
            self._leapt, self._stood = False, timedelta()
            self._base = wall
        else:
            self._mark.note_leap(self._stood)

    def _expected(self, at: Seconds) -> datetime:
        """Give what the clock should say at the monotonic time *at*, by the latest time that stood."""
        return self._base + timedelta(seconds=at - self._base_at)

    def _is_ahead(self) -> bool:
        return has_leapt(self._clock.now(), seen=self._expected(self.monotonic()), elapsed=timedelta())

    def _read(self) -> tuple[datetime | None, int]:
        """Read the mark; one that was damaged keeps no door shut, only face and deletion (R02)."""
        try:
            read = self._mark.read()
        except VaultError as error:
            if error.code != "record-altered":
                raise
            self._unread = True
            return None, self._accepted
        self._unread = False
        return read

    def _judge(self) -> TrustedTime:
        elapsed = timedelta(seconds=max(0.0, self._clock.monotonic() - self._at))
        return trusted(self._clock.now(), seen=self._seen, elapsed=elapsed)

    def _set(self, seen: datetime) -> None:
        self._seen = seen
        self._at = self._clock.monotonic()

"""The durable queue of hourly counts (R44, R46): one row per clock hour, zeros included."""

from __future__ import annotations

import secrets
import sqlite3
from datetime import UTC, datetime

from gate.core.events import WINDOW, AccessCounts, Queued, window_of
from gate.store.database import Database
from gate.store.times import seconds_of, time_of

_HOUR = int(WINDOW.total_seconds())
_ADD = """INSERT INTO outbox (window_start, message_id, granted, refused) VALUES (?, ?, ?, ?)
    ON CONFLICT (window_start) DO UPDATE
    SET granted = granted + excluded.granted, refused = refused + excluded.refused"""
# Its own hour; where that was handed out already, the first later one that was not, a new one if need be.
_FIRST_OPEN = """SELECT CASE WHEN EXISTS (SELECT 1 FROM outbox WHERE window_start = :hour AND frozen)
    THEN (SELECT coalesce(min(window_start) FILTER (WHERE NOT frozen), max(window_start) + :span)
          FROM outbox WHERE window_start >= :hour)
    ELSE :hour END"""


class Outbox:
    """The outbox table, as ``gate.ports.Outbox`` asks for it.

    A window is frozen when it is first handed out, and its counts and message id never change after that, so that a
    repeated sending says the same. If the clock steps back into a frozen hour, decisions count in the first hour
    after it that is not frozen: counted once, an hour late at worst per hour of step, and never lost.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_window(self, at: datetime) -> None:
        """Make sure that the hour of *at* has a row, so that an hour without a passage is published as zero."""
        start = _start(at)
        sql = "INSERT INTO outbox VALUES (?, ?, 0, 0, 0, NULL) ON CONFLICT DO NOTHING"
        self._database.write(lambda connection: connection.execute(sql, (start, _fresh_id())))

    def count(self, connection: sqlite3.Connection, *, granted: bool, at: datetime) -> None:
        """Count one decision, inside the caller's transaction."""
        (start,) = connection.execute(_FIRST_OPEN, {"hour": _start(at), "span": _HOUR}).fetchone()
        connection.execute(_ADD, (start, _fresh_id(), int(granted), int(not granted)))

    def between(self, start: datetime, end: datetime) -> tuple[AccessCounts, ...]:
        """Give the hours that began from *start* on and before *end*, oldest first, as counted: not for showing."""
        sql = """SELECT window_start, granted, refused FROM outbox
            WHERE window_start >= :start AND window_start < :end ORDER BY window_start"""
        rows = self._database.rows(sql, start=seconds_of(start), end=seconds_of(end))
        return tuple(AccessCounts(time_of(at), granted, refused) for at, granted, refused in rows)

    def first(self) -> datetime | None:
        """Give when the oldest window that is kept began, None where there is none."""
        (row,) = self._database.rows("SELECT min(window_start) FROM outbox")
        return None if row[0] is None else time_of(row[0])

    def pending(self, now: datetime, *, limit: int = 100) -> tuple[Queued, ...]:
        """Give closed windows that were never acknowledged, oldest first, and freeze them."""
        closed_by = seconds_of(now) - _HOUR

        def work(connection: sqlite3.Connection) -> list[tuple[int, str, int, int]]:
            connection.execute(
                "UPDATE outbox SET frozen = 1 WHERE NOT frozen AND window_start <= ?", (closed_by,)
            )
            sql = """SELECT window_start, message_id, granted, refused FROM outbox
                WHERE frozen AND sent_at IS NULL ORDER BY window_start LIMIT ?"""
            return connection.execute(sql, (limit,)).fetchall()

        return tuple(
            Queued(message_id, AccessCounts(time_of(start), granted, refused))
            for start, message_id, granted, refused in self._database.write(work)
        )

    def mark_sent(self, message_id: str, *, at: datetime) -> None:
        """Remember that the broker acknowledged the message; a second call changes nothing."""
        sql = "UPDATE outbox SET sent_at = ? WHERE message_id = ? AND frozen AND sent_at IS NULL"
        self._database.write(lambda connection: connection.execute(sql, (seconds_of(at), message_id)))


def _start(at: datetime) -> int:
    return seconds_of(window_of(at.astimezone(UTC)))


def _fresh_id() -> str:
    return secrets.token_hex(16)

"""The durable, bounded, sealed queue of what waits for the broker (R44, R46): counts, alarms, and live events if any.

A message is *handed out* when the publisher first asks for it. Then it gets the next number of its stream and never
changes again, for the broker may have it even if its answer was lost. Only messages that were not handed out are made one
where the queue is full. So numbers have no gap, neither over a restart nor when the queue runs over.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import Final

from gate.core.events import Alarmed, Body, Counted, Denied, Passage, Queued, Stream, window_of
from gate.core.overflow import merged, pair_to_merge
from gate.errors import VaultError
from gate.store.bodies import decode, encode
from gate.store.database import Database
from gate.store.times import seconds_of, time_of
from gate.store.vault import Binding, Sealed, Vault

BOUNDS: Final[Mapping[Stream, int]] = {Stream.COUNTS: 4096, Stream.ALARMS: 1024, Stream.PASSAGES: 256}
"""How many unsent messages of each stream are kept; then two become one."""
LONGEST_DELAY: Final = timedelta(seconds=360)
"""A message due further ahead than this was queued under a clock that was set back since: it is due."""
_IN_ORDER: Final = (Stream.ALARMS, Stream.COUNTS, Stream.PASSAGES)
_EPOCH: Final = "outbox-epoch"
_LOOKS_AT: Final = 64
"""How many of the oldest messages are looked through for two of a kind: more than there are kinds of alarms, twice."""

# Messages wait for the one before them, so that numbers follow the order in which they came to be.
_FRESH = """SELECT id, due FROM outbox WHERE stream = ? AND sent_at IS NULL AND sequence IS NULL ORDER BY id LIMIT ?"""
_OLDEST_FRESH = """SELECT due FROM outbox
    WHERE stream = :stream AND sent_at IS NULL AND sequence IS NULL ORDER BY id LIMIT 1"""
_HANDED_OUT = """SELECT message_id, epoch, sequence, wrapped_key, sealed FROM outbox
    WHERE stream = :stream AND sent_at IS NULL AND sequence IS NOT NULL ORDER BY sequence LIMIT :limit"""
_MERGEABLE = """SELECT id, due, message_id, wrapped_key, sealed FROM outbox
    WHERE stream = :stream AND sent_at IS NULL AND sequence IS NULL ORDER BY id LIMIT :limit"""


class Outbox:
    """The outbox table, as ``gate.ports.Outbox`` asks for it. bounds: how many unsent messages of each stream are kept."""

    def __init__(self, database: Database, vault: Vault, bounds: Mapping[Stream, int] = BOUNDS) -> None:
        self._database = database
        self._vault = vault
        self._bounds = bounds

    @property
    def epoch(self) -> str:
        """Give the present epoch, 16 hex digits: drawn at the first use, and anew after a restore."""
        return self._database.write(_epoch)

    def alarm(self, alarm: Alarmed) -> None:
        """Queue an alarm, to be sent at once."""
        self._queue(Stream.ALARMS, alarm, alarm.at)

    def passage(self, passage: Passage) -> None:
        """Queue a de-identified live event, to be sent at once; whether a site may is not asked here."""
        self._queue(Stream.PASSAGES, passage, passage.at)

    def count(self, connection: sqlite3.Connection, body: Counted | Denied, due: datetime) -> None:
        """Queue what is counted, inside the caller's transaction."""
        self._add(connection, Stream.COUNTS, body, due)

    def pending(self, now: datetime, *, limit: int = 100) -> tuple[Queued, ...]:
        """Hand out what is due and was never acknowledged: alarms first, each stream in its order, *limit* of each.

        Raises VaultError ``record-altered`` where a message cannot be read; it is gone then, and the others come next time.
        """
        for stream in _IN_ORDER:
            if self._has_fresh(stream, now):
                self._database.write(partial(_number, stream=stream, now=now, limit=limit))
        return tuple(queued for stream in _IN_ORDER for queued in self._handed_out(stream, limit))

    def mark_sent(self, message_id: str, *, at: datetime) -> None:
        """Remember that the broker acknowledged the message; a second call changes nothing.

        Counts stay, for the staff's charts; an alarm's or an event's message has done its work and goes.
        """
        stamp = (
            "UPDATE outbox SET sent_at = ? WHERE message_id = ? AND sequence IS NOT NULL AND sent_at IS NULL"
        )
        drop = "DELETE FROM outbox WHERE message_id = ? AND stream != ? AND sent_at IS NOT NULL"

        def work(connection: sqlite3.Connection) -> None:
            if connection.execute(stamp, (seconds_of(at), message_id)).rowcount:
                connection.execute(drop, (message_id, Stream.COUNTS))

        self._database.write(work)

    def depth(self) -> Mapping[Stream, int]:
        """Give how many messages of each stream were not acknowledged, due or not."""
        rows = self._database.rows(
            "SELECT stream, count(*) FROM outbox WHERE sent_at IS NULL GROUP BY stream"
        )
        found: dict[str, int] = dict(rows)
        return {stream: found.get(stream, 0) for stream in Stream}

    def oldest_due(self, stream: Stream) -> datetime | None:
        """Give when the oldest unacknowledged message of *stream* was due, None where there is none."""
        sql = "SELECT min(due) FROM outbox WHERE stream = :stream AND sent_at IS NULL"
        ((due,),) = self._database.rows(sql, stream=stream)
        return None if due is None else time_of(due)

    def published(self, start: datetime, end: datetime) -> tuple[Counted | Denied, ...]:
        """Give what was told of windows that ended after *start* and by *end*, oldest first, acknowledged or not."""
        sql = """SELECT message_id, wrapped_key, sealed FROM outbox
            WHERE stream = :stream AND due > :start AND due <= :end ORDER BY id"""
        rows = self._database.rows(
            sql, stream=Stream.COUNTS, start=seconds_of(start), end=seconds_of(end + LONGEST_DELAY)
        )
        found: list[Counted | Denied] = []
        for message_id, *sealed in rows:
            with suppress(VaultError):  # what was altered is as good as withheld, and hides no other
                body = self._open(Stream.COUNTS, message_id, Sealed(*sealed))
                if isinstance(body, Counted | Denied) and start < body.window_end <= end:
                    found.append(body)
        return tuple(found)

    def first(self) -> datetime | None:
        """Give when the last hour began that the oldest message about counts is about, None where there is none."""
        ((due,),) = self._database.rows(
            "SELECT min(due) FROM outbox WHERE stream = :stream", stream=Stream.COUNTS
        )
        return None if due is None else window_of(time_of(due) - LONGEST_DELAY - timedelta(seconds=1))

    def _queue(self, stream: Stream, body: Body, due: datetime) -> None:
        self._database.write(lambda connection: self._add(connection, stream, body, due))

    def _add(self, connection: sqlite3.Connection, stream: Stream, body: Body, due: datetime) -> None:
        message_id = secrets.token_hex(16)
        sealed = self._seal(stream, message_id, body)
        connection.execute(
            "INSERT INTO outbox (stream, message_id, due, wrapped_key, sealed) VALUES (?, ?, ?, ?, ?)",
            (stream, message_id, seconds_of(due), sealed.wrapped_key, sealed.content),
        )
        sql = "SELECT count(*) FROM outbox WHERE stream = ? AND sent_at IS NULL"
        (unsent,) = connection.execute(sql, (stream,)).fetchone()
        if unsent > self._bounds[stream]:
            self._make_room(connection, stream)

    def _make_room(self, connection: sqlite3.Connection, stream: Stream) -> None:
        """Make one message of the two oldest of a kind, in the place of the older, under a new id."""
        rows = connection.execute(_MERGEABLE, {"stream": stream, "limit": _LOOKS_AT}).fetchall()
        bodies: list[Body] = []
        for row_id, _, message_id, *sealed in rows:
            try:
                bodies.append(self._open(stream, message_id, Sealed(*sealed)))
            except VaultError:  # it could never be sent, and it must not keep an alarm out
                connection.execute("DELETE FROM outbox WHERE id = ?", (row_id,))
                return
        pair = pair_to_merge(bodies)
        if pair is None:
            return
        older, newer = pair
        message_id = secrets.token_hex(16)
        sealed = self._seal(stream, message_id, merged(bodies[older], bodies[newer]))
        connection.execute("DELETE FROM outbox WHERE id = ?", (rows[newer][0],))
        connection.execute(
            "UPDATE outbox SET due = ?, message_id = ?, wrapped_key = ?, sealed = ? WHERE id = ?",
            (rows[newer][1], message_id, sealed.wrapped_key, sealed.content, rows[older][0]),
        )

    def _has_fresh(self, stream: Stream, now: datetime) -> bool:
        """Tell, without writing, whether the oldest message that was not handed out is due."""
        rows = self._database.rows(_OLDEST_FRESH, stream=stream)
        return bool(rows) and _is_due(rows[0][0], now)

    def _handed_out(self, stream: Stream, limit: int) -> list[Queued]:
        rows = self._database.rows(_HANDED_OUT, stream=stream, limit=limit)
        return [
            Queued(message_id, stream, epoch, sequence, self._read(stream, message_id, Sealed(*sealed)))
            for message_id, epoch, sequence, *sealed in rows
        ]

    def _read(self, stream: Stream, message_id: str, sealed: Sealed) -> Body:
        """Open a message, or take it out of the way of those behind it and raise."""
        try:
            return self._open(stream, message_id, sealed)
        except VaultError:
            sql = "DELETE FROM outbox WHERE message_id = ?"
            self._database.write(lambda connection: connection.execute(sql, (message_id,)))
            raise

    def _open(self, stream: Stream, message_id: str, sealed: Sealed) -> Body:
        return decode(self._vault.open(sealed, _binding(stream, message_id)))

    def _seal(self, stream: Stream, message_id: str, body: Body) -> Sealed:
        return self._vault.seal(encode(body), _binding(stream, message_id))


def _number(connection: sqlite3.Connection, stream: Stream, now: datetime, limit: int) -> None:
    """Hand out what is due of *stream*, so that at most *limit* messages are handed out and unsent."""
    handed_out = "SELECT count(*) FROM outbox WHERE stream = ? AND sent_at IS NULL AND sequence IS NOT NULL"
    (out,) = connection.execute(handed_out, (stream,)).fetchone()
    rows = connection.execute(_FRESH, (stream, max(0, limit - out))).fetchall()
    due = list(takewhile(lambda row: _is_due(row[1], now), rows))
    if not due:
        return
    epoch = _epoch(connection)
    sql = """INSERT INTO outbox_streams VALUES (?, ?) ON CONFLICT (stream) DO UPDATE SET last = last + excluded.last
        RETURNING last"""
    (last,) = connection.execute(sql, (stream, len(due))).fetchone()
    first = last - len(due) + 1
    numbered = [(epoch, number, row[0]) for number, row in enumerate(due, first)]
    connection.executemany("UPDATE outbox SET epoch = ?, sequence = ? WHERE id = ?", numbered)


def _epoch(connection: sqlite3.Connection) -> str:
    connection.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO NOTHING", (_EPOCH, secrets.token_hex(8))
    )
    epoch: str = connection.execute("SELECT value FROM meta WHERE name = ?", (_EPOCH,)).fetchone()[0]
    return epoch


def _is_due(due: int, now: datetime) -> bool:
    return not seconds_of(now) < due <= seconds_of(now + LONGEST_DELAY)


def _binding(stream: Stream, message_id: str) -> Binding:
    return Binding("outbox", f"{stream}/{message_id}", 0)

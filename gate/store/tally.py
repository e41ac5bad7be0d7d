"""Exact counts until they may be told or are given up: sealed on disk, and who stood behind them in memory alone (R44).

On disk stands how many people there surely were, and how many refusals. Who they were is kept as digests under a key that
is drawn for each UTC day and never written. So a restart forgets people and claims too few of them, never too many.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final

from gate.core.anonymity import (
    STEP_BACK,
    Carried,
    Counting,
    Disclosure,
    Hour,
    People,
    close_hour,
    least_people,
    next_window,
    silence,
)
from gate.core.events import WINDOW, Counted, Denied, window_of
from gate.core.noise import Draw
from gate.core.types import Method, PersonId
from gate.errors import VaultError
from gate.store.database import Database
from gate.store.outbox import Outbox
from gate.store.times import seconds_of, time_of
from gate.store.vault import Binding, Sealed, Vault

AT_LEAST: Final = timedelta(seconds=60)
"""How long after its end a window is told at the earliest: longer than a closing can be late."""
SPREAD_S: Final = 300
"""Over how many seconds from then on the sending is spread, by lot."""
_AT_ONCE: Final = 24
"""Windows closed in one go: a gate that was off for a week must not keep its door waiting."""
_CLOSED: Final = "counted-until"
_CARRIED: Final = "carried"
_PUT: Final = """INSERT INTO tally VALUES (?, ?, ?)
    ON CONFLICT (part) DO UPDATE SET wrapped_key = excluded.wrapped_key, sealed = excluded.sealed"""


@dataclass(frozen=True, slots=True)
class Noted:
    """What a decision made of its hour. It counts once ``Tally.remember`` has it."""

    start: datetime
    hour: Hour = field(repr=False)


@dataclass(frozen=True, slots=True)
class _State:
    """closed: until when everything is told or given up; None before the first look at the clock.

    idle: whether nothing more was to close when this was last looked at, so that passages may have come since.
    """

    closed: datetime | None = None
    hours: Mapping[datetime, Hour] = field(default_factory=dict)
    carried: Carried = field(default_factory=Carried)
    idle: bool = True


class Tally:
    """The tally table, and in memory the people of the present day.

    A passage counts in its own hour, or in the first that is not closed where the clock was set back: once, always.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        outbox: Outbox,
        counting: Counting,
        *,
        draw: Draw = secrets.randbelow,
    ) -> None:
        self._database = database
        self._vault = vault
        self._outbox = outbox
        self._counting = counting
        self._draw = draw
        self._keys: dict[date, bytes] = {}
        self._state = self._load()

    def passed(self, connection: sqlite3.Connection, method: Method, person: PersonId, at: datetime) -> Noted:
        """Count somebody who is let in, inside the caller's transaction; call ``remember`` once it is committed."""
        start = self._start(at)
        return self._note(
            connection,
            start,
            self._hour(start).passed(method, self._digest(person, start), self._counting.offered),
        )

    def denied(self, connection: sqlite3.Connection, at: datetime) -> Noted:
        """Count a refusal, inside the caller's transaction; call ``remember`` once it is committed."""
        start = self._start(at)
        return self._note(connection, start, self._hour(start).denied())

    def remember(self, noted: Noted) -> None:
        """Take up what is on disk: not before, or people would be claimed whose passage was rolled back."""
        self._state = replace(self._state, hours={**self._state.hours, noted.start: noted.hour})

    def close(self, now: datetime) -> None:
        """Close what is over by *now* and queue what may be told of it; call it every half minute or so.

        How many messages there are and when they are due follows from the clock and from chance, never from passages.
        """
        state = self._state
        if state.closed is not None and (state.closed - STEP_BACK <= now and _next(state, now) is None):
            return
        self._state = self._database.write(lambda connection: self._closing(connection, state, now))
        closed = self._state.closed
        self._keys = {day: key for day, key in self._keys.items() if closed and day >= closed.date()}

    def _closing(self, connection: sqlite3.Connection, state: _State, now: datetime) -> _State:
        state = self._begun(connection, state, now)
        by = self._disclosure(connection)
        for _ in range(_AT_ONCE):
            window = _next(state, now)
            if window is None:
                break
            state = self._close_window(connection, state, window, by)
        state = replace(state, idle=_next(state, now) is None)
        put = "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        assert state.closed is not None
        connection.execute(put, (_CLOSED, seconds_of(state.closed)))
        self._put(connection, _CARRIED, _carried_fields(state.carried))
        return state

    def _begun(self, connection: sqlite3.Connection, state: _State, now: datetime) -> _State:
        """Begin counting: at the first start, and where the clock was set far back."""
        hour = window_of(now)
        if state.closed is None:
            return replace(state, closed=min([hour, *state.hours]))
        if state.closed - STEP_BACK <= now:
            return state
        # Digests of two days do not compare: nobody may be counted as two people.
        together = Hour()
        for each in state.hours.values():
            together = together.union(each.forgotten)
        connection.execute("DELETE FROM tally WHERE part != ?", (_CARRIED,))
        self._note(connection, hour, together)
        return _State(hour, {hour: together}, state.carried.forgotten)

    def _close_window(
        self,
        connection: sqlite3.Connection,
        state: _State,
        window: tuple[datetime, datetime],
        by: Disclosure,
    ) -> _State:
        start, end = window
        told: tuple[Counted | Denied, ...]
        if end - start > WINDOW:
            carried, told = state.carried, silence(start, end, by)
        else:
            hour = state.hours.get(start, Hour())
            carried, told = close_hour(start, hour, state.carried, self._counting.offered, by)
        due = end + AT_LEAST + timedelta(seconds=self._draw(SPREAD_S + 1))
        for body in told:
            self._outbox.count(connection, body, due)
        past = [each for each in state.hours if each < end]
        connection.executemany("DELETE FROM tally WHERE part = ?", [(_part(each),) for each in past])
        hours = {each: hour for each, hour in state.hours.items() if each >= end}
        return _State(end, hours, carried, idle=False)

    def _disclosure(self, connection: sqlite3.Connection) -> Disclosure:
        (residents,) = connection.execute("SELECT count(*) FROM people").fetchone()
        return Disclosure(least_people(residents), self._counting.epsilon, self._draw)

    def _start(self, at: datetime) -> datetime:
        hour, closed = window_of(at), self._state.closed
        return hour if closed is None else max(hour, closed)

    def _hour(self, start: datetime) -> Hour:
        return self._state.hours.get(start, Hour())

    def _digest(self, person: PersonId, start: datetime) -> bytes:
        key = self._keys.setdefault(start.date(), secrets.token_bytes(32))
        return blake2b(person.encode(), key=key, digest_size=16).digest()

    def _note(self, connection: sqlite3.Connection, start: datetime, hour: Hour) -> Noted:
        self._put(connection, _part(start), _hour_fields(hour))
        return Noted(start, hour)

    def _put(self, connection: sqlite3.Connection, part: str, fields: object) -> None:
        sealed = self._vault.seal(json.dumps(fields).encode(), _binding(part))
        connection.execute(_PUT, (part, sealed.wrapped_key, sealed.content))

    def _load(self) -> _State:
        """Read what a run before this one left: numbers, and nobody."""
        rows = self._database.rows("SELECT value FROM meta WHERE name = :name", name=_CLOSED)
        hours: dict[datetime, Hour] = {}
        carried = Carried()
        for part, *sealed in self._database.rows("SELECT part, wrapped_key, sealed FROM tally"):
            # What was altered counts for nothing: a door must not wait for a number to be mended.
            with suppress(VaultError, ValueError, KeyError, TypeError):
                fields = json.loads(self._vault.open(Sealed(*sealed), _binding(part)))
                if part == _CARRIED:
                    carried = _carried_of(fields)
                else:
                    hours[time_of(int(part))] = _hour_of(fields)
        return _State(time_of(rows[0][0]) if rows else None, hours, carried)


def _next(state: _State, now: datetime) -> tuple[datetime, datetime] | None:
    return None if state.closed is None else next_window(state.closed, now, counting=state.idle)


def _binding(part: str) -> Binding:
    return Binding("tally", part, 0)


def _part(start: datetime) -> str:
    return str(seconds_of(start))


def _hour_fields(hour: Hour) -> object:
    return {"people": hour.people.least, "beside": hour.beside.least, "refused": hour.refused}


def _hour_of(fields: dict[str, Any]) -> Hour:
    people, beside = People(int(fields["people"])), People(int(fields["beside"]))
    return Hour({}, people, beside, int(fields["refused"]))


def _carried_fields(carried: Carried) -> object:
    return {"block": carried.block.least, "day": carried.day.least, "refused": carried.refused}


def _carried_of(fields: dict[str, Any]) -> Carried:
    return Carried(People(int(fields["block"])), People(int(fields["day"])), int(fields["refused"]))

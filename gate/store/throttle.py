"""Wrong PINs make the next try wait, per account, and never lock anybody out.

An account is a unit as it is typed, by its keyed HMAC; a PIN typed after a card counts on its holder's unit, so that
the card gives nobody tries of its own. All cards that are shown to a page are one account together.

The guess is paid before it is checked: a power cut during the check gives no free try. A unit that does not exist is
counted like one that does, so that waiting tells nobody which is which. One more count, over all units, slows who
tries a few PINs at each. The keypad, the residents' pages and the staff's sign-in, whose accounts are logins, count
apart: nobody shuts the door's PINs from a browser. What somebody of the staff proves who is signed in counts apart
from their sign-in, and on their login alone: whoever knows a login stops nobody who is in.
"""

from __future__ import annotations

import hmac
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gate.core.credentials import PinPlace, delay_after
from gate.store.database import Database
from gate.store.times import seconds_of

# Units that do not exist would fill the table. Who types 4096 of them to drop one row spends ten hours at a keypad
# for three free tries; waiting out the longest delay gives forty in that time.
ROWS_MOST = 4096
_ALL_UNITS = {
    PinPlace.KEYPAD: b"\0",
    PinPlace.PAGE: b"\1",
    PinPlace.STAFF: b"\2",
}  # no unit's row: theirs are 32 bytes
# A login is no secret, and anybody may try it from afar: its holder waits a minute for that, and no longer (R54).
_STAFF_DELAY_MOST = 60
_PREFIX = {
    PinPlace.KEYPAD: b"",
    PinPlace.PAGE: b"page\0",
    PinPlace.STAFF: b"staff\0",
    PinPlace.PROOF: b"proof\0",
}  # accounts have one length, so that the two never meet
_ALL_UNITS_FREE = 7  # more than a unit has: ten wrong PINs in a row, over all units, before the place waits
_ALL_UNITS_DELAY_MOST = 60  # all residents wait for what one stranger typed
_WRITE = "REPLACE INTO throttle VALUES (?, ?, ?)"


@dataclass(frozen=True, slots=True)
class _Count:
    """Failures in a row and the second before which nothing is tried. outgrown: the stored wait was longer."""

    failures: int
    not_before: int
    outgrown: bool


class Throttle:
    """The throttle table. Delays are whole seconds of the wall clock and survive a restart."""

    def __init__(self, database: Database, lookup_key: bytes) -> None:
        self._database = database
        self._lookup_key = lookup_key

    def take_try(self, account: bytes, at: datetime, place: PinPlace = PinPlace.KEYPAD) -> bool:
        """Count one try as failed and tell whether it may go on; while account or place waits, nothing is counted."""
        now = seconds_of(at)
        delays: dict[bytes, Callable[[int], int]] = {
            self._lookup(account, place): _DELAYS.get(place, delay_after)
        }
        if place in _ALL_UNITS:
            delays[_ALL_UNITS[place]] = _delay_over_all_units

        def work(connection: sqlite3.Connection) -> bool:
            counts = {key: _count(connection, key, delay, now) for key, delay in delays.items()}
            may_try = all(count.not_before <= now for count in counts.values())
            for key, count in counts.items():
                failures = count.failures + 1
                if may_try:
                    connection.execute(_WRITE, (key, failures, now + delays[key](failures)))
                elif count.outgrown:  # what changes nothing is not written: a flood of tries wears no flash
                    connection.execute(_WRITE, (key, count.failures, count.not_before))
            if not may_try:
                return False
            connection.execute(
                "DELETE FROM throttle WHERE unit_lookup IN (SELECT unit_lookup FROM throttle"
                " WHERE length(unit_lookup) > 1 ORDER BY not_before DESC LIMIT -1 OFFSET ?)",
                (ROWS_MOST,),
            )
            return True

        return self._database.write(work)

    def forgive(self, connection: sqlite3.Connection, account: bytes, place: PinPlace) -> None:
        """Drop the account's failures after a right PIN and halve the place's, inside the caller's transaction.

        Halved, not dropped: who knows one PIN must not buy free tries at the neighbours' with it.
        """
        connection.execute("DELETE FROM throttle WHERE unit_lookup = ?", (self._lookup(account, place),))
        if place in _ALL_UNITS:
            sql = "UPDATE throttle SET failures = failures / 2, not_before = 0 WHERE unit_lookup = ?"
            connection.execute(sql, (_ALL_UNITS[place],))

    def _lookup(self, account: bytes, place: PinPlace) -> bytes:
        return hmac.digest(self._lookup_key, _PREFIX[place] + account, "sha256")


def _delay_over_all_units(failures: int) -> int:
    return min(delay_after(max(0, failures - _ALL_UNITS_FREE)), _ALL_UNITS_DELAY_MOST)


def _staff_delay(failures: int) -> int:
    return min(delay_after(failures), _STAFF_DELAY_MOST)


_DELAYS = {PinPlace.STAFF: _staff_delay, PinPlace.PROOF: _staff_delay}


def _count(connection: sqlite3.Connection, key: bytes, delay: Callable[[int], int], now: int) -> _Count:
    sql = "SELECT failures, not_before FROM throttle WHERE unit_lookup = ?"
    failures, stored = connection.execute(sql, (key,)).fetchone() or (0, now)
    not_before = min(stored, now + delay(failures))  # a clock set back: no wait outgrows its delay
    return _Count(failures, not_before, outgrown=not_before < stored)

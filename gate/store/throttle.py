"""Wrong PINs make the next try wait, per unit as typed, and never lock anybody out.

The guess is paid before it is checked: a power cut during the check gives no free try. A unit that does not exist is
counted like one that does, so that waiting tells nobody which is which.
"""

from __future__ import annotations

import hmac
import sqlite3
from datetime import datetime

from gate.core.credentials import delay_after
from gate.store.database import Database
from gate.store.times import seconds_of

# Units that do not exist would fill the table. Who types 4096 of them to drop one row spends ten hours at a keypad
# for three free tries; waiting out the longest delay gives forty in that time.
ROWS_MOST = 4096


class Throttle:
    """The throttle table. Delays are whole seconds of the wall clock and survive a restart."""

    def __init__(self, database: Database, lookup_key: bytes) -> None:
        self._database = database
        self._lookup_key = lookup_key

    def take_try(self, unit: str, at: datetime) -> bool:
        """Count one try as failed and tell whether it may go on; while the unit waits, nothing is counted."""
        key, now = self._lookup(unit), seconds_of(at)

        def work(connection: sqlite3.Connection) -> bool:
            sql = "SELECT failures, not_before FROM throttle WHERE unit_lookup = ?"
            failures, not_before = connection.execute(sql, (key,)).fetchone() or (0, now)
            if not_before - now > delay_after(failures):
                not_before = now + delay_after(failures)  # the clock was set back: no wait outgrows its delay
            may_try = not_before <= now
            if may_try:
                failures += 1
                not_before = now + delay_after(failures)
            connection.execute("REPLACE INTO throttle VALUES (?, ?, ?)", (key, failures, not_before))
            connection.execute(
                "DELETE FROM throttle WHERE unit_lookup IN"
                " (SELECT unit_lookup FROM throttle ORDER BY not_before DESC LIMIT -1 OFFSET ?)",
                (ROWS_MOST,),
            )
            return may_try

        return self._database.write(work)

    def forgive(self, connection: sqlite3.Connection, unit: str) -> None:
        """Drop the unit's failures after a right PIN, inside the caller's transaction."""
        connection.execute("DELETE FROM throttle WHERE unit_lookup = ?", (self._lookup(unit),))

    def _lookup(self, unit: str) -> bytes:
        return hmac.digest(self._lookup_key, unit.encode(), "sha256")

"""The lockdown: nobody is let in until somebody ends it; leaving is as free as ever. A restart does not end it."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from gate.store.account.audit import Action, AuditLog, Who
from gate.store.database import Database
from gate.store.times import seconds_of, time_of

_NAME = "lockdown"
_IS_ON = "SELECT 1 FROM meta WHERE name = :name"


class Lockdown:
    """Whether the gate is locked down: a row in meta, which the running gate reads some twenty times a second."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit

    @property
    def is_on(self) -> bool:
        """Tell what the database says now: the command line may just have changed it."""
        return bool(self._database.rows(_IS_ON, name=_NAME))

    @property
    def since(self) -> datetime | None:
        """Give when it was begun, None where there is none."""
        rows = self._database.rows("SELECT value FROM meta WHERE name = :name", name=_NAME)
        return time_of(rows[0][0]) if rows else None

    def begin(self, at: datetime, by: Who) -> bool:
        """Lock down from now on; False if it was so already."""
        return self._change("INSERT INTO meta VALUES (?, ?) ON CONFLICT DO NOTHING", at, by, on=True)

    def end(self, at: datetime, by: Who) -> bool:
        """Let people in again; False if they were."""
        return self._change("DELETE FROM meta WHERE name = ?", at, by, on=False)

    def _change(self, sql: str, at: datetime, by: Who, *, on: bool) -> bool:
        action = Action.LOCKDOWN_BEGUN if on else Action.LOCKDOWN_ENDED

        def work(connection: sqlite3.Connection) -> bool:
            changed = connection.execute(sql, (_NAME, seconds_of(at)) if on else (_NAME,)).rowcount > 0
            if changed:
                self._audit.note(connection, by, action, at=at)
            return changed

        return self._database.write(work)

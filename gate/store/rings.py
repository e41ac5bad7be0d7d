"""What rings at this gate, so that a restart ends none of it: an alarm's name and its time, and nobody's."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from gate.core.alarms import Alarm
from gate.store.account.audit import Action, AuditLog, Who
from gate.store.database import Database
from gate.store.times import seconds_of, time_of


class Rings:
    """The rings table, as ``gate.alarms.Rings`` asks for it."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit

    def standing(self) -> tuple[tuple[Alarm, datetime], ...]:
        """Give what rings and since when, oldest first; what a newer gate let ring is not known here."""
        known = {str(alarm): alarm for alarm in Alarm}
        rows = self._database.rows("SELECT alarm, at FROM rings ORDER BY at, alarm")
        return tuple((known[alarm], time_of(at)) for alarm, at in rows if alarm in known)

    def begin(self, alarm: Alarm, at: datetime) -> None:
        """Remember that *alarm* rings, since *at*: the newest time counts."""
        sql = "INSERT INTO rings VALUES (?, ?) ON CONFLICT (alarm) DO UPDATE SET at = excluded.at"
        self._database.write(lambda connection: connection.execute(sql, (alarm, seconds_of(at))))

    def end(self, alarm: Alarm) -> None:
        """Forget it; what does not ring is none."""
        self._database.write(lambda connection: _forget(connection, alarm))

    def acknowledge(self, alarm: Alarm, at: datetime, by: Who) -> None:
        """Note in the audit log that somebody knows of *alarm*, and forget it where it rang, both or neither."""

        def work(connection: sqlite3.Connection) -> None:
            self._audit.note(connection, by, Action.ALARM_ACKNOWLEDGED, at=at, object=alarm)
            _forget(connection, alarm)

        self._database.write(work)


def _forget(connection: sqlite3.Connection, alarm: Alarm) -> None:
    connection.execute("DELETE FROM rings WHERE alarm = ?", (alarm,))

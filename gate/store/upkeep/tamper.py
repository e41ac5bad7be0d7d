"""The opened case (R60): face is locked and its keys leave memory until somebody looked; card and PIN go on."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from gate.store.account.audit import Action, Actor, AuditLog
from gate.store.database import Database
from gate.store.keyring.epochs import Epochs
from gate.store.times import seconds_of

_NAME = "tamper"
# With an object it is the log's own head that was accepted (AuditLog.accept), and nobody looked at the case.
_LAST = """SELECT action FROM audit_log WHERE action IN ('tampered', 'tamper-cleared') AND object = ''
    ORDER BY seq DESC LIMIT 1"""


class Tamper:
    """Whether the case was opened: kept in meta, so that a restart does not forget it.

    Once raised, this process holds no key of any template again, also after ``clear``: a new start reads them.
    """

    def __init__(self, database: Database, audit: AuditLog, epochs: Epochs) -> None:
        self._database = database
        self._audit = audit
        self._epochs = epochs
        self._unwritten: datetime | None = None
        self._raised = self.is_noted
        if self._raised:
            epochs.close()

    @property
    def is_raised(self) -> bool:
        """Tell whether face is locked in this process. Reads no database."""
        return self._raised

    @property
    def is_noted(self) -> bool:
        """Tell what the database says: the command line may have cleared it meanwhile.

        The audit log speaks too: a note that somebody deleted past the gate is not cleared.
        """
        noted = self._database.rows("SELECT 1 FROM meta WHERE name = :name", name=_NAME)
        return bool(noted) or self._database.rows(_LAST) == [(Action.TAMPERED.value,)]

    def raise_(self, at: datetime) -> None:
        """Lock face. The keys leave memory before anything is written; a full disk only delays the note.

        Raises VaultError if it could not be noted: ``keep`` tries again.
        """
        if not self._raised:
            self._raised, self._unwritten = True, at
            self._epochs.close()
        self.keep()

    def keep(self) -> None:
        """Note what could not be noted at once, and heed what was raised elsewhere."""
        if self._unwritten is not None:
            self._note(self._unwritten)
            self._unwritten = None
        elif not self._raised and self.is_noted:
            self._raised = True
            self._epochs.close()

    def clear(self, at: datetime) -> bool:
        """Note that somebody looked; False if nothing was raised. Face comes back with the gate's next start."""

        def work(connection: sqlite3.Connection) -> bool:
            if not self.is_noted:
                return False
            connection.execute("DELETE FROM meta WHERE name = ?", (_NAME,))
            self._audit.note(connection, Actor.INSTALLER, Action.TAMPER_CLEARED, at=at)
            return True

        return self._database.write(work)

    def _note(self, at: datetime) -> None:
        def work(connection: sqlite3.Connection) -> None:
            sql = "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO NOTHING"
            if connection.execute(sql, (_NAME, seconds_of(at))).rowcount:
                self._audit.note(connection, Actor.GATE, Action.TAMPERED, at=at)

        self._database.write(work)

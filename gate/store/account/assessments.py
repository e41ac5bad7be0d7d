"""Approved impact assessments, each signed for the one configuration it was made for (R80, R82)."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gate.core.canonical import canonical
from gate.errors import RequestError, VaultError
from gate.store.account.audit import Action, Actor, AuditLog, Who
from gate.store.account.signing import Signer, is_signed
from gate.store.database import Database, Row
from gate.store.times import seconds_of, time_of
from gate.store.vault import Binding, Sealed, Vault

_STOPPED = "face-stopped"
_FIELDS = {"document", "approver", "role"}


@dataclass(frozen=True, slots=True)
class Assessment:
    """An assessment as it was approved. document: its JSON text, word for word. approver: a name, role: their office."""

    id: str
    config_sha256: str
    approved_at: datetime
    document: str = field(repr=False)
    approver: str = field(repr=False)
    role: str


class Assessments:
    """The assessments table, and the mark that face was stopped for good."""

    def __init__(self, database: Database, vault: Vault, signer: Signer, audit: AuditLog) -> None:
        self._database = database
        self._vault = vault
        self._signer = signer
        self._audit = audit

    def approve(
        self,
        config_sha256: str,
        document: str,
        approver: str,
        role: str,
        at: datetime,
        *,
        by: Who = Actor.INSTALLER,
    ) -> str:
        """Keep the approval of *document* for the configuration of that hash; give its random id.

        Raises RequestError ``face-stopped`` once the service was stopped.
        """
        assessment = secrets.token_hex(8)
        content = canonical({"document": document, "approver": approver, "role": role})
        when = seconds_of(at)
        signature = self._signer.sign(_signed_bytes(assessment, config_sha256, when, content))
        sealed = self._vault.seal(content, Binding("assessments", assessment, 0))
        row = (assessment, config_sha256, when, signature, sealed.wrapped_key, sealed.content)

        def work(connection: sqlite3.Connection) -> None:
            if self.stopped_at is not None:
                raise RequestError(
                    "face-stopped",
                    "Face was stopped on this gate for good.",
                    remedy="Cards and PINs go on. To begin anew, reset the device to factory state.",
                )
            connection.execute("INSERT INTO assessments VALUES (?, ?, ?, ?, ?, ?)", row)
            self._audit.note(
                connection,
                by,
                Action.ASSESSMENT_APPROVED,
                at=at,
                object=assessment,
                detail={"config": config_sha256},
            )

        self._database.write(work)
        return assessment

    def is_approved(self, config_sha256: str) -> bool:
        """Tell whether a whole approval, signed by this device, exists for that very configuration (R80)."""
        # The audit log speaks too: a lock that somebody deleted past the gate stays shut (R87).
        stopped = "SELECT 1 FROM audit_log WHERE action = :action LIMIT 1"
        if self.stopped_at is not None or self._database.rows(stopped, action=Action.SERVICE_STOPPED.value):
            return False
        rows = self._database.rows(
            "SELECT * FROM assessments WHERE config_sha256 = :config", config=config_sha256
        )
        return any(self._holds(row) for row in rows)

    def all(self) -> tuple[Assessment, ...]:
        """Give every approval that is kept, oldest first. Raises VaultError ``record-altered``."""
        rows = self._database.rows("SELECT * FROM assessments ORDER BY approved_at, rowid")
        return tuple(self._assessment(row) for row in rows)

    @property
    def stopped_at(self) -> datetime | None:
        """Give when the service was stopped for good, None while it was not (R87)."""
        rows = self._database.rows("SELECT value FROM meta WHERE name = :name", name=_STOPPED)
        return time_of(rows[0][0]) if rows else None

    def stop(self, gate: str, at: datetime, detail: Mapping[str, int]) -> None:
        """Lock face on this device for good (R87); a second time only adds a line to the audit log."""

        def work(connection: sqlite3.Connection) -> None:
            sql = "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO NOTHING"
            connection.execute(sql, (_STOPPED, seconds_of(at)))
            self._audit.note(
                connection, Actor.INSTALLER, Action.SERVICE_STOPPED, at=at, object=gate, detail=detail
            )

        self._database.write(work)

    def _holds(self, row: Row) -> bool:
        try:
            self._assessment(row)
        except VaultError:
            return False
        return True

    def _assessment(self, row: Row) -> Assessment:
        assessment, config_sha256, when, signature, wrapped_key, sealed = row
        content = self._vault.open(Sealed(wrapped_key, sealed), Binding("assessments", assessment, 0))
        signed = _signed_bytes(assessment, config_sha256, when, content)
        if not is_signed(signed, signature, self._signer.public_key):
            raise VaultError(
                "record-altered",
                f"The approval {assessment} is not signed by this device, or was altered.",
                remedy="Approve the present configuration anew; find out who wrote to the database.",
            )
        said: dict[str, str] = json.loads(content)
        assert set(said) == _FIELDS, "what this device signed, it wrote"
        return Assessment(assessment, config_sha256, time_of(when), **said)


def _signed_bytes(assessment: str, config_sha256: str, when: int, content: bytes) -> bytes:
    digest = hashlib.sha256(content).hexdigest()
    return b"gate assessment 1\0" + canonical([assessment, config_sha256, when, digest])

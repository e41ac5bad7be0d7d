"""The gate's own certificate authority and the certificate its pages are served with: certificates plain, keys sealed."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gate.store.account.audit import Action, AuditLog, Who
from gate.store.database import Database
from gate.store.times import seconds_of
from gate.store.vault import Binding, Sealed, Vault


class Certificate(StrEnum):
    """Which of the gate's two certificates."""

    AUTHORITY = "authority"
    PAGES = "pages"


@dataclass(frozen=True, slots=True)
class KeptCertificate:
    """A certificate (DER) with its private key (PKCS #8, DER)."""

    certificate: bytes
    key: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """Give the certificate's fingerprint, 64 hexadecimal digits."""
        return hashlib.sha256(self.certificate).hexdigest()


_ACTIONS = {Certificate.AUTHORITY: Action.AUTHORITY_MADE, Certificate.PAGES: Action.CERTIFICATE_MADE}


class Certificates:
    """The certificates table. A key that was altered, or put beside another certificate, raises VaultError ``record-altered``."""

    def __init__(self, database: Database, vault: Vault, audit: AuditLog) -> None:
        self._database = database
        self._vault = vault
        self._audit = audit

    def get(self, name: Certificate) -> KeptCertificate | None:
        """Give a certificate with its key, or None where none was made yet."""
        rows = self._database.rows(
            "SELECT certificate, wrapped_key, sealed FROM certificates WHERE name = :name", name=name
        )
        if not rows:
            return None
        certificate, wrapped, sealed = rows[0]
        return KeptCertificate(
            certificate, self._vault.open(Sealed(wrapped, sealed), _binding(name, certificate))
        )

    def certificate(self, name: Certificate) -> bytes | None:
        """Give a certificate (DER) without opening its key."""
        rows = self._database.rows("SELECT certificate FROM certificates WHERE name = :name", name=name)
        return rows[0][0] if rows else None

    def keep(self, made: Mapping[Certificate, KeptCertificate], *, at: datetime, by: Who) -> None:
        """Keep what was *made* in place of what was there, all of it or nothing; earlier keys are gone for good."""
        rows = {
            name: (kept, self._vault.seal(kept.key, _binding(name, kept.certificate)))
            for name, kept in made.items()
        }

        def work(connection: sqlite3.Connection) -> None:
            sql = """INSERT INTO certificates (name, certificate, wrapped_key, sealed, made_at) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (name) DO UPDATE SET certificate = excluded.certificate,
                wrapped_key = excluded.wrapped_key, sealed = excluded.sealed, made_at = excluded.made_at"""
            for name, (kept, sealed) in rows.items():
                row = (name, kept.certificate, sealed.wrapped_key, sealed.content, seconds_of(at))
                connection.execute(sql, row)
                self._audit.note(connection, by, _ACTIONS[name], at=at, object=kept.sha256)

        self._database.write(work)
        self._database.scrub()


def _binding(name: Certificate, certificate: bytes) -> Binding:
    """Bind a key to the very certificate it belongs to."""
    return Binding("certificates", f"{name}/{hashlib.sha256(certificate).hexdigest()}", 0)

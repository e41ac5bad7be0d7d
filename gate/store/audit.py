"""The audit log: who did what to which record, chained, its head signed now and then and kept apart (R55)."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from gate.core.canonical import canonical
from gate.core.chain import GENESIS, Break, Link, first_break, link_hash
from gate.store.database import Database, Row
from gate.store.signing import Signer, is_signed
from gate.store.times import seconds_of, time_of

CHAIN = "audit"
ANCHOR_EVERY = 64
"""Entries after which the head is signed again; the hourly housekeeping signs it as well."""
HEAD_NAME = "audit-head"
_FRESH = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC


class Actor(StrEnum):
    """Who acted, as a role: no account and no name."""

    GATE = "gate"  # by itself: retention, expiry, rotation
    RESIDENT = "resident"  # at the gate's screen, or signed in on the resident's own page
    DESK = "desk"  # staff, with the resident present
    INSTALLER = "installer"  # at the device's own command line


class Action(StrEnum):
    """What was done. The object is a random id, a version or a file's hash."""

    STARTED = "started"
    NOTICE_PUBLISHED = "notice-published"
    PERSON_ADDED = "person-added"
    PERSON_CORRECTED = "person-corrected"
    PERSON_REMOVED = "person-removed"
    TENANCY_ENDED = "tenancy-ended"
    CREDENTIAL_ISSUED = "credential-issued"
    CREDENTIAL_REVOKED = "credential-revoked"
    CONSENT_GIVEN = "consent-given"
    CONSENT_REFUSED = "consent-refused"
    CONSENT_RECONFIRMED = "consent-reconfirmed"
    CONSENT_WITHDRAWN = "consent-withdrawn"
    CONSENT_EXPIRED = "consent-expired"
    CONSENT_INVALIDATED = "consent-invalidated"
    FACE_RESTRICTED = "face-restricted"
    FACE_RELEASED = "face-released"
    EPOCH_ROTATED = "epoch-rotated"
    RETENTION_RAN = "retention-ran"
    RETENTION_FAILED = "retention-failed"
    BACKUP_MADE = "backup-made"
    BACKUP_RESTORED = "backup-restored"
    RECOVERY_SHARED = "recovery-shared"
    REQUEST_OPENED = "request-opened"
    REQUEST_CLOSED = "request-closed"
    RECORD_EXPORTED = "record-exported"
    MINOR_OPENED = "minor-opened"
    ASSESSMENT_APPROVED = "assessment-approved"
    REGISTER_CHANGED = "register-changed"
    EVIDENCE_EXPORTED = "evidence-exported"
    SERVICE_STOPPED = "service-stopped"
    TAMPERED = "tampered"
    TAMPER_CLEARED = "tamper-cleared"
    CLOCK_ACCEPTED = "clock-accepted"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log. detail: a few words or numbers of the action's own, never personal data."""

    seq: int
    at: datetime
    actor: Actor
    action: Action
    object: str
    detail: str = field(repr=False)


class AuditLog:
    """The audit_log and anchors tables. *folder*, apart from the data, keeps the last signed head."""

    def __init__(self, database: Database, signer: Signer, folder: Path) -> None:
        self._database = database
        self._signer = signer
        self._head_path = folder / HEAD_NAME

    def note(
        self,
        connection: sqlite3.Connection,
        actor: Actor,
        action: Action,
        *,
        at: datetime,
        object: str = "",  # noqa: A002 - the field's own word
        detail: Mapping[str, str | int] | None = None,
    ) -> None:
        """Add one line, inside the caller's transaction."""
        row = connection.execute("SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1").fetchone()
        last, previous = row or self._base(connection)
        seq = last + 1
        values = (seconds_of(at), actor.value, action.value, object, canonical(dict(detail or {})).decode())
        linked = link_hash(CHAIN, seq, previous, _digest(values))
        connection.execute("INSERT INTO audit_log VALUES (?, ?, ?, ?, ?, ?, ?)", (seq, *values, linked))
        if seq % ANCHOR_EVERY == 0:
            self._anchor(connection, seq, linked, at)

    def write(
        self,
        actor: Actor,
        action: Action,
        *,
        at: datetime,
        object: str = "",  # noqa: A002 - the field's own word
        detail: Mapping[str, str | int] | None = None,
    ) -> None:
        """Add one line in a transaction of its own."""
        self._database.write(lambda c: self.note(c, actor, action, at=at, object=object, detail=detail))

    def anchor(self, at: datetime) -> None:
        """Sign the head, if it moved, and keep a copy of it apart from the data."""
        rows = self._database.rows("SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1")
        if rows:
            seq, linked = rows[0]
            self._keep_apart(self._database.write(lambda c: self._anchor(c, seq, linked, at)))

    def entries(self, *, newest: int | None = None) -> tuple[Entry, ...]:
        """Give all lines, or only the *newest*, oldest first."""
        sql = "SELECT seq, at, actor, action, object, detail FROM audit_log ORDER BY seq DESC LIMIT :most"
        rows = self._database.rows(sql, most=-1 if newest is None else newest)
        return tuple(_entry(row) for row in reversed(rows))

    def verify(self, kept_since: datetime) -> Break | None:
        """Give the first line that was edited, removed or reordered, or None if the whole log holds.

        kept_since: nothing younger may have been purged.
        """
        base, base_hash = self._database.write(self._base)
        rows = self._database.rows(
            "SELECT seq, hash, at, actor, action, object, detail FROM audit_log ORDER BY seq"
        )
        links = [Link(seq, _digest(tuple(values)), linked) for seq, linked, *values in rows]
        broken = first_break(CHAIN, links, base=base, base_hash=base_hash)
        if broken is not None:
            return broken
        hashes = {base: base_hash} | {link.seq: link.hash for link in links}
        for head in self._signed_heads():
            if not is_signed(head.signed_bytes, head.signature, self._signer.public_key):
                return Break(head.seq, "a signed head is not this device's")
            if head.seq >= base and hashes.get(head.seq) != head.hash:
                return Break(head.seq, "the log ends before, or differs from, its signed head")
            if head.seq == base and head.at >= seconds_of(kept_since):
                return Break(head.seq, "lines were removed before their time")
        return None

    def purge(self, before: datetime) -> int:
        """Delete what is older than *before*, from the beginning up to a signed head. Returns how many lines."""

        def work(connection: sqlite3.Connection) -> int:
            row = connection.execute(
                "SELECT max(seq) FROM anchors WHERE at < ?", (seconds_of(before),)
            ).fetchone()
            if row[0] is None:
                return 0
            connection.execute("REPLACE INTO meta VALUES ('audit-base', ?)", (row[0],))
            connection.execute("DELETE FROM anchors WHERE seq < ?", (row[0],))
            return connection.execute("DELETE FROM audit_log WHERE seq <= ?", (row[0],)).rowcount

        return self._database.write(work)

    def _base(self, connection: sqlite3.Connection) -> tuple[int, bytes]:
        sql = "SELECT seq, hash FROM anchors WHERE seq = (SELECT value FROM meta WHERE name = 'audit-base')"
        return connection.execute(sql).fetchone() or (0, GENESIS)

    def _anchor(self, connection: sqlite3.Connection, seq: int, linked: bytes, at: datetime) -> _Head:
        """Sign the head, or give the signature it has already."""
        row = connection.execute("SELECT * FROM anchors WHERE seq = ?", (seq,)).fetchone()
        if row is not None:
            return _Head(*row)
        unsigned = _Head(seq, seconds_of(at), linked)
        head = replace(unsigned, signature=self._signer.sign(unsigned.signed_bytes))
        connection.execute("INSERT INTO anchors VALUES (?, ?, ?, ?)", (seq, head.at, linked, head.signature))
        return head

    def _signed_heads(self) -> list[_Head]:
        heads = [_Head(*row) for row in self._database.rows("SELECT * FROM anchors")]
        try:
            seq, at, linked, signature = self._head_path.read_text(encoding="ascii").split()
            heads.append(_Head(int(seq), int(at), bytes.fromhex(linked), bytes.fromhex(signature)))
        except FileNotFoundError:
            pass  # no head was ever kept apart: the anchors in the database speak alone
        except (OSError, ValueError):
            heads.append(_Head(0, 0, b""))  # there is one, and it cannot be read: no signature fits it
        return heads

    def _keep_apart(self, head: _Head) -> None:
        fresh = self._head_path.with_suffix(".new")
        with os.fdopen(os.open(fresh, _FRESH, 0o600), "w", encoding="ascii") as file:
            file.write(f"{head.seq} {head.at} {head.hash.hex()} {head.signature.hex()}\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._head_path)


@dataclass(frozen=True, slots=True)
class _Head:
    """A signed point of the log: entry, time of signing, the chain's hash there."""

    seq: int
    at: int
    hash: bytes
    signature: bytes = b""

    @property
    def signed_bytes(self) -> bytes:
        return b"gate audit head 1\0" + self.seq.to_bytes(8) + self.at.to_bytes(8) + self.hash


def _digest(values: tuple[object, ...]) -> bytes:
    return hashlib.sha256(canonical(list(values))).digest()


def _entry(row: Row) -> Entry:
    seq, at, actor, action, what, detail = row
    return Entry(seq, time_of(at), Actor(actor), Action(action), what, detail)

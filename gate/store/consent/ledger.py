"""The consent ledger: every event of every consent record, sealed, chained, signed; it only grows.

When an event's time is over its content goes and its links stay, so that the rest can still be shown to be whole. The
digest is salted inside the sealed content: what stays tells nothing about what was.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

from gate.core.canonical import canonical
from gate.core.chain import GENESIS, Break, Link, first_break, link_hash
from gate.core.consent_record import TRANSITIONS, ConsentEvent, Standing, follow, from_json, to_json
from gate.core.types import ConsentId
from gate.errors import VaultError
from gate.store.account.audit import Action, AuditLog
from gate.store.account.signing import Signer, is_signed
from gate.store.database import Database
from gate.store.times import seconds_of
from gate.store.vault import Binding, Sealed, Vault

CHAIN = "consent"
_NO_EPOCH = 0  # the ledger outlives every epoch
_SALT_BYTES = 16
_INSERT = """INSERT INTO consent_events (seq, record, at, digest, hash, signature, wrapped_key, sealed)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_SELECT = "SELECT seq, record, at, digest, hash, signature, wrapped_key, sealed FROM consent_events"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event where it stands in the ledger. hash: the chain's, 32 bytes."""

    seq: int
    hash: bytes
    event: ConsentEvent = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Row:
    seq: int
    record: str
    at: int
    digest: bytes
    hash: bytes
    signature: bytes
    wrapped_key: bytes | None = field(repr=False)
    sealed: bytes | None = field(repr=False)


class Ledger:
    """The consent_events table."""

    def __init__(self, database: Database, vault: Vault, signer: Signer, audit: AuditLog) -> None:
        self._database = database
        self._vault = vault
        self._signer = signer
        self._audit = audit

    def append(self, connection: sqlite3.Connection, event: ConsentEvent) -> Entry:
        """Write one event, inside the caller's transaction. Raises ValueError where it may not follow the record's last.

        An end is judged by what of the record can still be read: damage to an earlier event never keeps a consent alive.
        """
        follow(self._standing_before(connection, event), event)
        last = connection.execute("SELECT seq, hash FROM consent_events ORDER BY seq DESC LIMIT 1").fetchone()
        before, previous = last or (0, GENESIS)
        seq = before + 1
        content = canonical({"salt": secrets.token_hex(_SALT_BYTES), "event": to_json(event)})
        digest = hashlib.sha256(content).digest()
        linked = link_hash(CHAIN, seq, previous, digest)
        sealed = self._vault.seal(content, _binding(seq, event.record))
        at = seconds_of(event.at)
        signature = self._signer.sign(_signed_bytes(seq, event.record, at, linked))
        row = (seq, event.record, at, digest, linked, signature, sealed.wrapped_key, sealed.content)
        connection.execute(_INSERT, row)
        return Entry(seq, linked, event)

    def events_of(self, record: ConsentId) -> tuple[Entry, ...]:
        """Give the events of *record* whose content is kept, in order. Raises VaultError ``record-altered``."""
        rows = self._database.rows(
            f"{_SELECT} WHERE record = :record AND sealed IS NOT NULL ORDER BY seq",
            record=record,
        )
        return tuple(Entry(row.seq, row.hash, self._open(row)) for row in (_Row(*each) for each in rows))

    def all(self) -> Iterator[Entry]:
        """Give every event whose content is kept, in order. Raises VaultError ``record-altered``."""
        sql = f"{_SELECT} WHERE sealed IS NOT NULL ORDER BY seq"
        for each in self._database.rows(sql):
            row = _Row(*each)
            yield Entry(row.seq, row.hash, self._open(row))

    def prune(self, connection: sqlite3.Connection, record: ConsentId) -> int:
        """Drop the contents of *record* for good, inside the caller's transaction, which scrubs afterwards."""
        sql = "UPDATE consent_events SET wrapped_key = NULL, sealed = NULL WHERE record = ? AND sealed IS NOT NULL"
        return connection.execute(sql, (record,)).rowcount

    def verify(self) -> Break | None:
        """Give the first place where the ledger was altered, reordered or cut, or None if all of it holds.

        A cut at the end shows against the audit log, which notes number and hash of each event and whose own head is
        kept apart (``AuditLog.verify``).
        """
        rows = [_Row(*row) for row in self._database.rows(f"{_SELECT} ORDER BY seq")]
        broken = first_break(CHAIN, (Link(row.seq, row.digest, row.hash) for row in rows))
        return broken or self._first_false_row(rows) or self._first_not_as_noted(rows)

    def restricted(self) -> frozenset[str]:
        """Give the records that the audit log last noted as restricted (R71)."""
        noted = {
            entry.object: entry.action == Action.FACE_RESTRICTED
            for entry in self._audit.entries()
            if entry.action in {Action.FACE_RESTRICTED, Action.FACE_RELEASED}
        }
        return frozenset(record for record, is_restricted in noted.items() if is_restricted)

    def _first_false_row(self, rows: list[_Row]) -> Break | None:
        standings: dict[str, Standing] = {}
        for row in rows:
            if not is_signed(
                _signed_bytes(row.seq, row.record, row.at, row.hash), row.signature, self._signer.public_key
            ):
                return Break(row.seq, "not signed by this device")
            if row.sealed is None:
                continue
            try:
                event = self._open(row)
                if row.record not in standings and event.asked is None:
                    return Break(row.seq, "a record begins without what was asked")
                standings[row.record] = follow(standings.get(row.record), event)
            except (VaultError, ValueError):
                return Break(row.seq, "content altered, moved or out of order")
        return None

    def _first_not_as_noted(self, rows: list[_Row]) -> Break | None:
        hashes = {row.seq: row.hash.hex() for row in rows}
        for entry in self._audit.entries():
            noted = _noted(entry.detail)
            if noted is not None and hashes.get(noted[0]) != noted[1]:
                return Break(noted[0], "the ledger ends before, or differs from, what the audit log noted")
        return None

    def _open(self, row: _Row) -> ConsentEvent:
        sealed = Sealed(row.wrapped_key or b"", row.sealed or b"")
        content = self._vault.open(sealed, _binding(row.seq, row.record))
        try:
            event = from_json(json.loads(content)["event"])
        except (ValueError, KeyError, TypeError) as error:
            raise _altered(row) from error
        same = (event.record, seconds_of(event.at)) == (row.record, row.at)
        if not same or hashlib.sha256(content).digest() != row.digest:
            raise _altered(row)
        return event

    def _standing_before(self, connection: sqlite3.Connection, event: ConsentEvent) -> Standing | None:
        rows = connection.execute(f"{_SELECT} WHERE record = ? ORDER BY seq", (event.record,)).fetchall()
        standing: Standing | None = None
        try:
            for row in rows:
                standing = follow(standing, self._open(_Row(*row)))
        except (VaultError, ValueError):
            return _believed(event)
        return standing or _believed(event)


def _believed(event: ConsentEvent) -> Standing | None:
    """Give what a record without readable events stands at: only a given consent is ever ended (consents.state)."""
    return Standing.GIVEN if event.kind in TRANSITIONS[Standing.GIVEN] else None


def noted_in_audit(entry: Entry) -> dict[str, str | int]:
    """Give what the audit log must note of *entry*, so that a cut at the ledger's end shows."""
    return {"ledger": entry.seq, "ledger_hash": entry.hash.hex()}


def _signed_bytes(seq: int, record: str, at: int, linked: bytes) -> bytes:
    """Give what is signed: the chain's hash, and the columns that stay readable when the content is gone."""
    return (
        b"gate consent event 1\0" + seq.to_bytes(8) + at.to_bytes(8, signed=True) + linked + record.encode()
    )


def _noted(detail: str) -> tuple[int, str] | None:
    try:
        noted = json.loads(detail)
        return noted["ledger"], noted["ledger_hash"]
    except (ValueError, KeyError, TypeError):
        return None  # another action's detail, or an altered line, which is for AuditLog.verify to tell


def _binding(seq: int, record: str) -> Binding:
    return Binding("consent_events", str(seq), _NO_EPOCH, consent=record)


def _altered(row: _Row) -> VaultError:
    return VaultError(
        "record-altered",
        f"Event {row.seq} of the consent ledger was altered or moved.",
        remedy="Run gate consent verify; find out who wrote to the database.",
    )

"""What was erased stays erased: the list that erases it again from whatever is restored later (R51).

A tombstone holds a kind and a random id, never a person's name. It is laid in the transaction that erases.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gate.core.canonical import digest
from gate.errors import RequestError, VaultError
from gate.store.account.signing import Signer, verify
from gate.store.times import seconds_of, time_of
from gate.store.upkeep.locks import locks_of

DOCUMENT = "tombstones"
_APPLY = (
    # The templates go first: no ended consent leaves one behind.
    """DELETE FROM templates WHERE id IN (SELECT ref FROM tombstones WHERE kind = 'template')
        OR consent_id IN (SELECT ref FROM tombstones WHERE kind = 'consent')""",
    """UPDATE consents SET state = 'invalidated', ended_at = max(given_at, (
            SELECT at FROM tombstones WHERE kind = 'consent' AND ref = consents.id))
        WHERE state = 'given' AND id IN (SELECT ref FROM tombstones WHERE kind = 'consent')""",
    """DELETE FROM credentials WHERE id IN (SELECT ref FROM tombstones WHERE kind = 'credential')
        OR person_id IN (SELECT ref FROM tombstones WHERE kind = 'person')""",
    """DELETE FROM visits WHERE id IN (SELECT ref FROM tombstones WHERE kind = 'credential')
        OR person_id IN (SELECT ref FROM tombstones WHERE kind = 'person')""",
    "DELETE FROM people WHERE id IN (SELECT ref FROM tombstones WHERE kind = 'person')",
    "DELETE FROM requests WHERE id IN (SELECT ref FROM tombstones WHERE kind = 'request')",
    # Of the staff: what was changed or ended since is no way in any more; without its secrets an account has none.
    "DELETE FROM account_secrets WHERE stamp IN (SELECT ref FROM tombstones WHERE kind = 'credential')",
    """DELETE FROM passkeys WHERE id IN (SELECT ref FROM tombstones WHERE kind = 'credential')
        OR account_id NOT IN (SELECT account_id FROM account_secrets)""",
    """DELETE FROM recovery_codes WHERE id IN (SELECT ref FROM tombstones WHERE kind = 'credential')
        OR account_id NOT IN (SELECT account_id FROM account_secrets)""",
    "DELETE FROM tokens WHERE id IN (SELECT ref FROM tombstones WHERE kind = 'credential')",
)


class Kind(StrEnum):
    """What can be erased for good."""

    TEMPLATE = "template"
    CONSENT = "consent"  # its standing: the record of it stays, ended
    PERSON = "person"
    CREDENTIAL = "credential"  # from its revocation on, a code from its use: neither comes back; the staff's secrets too
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """One thing that was erased. at: to the second, UTC."""

    kind: Kind
    ref: str
    at: datetime


def bury(connection: sqlite3.Connection, kind: Kind | str, ref: str, at: datetime) -> None:
    """Lay one tombstone inside the caller's transaction; a second for the same thing changes nothing."""
    sql = "INSERT OR IGNORE INTO tombstones (kind, ref, at) VALUES (?, ?, ?)"
    connection.execute(sql, (Kind(kind).value, ref, seconds_of(at)))


def buried(connection: sqlite3.Connection) -> tuple[Tombstone, ...]:
    """Give all tombstones, oldest first."""
    rows = connection.execute("SELECT kind, ref, at FROM tombstones ORDER BY seq").fetchall()
    return tuple(Tombstone(Kind(kind), ref, time_of(at)) for kind, ref, at in rows)


def add(connection: sqlite3.Connection, tombstones: Iterable[Tombstone]) -> None:
    """Take over *tombstones* from elsewhere, inside the caller's transaction; they act at ``apply``."""
    for stone in tombstones:
        bury(connection, stone.kind, stone.ref, stone.at)


def apply(connection: sqlite3.Connection) -> int:
    """Erase again whatever is there and buried, inside the caller's transaction. Returns how many records.

    Templates, people with their credentials and codes, credentials, codes, requests and what the staff signed in with go; a
    consent that is given again is ended.
    """
    return sum(connection.execute(sql).rowcount for sql in _APPLY)


def export(connection: sqlite3.Connection, signer: Signer, at: datetime) -> str:
    """Give all tombstones and locks as signed text: to be kept beside each backup, replaced whenever they change."""
    stones = [[stone.kind.value, stone.ref, seconds_of(stone.at)] for stone in buried(connection)]
    document = {"at": seconds_of(at), "count": len(stones), "tombstones": stones}
    return signer.issue(DOCUMENT, document | locks_of(connection).as_json())


def mark(connection: sqlite3.Connection) -> str:
    """Give a word that differs once the list would say something else, apart from its time."""
    count: int = connection.execute("SELECT count(*) FROM tombstones").fetchone()[0]
    return f"{count}/{digest(locks_of(connection).as_json()).hex()}"


def read(text: str | bytes, public_key: bytes) -> frozenset[Tombstone]:
    """Give the tombstones of an exported list of this device. Reads only; ``add`` and ``apply`` act.

    public_key: the device's own. Raises RequestError: ``document-malformed``, ``document-kind``, ``signature-wrong``,
    ``signer-unknown``, ``tombstones-malformed``.
    """
    document = verify(text, DOCUMENT, public_key=public_key).document
    try:
        stones = frozenset(_stone(each) for each in _items(document["tombstones"]))
        whole = document["count"] == len(stones)
    except (KeyError, TypeError, ValueError, VaultError) as error:
        raise _malformed() from error
    if not whole:
        raise _malformed()
    return stones


def _items(listed: object) -> list[object]:
    if not isinstance(listed, list):
        raise TypeError
    return listed


def _stone(entry: object) -> Tombstone:
    kind, ref, at = _items(entry)
    if not isinstance(ref, str) or not isinstance(at, int):
        raise TypeError
    return Tombstone(Kind(str(kind)), ref, time_of(at))


def _malformed() -> RequestError:
    return RequestError(
        "tombstones-malformed",
        "The list of what was erased is signed, but not of the shape this gate reads.",
        remedy="Take the list that lies beside the newest backup; it comes from a gate of this release or an older one.",
    )

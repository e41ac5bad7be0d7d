"""What keeps faces out of processing and must outlive a restore from before: the end of the service, restrictions (R71, R87)."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime

from gate.core.canonical import Json
from gate.store.account.audit import Action, Actor, AuditLog
from gate.store.times import time_of

_STOPPED = "SELECT value FROM meta WHERE name = 'face-stopped'"
_RESTRICTED = (
    "SELECT id, restricted_at FROM consents WHERE state = 'given' AND restricted_at IS NOT NULL ORDER BY id"
)
_STOP = "INSERT INTO meta VALUES ('face-stopped', ?) ON CONFLICT DO NOTHING"
_RESTRICT = "UPDATE consents SET restricted_at = ? WHERE id = ? AND state = 'given' AND restricted_at IS NULL"


@dataclass(frozen=True, slots=True)
class Locks:
    """Times in UTC seconds. stopped_at: when face was given up for good. restricted: consents left alone, and since when."""

    stopped_at: int | None = None
    restricted: frozenset[tuple[str, int]] = field(default=frozenset(), repr=False)

    def __or__(self, other: Locks) -> Locks:
        """Give both together, the earlier end where both have one."""
        stops = [each for each in (self.stopped_at, other.stopped_at) if each is not None]
        return Locks(min(stops, default=None), self.restricted | other.restricted)

    def as_json(self) -> dict[str, Json]:
        """Give what ``from_document`` reads."""
        return {"stopped": self.stopped_at, "restricted": [[ref, at] for ref, at in sorted(self.restricted)]}


def locks_of(connection: sqlite3.Connection) -> Locks:
    """Read what stands in the database."""
    stopped = connection.execute(_STOPPED).fetchone()
    restricted = frozenset((ref, at) for ref, at in connection.execute(_RESTRICTED).fetchall())
    return Locks(stopped[0] if stopped else None, restricted)


def from_document(document: dict[str, object]) -> Locks:
    """Read the locks of a signed list; one of an earlier release tells of none. Raises ValueError, VaultError."""
    stopped, restricted = document.get("stopped"), document.get("restricted", [])
    if not isinstance(restricted, list):
        raise ValueError("restrictions are a list")  # noqa: TRY004 - of the shape of a file, not of our types
    return Locks(
        None if stopped is None else _time(stopped), frozenset(_restriction(each) for each in restricted)
    )


def lock_again(
    connection: sqlite3.Connection, locks: Locks, audit: AuditLog, *, gate: str, at: datetime
) -> None:
    """Put *locks* into a database from before, inside the caller's transaction, with a line of the log for each new one."""
    if locks.stopped_at is not None and connection.execute(_STOP, (locks.stopped_at,)).rowcount:
        # The counts are of what was left to end: the log that told of the first time is the one that was replaced.
        nothing = {"consents": 0, "templates": 0}
        audit.note(connection, Actor.GATE, Action.SERVICE_STOPPED, at=at, object=gate, detail=nothing)
    for ref, since in sorted(locks.restricted):
        if connection.execute(_RESTRICT, (since, ref)).rowcount:
            audit.note(connection, Actor.GATE, Action.FACE_RESTRICTED, at=at, object=ref)


def _restriction(entry: object) -> tuple[str, int]:
    if not isinstance(entry, list):
        raise ValueError("a restriction is a pair")  # noqa: TRY004 - as above
    ref, at = entry
    return str(ref), _time(at)


def _time(seconds: object) -> int:
    if type(seconds) is not int:
        raise ValueError("a time is a whole number")
    time_of(seconds)
    return seconds

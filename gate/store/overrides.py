"""Settings that were changed from the console: every version, who changed it and when, signed by the device.

They are read before the store is opened, for they say how (``read_overrides``): without any key, so the signature is
looked at as soon as the store is open (``Overrides.altered``).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

from gate.core.canonical import canonical, parsed
from gate.core.overrides import SETTINGS, Values, changed
from gate.errors import RequestError
from gate.store.account.audit import Action, AuditLog, Who
from gate.store.account.signing import Signer, is_signed
from gate.store.database import Database, Row
from gate.store.db import BUSY_MS, DATABASE_NAME
from gate.store.times import seconds_of, time_of

NONE: Final[Values] = MappingProxyType({})
# Text as bytes: what somebody wrote there may be no text, and must still be judged.
_HISTORY = """SELECT version, at, CAST(by AS BLOB), CAST(settings AS BLOB), signature FROM overrides
    WHERE version < :before ORDER BY version DESC LIMIT :most"""
_ALL = 1 << 62


@dataclass(frozen=True, slots=True)
class Version:
    """One change. values: all that stood beside the settings file from then on. by: as the audit log says it.

    changed: what differs from the version before. whole: the device signed it, and nobody altered it since.
    """

    number: int
    at: datetime
    by: str
    values: Values
    changed: tuple[str, ...]
    whole: bool


class Overrides:
    """The overrides table. Methods raise VaultError when the database cannot serve."""

    def __init__(self, database: Database, audit: AuditLog, signer: Signer) -> None:
        self._database = database
        self._audit = audit
        self._signer = signer

    @property
    def newest(self) -> int:
        """Give the number of the newest version, 0 while there is none."""
        number: int = self._database.rows("SELECT coalesce(max(version), 0) FROM overrides")[0][0]
        return number

    @property
    def altered(self) -> bool:
        """Tell whether the newest version is not as the device signed it: then nothing of it may be used."""
        rows = self._database.rows(_HISTORY, before=_ALL, most=1)
        return bool(rows) and not self._is_ours(rows[0])

    def history(self, *, most: int, before: int | None = None) -> tuple[Version, ...]:
        """Give up to *most* versions, newest first, only those below the number *before* if one is given."""
        # One more than asked for: what a version changed shows against the one before it.
        rows = self._database.rows(_HISTORY, before=_ALL if before is None else before, most=most + 1)
        values = [_known(row[3]) for row in rows] + [NONE]
        return tuple(
            self._version(row, now, earlier)
            for row, now, earlier in zip(rows, values, values[1:], strict=False)
        )[:most]

    def change(self, after: Values, *, seen: int, at: datetime, by: Who) -> int:
        """Let *after* stand beside the settings file, and nothing else; give the new version's number.

        The caller has held it against the model of the settings. seen: the newest version that whoever changes it was
        shown. Raises RequestError ``settings-moved`` where somebody else changed something since.
        """
        text = canonical(dict(after)).decode()

        def work(connection: sqlite3.Connection) -> int:
            row = connection.execute(_HISTORY, {"before": _ALL, "most": 1}).fetchone()
            newest = row[0] if row else 0
            if newest != seen:
                raise RequestError(
                    "settings-moved",
                    "Somebody else changed the settings meanwhile.",
                    remedy="Look at what they are now, and change them again if it is still needed.",
                )
            number, when = newest + 1, seconds_of(at)
            signature = self._signer.sign(_signed(number, when, by.value.encode(), text.encode()))
            connection.execute(
                "INSERT INTO overrides VALUES (?, ?, ?, ?, ?)", (number, when, by.value, text, signature)
            )
            keys = changed(_known(row[3]) if row else NONE, after)
            detail: dict[str, str | int] = {
                "version": number,
                "keys": " ".join(keys),
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
            }
            self._audit.note(connection, by, Action.SETTINGS_CHANGED, at=at, detail=detail)
            return number

        return self._database.write(work)

    def _version(self, row: Row, values: Values, earlier: Values) -> Version:
        number, at, by, _, _ = row
        keys = changed(earlier, values)
        return Version(number, time_of(at), by.decode(errors="replace"), values, keys, self._is_ours(row))

    def _is_ours(self, row: Row) -> bool:
        number, at, by, settings, signature = row
        return is_signed(_signed(number, at, by, settings), signature, self._signer.public_key)


def read_overrides(data_dir: Path) -> Values:
    """Give what stands beside the settings file, without any key; nothing where nothing can be read.

    A key that is none of SETTINGS may be among it: a later gate's, where this one was put back. Makes and changes nothing. What is wrong with the database itself is told by whoever opens the store next.
    """
    path = data_dir / DATABASE_NAME
    if not path.is_file():
        return NONE
    sql = "SELECT CAST(settings AS BLOB) FROM overrides ORDER BY version DESC LIMIT 1"
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            row = connection.execute(sql).fetchone()
    except (sqlite3.Error, UnicodeDecodeError):  # what SQLite says of a damaged schema quotes it
        return NONE  # also a database from before there were any
    return _values(row[0]) if row else NONE


def _values(text: bytes) -> Values:
    """Read what a row says; a row of anything else than keys with plain values says nothing."""
    try:
        found = parsed(text)
    except (ValueError, RecursionError):
        return NONE
    if not isinstance(found, dict):
        return NONE
    plain = all(value is None or isinstance(value, bool | int | float | str) for value in found.values())
    return MappingProxyType(found) if plain else NONE


def _known(text: bytes) -> Values:
    return MappingProxyType({key: value for key, value in _values(text).items() if key in SETTINGS})


def _signed(number: int, at: int, by: bytes, settings: bytes) -> bytes:
    said: Mapping[str, str | int] = {
        "at": at,
        "by": hashlib.sha256(by).hexdigest(),
        "kind": "overrides",
        "settings": hashlib.sha256(settings).hexdigest(),
        "version": number,
    }
    return json.dumps(said, sort_keys=True).encode()

"""Passkeys: public keys that browsers and tokens sign in with, sealed, each bound to its account."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import sqlite3
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from gate.core.roles import AccountId
from gate.errors import RequestError
from gate.store.account.audit import Action, AuditLog, Who
from gate.store.database import Database, Row
from gate.store.times import seconds_of, time_of
from gate.store.upkeep import tombstones
from gate.store.upkeep.tombstones import Kind
from gate.store.vault import Binding, Sealed, Vault

PASSKEYS_MOST: Final = 10
_ID_BYTES: Final = 8
_LOOKUP: Final = b"passkey\0"
_SELECT: Final = "SELECT id, account_id, credential_lookup, added_at, wrapped_key, sealed FROM passkeys"


@dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey. credential: the id it answers by. sign_count: as it last told; 0 where it counts nothing."""

    id: str
    account: AccountId
    name: str = field(repr=False)
    credential: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    sign_count: int
    added_at: datetime


class Passkeys:
    """The passkeys table. A row altered or moved raises VaultError ``record-altered``."""

    def __init__(self, database: Database, vault: Vault, lookup_key: bytes, audit: AuditLog) -> None:
        self._database = database
        self._vault = vault
        self._lookup_key = lookup_key
        self._audit = audit

    def of(self, account: AccountId) -> tuple[Passkey, ...]:
        """Give the account's, oldest first."""
        rows = self._database.rows(f"{_SELECT} WHERE account_id = :account ORDER BY rowid", account=account)
        return tuple(self._passkey(row) for row in rows)

    def counts(self) -> dict[AccountId, int]:
        """Give how many each account has."""
        sql = "SELECT account_id, count(*) FROM passkeys GROUP BY account_id"
        return {AccountId(account): count for account, count in self._database.rows(sql)}

    def find(self, credential: bytes) -> Passkey | None:
        """Give the one that answers by *credential*, or None."""
        rows = self._database.rows(
            f"{_SELECT} WHERE credential_lookup = :lookup", lookup=self._lookup(credential)
        )
        return self._passkey(rows[0]) if rows else None

    def add(
        self,
        account: AccountId,
        name: str,
        credential: bytes,
        public_key: bytes,
        sign_count: int,
        *,
        at: datetime,
        by: Who,
    ) -> Passkey:
        """Add one. Raises RequestError ``passkey-many`` beyond ten, ``passkey-refused`` for one that is there already."""
        passkey = Passkey(
            secrets.token_hex(_ID_BYTES),
            account,
            name,
            credential,
            public_key,
            sign_count,
            time_of(seconds_of(at)),
        )

        def work(connection: sqlite3.Connection) -> Passkey:
            if self.find(credential) is not None:
                raise passkey_refused()
            if self.counts().get(account, 0) >= PASSKEYS_MOST:
                raise RequestError(
                    "passkey-many",
                    f"This account has {PASSKEYS_MOST} passkeys already.",
                    remedy="Remove one that is not used any more.",
                )
            sealed = self._seal(passkey)
            row = (
                passkey.id,
                account,
                self._lookup(credential),
                seconds_of(at),
                sealed.wrapped_key,
                sealed.content,
            )
            connection.execute("INSERT INTO passkeys VALUES (?, ?, ?, ?, ?, ?)", row)
            self._audit.note(connection, by, Action.PASSKEY_ADDED, at=at, object=account)
            return passkey

        return self._database.write(work)

    def remove(
        self, connection: sqlite3.Connection, account: AccountId, passkey: str, *, at: datetime, by: Who
    ) -> None:
        """Remove one of the account's for good, inside the caller's transaction. Raises RequestError ``passkey-unknown``."""
        sql = "DELETE FROM passkeys WHERE id = ? AND account_id = ?"
        if not connection.execute(sql, (passkey, account)).rowcount:
            raise RequestError(
                "passkey-unknown",
                "This account has no such passkey any more.",
                remedy="Look at the list again.",
            )
        tombstones.bury(connection, Kind.CREDENTIAL, passkey, at)
        self._audit.note(connection, by, Action.PASSKEY_REMOVED, at=at, object=account)

    def used(self, connection: sqlite3.Connection, passkey: Passkey, sign_count: int) -> None:
        """Remember the count it told, inside the caller's transaction."""
        sealed = self._seal(replace(passkey, sign_count=sign_count))
        sql = "UPDATE passkeys SET wrapped_key = ?, sealed = ? WHERE id = ?"
        connection.execute(sql, (sealed.wrapped_key, sealed.content, passkey.id))

    def _passkey(self, row: Row) -> Passkey:
        passkey, account, lookup, added, wrapped_key, content = row
        bound = _binding(passkey, account, lookup, added)
        facts = json.loads(self._vault.open(Sealed(wrapped_key, content), bound))
        return Passkey(
            id=passkey,
            account=AccountId(account),
            name=facts["name"],
            credential=base64.b64decode(facts["credential"]),
            public_key=base64.b64decode(facts["public_key"]),
            sign_count=facts["sign_count"],
            added_at=time_of(added),
        )

    def _seal(self, passkey: Passkey) -> Sealed:
        facts = {
            "name": passkey.name,
            "credential": base64.b64encode(passkey.credential).decode(),
            "public_key": base64.b64encode(passkey.public_key).decode(),
            "sign_count": passkey.sign_count,
        }
        lookup, added = self._lookup(passkey.credential), seconds_of(passkey.added_at)
        bound = _binding(passkey.id, passkey.account, lookup, added)
        return self._vault.seal(json.dumps(facts).encode(), bound)

    def _lookup(self, credential: bytes) -> bytes:
        return hmac.digest(self._lookup_key, _LOOKUP + credential, "sha256")


def passkey_refused() -> RequestError:
    """Say that a passkey did not pass, whatever it was."""
    return RequestError(
        "passkey-refused",
        "This passkey was not accepted.",
        remedy="Try again, or sign in with password and code.",
    )


def _binding(passkey: str, account: str, lookup: bytes, added: int) -> Binding:
    """Bind every column: nobody's passkey opens another's account."""
    return Binding("passkeys", f"{passkey}/{account}/{lookup.hex()}/{added}", 0)

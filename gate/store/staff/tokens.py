"""Tokens of programs (R53): found by a keyed HMAC of their text, each with one office and an end."""

from __future__ import annotations

import hmac
import json
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from gate.core.roles import AccountId, Program, Role, Staff
from gate.errors import RequestError, VaultError
from gate.store.account.audit import Action, AuditLog, Who
from gate.store.database import Database, Row
from gate.store.staff.accounts import Accounts
from gate.store.times import seconds_of, time_of
from gate.store.upkeep import tombstones
from gate.store.upkeep.tombstones import Kind
from gate.store.vault import Binding, Sealed, Vault

PREFIX: Final = "gate_"
"""So that a token left in a file is recognised."""
TOKENS_MOST: Final = 50
_TEXT_BYTES: Final = 32
_TEXT_MOST: Final = 100
_ID_BYTES: Final = 8
_SELECT: Final = "SELECT id, lookup, made_at, expires_at, revoked_at, wrapped_key, sealed FROM tokens"


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token without its text."""

    id: str
    name: str = field(repr=False)
    role: Role
    made_by: AccountId
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class Tokens:
    """The tokens table. A row altered or moved raises VaultError ``record-altered``, or opens nothing."""

    def __init__(
        self, database: Database, vault: Vault, lookup_key: bytes, accounts: Accounts, audit: AuditLog
    ) -> None:
        self._database = database
        self._vault = vault
        self._lookup_key = lookup_key
        self._accounts = accounts
        self._audit = audit

    def all(self) -> tuple[ApiToken, ...]:
        """Give every token that is kept, newest first."""
        return tuple(self._token(row) for row in self._database.rows(f"{_SELECT} ORDER BY rowid DESC"))

    def make(
        self, name: str, role: Role, holds: timedelta, *, at: datetime, by: Staff
    ) -> tuple[ApiToken, str]:
        """Make one; give it with its text, which nothing gives again. Raises RequestError ``token-many``."""
        text = PREFIX + secrets.token_urlsafe(_TEXT_BYTES)
        ref, lookup = secrets.token_hex(_ID_BYTES), self._lookup(text)
        made, expires = seconds_of(at), seconds_of(at + holds)
        facts = {"name": name, "role": role.value, "made_by": by.account}
        sealed = self._vault.seal(json.dumps(facts).encode(), _binding(ref, lookup, made, expires, None))

        def work(connection: sqlite3.Connection) -> None:
            sql = "SELECT count(*) FROM tokens WHERE revoked_at IS NULL AND expires_at > ?"
            if connection.execute(sql, (made,)).fetchone()[0] >= TOKENS_MOST:
                raise RequestError(
                    "token-many",
                    f"{TOKENS_MOST} tokens are in use already.",
                    remedy="Revoke those that no program needs.",
                )
            row = (ref, lookup, made, expires, None, sealed.wrapped_key, sealed.content)
            connection.execute("INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            detail = {"role": role.value}
            self._audit.note(connection, by, Action.TOKEN_MADE, at=at, object=ref, detail=detail)

        self._database.write(work)
        return ApiToken(ref, name, role, by.account, time_of(made), time_of(expires), None), text

    def revoke(self, token: str, *, at: datetime, by: Who) -> None:
        """End one at once. Raises RequestError ``token-unknown``, also for one that is over."""

        def work(connection: sqlite3.Connection) -> None:
            rows = self._database.rows(f"{_SELECT} WHERE id = :token AND revoked_at IS NULL", token=token)
            if not rows:
                raise RequestError(
                    "token-unknown",
                    "There is no such token, or it is revoked already.",
                    remedy="Look at the list again.",
                )
            self._revoke(connection, self._token(rows[0]), rows[0][1], at, by)

        self._database.write(work)

    def revoke_made_by(
        self,
        connection: sqlite3.Connection,
        account: AccountId,
        *,
        at: datetime,
        by: Who,
        but_for: Callable[[Role], bool] = lambda _role: False,
    ) -> int:
        """End what *account* made, inside the caller's transaction; give how many. Who knows one may have left.

        but_for: whether tokens of an office stay; none does unless it says so.
        """
        rows = self._database.rows(f"{_SELECT} WHERE revoked_at IS NULL")
        theirs = [(token, row[1]) for row in rows if (token := self._token(row)).made_by == account]
        gone = [(token, lookup) for token, lookup in theirs if not but_for(token.role)]
        for token, lookup in gone:
            self._revoke(connection, token, lookup, at, by)
        return len(gone)

    def holder(self, text: str, at: datetime) -> Program | None:
        """Give who shows *text*, None where it is no token in force.

        The account that made it is asked each time: a token may nothing that its maker may not any more, also where
        their office was lost otherwise than here, as by a restored backup.
        """
        if not text.startswith(PREFIX) or len(text) > _TEXT_MOST or not text.isascii():
            return None
        rows = self._database.rows(
            f"{_SELECT} WHERE lookup = :lookup AND revoked_at IS NULL AND expires_at > :now",
            lookup=self._lookup(text),
            now=seconds_of(at),
        )
        try:
            token = self._token(rows[0]) if rows else None
            maker = self._accounts.find(token.made_by) if token else None
        except VaultError:
            return None  # somebody wrote to the database: the list of tokens says so
        if token is None or maker is None or not maker.is_active or not maker.staff.may_all_of(token.role):
            return None
        return Program(token.id, token.role)

    def _revoke(
        self, connection: sqlite3.Connection, token: ApiToken, lookup: bytes, at: datetime, by: Who
    ) -> None:
        made, expires, revoked = seconds_of(token.made_at), seconds_of(token.expires_at), seconds_of(at)
        facts = {"name": token.name, "role": token.role.value, "made_by": token.made_by}
        bound = _binding(token.id, lookup, made, expires, revoked)
        sealed = self._vault.seal(json.dumps(facts).encode(), bound)
        sql = "UPDATE tokens SET revoked_at = ?, wrapped_key = ?, sealed = ? WHERE id = ?"
        connection.execute(sql, (revoked, sealed.wrapped_key, sealed.content, token.id))
        tombstones.bury(connection, Kind.CREDENTIAL, token.id, at)
        self._audit.note(connection, by, Action.TOKEN_REVOKED, at=at, object=token.id)

    def _token(self, row: Row) -> ApiToken:
        ref, lookup, made, expires, revoked, wrapped_key, content = row
        bound = _binding(ref, lookup, made, expires, revoked)
        facts = json.loads(self._vault.open(Sealed(wrapped_key, content), bound))
        return ApiToken(
            id=ref,
            name=facts["name"],
            role=Role(facts["role"]),
            made_by=AccountId(facts["made_by"]),
            made_at=time_of(made),
            expires_at=time_of(expires),
            revoked_at=None if revoked is None else time_of(revoked),
        )

    def _lookup(self, text: str) -> bytes:
        return hmac.digest(self._lookup_key, text.encode(), "sha256")


def _binding(ref: str, lookup: bytes, made: int, expires: int, revoked: int | None) -> Binding:
    """Bind every column: none lasts longer, and no revoked one passes for one in force."""
    ended = "" if revoked is None else revoked
    return Binding("tokens", f"{ref}/{lookup.hex()}/{made}/{expires}/{ended}", 0)

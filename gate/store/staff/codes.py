"""What is typed by hand: set-up codes and invitations, good once and for a while, and recovery codes, good once.

None of them is held: a keyed HMAC finds them, so that whoever reads the database learns none and whoever writes to it
makes none.
"""

from __future__ import annotations

import hmac
import secrets
import sqlite3
from datetime import datetime, timedelta
from typing import Final

from gate.core.accounts import CODE_CHARACTERS, RECOVERY_CHARACTERS, RECOVERY_CODES, code_of, normal_code
from gate.core.roles import AccountId
from gate.store.account.audit import Action, Actor, AuditLog, Who
from gate.store.database import Database
from gate.store.times import seconds_of, time_of
from gate.store.upkeep import tombstones
from gate.store.upkeep.tombstones import Kind

SETUP_HOLDS: Final = timedelta(hours=1)
INVITATION_HOLDS: Final = timedelta(days=7)
_REF_DIGITS: Final = 32


class StaffCodes:
    """The tables one_time_codes and recovery_codes."""

    def __init__(self, database: Database, key: bytes, audit: AuditLog) -> None:
        self._database = database
        self._key = key
        self._audit = audit

    def set_up_code(self, at: datetime, by: Who = Actor.INSTALLER) -> tuple[str, datetime]:
        """Draw a code that opens the set-up of a manager's account for an hour; any earlier one is void."""

        def work(connection: sqlite3.Connection) -> tuple[str, datetime]:
            made = self._draw(connection, None, at + SETUP_HOLDS)
            self._audit.note(connection, by, Action.SETUP_CODE_MADE, at=at)
            return made

        return self._database.write(work)

    def invite(
        self, connection: sqlite3.Connection, account: AccountId, at: datetime, by: Who
    ) -> tuple[str, datetime]:
        """Draw an account's invitation, good for a week, inside the caller's transaction; its earlier one is void."""
        made = self._draw(connection, account, at + INVITATION_HOLDS)
        self._audit.note(connection, by, Action.ACCOUNT_INVITED, at=at, object=account)
        return made

    def is_set_up_code(self, typed: str, at: datetime) -> bool:
        """Tell whether a set-up code holds now."""
        found = self._find(typed, at)
        return found is not None and found[1] is None

    def invited(self, typed: str, at: datetime) -> AccountId | None:
        """Give whose invitation a code is that holds now, or None."""
        found = self._find(typed, at)
        return None if found is None else found[1]

    def spend(self, connection: sqlite3.Connection, typed: str, at: datetime) -> AccountId | bool:
        """Use a code up, inside the caller's transaction: whose invitation it was, True for a set-up code, else False."""
        found = self._find(typed, at)
        if found is None:
            return False
        connection.execute("DELETE FROM one_time_codes WHERE lookup = ?", (found[0],))
        return True if found[1] is None else found[1]

    def invited_until(self) -> dict[AccountId, datetime]:
        """Give until when each invitation holds that is out."""
        sql = "SELECT account_id, expires_at FROM one_time_codes WHERE account_id IS NOT NULL"
        return {AccountId(account): time_of(until) for account, until in self._database.rows(sql)}

    def new_recovery_codes(
        self, connection: sqlite3.Connection, account: AccountId, at: datetime
    ) -> tuple[str, ...]:
        """Draw ten recovery codes, inside the caller's transaction; the earlier ones are void for good."""
        gone = "DELETE FROM recovery_codes WHERE account_id = ? RETURNING id"
        for (ref,) in connection.execute(gone, (account,)).fetchall():
            tombstones.bury(connection, Kind.CREDENTIAL, ref, at)
        codes = tuple(code_of(secrets.token_bytes(RECOVERY_CHARACTERS)) for _ in range(RECOVERY_CODES))
        for code in codes:
            row = (self._recovery_ref(account, code), account)
            connection.execute("INSERT INTO recovery_codes VALUES (?, ?)", row)
        return codes

    def spend_recovery(
        self, connection: sqlite3.Connection, account: AccountId, typed: str, at: datetime
    ) -> bool:
        """Use a recovery code of the account up, inside the caller's transaction; no backup brings it back."""
        code = normal_code(typed)
        if code is None or len(code) != RECOVERY_CHARACTERS:
            return False
        ref = self._recovery_ref(account, code)
        sql = "DELETE FROM recovery_codes WHERE id = ? AND account_id = ?"
        if not connection.execute(sql, (ref, account)).rowcount:
            return False
        tombstones.bury(connection, Kind.CREDENTIAL, ref, at)
        return True

    def recovery_left(self) -> dict[AccountId, int]:
        """Give how many recovery codes each account has left."""
        sql = "SELECT account_id, count(*) FROM recovery_codes GROUP BY account_id"
        return {AccountId(account): count for account, count in self._database.rows(sql)}

    def _draw(
        self, connection: sqlite3.Connection, account: AccountId | None, until: datetime
    ) -> tuple[str, datetime]:
        connection.execute("DELETE FROM one_time_codes WHERE account_id IS ?", (account,))
        code = code_of(secrets.token_bytes(CODE_CHARACTERS))
        lookup, expires = self._lookup(code), seconds_of(until)
        row = (lookup, account, expires, self._mac(lookup, account, expires))
        connection.execute("INSERT INTO one_time_codes VALUES (?, ?, ?, ?)", row)
        return code, time_of(expires)

    def _find(self, typed: str, at: datetime) -> tuple[bytes, AccountId | None] | None:
        code = normal_code(typed)
        if code is None or len(code) != CODE_CHARACTERS:
            return None
        lookup = self._lookup(code)
        sql = "SELECT account_id, expires_at, mac FROM one_time_codes WHERE lookup = :lookup"
        for account, expires, mac in self._database.rows(sql, lookup=lookup):
            holds = expires > seconds_of(at)
            if hmac.compare_digest(mac, self._mac(lookup, account, expires)) and holds:
                return lookup, account
        return None

    def _lookup(self, code: str) -> bytes:
        return hmac.digest(self._key, b"code\0" + code.encode(), "sha256")

    def _mac(self, lookup: bytes, account: str | None, expires: int) -> bytes:
        return hmac.digest(self._key, b"row\0" + lookup + f"{account or ''}/{expires}".encode(), "sha256")

    def _recovery_ref(self, account: str, code: str) -> str:
        said = f"recovery\0{account}\0{code}".encode()
        return hmac.digest(self._key, said, "sha256").hex()[:_REF_DIGITS]

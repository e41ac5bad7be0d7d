"""Staff accounts, sealed; each with the secrets it signs in with, under a stamp that changes whenever they or its offices do.

A stamp that is replaced is buried: a backup from before brings the account back without any way to sign in, so that no
ended account, old password or lost office comes back with it (R51). Such an account is invited anew.
"""

from __future__ import annotations

import hmac
import json
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from gate.core.roles import AccountId, Role, Staff
from gate.errors import RequestError
from gate.store.account.audit import Action, AuditLog, Who
from gate.store.database import Database, Row
from gate.store.times import seconds_of, time_of
from gate.store.upkeep import tombstones
from gate.store.upkeep.tombstones import Kind
from gate.store.vault import Binding, Sealed, Vault

ACCOUNTS_MOST: Final = 200
ID_BYTES: Final = 8
NEAR: Final = timedelta(days=30)
"""For so long whoever entered, reset or gave an office to an account counts as near to it: it may be theirs in truth."""
_STAMP_BYTES: Final = 16
_SELECT: Final = """SELECT id, login_lookup, created_at, disabled_at, accounts.wrapped_key, accounts.sealed,
    stamp, account_secrets.wrapped_key, account_secrets.sealed
    FROM accounts LEFT JOIN account_secrets ON account_id = id"""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What an account signs in with. password: a PHC string. totp: base32. step: the last one whose code was used."""

    password: str = field(repr=False)
    totp: str = field(repr=False)
    step: int = 0
    stamp: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Hand:
    """Who of the staff entered, reset or gave an office to an account that is not their own, and when last."""

    by: AccountId
    at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """One account. secrets: None until an invitation is taken up, and after the end. hands: of the last days alone."""

    id: AccountId
    login: str = field(repr=False)
    name: str = field(repr=False)
    roles: frozenset[Role]
    created_at: datetime
    disabled_at: datetime | None = None
    secrets: Secrets | None = field(default=None, repr=False)
    hands: tuple[Hand, ...] = ()

    @property
    def is_active(self) -> bool:
        """Tell whether somebody can sign in to it."""
        return self.disabled_at is None and self.secrets is not None

    @property
    def staff(self) -> Staff:
        """Give who is signed in to it, as things stand."""
        return Staff(self.id, self.roles, self.secrets.stamp if self.secrets else "")

    def is_near(self, other: AccountId, at: datetime) -> bool:
        """Tell whether *other* entered, reset or gave an office to it within NEAR before *at*."""
        return any(hand.by == other and at < hand.at + NEAR for hand in self.hands)

    def handled(self, by: Who, at: datetime) -> Account:
        """Give it with the hand of *by*; what somebody does to their own account, or at the device, leaves none."""
        if not isinstance(by, Staff) or by.account == self.id:
            return self
        others = tuple(each for each in self.hands if each.by != by.account and at < each.at + NEAR)
        return replace(self, hands=(*others, Hand(by.account, time_of(seconds_of(at)))))


@dataclass(frozen=True, slots=True)
class AccountKeys:
    """Three independent keys of 32 bytes: of facts, of secrets, and of the login's lookup."""

    facts: bytes = field(repr=False)
    secrets: bytes = field(repr=False)
    login: bytes = field(repr=False)


class Accounts:
    """The tables accounts and account_secrets. A row altered or moved raises VaultError ``record-altered``."""

    def __init__(self, database: Database, keys: AccountKeys, audit: AuditLog) -> None:
        self._database = database
        self._facts = Vault(keys.facts)
        self._secrets = Vault(keys.secrets)
        self._login_key = keys.login
        self._audit = audit

    def all(self) -> tuple[Account, ...]:
        """Give every account, ended ones too, in the order of their logins."""
        found = (self._account(row) for row in self._database.rows(_SELECT))
        return tuple(sorted(found, key=lambda account: account.login))

    def find(self, account: str) -> Account | None:
        """Give one by its id, or None."""
        rows = self._database.rows(f"{_SELECT} WHERE id = :account", account=account)
        return self._account(rows[0]) if rows else None

    def get(self, account: str) -> Account:
        """Give one by its id. Raises RequestError ``account-unknown``."""
        found = self.find(account)
        if found is None:
            raise RequestError(
                "account-unknown",
                "There is no such staff account.",
                remedy="Choose one from the list of accounts.",
            )
        return found

    def by_login(self, login: str) -> Account | None:
        """Give one by its login, or None."""
        rows = self._database.rows(f"{_SELECT} WHERE login_lookup = :lookup", lookup=self.lookup(login))
        return self._account(rows[0]) if rows else None

    def lookup(self, login: str) -> bytes:
        """Give the 32 bytes by which a login is found and its failures are counted, whether there is such an account."""
        return hmac.digest(self._login_key, login.encode(), "sha256")

    def still_holds(self, who: Staff) -> bool:
        """Tell whether *who* signed in by the secrets and with the offices of now; reads one row."""
        rows = self._database.rows(f"{_SELECT} WHERE stamp = :stamp", stamp=who.stamp)
        if not rows:
            return False
        account = self._account(rows[0])
        return account.is_active and (account.id, account.roles) == (who.account, who.roles)

    def managers(self) -> tuple[AccountId, ...]:
        """Give those who can sign in as a manager."""
        return tuple(each.id for each in self.all() if each.is_active and Role.MANAGER in each.roles)

    def enter(
        self,
        connection: sqlite3.Connection,
        login: str,
        name: str,
        roles: frozenset[Role],
        at: datetime,
        by: Who,
    ) -> Account:
        """Enter an account without secrets, inside the caller's transaction. Raises RequestError ``login-taken``."""
        account = Account(new_account(), login, name, roles, time_of(seconds_of(at))).handled(by, at)
        self.insert(connection, account, by)
        return account

    def insert(self, connection: sqlite3.Connection, account: Account, by: Who) -> None:
        """Enter *account*, with its secrets if it has some, inside the caller's transaction. Raises RequestError ``login-taken``."""
        lookup, at = self.lookup(account.login), account.created_at
        if connection.execute("SELECT 1 FROM accounts WHERE login_lookup = ?", (lookup,)).fetchone():
            raise login_taken()
        if connection.execute("SELECT count(*) FROM accounts").fetchone()[0] >= ACCOUNTS_MOST:
            raise RequestError(
                "accounts-many",
                f"There are {ACCOUNTS_MOST} staff accounts already, ended ones included.",
                remedy="Invite the holder of an ended one anew.",
            )
        sealed = self._seal(account)
        row = (account.id, lookup, seconds_of(at), None, sealed.wrapped_key, sealed.content)
        connection.execute("INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?)", row)
        detail = {"roles": roles_text(account.roles)}
        self._audit.note(connection, by, Action.ACCOUNT_CREATED, at=at, object=account.id, detail=detail)
        if account.secrets is not None:
            self.put_secrets(connection, account.id, account.secrets, at)

    def change(
        self,
        account: AccountId,
        alter: Callable[[Account], Account],
        *,
        at: datetime,
        by: Who,
        managers: int = 1,
    ) -> Account:
        """Write what *alter* makes of name and roles; changed offices end every sign-in of the account.

        managers: so many others or itself must be able to sign in as a manager afterwards. Raises RequestError:
        ``account-unknown``, ``last-manager``, and what *alter* raises.
        """

        def work(connection: sqlite3.Connection) -> Account:
            before = self.get(account)
            after = alter(before)
            if after == before:
                return before
            if not after.roles <= before.roles:
                after = after.handled(by, at)
            self._reseal(connection, after)
            if after.roles != before.roles and after.secrets is not None:
                self.put_secrets(connection, account, after.secrets, at)
            detail = {"roles": roles_text(after.roles)} if after.roles != before.roles else {}
            self._audit.note(connection, by, Action.ACCOUNT_CHANGED, at=at, object=account, detail=detail)
            self.refuse_without_manager(managers)
            return self.get(account)

        return self._database.write(work)

    def end(
        self, account: AccountId, *, at: datetime, by: Who, action: Action, disabled_at: datetime | None
    ) -> Account:
        """Take every secret of an account away and set or clear its end, in one transaction of the caller's.

        One that goes on is invited anew by whoever did this, who is near to it from then on.

        Raises RequestError ``account-unknown``, ``last-manager``.
        """

        def work(connection: sqlite3.Connection) -> Account:
            before = self.get(account)
            was_manager = before.is_active and Role.MANAGER in before.roles
            self.take_secrets(connection, account, at)
            after = replace(before, disabled_at=disabled_at, secrets=None)
            if disabled_at is None:
                after = after.handled(by, at)
            self._reseal(connection, after)
            self._audit.note(connection, by, action, at=at, object=account)
            if was_manager:
                self.refuse_without_manager(1)
            return after

        return self._database.write(work)

    def put_secrets(
        self, connection: sqlite3.Connection, account: AccountId, fresh: Secrets, at: datetime
    ) -> Secrets:
        """Let *fresh* hold from now on, under a new stamp, inside the caller's transaction; every earlier sign-in ends."""
        self._bury_stamp(connection, account, at)
        stamped = replace(fresh, stamp=secrets.token_hex(_STAMP_BYTES))
        sealed = self._seal_secrets(account, stamped)
        row = (stamped.stamp, account, sealed.wrapped_key, sealed.content)
        connection.execute("INSERT INTO account_secrets VALUES (?, ?, ?, ?)", row)
        return stamped

    def use_step(self, connection: sqlite3.Connection, account: Account, step: int) -> None:
        """Remember that the code of *step* was used, inside the caller's transaction: none is taken twice."""
        assert account.secrets is not None
        sealed = self._seal_secrets(account.id, replace(account.secrets, step=step))
        sql = "UPDATE account_secrets SET wrapped_key = ?, sealed = ? WHERE stamp = ?"
        connection.execute(sql, (sealed.wrapped_key, sealed.content, account.secrets.stamp))

    def take_secrets(self, connection: sqlite3.Connection, account: AccountId, at: datetime) -> None:
        """Take password, second factor, passkeys and codes away for good, inside the caller's transaction."""
        self._bury_stamp(connection, account, at)
        for table in ("passkeys", "recovery_codes"):
            gone = f"DELETE FROM {table} WHERE account_id = ? RETURNING id"  # noqa: S608 - our own words
            for (ref,) in connection.execute(gone, (account,)).fetchall():
                tombstones.bury(connection, Kind.CREDENTIAL, ref, at)
        connection.execute("DELETE FROM one_time_codes WHERE account_id = ?", (account,))

    def note(self, connection: sqlite3.Connection, account: Account, action: Action, at: datetime) -> None:
        """Write down what the account's own holder did, inside the caller's transaction."""
        self._audit.note(connection, account.staff, action, at=at, object=account.id)

    def refuse_without_manager(self, least: int) -> None:
        """Raise RequestError ``last-manager`` unless so many can sign in as a manager, as things stand in the transaction."""
        if len(self.managers()) < least:
            raise RequestError(
                "last-manager",
                "Nobody else could sign in as a manager then.",
                remedy="Let another manager set up their account first.",
            )

    def _bury_stamp(self, connection: sqlite3.Connection, account: AccountId, at: datetime) -> None:
        sql = "DELETE FROM account_secrets WHERE account_id = ? RETURNING stamp"
        for (stamp,) in connection.execute(sql, (account,)).fetchall():
            tombstones.bury(connection, Kind.CREDENTIAL, stamp, at)

    def _reseal(self, connection: sqlite3.Connection, account: Account) -> None:
        sealed = self._seal(account)
        ended = None if account.disabled_at is None else seconds_of(account.disabled_at)
        sql = "UPDATE accounts SET disabled_at = ?, wrapped_key = ?, sealed = ? WHERE id = ?"
        connection.execute(sql, (ended, sealed.wrapped_key, sealed.content, account.id))

    def _account(self, row: Row) -> Account:
        account, lookup, created, disabled, wrapped, content, stamp, secrets_key, secrets_content = row
        bound = _binding(account, lookup, created, disabled)
        facts = json.loads(self._facts.open(Sealed(wrapped, content), bound))
        kept = None
        if stamp is not None:
            sealed = Sealed(secrets_key, secrets_content)
            kept = Secrets(
                **json.loads(self._secrets.open(sealed, _secrets_binding(account, stamp))), stamp=stamp
            )
        return Account(
            id=AccountId(account),
            login=facts["login"],
            name=facts["name"],
            roles=frozenset(map(Role, facts["roles"])),
            created_at=time_of(created),
            disabled_at=None if disabled is None else time_of(disabled),
            secrets=kept,
            hands=tuple(Hand(AccountId(who), time_of(then)) for who, then in facts.get("hands", ())),
        )

    def _seal(self, account: Account) -> Sealed:
        facts = {
            "login": account.login,
            "name": account.name,
            "roles": sorted(account.roles),
            "hands": [(hand.by, seconds_of(hand.at)) for hand in account.hands],
        }
        ended = None if account.disabled_at is None else seconds_of(account.disabled_at)
        bound = _binding(account.id, self.lookup(account.login), seconds_of(account.created_at), ended)
        return self._facts.seal(json.dumps(facts).encode(), bound)

    def _seal_secrets(self, account: AccountId, kept: Secrets) -> Sealed:
        content = {"password": kept.password, "totp": kept.totp, "step": kept.step}
        return self._secrets.seal(json.dumps(content).encode(), _secrets_binding(account, kept.stamp))


def new_account() -> AccountId:
    """Draw the id of a new account."""
    return AccountId(secrets.token_hex(ID_BYTES))


def roles_text(roles: frozenset[Role]) -> str:
    """Give offices as the audit log tells of them."""
    return ",".join(sorted(roles))


def login_taken() -> RequestError:
    """Say that a login is in use."""
    return RequestError(
        "login-taken",
        "This login is in use, or belongs to an account that was ended.",
        remedy="Choose another, or invite the holder of that account anew.",
    )


def _binding(account: str, lookup: bytes, created: int, disabled: int | None) -> Binding:
    """Bind every column: no ended account passes for one in force, and none for another's."""
    ended = "" if disabled is None else disabled
    return Binding("accounts", f"{account}/{lookup.hex()}/{created}/{ended}", 0)


def _secrets_binding(account: str, stamp: str) -> Binding:
    return Binding("account_secrets", f"{stamp}/{account}", 0)

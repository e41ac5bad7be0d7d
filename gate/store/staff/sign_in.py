"""Signing in: the try is paid before it is checked, and a login that does not exist costs and says the same (R54).

Password and code are judged together: no answer tells which of them was wrong.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime

from gate.core.credentials import PinPlace
from gate.core.roles import Staff
from gate.core.types import PersonId
from gate.store.account.audit import Action, AuditLog
from gate.store.database import Database
from gate.store.keyring.hashing import USUAL, Cost
from gate.store.pins import PinCheck, dummy_verifier, make_verifier
from gate.store.staff.accounts import Account, Accounts
from gate.store.staff.codes import StaffCodes
from gate.store.staff.passkeys import Passkey, Passkeys
from gate.store.throttle import Throttle

_NOBODY = PersonId("0" * 16)
"""Whose password is checked where there is no such login."""


@dataclass(frozen=True, slots=True)
class SignInTry:
    """One try between its two visits to the database. Holds neither password nor code.

    totp: the authenticator's secret, of nobody where there is no such account. check: ``verify`` takes the password.
    """

    account: Account | None = field(repr=False)
    lookup: bytes = field(repr=False)
    totp: str = field(repr=False)
    check: PinCheck = field(repr=False)

    @property
    def is_throttled(self) -> bool:
        """Tell whether the login, or all of them, wait after wrong tries."""
        return self.check.is_throttled


@dataclass(frozen=True, slots=True)
class Shown:
    """What was shown beside the password. step: of the authenticator's code, where it is one; else what was typed."""

    step: int | None
    typed: str = field(repr=False)


class StaffSignIn:
    """Checks what the staff sign in with."""

    def __init__(
        self,
        database: Database,
        accounts: Accounts,
        codes: StaffCodes,
        passkeys: Passkeys,
        throttle: Throttle,
        pepper: bytes,
        audit: AuditLog,
        cost: Cost = USUAL,
    ) -> None:
        self._cost = cost
        self._database = database
        self._accounts = accounts
        self._codes = codes
        self._passkeys = passkeys
        self._throttle = throttle
        self._pepper = pepper
        self._audit = audit

    def prepare(
        self, login: str, *, at: datetime, nobodys_totp: str, place: PinPlace = PinPlace.STAFF
    ) -> SignInTry:
        """Begin a try, counted as failed from now on. nobodys_totp: what stands in where there is no such account.

        place: STAFF for a sign-in, PROOF for who is signed in already.
        """
        lookup = self._accounts.lookup(login)
        may_try = self._throttle.take_try(lookup, at, place)
        account = self._accounts.by_login(login)
        if account is not None and not account.is_active:
            account = None
        kept = account.secrets if account else None
        check = PinCheck(
            account=lookup,
            person=PersonId(account.id) if account else _NOBODY,
            credential=None,
            verifier=kept.password if kept else dummy_verifier(self._cost),
            pepper=self._pepper,
            is_throttled=not may_try,
            place=place,
        )
        return SignInTry(account, lookup, kept.totp if kept else nobodys_totp, check)

    def finish(self, tried: SignInTry, *, password_fits: bool, shown: Shown, at: datetime) -> Account | None:
        """Give whose password and second factor these are, None if either is wrong; used up, both of them.

        What begins a session is written down; a proof begins none.
        """
        place = tried.check.place

        def work(connection: sqlite3.Connection) -> Account | None:
            account = self._same(tried.account)
            if account is None or not password_fits or not self._second(connection, account, shown, at):
                return None
            self._throttle.forgive(connection, tried.lookup, place)
            if place is PinPlace.STAFF:
                self._audit.note(connection, account.staff, Action.SIGNED_IN, at=at, object=account.id)
            return account

        return self._database.write(work)

    def with_passkey(self, passkey: Passkey, sign_count: int, at: datetime) -> Staff | None:
        """Sign the passkey's owner in, None where the account is not in force, or the passkey was removed meanwhile."""

        def work(connection: sqlite3.Connection) -> Staff | None:
            account = self._accounts.find(passkey.account)
            if account is None or not account.is_active or self._passkeys.find(passkey.credential) != passkey:
                return None
            self._passkeys.used(connection, passkey, sign_count)
            self._audit.note(connection, account.staff, Action.SIGNED_IN, at=at, object=account.id)
            return account.staff

        return self._database.write(work)

    def verifier(self, account: str, password: str) -> str:
        """Give what verifies *password* for *account* and no other. Slow (one argon2id), safe in any thread."""
        return make_verifier(self._pepper, account, password, self._cost)

    def _same(self, before: Account | None) -> Account | None:
        """Give the account as it is now, None where its secrets changed since the try began."""
        now = self._accounts.find(before.id) if before else None
        if before is None or now is None or not now.is_active or now.staff.stamp != before.staff.stamp:
            return None
        return now

    def _second(self, connection: sqlite3.Connection, account: Account, shown: Shown, at: datetime) -> bool:
        """Use the second factor up: a code of the authenticator is good once, and so is each recovery code."""
        assert account.secrets is not None
        if shown.step is not None:
            if shown.step <= account.secrets.step:
                return False
            self._accounts.use_step(connection, account, shown.step)
            return True
        if not self._codes.spend_recovery(connection, account.id, shown.typed, at):
            return False
        self._audit.note(connection, account.staff, Action.RECOVERY_CODE_USED, at=at, object=account.id)
        return True

"""All accounts, for who manages them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gate.core.canonical import digest
from gate.core.roles import AccountId, Role, Staff
from gate.errors import RequestError
from gate.office.accounts.desk import fit_login, fit_name
from gate.ports import Clock
from gate.store import Store
from gate.store.account.audit import Action, Actor, Who
from gate.store.staff.accounts import Account
from gate.web.staff.ports.accounts import AccountState, AccountView, Invitation


@dataclass(frozen=True, slots=True)
class _Counts:
    """What stands in other tables, by account."""

    passkeys: dict[AccountId, int]
    recovery: dict[AccountId, int]
    invited: dict[AccountId, datetime]


class AccountBook:
    """The port AccountBookPort of gate/web/staff/ports/accounts.py."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._room = store.staff
        self._clock = clock

    def all(self) -> Sequence[AccountView]:
        """Give every account, in the order of their logins."""
        counts = self._counts()
        return tuple(self._view(account, counts) for account in self._room.accounts.all())

    def get(self, account: AccountId) -> AccountView:
        """Give one. Raises RequestError ``account-unknown``."""
        return self._view(self._room.accounts.get(account), self._counts())

    def name_of(self, account: str) -> str | None:
        """Give the name of an account, None where there is none of this id any more."""
        found = self._room.accounts.find(account)
        return found.name if found else None

    def invite(self, by: Staff, login: str, name: str, roles: frozenset[Role]) -> Invitation:
        """Enter an account with its invitation; see AccountBookPort."""
        login, name, now = fit_login(login), fit_name(name), self._clock.now()
        _refuse_no_role(roles)

        def work(connection: sqlite3.Connection) -> Invitation:
            account = self._room.accounts.enter(connection, login, name, roles, now, by)
            return self._invite(connection, account, by)

        return self._room.write(work)

    def change(
        self, by: Staff, account: AccountId, *, name: str, roles: frozenset[Role], seen: str
    ) -> AccountView:
        """Change name and roles of what nobody changed since *seen*; see AccountBookPort."""
        fit = fit_name(name)
        _refuse_no_role(roles)

        def alter(before: Account) -> Account:
            if _seen(before) != seen:
                raise RequestError(
                    "account-changed",
                    "Somebody else changed this account meanwhile.",
                    remedy="Look at what it says now, then change it again if need be.",
                )
            if account == by.account and roles != before.roles:
                raise RequestError(
                    "roles-own",
                    "Nobody changes their own offices.",
                    remedy="Ask another manager; where there is none, gate account setup-code lets one join.",
                )
            return replace(before, name=fit, roles=roles)

        def work(connection: sqlite3.Connection) -> None:
            now, room = self._clock.now(), self._room
            before = room.accounts.get(account)
            after = room.accounts.change(account, alter, at=now, by=by)
            if not before.roles <= after.roles:
                may = after.staff.may_all_of
                room.tokens.revoke_made_by(connection, account, at=now, by=by, but_for=may)

        self._room.write(work)
        return self.get(account)

    def disable(self, by: Staff, account: AccountId) -> None:
        """End an account and the tokens it made. Raises RequestError ``last-manager``, ``account-unknown``."""
        disable(self._store, account, at=self._clock.now(), by=by)

    def invite_anew(self, by: Staff, account: AccountId) -> Invitation:
        """Take all secrets of an account back and invite its holder; see AccountBookPort."""
        code, until = reset(self._store, account, at=self._clock.now(), by=by)
        return Invitation(account, self._room.accounts.get(account).login, code, until)

    def note_sessions_ended(self, by: Staff, account: AccountId) -> None:
        """Write down that somebody signed an account's browsers out."""
        self._store.audit.write(by, Action.SESSIONS_ENDED, at=self._clock.now(), object=account)

    def _invite(self, connection: sqlite3.Connection, account: Account, by: Staff) -> Invitation:
        code, until = self._room.codes.invite(connection, account.id, self._clock.now(), by)
        return Invitation(account.id, account.login, code, until)

    def _counts(self) -> _Counts:
        room = self._room
        return _Counts(room.passkeys.counts(), room.codes.recovery_left(), room.codes.invited_until())

    def _view(self, account: Account, counts: _Counts) -> AccountView:
        until = counts.invited.get(account.id)
        return AccountView(
            id=account.id,
            login=account.login,
            name=account.name,
            roles=account.roles,
            state=_state(account),
            passkeys=counts.passkeys.get(account.id, 0),
            recovery_codes=counts.recovery.get(account.id, 0),
            created_at=account.created_at,
            disabled_at=account.disabled_at,
            invited_until=until if until is not None and until > self._clock.now() else None,
            seen=_seen(account),
        )


def disable(store: Store, account: AccountId, *, at: datetime, by: Who = Actor.INSTALLER) -> None:
    """End an account and the tokens it made, in one transaction.

    Raises RequestError ``account-unknown``, ``last-manager``.
    """

    def work(connection: sqlite3.Connection) -> None:
        if store.staff.accounts.get(account).disabled_at is not None:
            return
        store.staff.accounts.end(account, at=at, by=by, action=Action.ACCOUNT_DISABLED, disabled_at=at)
        store.staff.tokens.revoke_made_by(connection, account, at=at, by=by)

    store.staff.write(work)


def reset(
    store: Store, account: AccountId, *, at: datetime, by: Who = Actor.INSTALLER
) -> tuple[str, datetime]:
    """Take an account's secrets and the tokens it made back, and give a new invitation's code and end: all, or nothing.

    The tokens go too: whoever had the secrets may have made them. Raises RequestError ``account-unknown``, ``last-manager``.
    """

    def work(connection: sqlite3.Connection) -> tuple[str, datetime]:
        store.staff.accounts.end(account, at=at, by=by, action=Action.ACCOUNT_RESET, disabled_at=None)
        store.staff.tokens.revoke_made_by(connection, account, at=at, by=by)
        return store.staff.codes.invite(connection, account, at, by)

    return store.staff.write(work)


def _state(account: Account) -> AccountState:
    if account.disabled_at is not None:
        return AccountState.DISABLED
    return AccountState.ACTIVE if account.secrets else AccountState.INVITED


def _seen(account: Account) -> str:
    return digest({"name": account.name, "roles": sorted(account.roles)}).hex()


def _refuse_no_role(roles: frozenset[Role]) -> None:
    if not roles:
        raise RequestError(
            "roles-none", "An account has at least one office.", remedy="Tick what its holder is to do."
        )

"""Taking an account up: the first by the set-up code, every other by an invitation; nothing is written before the end."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from gate.core.roles import AccountId, Role
from gate.errors import RequestError
from gate.office.accounts import totp
from gate.office.accounts.desk import AccountDesk, fit_login, fit_name
from gate.office.accounts.waiting import Waiting
from gate.store.account.audit import Action
from gate.store.staff.accounts import Account, Secrets, login_taken, new_account
from gate.store.times import seconds_of, time_of
from gate.web.staff.ports.accounts import Enrolment, Ready


@dataclass(frozen=True, slots=True)
class _Joiner:
    """Somebody between their password and their second factor. fresh: entered with the end of it, by a set-up code."""

    account: Account
    fresh: bool
    code: str = field(repr=False)
    password: str = field(repr=False)
    totp: str = field(repr=False)


class Joining:
    """The port JoiningPort of gate/web/staff/ports/accounts.py."""

    def __init__(self, desk: AccountDesk) -> None:
        self._desk = desk
        self._waiting: Waiting[_Joiner] = Waiting(desk.clock)
        self._is_set_up = False

    @property
    def is_set_up(self) -> bool:
        """Tell whether anybody can sign in as a manager; once somebody can, the last of them cannot be taken away.

        So it is remembered: everybody may ask for the sign-in, and to count managers is to open every account.
        """
        self._is_set_up = self._is_set_up or bool(self._desk.store.staff.accounts.managers())
        return self._is_set_up

    async def set_up(
        self, code: str, login: str, name: str, password: str, roles: frozenset[Role]
    ) -> Enrolment:
        """Begin a manager's account; see JoiningPort."""
        room, now = self._desk.store.staff, self._desk.clock.now()
        if not room.codes.is_set_up_code(code, now):
            raise _set_up_wrong()
        login, name = fit_login(login), fit_name(name)
        if room.accounts.by_login(login) is not None:
            raise login_taken()
        account = Account(new_account(), login, name, roles | {Role.MANAGER}, now)
        return await self._begin(account, code, password, fresh=True)

    async def join(self, code: str, password: str) -> Enrolment:
        """Begin to take up an invited account; see JoiningPort."""
        room = self._desk.store.staff
        account = room.codes.invited(code, self._desk.clock.now())
        found = room.accounts.find(account) if account is not None else None
        if found is None:
            raise _invitation_wrong()
        return await self._begin(found, code, password, fresh=False)

    def waiting(self, ticket: str) -> Enrolment:
        """Give what waits. Raises RequestError ``enrolment-over``."""
        return self._enrolment(ticket, self._waiting.get(ticket))

    def confirm(self, ticket: str, code: str) -> Ready:
        """Write the account; see JoiningPort. The code is used up, so that it signs nobody in again."""
        joiner = self._waiting.get(ticket)
        step = self._desk.step(joiner.totp, code)
        room, now = self._desk.store.staff, self._desk.clock.now()

        def work(connection: sqlite3.Connection) -> Ready:
            account = self._spend(connection, joiner)
            fresh = Secrets(joiner.password, joiner.totp, step)
            if joiner.fresh:
                room.accounts.insert(connection, account, account.staff)
            room.accounts.put_secrets(connection, account.id, fresh, now)
            room.accounts.note(connection, account, Action.SECOND_FACTOR_CHANGED, now)
            codes = room.codes.new_recovery_codes(connection, account.id, now)
            signed = room.accounts.get(account.id).staff
            room.accounts.note(connection, account, Action.SIGNED_IN, now)
            return Ready(signed, codes)

        ready = room.write(work)
        self._waiting.drop(ticket)
        return ready

    async def _begin(self, account: Account, code: str, password: str, *, fresh: bool) -> Enrolment:
        verifier = await self._desk.verifier(account.id, account.login, password)
        joiner = _Joiner(account, fresh, code, verifier, totp.fresh_secret())
        return self._enrolment(self._waiting.put(joiner), joiner)

    def _spend(self, connection: sqlite3.Connection, joiner: _Joiner) -> Account:
        """Use the one-time code up; give the account as it is to be entered, or as it stands now."""
        room, now = self._desk.store.staff, self._desk.clock.now()
        spent: AccountId | bool = room.codes.spend(connection, joiner.code, now)
        if joiner.fresh:
            if spent is not True:
                raise _set_up_wrong()
            return Account(
                joiner.account.id,
                joiner.account.login,
                joiner.account.name,
                joiner.account.roles,
                time_of(seconds_of(now)),
            )
        if spent != joiner.account.id:
            raise _invitation_wrong()
        return room.accounts.get(joiner.account.id)

    def _enrolment(self, ticket: str, joiner: _Joiner) -> Enrolment:
        login = joiner.account.login
        uri = totp.uri_of(joiner.totp, login=login, gate_id=self._desk.gate_id)
        return Enrolment(ticket, login, joiner.totp, uri)


def _set_up_wrong() -> RequestError:
    return RequestError(
        "setup-code-wrong",
        "This is not the set-up code, or its hour is over.",
        remedy="Run gate account setup-code on the device and type the code it prints.",
    )


def _invitation_wrong() -> RequestError:
    return RequestError(
        "invitation-wrong",
        "This invitation is not known, was used, or its week is over.",
        remedy="Ask a manager for a new one.",
    )

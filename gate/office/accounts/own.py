"""One's own account: what changes a secret asks for password and code again, and ends every other sign-in."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from gate.core.credentials import PinPlace
from gate.core.roles import AccountId, Staff
from gate.office.accounts import totp
from gate.office.accounts.desk import AccountDesk, fit_name, wrong
from gate.office.accounts.passkeys import Ceremonies
from gate.office.accounts.waiting import Waiting
from gate.store.account.audit import Action
from gate.store.staff.accounts import Account, Secrets
from gate.web.staff.ports.accounts import Enrolment, OwnAccount, PasskeyView, Proof, Ready

_Alter = Callable[[Secrets], Secrets]


@dataclass(frozen=True, slots=True)
class _Changer:
    """Somebody between two second factors."""

    account: AccountId
    login: str = field(repr=False)
    totp: str = field(repr=False)


class OwnAccounts:
    """The port OwnAccountPort of gate/web/staff/ports/accounts.py."""

    def __init__(self, desk: AccountDesk, ceremonies: Ceremonies) -> None:
        self._desk = desk
        self._room = desk.store.staff
        self._ceremonies = ceremonies
        self._waiting: Waiting[_Changer] = Waiting(desk.clock)

    def of(self, staff: Staff) -> OwnAccount:
        """Give the account."""
        account = self._room.accounts.get(staff.account)
        passkeys = self._room.passkeys.of(staff.account)
        return OwnAccount(
            login=account.login,
            name=account.name,
            roles=account.roles,
            passkeys=tuple(PasskeyView(each.id, each.name, each.added_at) for each in passkeys),
            recovery_codes=self._room.codes.recovery_left().get(staff.account, 0),
        )

    async def change_password(self, staff: Staff, proof: Proof, fresh: str) -> Staff:
        """Take a new password; see OwnAccountPort."""
        account = await self._prove(staff, proof)
        verifier = await self._desk.verifier(account.id, account.login, fresh)

        def alter(before: Secrets) -> Secrets:
            return replace(before, password=verifier)

        return self._room.write(lambda c: self._change(c, account, alter, Action.PASSWORD_CHANGED))

    async def new_second_factor(self, staff: Staff, proof: Proof) -> Enrolment:
        """Draw a new secret; see OwnAccountPort."""
        account = await self._prove(staff, proof)
        changer = _Changer(account.id, account.login, totp.fresh_secret())
        return self._enrolment(self._waiting.put(changer), changer)

    def waiting(self, staff: Staff, ticket: str) -> Enrolment:
        """Give what waits. Raises RequestError ``enrolment-over``."""
        return self._enrolment(ticket, self._changer(staff, ticket))

    def confirm_second_factor(self, staff: Staff, ticket: str, code: str) -> Staff:
        """Change to the new secret; see OwnAccountPort."""
        changer = self._changer(staff, ticket)
        step = self._desk.step(changer.totp, code)
        account = self._room.accounts.get(staff.account)

        def alter(before: Secrets) -> Secrets:
            return replace(before, totp=changer.totp, step=step)

        changed = self._room.write(lambda c: self._change(c, account, alter, Action.SECOND_FACTOR_CHANGED))
        self._waiting.drop(ticket)
        return changed

    async def new_recovery_codes(self, staff: Staff, proof: Proof) -> Ready:
        """Draw ten new codes; see OwnAccountPort."""
        account = await self._prove(staff, proof)

        def work(connection: sqlite3.Connection) -> Ready:
            codes = self._room.codes.new_recovery_codes(connection, account.id, self._desk.clock.now())
            return Ready(self._change(connection, account, _as_is, Action.RECOVERY_CODES_MADE), codes)

        return self._room.write(work)

    async def passkey_options(self, staff: Staff, proof: Proof) -> str:
        """Give what the browser makes a passkey from; see OwnAccountPort."""
        account = await self._prove(staff, proof)
        return self._ceremonies.offer(account, self._room.passkeys.of(account.id))

    def add_passkey(self, staff: Staff, name: str, answer: str) -> None:
        """Add the passkey that the browser made; see OwnAccountPort."""
        fit, account = fit_name(name), self._room.accounts.get(staff.account)
        made = self._ceremonies.made(answer, account)
        self._room.passkeys.add(
            account.id,
            fit,
            made.credential_id,
            made.credential_public_key,
            made.sign_count,
            at=self._desk.clock.now(),
            by=staff,
        )

    async def remove_passkey(self, staff: Staff, proof: Proof, passkey: str) -> Staff:
        """Remove one; see OwnAccountPort."""
        account = await self._prove(staff, proof)

        def work(connection: sqlite3.Connection) -> Staff:
            now = self._desk.clock.now()
            self._room.passkeys.remove(connection, account.id, passkey, at=now, by=staff)
            return self._change(connection, account, _as_is, None)

        return self._room.write(work)

    async def _prove(self, staff: Staff, proof: Proof) -> Account:
        account = self._room.accounts.get(staff.account)
        return await self._desk.prove(account.login, proof.password, proof.code, PinPlace.PROOF)

    def _change(
        self, connection: sqlite3.Connection, proven: Account, alter: _Alter, action: Action | None
    ) -> Staff:
        """Write what *alter* makes of the secrets as they are now. Raises RequestError where they changed since the proof."""
        now, account = self._desk.clock.now(), self._room.accounts.get(proven.id)
        if account.secrets is None or account.staff.stamp != proven.staff.stamp:
            raise wrong()
        self._room.accounts.put_secrets(connection, account.id, alter(account.secrets), now)
        if action is not None:
            self._room.accounts.note(connection, account, action, now)
        return self._room.accounts.get(account.id).staff

    def _changer(self, staff: Staff, ticket: str) -> _Changer:
        changer = self._waiting.get(ticket)
        if changer.account != staff.account:
            raise wrong()
        return changer

    def _enrolment(self, ticket: str, changer: _Changer) -> Enrolment:
        uri = totp.uri_of(changer.totp, login=changer.login, gate_id=self._desk.gate_id)
        return Enrolment(ticket, changer.login, changer.totp, uri)


def _as_is(before: Secrets) -> Secrets:
    return before

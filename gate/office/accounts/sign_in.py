"""Signing in: by password and second factor, or by a passkey."""

from __future__ import annotations

from gate.core.credentials import PinPlace
from gate.core.roles import Staff
from gate.office.accounts.desk import AccountDesk
from gate.office.accounts.passkeys import Ceremonies
from gate.store.staff.passkeys import passkey_refused


class SignIn:
    """The port SignInPort of gate/web/staff/ports/accounts.py."""

    def __init__(self, desk: AccountDesk, ceremonies: Ceremonies) -> None:
        self._desk = desk
        self._ceremonies = ceremonies

    async def with_password(self, login: str, password: str, code: str) -> Staff:
        """Give who this is; see SignInPort."""
        account = await self._desk.prove(login, password, code, PinPlace.STAFF)
        return account.staff

    def passkey_options(self) -> str:
        """Give what the browser asks a passkey for."""
        return self._ceremonies.ask()

    def with_passkey(self, answer: str) -> Staff:
        """Give who answered. Raises RequestError ``passkey-refused``."""
        room = self._desk.store.staff
        passkey = room.passkeys.find(self._ceremonies.credential_of(answer))
        if passkey is None:
            raise passkey_refused()
        counted = self._ceremonies.heed(answer, passkey)
        who = room.sign_in.with_passkey(passkey, counted, self._desk.clock.now())
        if who is None:
            raise passkey_refused()
        return who

    def still_holds(self, who: Staff) -> bool:
        """Tell whether the sign-in holds."""
        return self._desk.store.staff.accounts.still_holds(who)

"""What signing in, joining and one's own account share: the slow hash behind the door's PINs, and the checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeVar

from gate.core.accounts import normal_login, normal_name
from gate.core.credentials import PinPlace
from gate.core.passwords import (
    CHARACTERS_LEAST,
    CHARACTERS_MOST,
    PasswordFault,
    normal_password,
    password_fault,
)
from gate.errors import RequestError
from gate.office.accounts import totp
from gate.ports import Clock
from gate.store import Store
from gate.store.staff.accounts import Account
from gate.store.staff.sign_in import Shown, SignInTry

T = TypeVar("T")

_NOBODYS: Final = totp.fresh_secret()
"""What a code is compared with where there is no such account."""
_PASSWORD_WORDS: Final = {
    PasswordFault.TOO_SHORT: (
        f"A password has at least {CHARACTERS_LEAST} characters.",
        "Take a sentence, or four words that do not belong together.",
    ),
    PasswordFault.TOO_LONG: (f"A password has at most {CHARACTERS_MOST} characters.", "Take a shorter one."),
    PasswordFault.UNPRINTABLE: (
        "A password is made of characters that can be seen.",
        "Type it, do not paste it.",
    ),
    PasswordFault.NAMES: (
        "The password holds the login or the gate's name.",
        "Take words that are not on the door.",
    ),
    PasswordFault.REPEATS: (
        "The password repeats itself.",
        "Take a sentence, or four words that do not belong together.",
    ),
    PasswordFault.COMMON: (
        "The password is made of what everybody tries first.",
        "Take a sentence, or four words that do not belong together.",
    ),
}


class Hashing(Protocol):
    """Does one slow hash when no PIN of the door waits. Raises RequestError ``staff-sign-in-wait`` when many wait."""

    async def __call__(self, work: Callable[[], T], /) -> T:
        """Give what *work* gives, done in another thread."""


@dataclass(frozen=True, slots=True)
class AccountDesk:
    """The store's staff with the hash and the clock."""

    store: Store
    clock: Clock
    hashing: Hashing
    gate_id: str

    async def prove(self, login: str, password: str, code: str, place: PinPlace) -> Account:
        """Give whose login, password and second factor these are, used up.

        place: STAFF for a sign-in, PROOF for who is signed in already: wrong tries at the one slow nobody at the other.
        Raises RequestError ``staff-sign-in-wrong``, whatever was wrong; ``staff-throttled``.
        """
        staff = self.store.staff.sign_in
        tried = staff.prepare(
            normal_login(login) or login, at=self.clock.now(), nobodys_totp=_NOBODYS, place=place
        )
        if tried.is_throttled:
            raise _wait()
        fits = await self.hashing(partial(tried.check.verify, normal_password(password)))
        account = staff.finish(
            tried,
            password_fits=bool(fits),
            shown=self._shown(tried, code),
            at=self.clock.now(),
        )
        if account is None:
            raise wrong()
        return account

    async def verifier(self, account: str, login: str, password: str) -> str:
        """Give what verifies a new password. Raises RequestError ``password-...`` for one that is unfit."""
        normal = normal_password(password)
        fault = password_fault(normal, login=login, gate_id=self.gate_id)
        if fault is not None:
            what, remedy = _PASSWORD_WORDS[fault]
            raise RequestError(f"password-{fault}", what, remedy=remedy)
        return await self.hashing(partial(self.store.staff.sign_in.verifier, account, normal))

    def step(self, secret: str, code: str) -> int:
        """Give the step of an app's code. Raises RequestError ``totp-wrong``."""
        step = totp.step_of(secret, code, self.clock.now())
        if step is None:
            raise RequestError(
                "totp-wrong",
                "This is not the code that the app shows now.",
                remedy="Type the newest one. If it stays so, compare the time of telephone and gate.",
            )
        return step

    def _shown(self, tried: SignInTry, code: str) -> Shown:
        """Judge *code* in the same way whether there is such an account or not."""
        step = totp.step_of(tried.totp, code, self.clock.now())
        return Shown(step, "" if totp.is_totp_code(code) else code)


def fit_login(text: str) -> str:
    """Give the login. Raises RequestError ``login-unfit``."""
    login = normal_login(text)
    if login is None:
        raise RequestError(
            "login-unfit",
            "A login has 2 to 32 small letters, digits, and . _ -; a letter or digit comes first.",
            remedy="Take one such as wang.li.",
        )
    return login


def fit_name(text: str) -> str:
    """Give the name. Raises RequestError ``name-unfit``."""
    name = normal_name(text)
    if name is None:
        raise RequestError(
            "name-unfit", "A name has 1 to 80 characters.", remedy="Write what the others know it by."
        )
    return name


def wrong() -> RequestError:
    """Say the one thing that is said of every refused sign-in."""
    return RequestError(
        "staff-sign-in-wrong",
        "Login, password and code do not belong together.",
        remedy="Try again. A code of the app is good once: wait for the next.",
    )


def _wait() -> RequestError:
    return RequestError(
        "staff-throttled",
        "Signing in has to wait a while.",
        remedy="Wait a minute, then try again; a passkey needs no waiting.",
    )

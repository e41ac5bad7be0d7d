"""What the pages need to know of staff accounts: signing in, setting up, managing them, and one's own (R52 to R54).

Every method may raise VaultError; every change RequestError. Methods that hash a password are coroutines: they wait
behind the door's PINs. No value here holds a password, a code or a key but for the ones that are shown once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from gate.core.roles import AccountId, Role, Staff


class AccountState(StrEnum):
    """How an account stands."""

    INVITED = "invited"  # nobody can sign in: a one-time code has to be taken up first
    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as those who manage accounts see it.

    invited_until: where a one-time code is out. seen: a digest of what can be changed, for ``change``.
    """

    id: AccountId
    login: str = field(repr=False)
    name: str = field(repr=False)
    roles: frozenset[Role]
    state: AccountState
    passkeys: int
    recovery_codes: int
    created_at: datetime
    disabled_at: datetime | None
    invited_until: datetime | None
    seen: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time code with which somebody takes their account up: shown once."""

    account: AccountId
    login: str = field(repr=False)
    code: str = field(repr=False)
    until: datetime


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A second factor that waits to be confirmed. ticket: names it in the next form.

    secret: base32, to be typed where no QR code can be read. uri: what the QR code says.
    """

    ticket: str = field(repr=False)
    login: str = field(repr=False)
    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ready:
    """An account that can be used from now on, signed in, and its recovery codes: shown once."""

    staff: Staff
    recovery_codes: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody who is signed in shows again before a secret of theirs changes.

    code: of the authenticator app, or a recovery code.
    """

    password: str = field(repr=False)
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PasskeyView:
    """One passkey as its owner sees it. id: 16 hex digits."""

    id: str
    name: str = field(repr=False)
    added_at: datetime


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """One's own account."""

    login: str = field(repr=False)
    name: str = field(repr=False)
    roles: frozenset[Role]
    passkeys: tuple[PasskeyView, ...]
    recovery_codes: int


class SignInPort(Protocol):
    """Signing in. Every refusal is in the same words and takes the same time, whatever was wrong."""

    async def with_password(self, login: str, password: str, code: str) -> Staff:
        """Give who this is. code: of the authenticator app, or a recovery code, which is used up.

        Raises ``staff-sign-in-wrong``, ``staff-throttled``.
        """

    def passkey_options(self) -> str:
        """Give what the browser asks a passkey for, as JSON; any passkey of this site may answer within five minutes."""

    def with_passkey(self, answer: str) -> Staff:
        """Give who answered, with user verification. answer: the browser's JSON. Raises ``passkey-refused``."""

    def still_holds(self, who: Staff) -> bool:
        """Tell whether the account is in force with exactly these offices and secrets; asked at every request."""


class JoiningPort(Protocol):
    """The first account by a set-up code, and every other by an invitation: password, second factor, recovery codes."""

    @property
    def is_set_up(self) -> bool:
        """Tell whether anybody can sign in as a manager."""

    async def set_up(
        self, code: str, login: str, name: str, password: str, roles: frozenset[Role]
    ) -> Enrolment:
        """Begin a manager's account by the code that the device itself printed; nothing is written before ``confirm``.

        roles: beside the manager's. Raises ``setup-code-wrong``, ``staff-throttled``, ``login-unfit``,
        ``login-taken``, ``name-unfit``, ``password-...`` with what is wrong.
        """

    async def join(self, code: str, password: str) -> Enrolment:
        """Begin to take up an account by its invitation. Raises ``invitation-wrong`` and what ``set_up`` does."""

    def waiting(self, ticket: str) -> Enrolment:
        """Give what ``set_up`` or ``join`` gave. Raises ``enrolment-over`` after a quarter of an hour."""

    def confirm(self, ticket: str, code: str) -> Ready:
        """Write the account once the app's *code* shows that it works. Raises ``totp-wrong``, ``enrolment-over``."""


class AccountBookPort(Protocol):
    """All accounts, for who may MANAGE_ACCOUNTS; ``name_of`` for who may see the audit log."""

    def all(self) -> Sequence[AccountView]:
        """Give every account, in the order of their logins."""

    def get(self, account: AccountId) -> AccountView:
        """Give one. Raises ``account-unknown``."""

    def name_of(self, account: str) -> str | None:
        """Give the name of an account that there is, or was within three years of its end; else None."""

    def invite(self, by: Staff, login: str, name: str, roles: frozenset[Role]) -> Invitation:
        """Enter an account that somebody takes up with a one-time code.

        Raises ``login-unfit``, ``login-taken``, ``name-unfit``, ``roles-none``.
        """

    def change(
        self, by: Staff, account: AccountId, *, name: str, roles: frozenset[Role], seen: str
    ) -> AccountView:
        """Change name and roles of an account that nobody changed since *seen*; tokens beyond its offices end.

        Raises ``account-changed``, ``last-manager``, ``name-unfit``, ``roles-none``, ``roles-own`` for one's own.
        """

    def disable(self, by: Staff, account: AccountId) -> None:
        """End an account with its passkeys, and the tokens it made. Raises ``last-manager``."""

    def invite_anew(self, by: Staff, account: AccountId) -> Invitation:
        """Take password, second factor and passkeys back, of a disabled account too, and let a one-time code set them anew.

        The tokens it made end.
        Raises ``last-manager``.
        """

    def note_sessions_ended(self, by: Staff, account: AccountId) -> None:
        """Write down that somebody signed an account's browsers out."""


class OwnAccountPort(Protocol):
    """One's own account. What changes a secret asks for a Proof first: ``staff-sign-in-wrong``, ``staff-throttled``.

    A change of secrets ends every other sign-in of the account: each of these gives who is signed in from then on.
    """

    def of(self, staff: Staff) -> OwnAccount:
        """Give the account."""

    async def change_password(self, staff: Staff, proof: Proof, fresh: str) -> Staff:
        """Take a new password. Raises ``password-...`` with what is wrong."""

    async def new_second_factor(self, staff: Staff, proof: Proof) -> Enrolment:
        """Draw a new secret for the authenticator app; the old one holds until ``confirm_second_factor``."""

    def waiting(self, staff: Staff, ticket: str) -> Enrolment:
        """Give what ``new_second_factor`` gave. Raises ``enrolment-over`` after a quarter of an hour."""

    def confirm_second_factor(self, staff: Staff, ticket: str, code: str) -> Staff:
        """Change to the new secret. Raises ``totp-wrong``, ``enrolment-over``."""

    async def new_recovery_codes(self, staff: Staff, proof: Proof) -> Ready:
        """Draw ten new codes; the old ones are void."""

    async def passkey_options(self, staff: Staff, proof: Proof) -> str:
        """Give what the browser makes a passkey from, as JSON, good for five minutes."""

    def add_passkey(self, staff: Staff, name: str, answer: str) -> None:
        """Add the passkey that the browser made. Raises ``passkey-refused``, ``passkey-many``, ``name-unfit``."""

    async def remove_passkey(self, staff: Staff, proof: Proof, passkey: str) -> Staff:
        """Remove one. Raises ``passkey-unknown``."""


@dataclass(frozen=True, slots=True)
class AccountsOffice:
    """All that the pages do about accounts."""

    sign_in: SignInPort
    joining: JoiningPort
    book: AccountBookPort
    own: OwnAccountPort

    def still_holds(self, who: Staff) -> bool:
        """Tell whether the account is in force with exactly these offices and secrets; asked at every request."""
        return self.sign_in.still_holds(who)

    def name_of(self, who: Staff) -> str:
        """Give what the account's holder is called, for their own pages."""
        return self.book.name_of(who.account) or ""

"""Staff at a gate, for tests: the real store and the real office; only time and the telephone with the app are made up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyotp

from gate.core.roles import Role, Staff
from gate.office.accounts import open_accounts
from gate.office.approvals import ApprovalDesk
from gate.office.tokens import TokenDesk

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PASSWORD = "vier Birken am Kanal"
RP_ID = "gate.example.org"


@dataclass
class SetClock:
    """Time that passes when the test says so."""

    at: datetime = NOON
    seconds: float = 1000.0

    def monotonic(self):
        return self.seconds

    def now(self):
        return self.at

    def pass_time(self, **span):
        passed = timedelta(**span)
        self.at += passed
        self.seconds += passed.total_seconds()


@dataclass
class CountedHashing:
    """Hashes at once, and counts how often."""

    hashes: int = 0

    async def __call__(self, work):
        self.hashes += 1
        return work()


@dataclass
class Phone:
    """An authenticator app with one secret."""

    secret: str
    clock: SetClock

    def code(self, *, steps_later=0):
        return pyotp.TOTP(self.secret).at(self.clock.now() + timedelta(seconds=30 * steps_later))

    def next_code(self):
        """Wait for a code that was not used yet."""
        self.clock.pass_time(seconds=30)
        return self.code()


@dataclass
class Person:
    """Somebody of the staff with what they sign in with."""

    login: str
    password: str
    phone: Phone
    staff: Staff
    recovery_codes: tuple[str, ...]


@dataclass
class Site:
    """One gate's staff: ``site.accounts`` and so on are the office's own."""

    store: object
    clock: SetClock = field(default_factory=SetClock)
    hashing: CountedHashing = field(default_factory=CountedHashing)

    def __post_init__(self):
        self.open_office()

    def open_office(self):
        """Open the office, or open it anew, as after a restart: what was in memory is gone."""
        self.accounts = open_accounts(self.store, self.clock, self.hashing, gate_id="north", rp_id=RP_ID)
        self.approvals = ApprovalDesk(self.store, self.clock)
        self.tokens = TokenDesk(self.store, self.clock)

    def set_up(self, login="wang", *, roles=frozenset(), password=PASSWORD):
        """Give a manager who set up their account by a set-up code."""
        code, _ = self.store.staff.codes.set_up_code(self.clock.now())
        begun = self.run(self.accounts.joining.set_up(code, login, f"{login.title()} Li", password, roles))
        return self._finish(begun, login, password)

    def join(self, by, login, *roles, password=PASSWORD):
        """Give somebody who took up the invitation that *by* made."""
        invitation = self.accounts.book.invite(by.staff, login, f"{login.title()} Li", frozenset(roles))
        return self.take_up(invitation, password)

    def take_up(self, invitation, password=PASSWORD):
        begun = self.run(self.accounts.joining.join(invitation.code, password))
        return self._finish(begun, invitation.login, password)

    def sign_in(self, person, *, password=None, code=None):
        """Give who signed in, with the next code unless another is given."""
        code = person.phone.next_code() if code is None else code
        return self.run(self.accounts.sign_in.with_password(person.login, password or person.password, code))

    def _finish(self, begun, login, password):
        phone = Phone(begun.secret, self.clock)
        ready = self.accounts.joining.confirm(begun.ticket, phone.code())
        return Person(login, password, phone, ready.staff, ready.recovery_codes)

    @staticmethod
    def run(work):
        return asyncio.run(work)

    def actions(self):
        """Give what the audit log tells, oldest first."""
        return [entry.action for entry in self.store.audit.entries()]


GUARD, MANAGER, OFFICER, INSTALLER = Role.GUARD, Role.MANAGER, Role.PRIVACY_OFFICER, Role.INSTALLER

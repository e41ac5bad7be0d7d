"""What an operator and a manager did before the walks begin: notice, assessment, staff, residents. All are made up."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyotp

from gate import app
from gate.core.accounts import TOTP_STEP_S
from gate.core.consent import Channel
from gate.core.passwords import normal_password
from gate.core.registers import Register, Training
from gate.core.rights import RequestKind
from gate.core.roles import AccountId, Role
from gate.core.types import PersonId
from gate.demo.operator import prepare_site
from gate.office.accounts.totp import fresh_secret
from gate.settings import read_settings
from gate.store import Store
from gate.store.account.audit import Actor
from gate.store.staff.accounts import Account, Secrets, new_account
from tests.pages.houses import House, until

NEIGHBOURS = (
    ("0101", "周子墨"),
    ("0102", "Grace Okafor"),
    ("0201", "吴雨桐"),
    ("0202", "Tomás Rivera"),
    ("0301", "郑浩然"),
    ("0302", "Mei Tanaka"),
    ("0401", "孙婉清"),
    ("0402", "Jonas Weber"),
)
"""Residents who only live there, so that lists look like lists."""


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody with a card and a PIN."""

    person: PersonId
    unit: str
    name: str
    card: int
    pin: str

    @property
    def keys(self) -> str:
        """Give what they press on the keypad."""
        return f"{self.unit}#{self.pin}#"


@dataclass(slots=True)
class Colleague:
    """Somebody of the staff, with what they sign in with. totp: base32. step: the last one whose code was used."""

    account: AccountId
    login: str
    name: str
    totp: str
    step: int = 0

    def code(self) -> str:
        """Give a code that their app shows about now and that was not used yet; each is good once (R54)."""
        until(lambda: self._now() + 1 > self.step, "the app to show another code", patience=60)
        self.step = max(self._now(), self.step + 1)
        return pyotp.TOTP(self.totp).at(self.step * TOTP_STEP_S)

    def _now(self) -> int:
        return int(time.time()) // TOTP_STEP_S


@dataclass(slots=True)
class Settled:
    """Who lives and works there."""

    residents: dict[str, Resident] = field(default_factory=dict)
    staff: dict[str, Colleague] = field(default_factory=dict)
    notice: str = ""
    requests: dict[str, str] = field(default_factory=dict)
    """By the unit of who asked."""
    training: str = ""

    def __getitem__(self, unit: str) -> Resident:
        """Give who lives in *unit*."""
        return self.residents[unit]


ADA, LIN, BEN, KIM = "1203", "1204", "0702", "0703"
WITH_CREDENTIALS = (
    (ADA, "Ada Chen", 40451),
    (LIN, "林若溪", 40452),
    (BEN, "Ben Wu", 40453),
    (KIM, "金秀雅", 40454),
)


PASSWORD = "seven quiet herons at dawn"
GUARD, MANAGER, SECOND, OFFICER, EVERYTHING = "guard", "manager", "second", "officer", "everything"
STAFF = {
    GUARD: ("zhang.wei", "张伟", {Role.GUARD}),
    MANAGER: ("chen.jing", "Chen Jing", {Role.MANAGER, Role.INSTALLER}),
    SECOND: ("zhao.min", "赵敏", {Role.MANAGER}),
    OFFICER: ("li.na", "Li Na", {Role.PRIVACY_OFFICER}),
    EVERYTHING: ("wang.fang", "Wang Fang", set(Role)),
}


def settle(house: House) -> Settled:
    """Publish the notice, approve the assessment, and let people move in."""
    settings = read_settings(house.config)
    settled = Settled()
    with closing(app.open_store(settings)) as store:
        now = datetime.now(UTC)
        prepare_site(store, settings, now)
        settled.notice = store.notices.current.version
        for unit, name, card in WITH_CREDENTIALS:
            settled.residents[unit] = _move_in(store, unit, name, card, now)
        for unit, name in NEIGHBOURS:
            store.people.add(unit, name, "")
        for unit in (LIN, KIM):
            settled.requests[unit] = store.requests.open(
                RequestKind.CORRECT,
                settled[unit].person,
                "我的姓名应为林若曦。",
                channel=Channel.DESK,
                at=now - timedelta(days=9),
                actor=Actor.INSTALLER,
            )
        trained = Training("Zhang Wei", "guard", "Card first", now.date(), now.date() + timedelta(days=200))
        settled.training = store.registers.add(Register.TRAINING, trained, now)
        for key, (login, name, roles) in STAFF.items():
            settled.staff[key] = _employ(store, login, name, frozenset(roles), now)
    return settled


def _employ(store: Store, login: str, name: str, roles: frozenset[Role], at: datetime) -> Colleague:
    room, account, totp = store.staff, new_account(), fresh_secret()
    verifier = room.sign_in.verifier(account, normal_password(PASSWORD))
    entered = Account(account, login, name, roles, at, secrets=Secrets(verifier, totp))
    room.write(lambda connection: room.accounts.insert(connection, entered, Actor.INSTALLER))
    return Colleague(account, login, name, totp)


def _move_in(store: Store, unit: str, name: str, card: int, at: datetime) -> Resident:
    person = store.people.add(unit, name, f"{unit}@lakeside.example")
    store.credentials.issue_card(person, f"26:{card}", at=at)
    return Resident(person, unit, name, card, store.credentials.issue_pin(person, at=at))

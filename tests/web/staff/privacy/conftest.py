"""The pages of privacy over the real store and the real office: only the time and the telling of the gate are made up."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI

from gate.core.roles import AccountId, Act, Role, Staff
from gate.demo.settings import desk_settings
from gate.office.approvals import ApprovalDesk
from gate.office.children import ChildRecords
from gate.office.privacy import privacy_office
from gate.web import app as whole
from gate.web.gatekeeper import STAFF_COOKIE, Gatekeeper, refuse_unruled
from gate.web.guard import Guard
from gate.web.pages import ready_pages
from gate.web.staff import audit, evidence, governance, notices, requests, retention
from gate.web.staff.layout import StaffPages
from tests.consents import give
from tests.notices import bare_board
from tests.store.conftest import NOON, database_path, intruder, open_store, store  # noqa: F401
from tests.web.conftest import Client
from tests.web.world import World

MANAGER, OFFICER, GUARD = Role.MANAGER, Role.PRIVACY_OFFICER, Role.GUARD
NAMES = {"a" * 16: "Wang Li", "b" * 16: "Zhao Min"}
SAME_ORIGIN = {"sec-fetch-site": "same-origin"}


@dataclass
class Time:
    """A clock in both kinds, believed unless the test says otherwise."""

    at: datetime = NOON
    seconds: float = 1000.0
    trusted: bool = True
    leapt: bool = False

    @property
    def confirmed(self):
        return None if self.leapt else self.at

    def monotonic(self):
        return self.seconds

    def now(self):
        return self.at

    def wait(self, **span):
        self.at += timedelta(**span)
        self.seconds += timedelta(**span).total_seconds()


@dataclass
class ToldGate:
    """What the office tells the gate."""

    told: list[str] = field(default_factory=list)

    def heed_notice(self):
        self.told.append("notice")

    def withdrawn(self, _person):
        self.told.append("withdrawn")

    def reload_gallery(self):
        self.told.append("gallery")


@dataclass
class Console:
    """One browser of one of the staff, in English."""

    client: Client
    token: str
    who: Staff

    def get(self, path, **options):
        return self.client.get(path, **options)

    def post(self, path, **fields):
        return self.client.post(path, data={"token": self.token, **fields}, headers=SAME_ORIGIN)

    def follow(self, answer):
        assert answer.status_code == 303, answer.text
        return self.get(answer.headers["location"])

    def hidden(self, path, name):
        """Give what a form of a page carries under *name*."""
        return re.search(rf'name="{name}" value="([^"]*)"', self.get(path).text)[1]


def pages_of(context):
    """Give the pages of privacy alone, as ``create_app`` does: all pages of a gate take ten times as long to build."""
    app, pages = FastAPI(telemetry=whole.TELEMETRY_OFF), ready_pages()
    for area in (audit, evidence, governance, notices, requests, retention):
        app.include_router(area.routes(StaffPages(context, pages)))
    app.state.gatekeeper = Gatekeeper(context, pages)
    refuse_unruled(app)
    whole._answer_errors(app, pages)
    app.add_middleware(Guard, pages=pages, transport=context.transport, clock=context.clock)
    return app


@dataclass
class House:
    """One gate with its office and its pages."""

    store: object
    time: Time
    runner: asyncio.Runner
    settings: object
    gate: ToldGate = field(default_factory=ToldGate)

    def __post_init__(self):
        self.approvals = ApprovalDesk(self.store, self.time)
        children = ChildRecords(self.store, self.time, self.approvals, lambda _account: {OFFICER})
        self.office = privacy_office(
            self.store,
            self.time,
            self.settings,
            service=self.gate,
            approvals=self.approvals,
            children=children,
            name_of=NAMES.get,
        )
        world = World(self.time)
        office = replace(world.context.office, privacy=self.office, approvals=self.approvals)
        self.context = replace(world.context, office=office)
        self.app = pages_of(self.context)

    def unpublish(self):
        """Open the same pages at a gate where no notice was ever published; whoever was signed in is not."""
        self.app = pages_of(replace(self.context, notices=bare_board()))

    def console(self, *roles, account="a" * 16):
        """Give a browser in which somebody with these offices is signed in."""
        client, who = Client(self.app, self.runner), Staff(AccountId(account), frozenset(roles))
        sessions = self.app.state.gatekeeper.staff
        cookie = sessions.begin(who)
        client._http.cookies.set(STAFF_COOKIE, cookie)
        client._http.cookies.set("language", "en")
        return Console(client, sessions.find(cookie).form, who)

    def allow(self, act=Act.EXPORT_EVIDENCE):
        """Have a second person allow what was asked for last."""
        asked = next(each for each in self.approvals.all() if each.act is act)
        self.approvals.allow(asked.id, Staff(AccountId("b" * 16), frozenset({MANAGER})))

    def move_in(self, unit="1203", name="Ada Chen", contact="ada@example.org"):
        return self.store.people.add(unit, name, contact)

    def child(self, unit="1204", name="Bo Chen"):
        """Enter a child by what a guardian told (R27)."""
        person = self.move_in(unit, name, "")
        day = date(2030, 1, 1)
        self.store._database.write(lambda c: self.store.people.remember_birthday(c, person, day))
        return person

    def agree(self, person):
        return give(self.store, person, at=self.time.at)

    def actions(self):
        return [(each.actor, each.action) for each in self.store.audit.entries()]

    def settle(self, job):
        """Wait until work beside the loop is done."""
        self.runner.run(job())


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def house(store, time, runner):  # noqa: F811
    return House(store, time, runner, desk_settings(Path("/nowhere")))


@pytest.fixture
def officer(house):
    return house.console(OFFICER)


@pytest.fixture
def manager(house):
    return house.console(MANAGER, account="b" * 16)

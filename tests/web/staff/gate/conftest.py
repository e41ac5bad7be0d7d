"""Somebody of the staff at the pages of the gate itself."""

from __future__ import annotations

import asyncio
import re
from dataclasses import fields, replace

import httpx
import pytest

from gate.core.roles import AccountId, Role, Staff
from gate.web.app import create_app
from gate.web.gatekeeper import STAFF_COOKIE
from tests.web.conftest import BASE
from tests.web.gate_fakes import quiet_gate
from tests.web.world import StoppedClock, World

FETCHED = {"sec-fetch-site": "same-origin"}


class NoApprovals:
    """Nothing was asked for, until a test says so."""

    def __init__(self):
        self.asked = []

    def all(self):
        return tuple(self.asked)


class House:
    """The pages over a gate that a test sets."""

    def __init__(self, world, runner):
        self.office = replace(world.office, approvals=NoApprovals())
        self.gate = self.office.gate
        self.context = replace(world.context, office=self.office)
        self.app = create_app(self.context, world.screen)
        self.keeper = self.app.state.gatekeeper
        self.runner = runner
        self.world = world

    def begin_anew(self):
        gate, fresh = self.gate, quiet_gate()
        for part in fields(gate):
            vars(getattr(gate, part.name)).update(vars(getattr(fresh, part.name)))
        self.office.approvals.asked = []
        self.office.accounts.ended.clear()
        self.world.obstacles_elsewhere = False
        self.world.deidentified_live = False
        self.world.clock.seconds = StoppedClock.seconds
        self.keeper.staff.end_where(lambda _session: True)

    def signed_in(self, *roles, account="a"):
        return Person(self, Staff(AccountId(account * 16), frozenset(roles)))


class Person:
    """One signed-in browser."""

    def __init__(self, house, who):
        self._house = house
        self.who = who
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(house.app), base_url=BASE)
        self.token = house.keeper.staff.begin(who)
        self.session = house.keeper.staff.find(self.token)
        self.http.cookies.set(STAFF_COOKIE, self.token)
        self.http.cookies.set("__Host-language", "en")
        self.http.cookies.set("language", "en")

    def get(self, path, **options):
        return self._house.runner.run(self.http.get(path, headers=FETCHED, **options))

    def post(self, path, **data):
        sent = {"token": self.session.form} | {name.replace("__", "."): value for name, value in data.items()}
        return self._house.runner.run(self.http.post(path, data=sent, headers=FETCHED))

    def form(self, page, action):
        """Give the hidden fields of the form of *page* that goes to *action*."""
        found = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page.text, re.DOTALL)
        assert found, f"no form to {action}"
        return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', found[0]))

    def press(self, page, action, **more):
        """Send the form of *page* that goes to *action*, with what somebody typed."""
        return self.post(action, **(self.form(page, action) | more))


@pytest.fixture(scope="module")
def one_house():
    """Compile the pages once: only what the fakes hold is anew for each test."""
    with asyncio.Runner() as runner:
        yield House(World(StoppedClock()), runner)


@pytest.fixture
def house(one_house):
    one_house.begin_anew()
    return one_house


@pytest.fixture
def runner(house):
    return house.runner


@pytest.fixture
def guard(house):
    return house.signed_in(Role.GUARD)


@pytest.fixture
def manager(house):
    return house.signed_in(Role.MANAGER)

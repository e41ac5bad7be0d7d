"""The pages about residents over the real store and the real office: only the time is made up."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import pytest

from gate.core.roles import AccountId, Role, Staff
from gate.office.approvals import ApprovalDesk
from gate.office.children import ChildRecords
from gate.office.people import people_office
from gate.web.app import create_app
from tests.settings_of import settings_of
from tests.store.conftest import NOON, open_store, store  # noqa: F401
from tests.web.conftest import Client
from tests.web.world import World

MANAGER = Staff(AccountId("a" * 16), frozenset({Role.MANAGER}))
OFFICER = Staff(AccountId("c" * 16), frozenset({Role.PRIVACY_OFFICER}))


@dataclass
class Time:
    """Both kinds of time, which pass when the test says so."""

    at: datetime = NOON
    seconds: float = 1000.0

    def monotonic(self):
        return self.seconds

    def now(self):
        return self.at

    def wait(self, **span):
        self.at += timedelta(**span)
        self.seconds += timedelta(**span).total_seconds()


@dataclass
class Console:
    """The staff's pages about residents, used by a manager in English."""

    client: Client
    token: str
    store: object
    office: object
    approvals: ApprovalDesk
    time: Time
    left: list[str] = field(default_factory=list)

    def get(self, path, **options):
        return self.client.get(path, params={"lang": "en"} if "?" not in path else None, **options)

    def send(self, path, **fields):
        return self.client.post(path, data={"token": self.token, **fields}, headers={"sec-fetch-site": "same-origin"})

    def upload(self, data, name="residents.csv"):
        return self.client.post(
            "/staff/people/import",
            data={"token": self.token},
            files={"file": (name, data, "text/csv")},
            headers={"sec-fetch-site": "same-origin"},
        )

    def follow(self, answer):
        assert answer.status_code == 303, answer.text
        return self.get(answer.headers["location"])

    def move_in(self, unit="1203", name="Ada Chen", contact="", card=""):
        """Enter somebody; give the id."""
        answer = self.send("/staff/people/new", unit=unit, name=name, contact=contact, card=card)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].split("/")[3]

    def seen(self, person):
        """Give the digest that the forms of a record carry now."""
        return re.search(r'name="seen" value="([0-9a-f]*)"', self.get(f"/staff/people/{person}").text)[1]

    def is_child(self, person):
        """Let a guardian have told the birthday (R27)."""
        day = date(2030, 1, 1)
        self.store._database.write(lambda c: self.store.people.remember_birthday(c, person, day))

    def actions(self):
        return [(each.actor, each.action) for each in self.store.audit.entries()]


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def duress():
    return False


@pytest.fixture
def console(store, time, runner, duress):  # noqa: F811
    return console_of(store, time, runner, duress=duress)


def console_of(store, time, runner, *, duress=False, most_roles=(Role.MANAGER,)):  # noqa: F811
    settings = settings_of("north")
    settings = settings.model_copy(
        update={"access": settings.access.model_copy(update={"duress": duress})}
    )
    approvals, left = ApprovalDesk(store, time), []
    children = ChildRecords(store, time, approvals, lambda _account: OFFICER.roles)

    async def hashing(work):
        return work()

    office = people_office(
        store,
        time,
        settings,
        children=children,
        hashing=hashing,
        notice=lambda: "1.0",
        left=lambda: left.append("told"),
    )
    world = World(time)
    context = replace(world.context, office=replace(world.office, people=office, approvals=approvals))
    client = Client(create_app(context, world.screen), runner)
    return Console(client, client.sign_in(*most_roles), store, office, approvals, time, left)

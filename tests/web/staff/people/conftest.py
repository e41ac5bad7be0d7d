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
from gate.web.staff.ports.people import PeopleOffice
from tests.settings_of import settings_of
from tests.store.conftest import NOON, database_path, intruder, open_store  # noqa: F401
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
        return self.client.post(
            path, data={"token": self.token, **fields}, headers={"sec-fetch-site": "same-origin"}
        )

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
        """Enter somebody without the PIN that takes its time; give the id."""
        person = self.store.people.add(unit, name, contact)
        if card:
            self.store.credentials.issue_card(person, f"26:{card}", at=NOON)
        return person

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


class Present:
    """Stands for what the present test made: the application is built once, for its many routes take their time."""

    def __init__(self):
        self.it = None

    def __getattr__(self, name):
        return getattr(self.it, name)


@dataclass
class Pages:
    """The application, and what in it is another in each test."""

    clock: Present = field(default_factory=Present)
    people: Present = field(default_factory=Present)
    imports: Present = field(default_factory=Present)
    hours: Present = field(default_factory=Present)
    visits: Present = field(default_factory=Present)

    def __post_init__(self):
        world = World(self.clock)
        office = replace(
            world.office, people=PeopleOffice(self.people, self.imports, self.hours, self.visits)
        )
        self.app = create_app(replace(world.context, office=office), world.screen)


@pytest.fixture(scope="session")
def pages():
    return Pages()


@pytest.fixture
def console(consoles):
    return consoles()


@pytest.fixture
def consoles(open_store, time, runner, pages):  # noqa: F811
    """Open the console: *duress* as the site has it, for a member of the staff with *roles*."""

    def opener(*, duress=False, roles=(Role.MANAGER,)):
        settings = settings_of("north")
        access = settings.access.model_copy(update={"duress": duress})
        store = open_store(duress=duress)
        approvals, left = ApprovalDesk(store, time), []

        async def hashing(work):
            return work()

        office = people_office(
            store,
            time,
            settings.model_copy(update={"access": access}),
            children=ChildRecords(store, time, approvals, lambda _account: OFFICER.roles),
            hashing=hashing,
            notice=lambda: "1.0",
            left=lambda: left.append("told"),
        )
        pages.clock.it = time
        for name in ("people", "imports", "hours", "visits"):
            getattr(pages, name).it = getattr(office, name)
        client = Client(pages.app, runner)
        console = Console(client, client.sign_in(*roles), store, office, approvals, time, left)
        console.get("/staff/cards/block")  # in English from now on
        return console

    return opener

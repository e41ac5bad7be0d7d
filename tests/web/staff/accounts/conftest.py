"""The pages of accounts over the real store and the real office: only time is made up."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field, replace

import pytest

from gate.web.app import create_app
from gate.web.gatekeeper import STAFF_COOKIE
from tests.office.accounts.conftest import bare, manager, open_store, set_up_once, site  # noqa: F401
from tests.web.conftest import Client
from tests.web.world import World

SAME = {"sec-fetch-site": "same-origin"}


@dataclass
class Browser:
    """One browser, in English, without scripts: it follows forms and redirects."""

    client: Client
    page: object = None
    path: str = ""
    fields: dict = field(default_factory=dict)

    def open(self, path):
        joint = "&" if "?" in path else "?"
        return self._landed(self.client.get(f"{path}{joint}lang=en"))

    def send(self, path, **fields):
        """Send a form to *path*, with what every form of the page before carried."""
        data = {name: self.hidden(name) for name in ("token", "once") if self.hidden(name)} | fields
        return self._landed(self.client.post(path, data=data, headers=SAME))

    def hidden(self, name):
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        return html.unescape(found[1]) if found else ""

    def data(self, name):
        """Give what a page tells its script."""
        return html.unescape(re.search(rf'data-{name}="([^"]*)"', self.text)[1])

    @property
    def text(self):
        return self.page.text if self.page is not None else ""

    @property
    def status(self):
        return self.page.status_code

    @property
    def is_signed_in(self):
        return self.client.request("GET", "/staff/account").status_code == 200

    @property
    def cookie(self):
        return self.client._http.cookies.get(STAFF_COOKIE)

    def _landed(self, answer):
        while answer.status_code == 303:
            self.path = answer.headers["location"]
            answer = self.client.get(self.path)
        self.page = answer
        return answer


@dataclass
class Pages:
    """The pages of one gate, for as many browsers as a test wants."""

    site: object
    app: object
    runner: object

    def browser(self):
        return Browser(Client(self.app, self.runner))

    def signed_in(self, person):
        """Give a browser in which *person* is signed in."""
        browser = self.browser()
        self.sign_in(browser, person)
        assert browser.is_signed_in, browser.text
        return browser

    def sign_in(self, browser, person, **changed):
        browser.open("/staff/sign-in")
        fields = {"login": person.login, "password": person.password, "next": "/staff/account"}
        code = {} if "code" in changed else {"code": person.phone.next_code()}
        return browser.send("/staff/sign-in", **(fields | code | changed))


def pages_of(gate, runner):
    world = World(gate.clock)
    office = replace(world.office, accounts=gate.accounts, approvals=gate.approvals, tokens=gate.tokens)
    context = replace(world.context, office=office, clock=gate.clock)
    return Pages(gate, create_app(context, world.screen), runner)


@pytest.fixture
def pages(site, runner):  # noqa: F811 - pytest's way to name a fixture
    return pages_of(site, runner)


@pytest.fixture
def bare_pages(bare, runner):  # noqa: F811 - as above
    return pages_of(bare, runner)

"""A gate whose clock stands still, and a client that is no browser."""

from __future__ import annotations

import asyncio
import os
import re

import httpx
import pytest

from gate.core.roles import AccountId, Staff
from gate.web.app import create_app
from gate.web.gatekeeper import STAFF_COOKIE
from tests.web.browser import CHROMIUM, FLAGS, Site, opened
from tests.web.world import StoppedClock, World

BASE = "https://127.0.0.1:8443"
SCREEN = "http://127.0.0.1:8080"
"""Where the gate's own screen and the simulator are: plain, and on loopback alone (ADR 0021)."""
OF_SCREEN = ("/kiosk", "/sim")


class Client:
    """Asks an application without a network, all on one loop."""

    def __init__(self, app, runner, *, base=BASE, peer=("127.0.0.1", 1)) -> None:
        self._app = app
        self._runner = runner
        self._here = base == BASE and peer[0] == "127.0.0.1"
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(app, client=peer), base_url=base)

    def sign_in(self, *roles):
        """Sign a member of the staff in; give the token that their forms carry."""
        sessions = self._app.state.gatekeeper.staff
        cookie = sessions.begin(Staff(AccountId("a" * 16), frozenset(roles)))
        self._http.cookies.set(STAFF_COOKIE, cookie)
        return sessions.find(cookie).form

    def get(self, path, **options):
        return self._runner.run(self._http.get(self._at(path), **options))

    def post(self, path, data=None, **options):
        return self._runner.run(self._http.post(self._at(path), data=data, **options))

    def request(self, method, path, **options):
        return self._runner.run(self._http.request(method, self._at(path), **options))

    def _at(self, path):
        """Give where a browser of this device asks for *path*: what is the screen's, where the screen is served."""
        return f"{SCREEN}{path}" if self._here and path.startswith(OF_SCREEN) else path

    def sheet(self, person, notice, language):
        """Give the stamp of a consent sheet that is sent now."""
        cookies = dict(self._http.cookies)
        page = self.get("/desk/consent", params={"person": person, "lang": language}).text
        self._http.cookies = httpx.Cookies(cookies)  # the language it was asked in is not the reader's choice
        found = re.search(r'name="shown" value="([^"]+)"', page)
        return found[1] if found and f'name="notice" value="{notice}"' in page else ""

    def during(self, asked, deed):
        """Ask *asked* and do *deed* while it waits."""

        async def both():
            asking = asyncio.create_task(self._http.get(self._at(asked)))
            for _ in range(50):  # turns of the loop that bring it to its wait
                await asyncio.sleep(0)
            deed()
            return await asking

        return self._runner.run(both())


@pytest.fixture
def clock():
    return StoppedClock()


@pytest.fixture
def world(clock):
    return World(clock)


@pytest.fixture
def runner():
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def client(world, runner):
    return Client(create_app(world.context, world.screen), runner)


@pytest.fixture(scope="module")
def chromium():
    """Debian's Chromium, without a window."""
    if not CHROMIUM.exists():
        assert os.environ.get("CI") != "true", "the browser tests must run here: install chromium"
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium, sites):
    """One page of a fresh browser profile, closed before its gate."""
    with opened(chromium) as page:
        yield page


@pytest.fixture
def sites():
    """Start gates with their pages; all end with the test."""
    running: list[Site] = []

    def start(**options):
        running.append(Site(**options))
        return running[-1]

    yield start
    for site in running:
        site.stop()

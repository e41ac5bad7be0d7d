"""A real browser before a real server and the real core: what the browser tests share."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from gate.core.roles import AccountId, Staff
from gate.simulated import SystemClock
from gate.web.app import create_app
from gate.web.gatekeeper import STAFF_COOKIE
from tests.served import Addresses, served
from tests.web.world import World

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PANEL = {"width": 800, "height": 480}
TOUCH_PX = 64
LOOK = "e => { const s = getComputedStyle(e); return [s.color, s.backgroundColor, s.borderColor, s.fontSize, s.fontWeight].join() }"


@contextmanager
def opened(chromium, **options):
    """Open one page of a fresh browser profile, and hold it to saying nothing on its console."""
    context = chromium.new_context(**{"viewport": PANEL, "ignore_https_errors": True} | options)
    context.set_default_timeout(8000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
    yield page
    context.close()
    assert complaints == []


class Site:
    """One gate with its pages, on a thread and a loop of its own; its deadlines pass in real time."""

    def __init__(self, port=0, **world) -> None:
        self.world = World(SystemClock(), **world)
        self._addresses: Future[Addresses] = Future()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_until_complete, args=(self._run(port),), daemon=True
        )
        self._thread.start()
        addresses = self._addresses.result(10)
        self.url, self.tls = addresses.plain, addresses.tls

    async def _run(self, port) -> None:
        self._stopped = asyncio.Event()
        self.app = app = create_app(self.world.context, self.world.screen)
        async with served(lambda _port: app, plain_port=port) as addresses:
            looking = asyncio.create_task(self._look())
            self._addresses.set_result(addresses)
            await self._stopped.wait()
            self.world.screen.speak(self.world.screen.shown.language)  # answers the question that still waits
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    async def _look(self) -> None:
        while True:
            self.world.look()
            await asyncio.sleep(0.02)

    def do(self, deed):
        """Do *deed* with the world on its own loop and give what it gives."""

        async def on_loop():
            return deed(self.world)

        return asyncio.run_coroutine_threadsafe(on_loop(), self._loop).result(10)

    def until(self, claim) -> None:
        """Wait until *claim* holds of the world, within ten seconds."""

        async def held():
            while not claim(self.world):  # noqa: ASYNC110 - the world has no event for every claim
                await asyncio.sleep(0.01)

        asyncio.run_coroutine_threadsafe(asyncio.wait_for(held(), 10), self._loop).result(12)

    def sign_in(self, page, *roles) -> None:
        """Sign a member of the staff in on *page*, as if they had."""
        who = Staff(AccountId("a" * 16), frozenset(roles))
        token = self.do(lambda _: self.app.state.gatekeeper.staff.begin(who))
        page.context.add_cookies([{"name": STAFF_COOKIE, "value": token, "url": self.tls, "secure": True}])

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopped.set)
            self._thread.join(10)
            self._loop.close()


def at(page, number) -> None:
    """Wait until the page shows what bears *number*."""
    page.locator(f'#view[data-number="{number}"]').wait_for()


def open_kiosk(page, site, language="zh-CN") -> None:
    page.goto(f"{site.url}kiosk")
    page.wait_for_function(
        "() => performance.getEntriesByType('resource').some(e => e.name.includes('/kiosk/view'))"
    )
    site.until(lambda world: world.screen.live)
    if language != "zh-CN":
        page.get_by_role("button", name="English").click()
        page.locator(f'html[lang="{language}"]').wait_for()

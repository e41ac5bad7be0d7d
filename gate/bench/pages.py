"""How long the pages take to answer with thousands of residents while a face is looked at, and what a first visit loads."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Final
from urllib.parse import urlencode

import pyotp
from fastapi import FastAPI
from starlette.types import Message

from gate.app import RunningGate, open_gate, open_store
from gate.bench.desk import bench_settings
from gate.bench.kiosk import choice_steps
from gate.core.roles import Role, Staff
from gate.core.types import AttemptId, Seconds
from gate.demo.operator import prepare_site
from gate.errors import DeviceFault
from gate.settings import Settings
from gate.simulated import SystemClock
from gate.store.account.audit import Actor
from gate.store.intake import Newcomer
from gate.web.app import create_app
from gate.web.context import WebContext
from gate.web.gatekeeper import STAFF_COOKIE
from gate.web.screen import KioskScreen

SLICE: Final = 500
PATIENCE_S: Final[Seconds] = 30.0
LOOK_S: Final[Seconds] = 0.02
LOAD: Final = AttemptId("load")
"""No attempt of the gate's own: what is found for it is dropped."""
PUBLIC: Final = ("/", "/notice", "/me", "/trust", "/staff/sign-in", "/kiosk")
"""Asked for by somebody who is not signed in."""
PAGES: Final = (
    *PUBLIC,
    *("/staff", "/staff/door", "/staff/alarms", "/staff/health", "/staff/counts"),
    *("/staff/people", "/staff/people?q=resident+4711", "/staff/desk", "/staff/hours", "/staff/visits"),
    *("/staff/requests", "/staff/notices", "/staff/retention", "/staff/duties", "/staff/audit"),
    *("/staff/rules", "/staff/backups", "/staff/accounts", "/staff/tokens", "/staff/account"),
)
_ASSET: Final = re.compile(r'(?:href|src)="(/static/[^"]+)"')


def page_figures(models_dir: Path, *, residents: int, rounds: int, steps: int) -> dict[str, object]:
    """Ask for every page *rounds* times, one after another, and walk *steps* times from the notice to the choice.

    pages_p95_ms: by page, from the request to its last byte, without network and TLS; each page was asked for once before. pages_first_load_bytes: each with all
    that it fetches. kiosk_step_p95_ms: from the end of the notice's minimum time to the choice on its way.
    """
    with tempfile.TemporaryDirectory(prefix="gate-bench-") as folder:
        settings = bench_settings(Path(folder), models_dir)
        _move_in(settings, residents)
        return asyncio.run(_measure(settings, rounds, steps))


def _move_in(settings: Settings, residents: int) -> None:
    with closing(open_store(settings)) as store:
        now = datetime.now(UTC)
        prepare_site(store, settings, now)
        newcomers = [Newcomer(str(1000 + n), f"Resident {n}", "", f"34:{n}") for n in range(residents)]
        sliced = [newcomers[at : at + SLICE] for at in range(0, residents, SLICE)]
        prepared = [store.intake.prepare(each) for each in sliced]
        store.intake.enter(prepared, file_sha256="bench", at=now, by=Actor.INSTALLER)


async def _measure(settings: Settings, rounds: int, steps: int) -> dict[str, object]:
    screen = KioskScreen(SystemClock())
    async with open_gate(settings, lambda _: screen) as gate:
        context = gate.web_context()
        browser = _Browser(create_app(context, screen))
        browser.sign_in(await _set_up(gate, context))
        await _offers_face(gate, browser)
        minimum_s = settings.notice.minimum_s
        stepped = await choice_steps(browser.body, minimum_s=minimum_s, rounds=steps)
        assert gate.vision is not None
        gate.vision.set_scene("stranger")
        gate.vision.open_camera(LOAD)
        loads = {page: await browser.first_load(page) for page in PAGES}  # each template is compiled once
        spent = {page: [(await browser.ask("GET", page)).spent for _ in range(rounds)] for page in PAGES}
        gate.vision.close_camera()
    p95 = {page: _p95(each) * 1e3 for page, each in spent.items()}
    return {
        "pages_p95_ms": p95,
        "slowest_page_p95_ms": max(p95.values()),
        "pages_first_load_bytes": loads,
        "heaviest_first_load_bytes": max(loads.values()),
        "kiosk_step_p95_ms": _p95(stepped) * 1e3,
    }


async def _set_up(gate: RunningGate, context: WebContext) -> Staff:
    """Set up a manager with every office, as a person would."""
    accounts = context.office.accounts
    code, _ = gate.store.staff.codes.set_up_code(gate.clock.now())
    offices = frozenset({Role.PRIVACY_OFFICER, Role.INSTALLER})
    begun = await accounts.joining.set_up(
        code, "measured", "Measured", "five plain birches by the canal", offices
    )
    return accounts.joining.confirm(begun.ticket, pyotp.TOTP(begun.secret).now()).staff


async def _offers_face(gate: RunningGate, browser: _Browser) -> None:
    """Keep the screen's page open until face is offered."""
    page = re.search(r'data-page="([^"]+)"', (await browser.body("GET", "/kiosk", None)).decode())
    assert page is not None
    async with asyncio.timeout(PATIENCE_S):
        while not gate.service.face_offered:
            await browser.body("GET", f"/kiosk/view?after=-1&page={page[1]}", None)
            await asyncio.sleep(LOOK_S)


def _p95(spent: list[Seconds]) -> Seconds:
    return quantiles(spent, n=20)[18]


@dataclass(frozen=True, slots=True)
class _Answer:
    body: bytes
    spent: Seconds


class _Browser:
    """Asks the application on its own loop, as this device's own browser with somebody of the staff signed in."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._cookie = ""

    def sign_in(self, who: Staff) -> None:
        """Carry a session of *who* from now on."""
        self._cookie = f"{STAFF_COOKIE}={self._app.state.gatekeeper.staff.begin(who)}"

    async def body(self, method: str, path: str, form: Mapping[str, str] | None) -> bytes:
        """Give what is answered."""
        return (await self.ask(method, path, form)).body

    async def first_load(self, path: str) -> int:
        """Give the bytes of a page and of every file that it names."""
        page = (await self.ask("GET", path)).body
        files = set(_ASSET.findall(page.decode()))
        return len(page) + sum([len((await self.ask("GET", file)).body) for file in files])

    async def ask(self, method: str, path: str, form: Mapping[str, str] | None = None) -> _Answer:
        """Ask once. Raises DeviceFault ``bench-refused`` for an answer that is no page."""
        sent = urlencode(form or {}).encode()
        path, _, query = path.partition("?")
        headers = {
            "host": "localhost",
            "cookie": "" if path in PUBLIC else self._cookie,
            "content-type": "application/x-www-form-urlencoded",
            "content-length": str(len(sent)),
        }
        scope = {
            "type": "http",
            "method": method,
            "scheme": "http" if path.startswith("/kiosk") else "https",
            "path": path,
            "http_version": "1.1",
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "client": ("127.0.0.1", 1),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        told: list[Message] = []
        incoming = iter([{"type": "http.request", "body": sent}])

        async def receive() -> Message:
            return next(incoming, None) or await asyncio.Future[Message]()

        async def send(message: Message) -> None:
            told.append(message)

        began = perf_counter()
        with suppress(asyncio.CancelledError):
            await self._app(scope, receive, send)
        spent = perf_counter() - began
        if not told or told[0]["status"] >= 400:  # noqa: PLR2004 - HTTP's own
            status = told[0]["status"] if told else "nothing"
            raise DeviceFault(
                "bench-refused", f"{path} answered {status}.", remedy="Look at the page: make demo-serve."
            )
        return _Answer(b"".join(each.get("body", b"") for each in told[1:]), spent)

"""Fuzz the pages over HTTP: whatever is sent by whomever, no handler breaks, and every answer forbids to be kept."""

import asyncio
import itertools
import tempfile
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from urllib.parse import quote

import structlog

from gate.app import open_gate
from gate.core.roles import AccountId, Role, Staff
from gate.demo.settings import desk_settings
from gate.settings import FaceSettings
from gate.simulated import SimulatedScreen
from gate.store.account.audit import Actor
from gate.store.staff.accounts import Account, Secrets
from gate.web.app import create_app
from gate.web.gatekeeper import STAFF_COOKIE
from gate.web.screen import KioskScreen
from gate.web.transport import Transport
from tests.fuzz.harness import Cut
from tests.web.route_table import TABLE

ROUTES = sorted(TABLE)
KINDS = (
    b"application/x-www-form-urlencoded",
    b"multipart/form-data; boundary=x",
    b"multipart/form-data",
    b"application/json",
    b"text/plain; charset=utf-7",
)
ENDLESS = {"GET /kiosk/view", "GET /staff/live"}
"""What may answer nothing until something happens."""
ENDLESS_S, PATIENCE_S = 0.2, 10.0
"""How long such a one is waited for, and how long any other."""


def _seed(route, kind, body, asker=1):
    return bytes((ROUTES.index(route), asker, kind, 0, 0)) + body


SEEDS = (
    _seed("POST /staff/sign-in", 0, b"name=manager&password=x&code=%00"),
    _seed(
        "POST /staff/people/import",
        1,
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nunit\r\n--x--\r\n',
    ),
    _seed("POST /enrol/identify", 0, b"unit=%ff%fe&pin=" + b"1" * 70, 0),
    _seed("GET /api/v1/audit", 0, b"", 2),
    _seed("POST /kiosk/choose", 3, b'{"attempt": 1}', 3),
)
NETWORKS = itertools.count(1)
STAFF = Staff(AccountId("a" * 16), frozenset(Role))
ALTERED_AT = 3
"""Places of a seed that are changed in make test: some of these inputs cost a slow hash."""
TOUCHES = True
"""A real gate writes what it is asked to: into a folder of its own."""


class Served:
    """A real gate with its office and store, and its pages, asked without a network; made when first asked."""

    def __init__(self):
        self._runner = asyncio.Runner()
        self._folder = tempfile.TemporaryDirectory()
        self._left = AsyncExitStack()
        self.app = None

    def run(self, ask):
        return self._runner.run(ask)

    async def start(self):
        bare = desk_settings(Path(self._folder.name)).model_copy(
            update={"face": FaceSettings(), "camera": None}
        )
        gate = await self._left.enter_async_context(open_gate(bare, SimulatedScreen))
        facts = Account(
            STAFF.account, "maker", "Maker", STAFF.roles, datetime.now(UTC), secrets=Secrets("v", "A")
        )
        gate.store.staff.write(
            lambda connection: gate.store.staff.accounts.insert(connection, facts, Actor.INSTALLER)
        )
        context = gate.web_context(Transport(port=8443))
        self.bearer = context.office.tokens.make(STAFF, "For all", Role.MANAGER, 30).text
        self.app = create_app(context, KioskScreen(gate.clock))
        self.keeper = self.app.state.gatekeeper

    def signed_in(self):
        """Give a fresh cookie of the staff, for the last may have been signed out, and the token of its forms."""
        cookie = self.keeper.staff.begin(STAFF)
        return cookie, self.keeper.staff.find(cookie).form

    def over(self):
        self._runner.run(self._left.aclose())
        self._runner.close()
        self._folder.cleanup()


@cache
def served():
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    made = Served()
    made.run(made.start())
    return made


def ready():
    """Open the gate before the first input is timed."""
    served()


def over():
    """Close the gate, where one was opened."""
    if served.cache_info().currsize:
        served().over()
        served.cache_clear()
        structlog.reset_defaults()


def one_input(raw):
    gate = served()
    gate.run(_asked(gate, Cut(raw)))


async def _asked(gate, data):
    route = ROUTES[data.number(0, len(ROUTES) - 1)]
    method, _, path = route.partition(" ")
    asker, kind = data.number(0, 3), KINDS[data.number(0, len(KINDS) - 1)]
    word = data.take(data.number(0, 32))
    query = bytes(0x21 + each % 94 for each in data.take(data.number(0, 64)))  # h11 lets nothing else in
    filled = "/".join(quote(word) or "x" if part.startswith("{") else part for part in path.split("/"))
    body = data.rest()
    cookie, bearer = "x=\x00", word.decode("latin-1")
    if asker == 1:
        staff, token = gate.signed_in()
        cookie = f"{STAFF_COOKIE}={staff}"
        body = b"token=" + token.encode() + b"&" + body if kind == KINDS[0] else body
    elif asker == 2:
        bearer = gate.bearer
    at_screen = filled.startswith(("/kiosk", "/sim"))
    status, headers = await _answer(
        gate.app,
        {
            "type": "http",
            "method": method,
            "path": filled,
            "raw_path": filled.encode(),
            "scheme": "http" if at_screen else "https",
            "query_string": query,
            "client": ("127.0.0.1" if at_screen else f"fd00:{next(NETWORKS) % 65536:x}::7", 1),
            "headers": [
                (b"host", b"localhost"),
                (b"content-type", kind),
                (b"content-length", str(len(body)).encode()),
                (b"cookie", cookie.encode()),
                (b"accept", b"application/json" if asker == 3 else b"text/html"),
                (b"authorization", b"Bearer " + bearer.encode("latin-1")),
            ],
        },
        body,
        ENDLESS_S if route in ENDLESS else PATIENCE_S,
    )
    assert status is not None or route in ENDLESS, route
    if status is not None:
        assert status < 500, (method, path, status)
        assert b"no-store" in headers.get(b"cache-control", b"")


async def _answer(app, scope, body, patience_s):
    """Give status and headers, None where no answer began within *patience_s*."""
    told = {"status": None, "headers": {}}
    incoming = iter([{"type": "http.request", "body": body}])
    answered = asyncio.Event()

    async def receive():
        return next(incoming, None) or await asyncio.Event().wait()

    async def send(message):
        if message["type"] == "http.response.start":
            told["status"], told["headers"] = message["status"], dict(message["headers"])
            answered.set()

    serving = asyncio.create_task(app(scope, receive, send))
    waiting = asyncio.create_task(answered.wait())
    await asyncio.wait({serving, waiting}, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        serving.result()  # what a handler raised is raised here
    for each in (serving, waiting):
        each.cancel()
    await asyncio.gather(serving, waiting, return_exceptions=True)
    return told["status"], told["headers"]

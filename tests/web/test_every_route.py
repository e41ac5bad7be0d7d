"""Every route, asked for by everybody there is, against a table written out (R53): deny by default, and say so in words."""

from __future__ import annotations

import asyncio
import itertools
import json
from dataclasses import dataclass, replace

import pytest

from gate.core.credentials import CredentialId, SignedIn
from gate.core.roles import AccountId, Program, Role, Staff
from gate.core.types import PersonId
from gate.web.app import create_app
from gate.web.gatekeeper import OWN_COOKIE, STAFF_COOKIE, routes_of
from gate.web.rules import RULES
from tests.web.route_table import TABLE
from tests.web.world import NobodyKnown, StoppedClock, World

LETTERS = {"G": Role.GUARD, "M": Role.MANAGER, "P": Role.PRIVACY_OFFICER, "I": Role.INSTALLER}
REFUSALS = {"session-over", "role-missing", "screen-only", "token-wrong", "foreign-page"}
RESIDENT = SignedIn(PersonId("p-agreed"), CredentialId("c"))


class HeldPins(NobodyKnown):
    """One's own page, where the PIN of whoever is signed in still holds."""

    def still_holds(self, _signed_in):
        return True


@dataclass(frozen=True)
class Asker:
    """Somebody who asks. name: how the table says them. here: from this device itself."""

    name: str
    role: Role | None = None
    here: bool = False

    def lets_in(self, who):
        """Tell whether the table lets this asker in where it says *who*."""
        if who in {"everyone", self.name}:
            return True
        if who.startswith("token-"):
            return self.name == "token" and self.role in {LETTERS[letter] for letter in who[len("token-") :]}
        return self.name == "staff" and who.isupper() and self.role in {LETTERS[letter] for letter in who}


ASKERS = (
    Asker("nobody"),
    Asker("screen", here=True),
    Asker("resident"),
    *(Asker(kind, role) for kind in ("staff", "token") for role in Role),
)


class Walk:
    """The whole application, and a way to ask it as anybody."""

    def __init__(self) -> None:
        self.world = World(StoppedClock())
        self.networks = itertools.count(1)  # each form from another, so that nobody asks too much
        context = replace(self.world.context, own=HeldPins())
        self.world.office.tokens.holders |= {role.value: Program("b" * 16, role) for role in Role}
        self.app = create_app(context, self.world.screen)

    def headers_of(self, asker):
        """Sign *asker* in afresh; give what their browser or program sends, and the token of their forms."""
        keeper = self.app.state.gatekeeper
        match asker.name:
            case "token":
                return {"authorization": f"Bearer {asker.role.value}"}, ""
            case "staff":
                cookie = keeper.staff.begin(Staff(AccountId("a" * 16), frozenset({asker.role})))
                return {"cookie": f"{STAFF_COOKIE}={cookie}"}, keeper.staff.find(cookie).form
            case "resident":
                cookie = keeper.own.begin(RESIDENT)
                return {"cookie": f"{OWN_COOKIE}={cookie}"}, keeper.own.find(cookie).form
            case _:
                return {}, ""

    async def ask(self, asker, route):
        """Give the status and, of JSON, the code of the first that is answered; a page that never ends is left."""
        method, _, path = route.partition(" ")
        headers, form = self.headers_of(asker)
        body = b"" if method == "GET" else f"token={form}".encode()
        headers |= {
            "host": "localhost",
            "accept": "application/json",
            "content-type": "application/x-www-form-urlencoded",
            "content-length": str(len(body)),
        }
        scope = {
            "type": "http",
            "method": method,
            "path": path.replace("{", "").replace("}", ""),
            "scheme": "http" if asker.here and path.startswith(("/kiosk", "/sim")) else "https",
            "query_string": b"",
            "client": ("127.0.0.1", 1) if asker.here else (f"fd00:{next(self.networks):x}::7", 1),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        answered = asyncio.Event()
        said = {"status": None, "body": b""}
        incoming = iter([{"type": "http.request", "body": body}])

        async def receive():
            return next(incoming, None) or await asyncio.Event().wait()

        async def send(message):
            if message["type"] == "http.response.start":
                said["status"] = message["status"]
            else:
                said["body"] += message.get("body", b"")
                answered.set()

        serving = asyncio.create_task(self.app(scope, receive, send))
        await asyncio.wait(
            {serving, asyncio.create_task(answered.wait())}, return_when=asyncio.FIRST_COMPLETED
        )
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        return said["status"], _code_of(said["body"])


def _code_of(body):
    try:
        answer = json.loads(body)
    except ValueError:
        return ""
    return answer.get("code", "") if isinstance(answer, dict) else ""


@pytest.fixture(scope="module")
def walk():
    return Walk()


def test_the_table_written_out_names_every_route_and_no_other_r53(walk):
    served = {f"{method} {route.path}" for route in routes_of(walk.app) for method in route.methods}
    assert set(TABLE) == served == set(RULES), "write the new route's line into tests/web/route_table.py"


@pytest.mark.parametrize(
    "asker", ASKERS, ids=lambda asker: f"{asker.name}{f'-{asker.role}' if asker.role else ''}"
)
def test_everybody_is_let_in_where_the_table_says_and_nowhere_else_r53(walk, asker):
    async def everywhere():
        return {route: await walk.ask(asker, route) for route in TABLE}

    answers = asyncio.run(everywhere())
    wrongly = {
        route: answers[route]
        for route, who in TABLE.items()
        if (answers[route][1] not in REFUSALS) is not asker.lets_in(who)
    }
    assert wrongly == {}


def test_what_is_refused_is_refused_with_its_own_status_r53(walk):
    async def statuses():
        manager, guard = Asker("staff", Role.MANAGER), Asker("staff", Role.GUARD)
        return [
            await walk.ask(Asker("nobody"), "GET /staff/people"),
            await walk.ask(guard, "GET /staff/people"),
            await walk.ask(manager, "GET /kiosk"),
            await walk.ask(Asker("nobody"), "GET /api/v1/status"),
            await walk.ask(Asker("token", Role.GUARD), "GET /api/v1/audit"),
        ]

    assert asyncio.run(statuses()) == [
        (401, "session-over"),
        (403, "role-missing"),
        (403, "screen-only"),
        (401, "token-wrong"),
        (403, "role-missing"),
    ]

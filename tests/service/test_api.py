"""The JSON API on a real gate: the real office, the real store, the real tokens, over TLS (R44, R45, R53, R55).

Schemathesis makes requests up from the OpenAPI document, right ones and wrong ones, and holds every answer against it.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS
from schemathesis.generation import GenerationMode

from gate.app import open_gate
from gate.core.roles import AccountId, Role, Staff
from gate.demo.settings import desk_settings
from gate.settings import FaceSettings
from gate.simulated import SimulatedScreen
from gate.store.account.audit import Action, Actor
from gate.store.staff.accounts import Account, Secrets
from gate.web.app import create_app
from gate.web.rules import RULES, Token
from gate.web.screen import KioskScreen
from gate.web.transport import Transport
from tests.served import authority, pem_of, served, trusting

HOME = "/api/v1"
MAKER = Staff(AccountId("a" * 16), frozenset(Role))
ROUTES = sorted(route for route, rule in RULES.items() if isinstance(rule, Token))
OFFICE = {  # an office that may do the route's act
    route: next(role for role in Role if Staff(MAKER.account, frozenset({role})).may(RULES[route].act))
    for route in ROUTES
}
EXAMPLES = 8
LEFT_OUT = {
    "ignored_auth",  # made of requests of its own, without the trust in our authority; below by hand
    "unsupported_method",  # answers to other methods are Problems as well, with Allow: below by hand
}


def employ(store):
    """Enter the account that makes the tokens: a token asks it each time."""
    kept, at = Secrets("a verifier", "ABCD"), datetime.now(UTC)
    maker = Account(MAKER.account, "maker", "Maker", MAKER.roles, at, secrets=kept)
    store.staff.write(lambda connection: store.staff.accounts.insert(connection, maker, Actor.INSTALLER))


def tell_an_hour(store):
    """Let the running hour be over; give its day."""
    now = datetime.now(UTC)
    store.tally.close(now)
    store.tally.close(now + timedelta(hours=1))
    return f"{now:%Y-%m-%d}"


class Api:
    """A real gate with its pages over TLS, on a thread and a loop of its own, and a token for each office."""

    def __init__(self, folder) -> None:
        self._ready: Future[str] = Future()
        self._loop = asyncio.new_event_loop()
        self._folder = folder
        self._thread = threading.Thread(
            target=self._loop.run_until_complete, args=(self._run(),), daemon=True
        )
        self._thread.start()
        self.url = self._ready.result(60)

    async def _run(self) -> None:
        self._over = asyncio.Event()
        bare = desk_settings(self._folder).model_copy(update={"face": FaceSettings(), "camera": None})
        async with open_gate(bare, SimulatedScreen) as gate:
            self.gate = gate

            def make(port):
                context = gate.web_context(Transport(port=port))
                employ(gate.store)
                self.told_on = tell_an_hour(gate.store)
                self.tokens = {
                    role: context.office.tokens.make(MAKER, f"For {role}", role, 30).text for role in Role
                }
                return create_app(context, KioskScreen(gate.clock))

            async with served(make) as addresses:
                self._ready.set_result(addresses.tls.rstrip("/"))
                await self._over.wait()

    def on_loop(self, look):
        """Give what *look* sees of the gate, on its own loop."""

        async def seen():
            return look(self.gate)

        return asyncio.run_coroutine_threadsafe(seen(), self._loop).result(10)

    def http(self, role=None):
        headers = {"authorization": f"Bearer {self.tokens[role]}"} if role else {}
        return httpx.Client(
            base_url=self.url + HOME, verify=trusting(), headers=headers, trust_env=False, timeout=20
        )

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(20)
        self._loop.close()


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api")
    api = Api(folder)
    api.authority = str(folder / "authority.pem")
    (folder / "authority.pem").write_bytes(pem_of(authority()[0].certificate))
    yield api
    api.stop()


@pytest.fixture(scope="module")
def document(api):
    with api.http() as http:
        answer = http.get("/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def test_the_document_describes_every_route_and_how_to_show_a_token(document):
    described = {
        f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods
    }
    assert described == set(ROUTES)
    assert document["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    assert all(method["security"] for methods in document["paths"].values() for method in methods.values())


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("route", ROUTES)
def test_every_answer_to_whatever_is_asked_is_as_the_document_says(api, document, route, mode):
    schema = schemathesis.openapi.from_dict(document)
    method, _, path = route.partition(" ")
    operation = schema[path][method]
    checks = [check for check in CHECKS.get_all() if check.__name__ not in LEFT_OUT]
    headers = {"authorization": f"Bearer {api.tokens[OFFICE[route]]}"}
    if mode is GenerationMode.NEGATIVE and not _takes_something(operation):
        return

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def asked(case):
        case.call_and_validate(base_url=api.url, headers=headers, verify=api.authority, checks=checks)

    asked()


def _takes_something(operation):
    return bool(operation.body) or bool(list(operation.query)) or bool(list(operation.path_parameters))


@pytest.mark.parametrize("route", ROUTES)
def test_without_a_token_nothing_is_told_r53(api, route):
    method, _, path = route.partition(" ")
    for headers in (
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": f"Basic {api.tokens[Role.MANAGER]}"},
    ):
        with api.http() as http:
            answer = http.request(method, _filled(path), headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["code"] == "token-wrong"


@pytest.mark.parametrize("route", ROUTES)
def test_a_token_does_what_its_office_may_and_nothing_else_r53(api, route):
    method, _, path = route.partition(" ")
    for role in Role:
        with api.http(role) as http:
            answer = http.request(method, _filled(path), headers={"content-length": "0"})
        may = Staff(MAKER.account, frozenset({role})).may(RULES[route].act)
        assert (answer.status_code != 403) is may, role


def _filled(path):
    return path.removeprefix(HOME).replace("{day}", "2026-11-22")


@pytest.fixture
def open_gate_again(api):
    """No lockdown of another test stands."""
    with api.http(Role.GUARD) as http:
        http.delete("/lockdown")


@pytest.mark.usefixtures("open_gate_again")
def test_a_release_takes_two_steps_and_the_first_opens_nothing_r68(api):
    with api.http(Role.GUARD) as http:
        asked = http.post("/door/release", content=b"")
        assert asked.status_code == 201
        assert http.get("/door").json()["locked"]
        wrong = http.post("/door/release/confirm", json={"word": "another"})
        assert (wrong.status_code, wrong.json()["code"]) == (409, "release-late")
        word = http.post("/door/release", content=b"").json()["word"]
        done = http.post("/door/release/confirm", json={"word": word})
        assert done.status_code == 200, done.text
        again = http.post("/door/release/confirm", json={"word": word})
    assert again.json()["code"] == "release-late"
    noted = api.on_loop(
        lambda gate: [e for e in gate.store.audit.entries() if e.action == Action.DOOR_RELEASED]
    )
    assert noted
    assert noted[-1].actor.startswith("token:")


@pytest.mark.usefixtures("open_gate_again")
def test_a_lockdown_begun_by_a_program_holds_and_is_on_record_r55(api):
    with api.http(Role.GUARD) as http:
        assert http.put("/lockdown", content=b"").json() == {"lockdown": True, "changed": True}
        assert http.put("/lockdown", content=b"").json() == {"lockdown": True, "changed": False}
        assert http.get("/door").json()["obstacle"] == "door-locked"
        assert http.post("/door/release", content=b"").status_code == 409
        assert http.delete("/lockdown").json() == {"lockdown": False, "changed": True}
    noted = api.on_loop(lambda gate: [(e.action, e.actor[:6]) for e in gate.store.audit.entries(newest=2)])
    assert noted == [(Action.LOCKDOWN_BEGUN, "token:"), (Action.LOCKDOWN_ENDED, "token:")]


def test_the_audit_log_is_read_page_by_page_without_names_r55(api):
    with api.http(Role.PRIVACY_OFFICER) as http:
        page = http.get("/audit").json()
        assert page["lines"]
        assert not [line for line in page["lines"] if "name" in line]
        newest = page["lines"][0]["seq"]
        older = http.get("/audit", params={"before": newest}).json()["lines"]
    assert [line["seq"] for line in older] == [line["seq"] for line in page["lines"][1:]]


def test_counts_are_as_publishable_as_on_the_broker_r44(api):
    with api.http(Role.MANAGER) as http:
        days = http.get("/counts", params={"days": 3}).json()
        windows = http.get(f"/counts/{api.told_on}").json()
    assert days[0]["day"] == api.told_on  # a gate counts from its first hour on
    assert all(
        cell["value"] is None or cell["value"] >= 5
        for day in days
        for cell in (day["people"], day["refused"])
    )
    assert [(each["span"], each["people"]["value"]) for each in windows][:1] == [("hour", None)]


def test_a_parameter_there_is_not_is_refused_rather_than_passed_over(api):
    with api.http(Role.PRIVACY_OFFICER) as http:
        unknown = http.get("/audit", params={"frist": "2026-11-22"})
        assert (unknown.status_code, unknown.json()["code"]) == (400, "bad-query")
        assert "openapi.json" in unknown.json()["remedy"]  # a program has nowhere to go back to
        assert http.get("/audit", params={"first": "2026-11-22"}).status_code == 200


def test_another_method_is_refused_with_those_there_are(api):
    with api.http(Role.MANAGER) as http:
        answer = http.request("TRACE", "/status")
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET"
        assert set(answer.json()) == {"code", "what", "remedy"}
        assert http.get("/nowhere").json()["code"] == "no-page"

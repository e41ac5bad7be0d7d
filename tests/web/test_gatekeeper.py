"""R53, R54: one place lets requests in, and denies what no rule grants."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from gate.core.roles import AccountId, Act, Program, Role, Staff
from gate.core.types import Seconds
from gate.errors import RequestError
from gate.web.app import create_app
from gate.web.gatekeeper import (
    OWN_COOKIE,
    STAFF_COOKIE,
    Gatekeeper,
    GuardedRoute,
    SignedStaff,
    refuse_unruled,
    routes_of,
)
from gate.web.pages import Pages, back_to
from gate.web.parked import PARKED_COOKIE
from gate.web.rules import RULES, Everyone, For, Screen, Signed, Token
from gate.web.staff import resume
from tests.web.conftest import Client

BASE = "https://127.0.0.1:8443"
FETCHED = {"sec-fetch-site": "same-origin"}
MANAGER = Staff(AccountId("a" * 16), frozenset({Role.MANAGER}))
GUARD = Staff(AccountId("b" * 16), frozenset({Role.GUARD}))
TRIED = {
    "GET /staff/tried": For(Act.MANAGE_PEOPLE),
    "POST /staff/tried": For(Act.MANAGE_PEOPLE),
    "GET /staff/live": For(Act.SEE_GATE, quiet=True),
    "GET /staff/mine": Signed(),
    "GET /screen": Screen(),
    "POST /open": Everyone(),
    "GET /api/tried": Token(Act.SEE_GATE),
}


class Door:
    """The pages with a few routes of the test's own behind the real gatekeeper."""

    def __init__(self, world, runner) -> None:
        self.done: list[str] = []
        self.wait: asyncio.Event | None = None
        self._runner = runner
        pages = Pages()
        self.app = FastAPI()
        self.app.state.gatekeeper = Gatekeeper(world.context, pages, dict(RULES) | TRIED)
        self.app.include_router(self._routes())
        self.app.include_router(resume.routes(pages))
        self.http = self._client(("127.0.0.1", 1))
        self.afar = self._client(("192.168.1.7", 1))

    def _client(self, peer):
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app, client=peer), base_url=BASE)

    def time_out(self, who, clock):
        """Sign *who* in and let so much time pass that they are signed out; the browser keeps its cookie."""
        self.sign_in(who)
        clock.seconds += Seconds(43201)

    def _routes(self):
        router = APIRouter(route_class=GuardedRoute)

        @router.get("/staff/tried")
        @router.get("/staff/live")
        @router.get("/staff/mine")
        async def shown(session: SignedStaff):
            return PlainTextResponse(session.form)

        @router.post("/staff/tried")
        async def tried(request: Request):
            form = await request.form()
            if self.wait:
                await self.wait.wait()
            if form["what"] == "wrong":
                return PlainTextResponse("put it right", 422)
            self.done.append(form["what"])
            self.seen = [each for each in form.multi_items() if each[0] != "token"]
            return back_to(f"/staff/tried?done={len(self.done)}")

        @router.post("/open")
        async def opened():
            self.done.append("open")
            answer = back_to(f"/open?done={len(self.done)}")
            answer.delete_cookie("__Host-ticket", secure=True)
            answer.set_cookie("__Host-own", f"s{len(self.done)}", secure=True)
            return answer

        @router.get("/screen")
        @router.get("/api/tried")
        async def plain():
            return PlainTextResponse("here")

        return router

    def run(self, work):
        return self._runner.run(work)

    def sign_in(self, who):
        token = self.app.state.gatekeeper.staff.begin(who)
        self.http.cookies.set(STAFF_COOKIE, token)
        return self.app.state.gatekeeper.staff.find(token)

    async def twice(self, form):
        """Press the button of *form* again while its first press is at work."""
        self.wait = asyncio.Event()
        posts = [
            asyncio.create_task(self.http.post("/staff/tried", data=form, headers=FETCHED)) for _ in "12"
        ]
        for _ in range(50):
            await asyncio.sleep(0)
        self.wait.set()
        return await asyncio.gather(*posts)

    def get(self, path, **headers):
        return self.run(self.http.get(path, headers=FETCHED | headers))

    def post(self, path, **data):
        return self.run(self.http.post(path, data=data, headers=FETCHED))


@pytest.fixture
def door(world, runner):
    return Door(world, runner)


def test_r53_every_route_has_a_rule_and_every_rule_a_route(world):
    app = create_app(world.context, world.screen)
    assert {f"{method} {route.path}" for route in routes_of(app) for method in route.methods} == set(RULES)


def app_with(router):
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    router.get("/notice")(lambda: "open")
    app.include_router(router)
    return app


def test_r53_a_route_without_a_rule_keeps_the_pages_from_starting():
    bare = {key: rule for key, rule in RULES.items() if key != "GET /notice"}
    with pytest.raises(LookupError, match="/notice"):
        refuse_unruled(app_with(APIRouter(route_class=GuardedRoute)), bare)


def test_r53_a_route_that_the_gatekeeper_does_not_stand_before_keeps_the_pages_from_starting():
    with pytest.raises(LookupError, match="/notice"):
        refuse_unruled(app_with(APIRouter()))


def test_r54_nobody_signed_in_is_sent_to_the_sign_in_and_back_afterwards(door):
    answer = door.get("/staff/tried?page=2")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/staff/sign-in?next=/staff/tried%3Fpage%3D2",
    )


def test_r53_an_office_does_what_the_table_grants_and_nothing_else(door):
    door.sign_in(MANAGER)
    assert door.get("/staff/tried").status_code == 200
    door.sign_in(GUARD)
    assert door.get("/staff/tried").status_code == 403
    assert door.get("/staff/mine").status_code == 200


def test_r53_an_account_that_ended_is_signed_out_at_its_next_request(door, world):
    door.sign_in(MANAGER)
    world.office.accounts.ended.add(MANAGER.account)
    assert door.get("/staff/tried").status_code == 303


def test_a_session_ends_after_half_an_hour_of_nothing_and_a_guard_s_after_a_shift(door, world):
    door.sign_in(MANAGER)
    world.clock.seconds += Seconds(1801)
    assert door.get("/staff/mine").status_code == 303
    door.sign_in(GUARD)
    world.clock.seconds += Seconds(43199)
    assert door.get("/staff/mine").status_code == 200


def test_what_a_page_asks_by_itself_keeps_nobody_signed_in(door, world):
    door.sign_in(MANAGER)
    world.clock.seconds += Seconds(1700)
    assert door.get("/staff/live").status_code == 200
    world.clock.seconds += Seconds(200)
    assert door.get("/staff/live").status_code == 303


def test_r54_a_form_of_another_page_changes_nothing(door):
    session = door.sign_in(MANAGER)
    assert door.post("/staff/tried", what="x").status_code == 403
    assert door.post("/staff/tried", what="x", token=session.form + "x").status_code == 403
    assert door.done == []
    assert door.post("/staff/tried", what="x", token=session.form).status_code == 303
    assert door.done == ["x"]


def test_a_button_pressed_twice_does_it_once_and_leads_to_the_same_page(door):
    session = door.sign_in(MANAGER)
    form = {"what": "x", "token": session.form, "once": "o1"}
    first, second = door.post("/staff/tried", **form), door.post("/staff/tried", **form)
    assert (first.headers["location"], second.headers["location"]) == ("/staff/tried?done=1",) * 2
    assert door.done == ["x"]


def test_a_second_press_while_the_first_is_at_work_waits_for_it(door):
    session = door.sign_in(MANAGER)
    form = {"what": "x", "token": session.form, "once": "o1"}

    assert [answer.headers["location"] for answer in door.run(door.twice(form))] == [
        "/staff/tried?done=1"
    ] * 2
    assert door.done == ["x"]


def test_a_form_that_was_refused_may_be_put_right_and_sent_again(door):
    session = door.sign_in(MANAGER)
    form = {"token": session.form, "once": "o1"}
    assert door.post("/staff/tried", what="wrong", **form).status_code == 422
    assert door.post("/staff/tried", what="right", **form).status_code == 303
    assert door.done == ["right"]


SENT = {"what": "Chen & Bo", "token": "old", "once": "o1", "password": "hunter2hunter2", "pin": "482913"}
SENT |= {"code": "TBFNCESXTSQR", "card": "0451", "seen": "v1"}
RESUME = "/staff/resume"


def key_in(page):
    return re.search(r'name="parked" value="([^"]+)"', page.text)[1]


def test_what_was_typed_when_the_session_was_over_waits_on_the_server_and_secrets_do_not(door, world):
    door.time_out(MANAGER, world.clock)
    assert door.post("/staff/tried", **SENT).headers["location"] == "/staff/sign-in?over=1"
    session = door.sign_in(MANAGER)
    page = door.get(f"{RESUME}?lang=en")
    assert "2 fields" in page.text
    assert "the page “Overview”" in page.text
    assert not [value for value in SENT.values() if f">{value}<" in page.text or f'"{value}"' in page.text]
    answer = door.post("/staff/tried", token=session.form, once="o2", parked=key_in(page))
    assert answer.headers["location"] == "/staff/tried?done=1"
    assert door.seen == [
        ("what", "Chen & Bo"),
        ("password", ""),
        ("pin", ""),
        ("code", ""),
        ("card", ""),
        ("seen", "v1"),
    ]
    assert door.get(RESUME).headers["location"] == "/staff"


def test_what_waits_is_given_back_to_the_same_account_alone(door, world):
    door.time_out(MANAGER, world.clock)
    door.post("/staff/tried", what="x")
    other = replace(MANAGER, account=AccountId("c" * 16))
    session = door.sign_in(other)
    assert door.get(RESUME).headers["location"] == "/staff"
    key = door.http.cookies[PARKED_COOKIE]
    with pytest.raises(RequestError, match="no longer here"):
        door.post("/staff/tried", token=session.form, parked=key)
    assert door.done == []
    door.sign_in(MANAGER)
    assert door.get(RESUME).status_code == 200


def test_nothing_is_kept_of_somebody_who_was_not_signed_in(door):
    for cookie in (None, "made up"):
        if cookie:
            door.http.cookies.set(STAFF_COOKIE, cookie)
        assert door.post("/staff/tried", what="x").headers["location"] == "/staff/sign-in?over=lost"
        assert PARKED_COOKIE not in door.http.cookies


def test_nothing_is_kept_after_somebody_signed_out_themselves(door):
    """A desk that was handed over has the staff's ended cookie: whoever stands there lays no deed for them (R26)."""
    door.sign_in(MANAGER)
    door.app.state.gatekeeper.staff.end(door.http.cookies[STAFF_COOKIE])
    assert door.post("/staff/tried", what="x").headers["location"] == "/staff/sign-in?over=lost"


@pytest.mark.parametrize(
    "path",
    ["/staff/account/codes", "/staff/accounts/invite", "/staff/approvals/allow", "/staff/door/release"],
)
def test_deeds_and_secrets_of_the_staff_are_never_kept(world, runner, path):
    client = Client(create_app(world.context, world.screen), runner)
    client.sign_in(Role.MANAGER)
    world.clock.seconds += Seconds(43201)
    answer = client.post(path, {"login": "evil", "manager": "yes"}, headers=FETCHED)
    assert answer.headers["location"] == "/staff/sign-in?over=lost"


def test_a_file_is_not_read_when_the_session_is_over_and_the_sign_in_says_so(door, world):
    door.time_out(MANAGER, world.clock)
    sent = door.http.post("/staff/tried", data={"what": "x"}, files={"file": b"1203,Li"}, headers=FETCHED)
    assert door.run(sent).headers["location"] == "/staff/sign-in?over=file"
    client = Client(create_app(world.context, world.screen), door._runner)
    assert "choose the file again" in client.get("/me?over=file&lang=en").text


def test_what_was_typed_goes_after_a_quarter_of_an_hour(door, world):
    door.time_out(MANAGER, world.clock)
    door.post("/staff/tried", what="x")
    world.clock.seconds += Seconds(901)
    door.sign_in(MANAGER)
    assert door.get(RESUME).headers["location"] == "/staff"


def test_what_waits_can_be_dropped(door, world):
    door.time_out(MANAGER, world.clock)
    door.post("/staff/tried", what="x")
    session = door.sign_in(MANAGER)
    assert door.post(RESUME, token=session.form).headers["location"] == "/staff"
    assert door.get(RESUME).status_code == 303


def test_one_account_s_forms_push_out_nobody_else_s(door, world):
    door.time_out(MANAGER, world.clock)
    door.post("/staff/tried", what="mine")
    key = door.http.cookies[PARKED_COOKIE]
    world.clock.seconds -= Seconds(43201)
    door.time_out(GUARD, world.clock)
    for _ in range(40):
        door.post("/staff/tried", what="y")
    assert door.app.state.gatekeeper.parked.waits(key)


def test_the_screen_s_pages_are_for_this_device_alone_and_in_the_clear(door):
    plain = "http://127.0.0.1:8080/screen"
    assert door.get(plain).status_code == 200
    assert door.get("/screen").status_code == 403
    assert door.get(plain, via="1.1 proxy").status_code == 403
    assert door.run(door.afar.get(plain, headers=FETCHED)).status_code == 403


def test_a_second_press_that_waits_for_a_refused_first_gets_the_same_answer(door):
    session = door.sign_in(MANAGER)
    form = {"what": "wrong", "token": session.form, "once": "o1"}

    assert [answer.text for answer in door.run(door.twice(form))] == ["put it right"] * 2


def test_a_form_before_a_session_is_done_once_for_each_browser(door, world):
    """ADR 0024: the second press gets the first one's answer, before and after the browser took its cookies."""
    form = {"what": "x", "once": "o1"}
    door.http.cookies.set("__Host-ticket", "t1", domain="127.0.0.1")
    answers = [door.post("/open", **form) for _ in "123"]
    assert [answer.headers["location"] for answer in answers] == ["/open?done=1"] * 3
    assert {answer.headers["set-cookie"] for answer in answers} == {answers[0].headers["set-cookie"]}
    door.http.cookies.set("__Host-ticket", "another")
    assert door.post("/open", **form).headers["location"] == "/open?done=2"
    assert door.post("/open", **(form | {"once": "o2"})).headers["location"] == "/open?done=3"
    assert door.post("/open", what="x").headers["location"] == "/open?done=4"
    world.clock.seconds += Seconds(61)
    assert door.post("/open", **form).headers["location"] == "/open?done=5"


def test_r53_a_program_does_what_its_token_s_role_may(door, world):
    world.office.tokens.holders |= {"good": Program("t" * 16, Role.GUARD)}
    assert door.get("/api/tried", authorization="Bearer good").status_code == 200
    assert door.get("/api/tried", authorization="Bearer bad").status_code == 401
    assert door.get("/api/tried").status_code == 401


def test_r53_a_session_opens_no_program_s_route_and_a_token_no_page(door, world):
    door.sign_in(MANAGER)
    assert door.get("/api/tried").status_code == 401
    door.http.cookies.clear()
    world.office.tokens.holders |= {"good": Program("t" * 16, Role.MANAGER)}
    assert door.get("/staff/tried", authorization="Bearer good").status_code == 303


def test_r54_cookies_go_over_tls_alone_to_this_host_alone_and_to_no_script(door):
    answer = back_to("/staff")

    request = Request({"type": "http", "headers": [(b"user-agent", b"Mozilla/5.0 Firefox/140.0")]})
    door.app.state.gatekeeper.sign_in(answer, request, MANAGER)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{STAFF_COOKIE}=")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=strict"} <= set(cookie.split("; "))
    assert STAFF_COOKIE.startswith("__Host-")
    assert OWN_COOKIE.startswith("__Host-")


def test_the_table_has_no_rule_for_everyone_below_staff_but_to_sign_in():
    opened = {key for key, rule in RULES.items() if isinstance(rule, Everyone) and "/staff" in key}
    assert all("/staff/sign-in" in key or "/staff/join" in key for key in opened)

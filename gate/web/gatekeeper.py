"""The one place where a request is let in: by the table of rules, the session, the form's token, and once.

Denied by default: a route without a rule is never served, and ``create_app`` refuses to start with one.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final, assert_never
from urllib.parse import quote

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from gate.core.credentials import SignedIn
from gate.core.roles import Act, Program, Role, Staff
from gate.web.context import WebContext
from gate.web.faults import page_fault
from gate.web.guard import is_at_screen, is_this_device
from gate.web.once import StrangersPresses
from gate.web.pages import Pages, back_to
from gate.web.parked import PARKED_COOKIE, PARKED_FIELD, Parked, may_park, owner_of, replayed
from gate.web.rules import RULES, Everyone, For, Resident, Rule, Screen, Signed, Token
from gate.web.sessions import Session, Sessions, Span

STAFF_COOKIE: Final = "__Host-staff"
OWN_COOKIE: Final = "__Host-own"
STAFF_SIGN_IN: Final = "/staff/sign-in"
OWN_SIGN_IN: Final = "/me"
STAFF_SPAN: Final = Span(idle_s=1800.0, longest_s=43200.0)
GUARD_SPAN: Final = Span(idle_s=43200.0, longest_s=43200.0)
"""A guard watches the door all through a shift without touching anything."""
OWN_SPAN: Final = Span(idle_s=600.0, longest_s=1800.0)
SESSIONS_MOST: Final = 64

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
StaffSession = Session[Staff]
"""session.who is who acts, session.form the token of the forms."""
OwnSession = Session[SignedIn]


class GuardedRoute(APIRoute):
    """A route that the gatekeeper stands before."""

    def get_route_handler(self) -> Handler:
        """Give the route's handler behind its rule."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                return await gatekeeper_of(request).let_in(request, f"{request.method} {self.path}", handle)
            finally:
                await request.close()  # the files of its form, if it has any

        return guarded


class Gatekeeper:
    """Lets requests in, and knows who is signed in."""

    def __init__(self, context: WebContext, pages: Pages, rules: Mapping[str, Rule] = RULES) -> None:
        self._context = context
        self._pages = pages
        self._rules = rules
        self.staff: Sessions[Staff] = Sessions(
            context.clock, _staff_span, most=SESSIONS_MOST, whose=lambda who: who.account
        )
        self.own: Sessions[SignedIn] = Sessions(
            context.clock, lambda _who: OWN_SPAN, most=SESSIONS_MOST, whose=lambda who: who.person
        )
        self.parked = Parked(context.clock)
        self._strangers = StrangersPresses(context.clock)
        self.end_sitting: Callable[[Request, Response], None] = lambda _request, _answer: None

    async def let_in(self, request: Request, route: str, handle: Handler) -> Response:
        """Answer *request* through *handle* if the rule of *route* lets it in."""
        rule = self._rules[route]
        match rule:
            case Everyone():
                return await self._for_everyone(request, handle)
            case Screen():
                return await handle(request) if is_at_screen(request.scope) else self._to_screen(request)
            case Resident():
                return await self._for_session(request, self.own_session(request, rule), rule, handle)
            case Signed() | For():
                return await self._for_session(request, self.staff_session(request, rule), rule, handle)
            case Token(act):
                return await self._for_token(request, act, handle)
            case _:
                assert_never(rule)

    def staff_session(self, request: Request, rule: Rule | None = None) -> StaffSession | None:
        """Give the staff session of a request, None where its account is no more as it was."""
        token = request.cookies.get(STAFF_COOKIE)
        session = self.staff.find(token, quiet=isinstance(rule, For) and rule.quiet)
        if session is not None and not self._context.office.accounts.still_holds(session.who):
            self.staff.let_go(token)
            return None
        return session

    def own_session(self, request: Request, rule: Rule | None = None) -> OwnSession | None:
        """Give a resident's session; it ends with the PIN it was opened with, and with the tenancy."""
        token = request.cookies.get(OWN_COOKIE)
        session = self.own.find(token, quiet=isinstance(rule, Resident) and rule.quiet)
        if session is not None and not self._context.own.still_holds(session.who):
            self.own.let_go(token)
            return None
        return session

    def sign_in(self, answer: Response, request: Request, who: Staff | SignedIn) -> str:
        """Begin a session of *who*, set its cookie on *answer*, and give its token; the browser's earlier one ends."""
        browser = browser_of(request)
        if isinstance(who, Staff):
            self.staff.end(request.cookies.get(STAFF_COOKIE))
            self.end_sitting(request, answer)  # R26: nobody ticks there for a resident
            name, token = STAFF_COOKIE, self.staff.begin(who, browser=browser)
        else:
            self.own.end(request.cookies.get(OWN_COOKIE))
            name, token = OWN_COOKIE, self.own.begin(who, browser=browser)
        answer.set_cookie(name, token, path="/", secure=True, httponly=True, samesite="strict")
        return token

    async def _for_everyone(self, request: Request, handle: Handler) -> Response:
        if request.method == "GET":
            return await handle(request)
        return await self._strangers.do(request, await request.form(), lambda: handle(request))

    def _to_screen(self, request: Request) -> Response:
        """Refuse what is the screen's alone; a browser of this device that asks over TLS is led to where it is served."""
        port = self._context.transport.screen_port
        if request.method != "GET" or port is None or not is_this_device(request.scope):
            return self._pages.refuse(request, "screen-only", HTTPStatus.FORBIDDEN)
        return RedirectResponse(f"http://127.0.0.1:{port}{request.url.path}", HTTPStatus.TEMPORARY_REDIRECT)

    async def _for_session(
        self, request: Request, session: StaffSession | OwnSession | None, rule: Rule, handle: Handler
    ) -> Response:
        if session is None:
            return await self._ask_to_sign_in(request, rule)
        if isinstance(rule, For) and not (isinstance(session.who, Staff) and session.who.may(rule.act)):
            return self._pages.refuse(request, "role-missing", HTTPStatus.FORBIDDEN)
        request.state.session = session
        if request.method == "GET":
            return await handle(request)
        form = await request.form()
        if not session.fits(str(form.get("token", ""))):
            return self._pages.refuse(request, "foreign-page", HTTPStatus.FORBIDDEN)

        async def work() -> Response:
            return await (
                self._replay(request, session, form, handle) if PARKED_FIELD in form else handle(request)
            )

        once = str(form.get("once", ""))
        return await (session.presses.do(once, work) if once else work())

    async def _replay(
        self, request: Request, session: StaffSession | OwnSession, form: FormData, handle: Handler
    ) -> Response:
        """Answer the form that waited as if it came now; it goes on waiting where the answer is an error."""
        key, owner = str(form[PARKED_FIELD]), owner_of(session.who)
        waiting = self.parked.get(key, owner)
        if waiting is None or waiting.path != request.url.path:
            raise page_fault("parked-gone")
        answer = await handle(replayed(request, waiting, ("token", session.form)))
        self.parked.drop(key, owner)
        return answer

    async def _for_token(self, request: Request, act: Act, handle: Handler) -> Response:
        kind, _, bearer = request.headers.get("authorization", "").partition(" ")
        who = self._context.office.tokens.holder(bearer) if kind.lower() == "bearer" else None
        if who is None or not who.may(act):
            code, status = (
                ("token-wrong", HTTPStatus.UNAUTHORIZED)
                if who is None
                else ("role-missing", HTTPStatus.FORBIDDEN)
            )
            answer = self._pages.refuse(request, code, status)
            answer.headers["www-authenticate"] = "Bearer"
            return answer
        request.state.bearer = who
        return await handle(request)

    async def _ask_to_sign_in(self, request: Request, rule: Rule) -> Response:
        """Send the browser to the sign-in; what somebody had typed waits for them."""
        sign_in = OWN_SIGN_IN if isinstance(rule, Resident) else STAFF_SIGN_IN
        if request.headers.get("accept") == "application/json":
            return self._pages.refuse(request, "session-over", HTTPStatus.UNAUTHORIZED)
        if request.method == "GET":
            there = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return back_to(f"{sign_in}?next={quote(there, safe='/')}")
        key = await self._park(request, rule)
        is_file = request.headers.get("content-type", "").lower().startswith("multipart/")
        answer = back_to(f"{sign_in}?over={'1' if key else 'file' if is_file else 'lost'}")
        if key is not None:
            answer.set_cookie(PARKED_COOKIE, key, path="/", secure=True, httponly=True, samesite="strict")
        return answer

    async def _park(self, request: Request, rule: Rule) -> str | None:
        """Keep what was typed in a session that was let go, and give its key; of nobody else is a form even read."""
        who: Staff | SignedIn | None = (
            self.own.was(request.cookies.get(OWN_COOKIE))
            if isinstance(rule, Resident)
            else self.staff.was(request.cookies.get(STAFF_COOKIE))
        )
        if who is None or not may_park(request):
            return None
        return self.parked.keep(owner_of(who), request.url.path, await request.form())


def routes_of(app: FastAPI) -> tuple[APIRoute, ...]:
    """Give every route of the pages; files under /static are no routes."""
    return tuple(route for route in _below(app.router.routes) if isinstance(route, APIRoute))


def refuse_unruled(app: FastAPI, rules: Mapping[str, Rule] = RULES) -> None:
    """Raise LookupError for a route that no rule lets anybody in to, or that the gatekeeper does not stand before."""
    for route in routes_of(app):
        bare = [method for method in route.methods or () if f"{method} {route.path}" not in rules]
        if bare or not isinstance(route, GuardedRoute):
            raise LookupError(f"No rule says who may ask for {route.path}.")


def _below(routes: Sequence[BaseRoute]) -> Iterator[BaseRoute]:
    for route in routes:
        inner = getattr(route, "original_router", None)  # FastAPI's wrapper of an included router
        if inner is None:
            yield route
        else:
            yield from _below(inner.routes)


def gatekeeper_of(request: Request) -> Gatekeeper:
    """Give the gatekeeper of the application that a request came to."""
    keeper = request.app.state.gatekeeper
    assert isinstance(keeper, Gatekeeper)
    return keeper


def _signed_staff(request: Request) -> StaffSession:
    session: StaffSession = request.state.session
    return session


def _signed_own(request: Request) -> OwnSession:
    session: OwnSession = request.state.session
    return session


def _bearer(request: Request) -> Program:
    who: Program = request.state.bearer
    return who


SignedStaff = Annotated[StaffSession, Depends(_signed_staff)]
"""For handlers whose rule is Signed or For."""
SignedOwn = Annotated[OwnSession, Depends(_signed_own)]
"""For handlers whose rule is Resident."""
Bearer = Annotated[Program, Depends(_bearer)]
"""For handlers whose rule is Token."""


def browser_of(request: Request) -> str:
    """Give what the browser calls itself, in a word, for the list of sessions."""
    agent = request.headers.get("user-agent", "")
    return next((name for name in ("Edg", "Firefox", "Chrome", "Safari") if name in agent), "")


def _staff_span(who: Staff) -> Span:
    return GUARD_SPAN if who.roles == {Role.GUARD} else STAFF_SPAN

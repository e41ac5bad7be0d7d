"""The one place where a request is let in: by the table of rules, the session, the form's token, and once.

Denied by default: a route without a rule is never served, and ``create_app`` refuses to start with one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final, assert_never
from urllib.parse import quote

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from gate.core.credentials import SignedIn
from gate.core.roles import Act, Program, Role, Staff
from gate.web.context import WebContext
from gate.web.guard import is_loopback
from gate.web.pages import Pages, back_to
from gate.web.parked import PARKED_COOKIE, Parked
from gate.web.rules import RULES, Everyone, For, Resident, Rule, Screen, Signed, Token
from gate.web.sessions import ANSWERS_MOST, Session, Sessions, Span

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
        self.staff: Sessions[Staff] = Sessions(context.clock, _staff_span, most=SESSIONS_MOST)
        self.own: Sessions[SignedIn] = Sessions(context.clock, lambda _who: OWN_SPAN, most=SESSIONS_MOST)
        self.parked = Parked(context.clock)

    async def let_in(self, request: Request, route: str, handle: Handler) -> Response:
        """Answer *request* through *handle* if the rule of *route* lets it in."""
        rule = self._rules[route]
        match rule:
            case Everyone():
                return await handle(request)
            case Screen():
                peer = request.client
                if peer is None or not is_loopback(peer.host):
                    return self._pages.refuse(request, "screen-only", HTTPStatus.FORBIDDEN)
                return await handle(request)
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
            self.staff.end(token)
            return None
        return session

    def own_session(self, request: Request, rule: Rule | None = None) -> OwnSession | None:
        """Give a resident's session; it ends with the PIN it was opened with, and with the tenancy."""
        token = request.cookies.get(OWN_COOKIE)
        session = self.own.find(token, quiet=isinstance(rule, Resident) and rule.quiet)
        if session is not None and not self._context.own.still_holds(session.who):
            self.own.end(token)
            return None
        return session

    def sign_in(self, answer: Response, request: Request, who: Staff | SignedIn) -> str:
        """Begin a session of *who*, set its cookie on *answer*, and give its token; the browser's earlier one ends."""
        browser = browser_of(request)
        if isinstance(who, Staff):
            self.staff.end(request.cookies.get(STAFF_COOKIE))
            name, token = STAFF_COOKIE, self.staff.begin(who, browser=browser)
        else:
            self.own.end(request.cookies.get(OWN_COOKIE))
            name, token = OWN_COOKIE, self.own.begin(who, browser=browser)
        answer.set_cookie(name, token, path="/", secure=True, httponly=True, samesite="strict")
        return token

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
        once = str(form.get("once", ""))
        return await (_once(session, once, request, handle) if once else handle(request))

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
        answer = back_to(f"{sign_in}?over=1")
        key = self.parked.keep(request.url.path, await request.form())
        answer.set_cookie(PARKED_COOKIE, key, path="/", secure=True, httponly=True, samesite="strict")
        return answer


async def _once(session: StaffSession | OwnSession, once: str, request: Request, handle: Handler) -> Response:
    """Do the same form once: a second press waits for where the first one leads, and goes there."""
    if (first := session.answers.get(once)) is not None:
        return back_to(await asyncio.shield(first))
    leads: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    session.answers[once] = leads
    while len(session.answers) > ANSWERS_MOST:
        session.answers.popitem(last=False)
    try:
        answer = await handle(request)
    except BaseException:
        session.answers.pop(once, None)
        leads.cancel()
        raise
    if isinstance(answer, RedirectResponse):
        leads.set_result(answer.headers["location"])
    else:  # it was refused, and may be put right and sent again
        session.answers.pop(once, None)
        leads.set_result(request.url.path)
    return answer


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

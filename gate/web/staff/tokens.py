"""Tokens of programs: made, shown once, revoked (R53)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.core.roles import Role
from gate.errors import RequestError
from gate.web.faults import page_fault
from gate.web.gatekeeper import GuardedRoute, SignedStaff, StaffSession
from gate.web.moments import LocalTimes
from gate.web.pages import back_to
from gate.web.staff.account_words import DONE, ROLES
from gate.web.staff.layout import StaffPages
from gate.web.staff.ports.tokens import FreshToken
from gate.web.staff.typed import at_field, typed

HOME: Final = "/staff/tokens"
_FIELDS: Final = {"name-unfit": "name", "token-days": "days", "token-role": "role"}
_NOTHING: Final[Mapping[str, str]] = {}


def routes(staff: StaffPages) -> APIRouter:
    """Give the list, the form for a new one, and the end of one."""
    router = APIRouter(route_class=GuardedRoute)
    port, book = staff.context.office.tokens, staff.context.office.accounts.book
    times, clock = LocalTimes(staff.context.zone), staff.context.clock

    def show(
        request: Request,
        session: StaffSession,
        *,
        told: Mapping[str, str] = _NOTHING,
        faults: Mapping[str, str] = _NOTHING,
        error: RequestError | None = None,
        done: str = "",
    ) -> Response:
        now = clock.now()
        every = port.all()
        return staff.page(
            request,
            session,
            "tokens_list.html",
            error=error,
            status=HTTPStatus.UNPROCESSABLE_ENTITY if faults or error else HTTPStatus.OK,
            tokens=[each for each in every if each.revoked_at is None and each.expires_at > now],
            over=[each for each in every if each.revoked_at is not None or each.expires_at <= now],
            offered=port.roles_for(session.who),
            roles=ROLES,
            name_of=lambda account: book.name_of(account) or account,
            typed=told,
            faults=faults,
            done=DONE.get(done),
            moment=times.moment,
        )

    @router.get(HOME)
    async def listed(request: Request, session: SignedStaff, done: str = "") -> Response:
        return show(request, session, done=done)

    @router.post(f"{HOME}/make")
    async def make(request: Request, session: SignedStaff) -> Response:
        told = await typed(request, "name", "role", "days")
        try:
            fresh = port.make(session.who, told["name"], _role(told["role"]), _days(told["days"]))
        except RequestError as error:
            if error.code not in _FIELDS:
                return show(request, session, told=told, error=error)
            return show(request, session, told=told, faults=at_field(error, _FIELDS))
        return back_to(f"{HOME}/made/{session.put_aside(fresh)}")

    @router.get(f"{HOME}/made/{{key}}")
    async def made(request: Request, session: SignedStaff, key: str) -> Response:
        """Show a token's text, once."""
        fresh = session.take(key)
        if not isinstance(fresh, FreshToken):
            return show(request, session, error=page_fault("shown-gone"))
        until = times.moment(fresh.token.expires_at)
        return staff.page(request, session, "tokens_made.html", fresh=fresh, until=until, roles=ROLES)

    @router.post(f"{HOME}/revoke")
    async def revoke(request: Request, session: SignedStaff) -> Response:
        told = await typed(request, "id")
        try:
            port.revoke(session.who, told["id"])
        except RequestError as error:
            return show(request, session, error=error)
        return back_to(f"{HOME}?done=revoked")

    return router


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise page_fault("token-role") from None


def _days(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= len("365") else 0

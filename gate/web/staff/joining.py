"""The first manager's account, and every account that somebody was invited to: password, second factor, recovery codes (R52)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.core.roles import Role
from gate.errors import GateError, RequestError
from gate.web.faults import page_fault
from gate.web.gatekeeper import GuardedRoute, StaffSession, gatekeeper_of
from gate.web.pages import back_to
from gate.web.qr import qr_svg
from gate.web.staff.account_words import PASSWORD_FIELDS, ROLES
from gate.web.staff.layout import StaffPages
from gate.web.staff.ports.accounts import Enrolment
from gate.web.staff.sign_in import Outside
from gate.web.staff.typed import at_field, typed

SET_UP: Final = "/setup"
JOIN: Final = "/staff/join"
APP: Final = f"{JOIN}/app"
CODES: Final = "/staff/account/codes"
TICKET_COOKIE: Final = "__Host-joining"
TICKET_S: Final = 900
TYPED_MOST: Final = 500
ALSO: Final = (Role.PRIVACY_OFFICER, Role.INSTALLER, Role.GUARD)
"""What the first manager may be besides, as in a small compound."""
_SET_UP_FIELDS: Final[Mapping[str, str]] = {
    "setup-code-wrong": "code",
    "login-unfit": "login",
    "login-taken": "login",
    "name-unfit": "name",
    "password-unlike": "again",
    **PASSWORD_FIELDS,
}
_JOIN_FIELDS: Final[Mapping[str, str]] = {
    "invitation-wrong": "code",
    "password-unlike": "again",
    **PASSWORD_FIELDS,
}
_NOTHING: Final[Mapping[str, str]] = {}


def routes(staff: StaffPages) -> APIRouter:
    """Give the set-up, the invitation, and the second factor that both lead to."""
    router = APIRouter(route_class=GuardedRoute)
    door = Outside(staff)
    _set_up(router, door)
    _join(router, door)
    _app(router, door)
    return router


def _set_up(router: APIRouter, door: Outside) -> None:
    port = door.staff.context.office.accounts.joining

    def show(
        request: Request,
        told: Mapping[str, str] = _NOTHING,
        faults: Mapping[str, str] = _NOTHING,
        error: GateError | None = None,
    ) -> Response:
        return door.page(
            request,
            "account_setup.html",
            error=error,
            status=422 if faults else None,
            typed=told,
            faults=faults,
            is_set_up=port.is_set_up,
            also={role.value: ROLES[role] for role in ALSO},
        )

    @router.get(SET_UP)
    async def ask(request: Request) -> Response:
        return show(request)

    @router.post(SET_UP)
    async def begin(request: Request) -> Response:
        told = await typed(request, "code", "login", "name", *(role.value for role in ALSO))
        roles = frozenset(role for role in ALSO if told[role.value])
        try:
            password = await _password(request, told)
            begun = await port.set_up(told["code"], told["login"], told["name"], password, roles)
        except RequestError as error:
            if error.code not in _SET_UP_FIELDS:
                return show(request, told, error=error)
            return show(request, told, at_field(error, _SET_UP_FIELDS))
        return _to_app(begun)


def _join(router: APIRouter, door: Outside) -> None:
    port = door.staff.context.office.accounts.joining

    def show(
        request: Request,
        told: Mapping[str, str] = _NOTHING,
        faults: Mapping[str, str] = _NOTHING,
        error: GateError | None = None,
    ) -> Response:
        status = 422 if faults else None
        return door.page(request, "account_join.html", error=error, status=status, typed=told, faults=faults)

    @router.get(JOIN)
    async def ask(request: Request) -> Response:
        return show(request)

    @router.post(JOIN)
    async def begin(request: Request) -> Response:
        told = await typed(request, "code")
        try:
            begun = await port.join(told["code"], await _password(request, told))
        except RequestError as error:
            if error.code not in _JOIN_FIELDS:
                return show(request, told, error=error)
            return show(request, told, at_field(error, _JOIN_FIELDS))
        return _to_app(begun)


def _app(router: APIRouter, door: Outside) -> None:
    port = door.staff.context.office.accounts.joining

    def show(request: Request, faults: Mapping[str, str] = _NOTHING) -> Response:
        try:
            begun = port.waiting(request.cookies.get(TICKET_COOKIE, ""))
        except RequestError as error:
            return door.page(request, "account_over.html", error=error)
        return door.page(
            request, "account_app.html", status=422 if faults else None, faults=faults, app=app_of(begun)
        )

    @router.get(APP)
    async def ask(request: Request) -> Response:
        return show(request)

    @router.post(APP)
    async def confirm(request: Request) -> Response:
        """Write the account, sign its holder in, and lead to the recovery codes, which are shown once."""
        told = await typed(request, "code")
        try:
            ready = port.confirm(request.cookies.get(TICKET_COOKIE, ""), told["code"])
        except RequestError as error:
            if error.code == "totp-wrong":
                return show(request, at_field(error, {"totp-wrong": "code"}))
            return door.page(request, "account_over.html", error=error)
        keeper = gatekeeper_of(request)
        answer = back_to(CODES)
        session = keeper.staff.find(keeper.sign_in(answer, request, ready.staff))
        assert session is not None  # it began a line above
        answer.headers["location"] = codes_path(session, ready.recovery_codes)
        answer.delete_cookie(TICKET_COOKIE, path="/", secure=True, httponly=True, samesite="strict")
        return answer


def codes_path(session: StaffSession, codes: tuple[str, ...]) -> str:
    """Give where a session finds its fresh recovery codes, once."""
    return f"{CODES}/{session.put_aside(codes)}"


@dataclass(frozen=True, slots=True)
class App:
    """What a page shows of a second factor that waits. qr: a picture; secret: in groups of four, to be typed."""

    qr: str = field(repr=False)
    secret: str = field(repr=False)
    login: str = field(repr=False)
    ticket: str = field(repr=False)


def app_of(begun: Enrolment) -> App:
    """Give what is shown of *begun*."""
    groups = [begun.secret[at : at + 4] for at in range(0, len(begun.secret), 4)]
    return App(qr_svg(begun.uri), " ".join(groups), begun.login, begun.ticket)


async def _password(request: Request, told: Mapping[str, str]) -> str:
    """Give the password that was typed twice, blanks and all. Raises RequestError ``password-unlike``."""
    if any(len(value) > TYPED_MOST for value in told.values()):
        raise page_fault("bad-form")
    form = await request.form()
    password, again = str(form.get("password", "")), str(form.get("again_password", ""))
    if password != again:
        raise page_fault("password-unlike")
    return password


def _to_app(begun: Enrolment) -> Response:
    answer = back_to(APP)
    answer.set_cookie(
        TICKET_COOKIE,
        begun.ticket,
        max_age=TICKET_S,
        path="/",
        secure=True,
        httponly=True,
        samesite="strict",
    )
    return answer

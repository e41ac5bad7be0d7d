"""Signing in and out. Login, password and code are asked for together, so that no answer tells which was wrong (R54)."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from gate.core.roles import Staff
from gate.errors import GateError, RequestError
from gate.web.faults import page_fault
from gate.web.gatekeeper import (
    STAFF_COOKIE,
    STAFF_SIGN_IN,
    GuardedRoute,
    StaffSession,
    gatekeeper_of,
)
from gate.web.pages import back_to, words_of
from gate.web.parked import PARKED_COOKIE, over_fault, owner_of
from gate.web.staff.layout import StaffPages, fresh_word
from gate.web.staff.typed import typed

HOME: Final = "/staff"
NEXT_MOST: Final = 500


def routes(staff: StaffPages) -> APIRouter:
    """Give the sign-in by password and code, the one by passkey, and the way out."""
    router = APIRouter(route_class=GuardedRoute)
    door = Outside(staff)
    port = staff.context.office.accounts.sign_in

    @router.get(STAFF_SIGN_IN)
    async def ask(
        request: Request,
        after: Annotated[str, Query(alias="next", max_length=NEXT_MOST)] = "",
        over: str = "",
    ) -> Response:
        """Show the form. over: somebody was signed out by the time that went by."""
        if gatekeeper_of(request).staff_session(request) is not None:
            return back_to(fit_path(after))
        return door.sign_in(request, after, error=over_fault(over), status=HTTPStatus.OK)

    @router.post(STAFF_SIGN_IN)
    async def with_password(request: Request) -> Response:
        told = await typed(request, "login", "password", "code", "next")
        if any(len(value) > NEXT_MOST for value in told.values()):
            return door.sign_in(request, "", error=page_fault("staff-sign-in-wrong"))
        form = await request.form()
        try:
            # The password as it is: blanks around it belong to it.
            who = await port.with_password(told["login"], str(form.get("password", "")), told["code"])
        except RequestError as error:
            return door.sign_in(request, told["next"], error=error, login=told["login"])
        return door.signed_in(request, who, told["next"])

    @router.post(f"{STAFF_SIGN_IN}/passkey")
    async def with_passkey(request: Request) -> Response:
        told = await typed(request, "answer", "next")
        try:
            who = port.with_passkey(told["answer"])
        except RequestError as error:
            return door.sign_in(request, told["next"], error=error)
        return door.signed_in(request, who, told["next"])

    @router.post("/staff/sign-out")
    async def leave(request: Request) -> Response:
        gatekeeper_of(request).staff.end(request.cookies.get(STAFF_COOKIE))
        return back_to(STAFF_SIGN_IN)

    return router


@dataclass(frozen=True, slots=True)
class Outside:
    """The pages before anybody is signed in."""

    staff: StaffPages

    def page(
        self,
        request: Request,
        template: str,
        *,
        error: GateError | None = None,
        status: int | None = None,
        **values: object,
    ) -> Response:
        """Answer with a page that needs nobody signed in, 422 where there is an *error* to show."""
        if status is None:
            status = HTTPStatus.OK if error is None else HTTPStatus.UNPROCESSABLE_ENTITY
        return self.staff.pages.page(
            request,
            f"staff/{template}",
            status=status,
            once=fresh_word,
            gate_id=self.staff.context.status().gate_id,
            error=error,
            words=error and words_of(error),
            **values,
        )

    def sign_in(
        self,
        request: Request,
        after: str,
        *,
        error: GateError | None = None,
        login: str = "",
        status: int | None = None,
    ) -> Response:
        """Show the sign-in; the login that was typed stays, the secrets do not."""
        office = self.staff.context.office.accounts
        return self.page(
            request,
            "account_sign_in.html",
            error=error,
            status=status,
            after=after,
            login=login,
            options=office.sign_in.passkey_options(),
            is_set_up=office.joining.is_set_up,
            waits=gatekeeper_of(request).parked.waits(request.cookies.get(PARKED_COOKIE)),
        )

    def signed_in(self, request: Request, who: Staff, after: str) -> Response:
        """Begin the session and send the browser on: to what it had typed, or where it was going."""
        keeper = gatekeeper_of(request)
        waits = keeper.parked.get(request.cookies.get(PARKED_COOKIE), owner_of(who))
        answer = back_to("/staff/resume" if waits else fit_path(after))
        keeper.sign_in(answer, request, who)
        return answer


def fit_path(after: str) -> str:
    """Give where a sign-in leads: a page of the staff's, and of this gate alone."""
    try:
        parts = urlsplit(after)
    except ValueError:  # such as //[
        return HOME
    is_ours = not parts.scheme and not parts.netloc and "\\" not in after
    return after if is_ours and (parts.path == HOME or parts.path.startswith(f"{HOME}/")) else HOME


def stay_signed_in(request: Request, session: StaffSession, who: Staff) -> None:
    """Let this browser's session go on after a change of its account's secrets; every other one of the account ends."""
    session.who = who
    gatekeeper_of(request).staff.end_where(
        lambda each: each.who.account == who.account and each is not session
    )

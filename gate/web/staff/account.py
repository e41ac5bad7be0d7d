"""One's own account: password, authenticator app, passkeys, recovery codes, and where one is signed in (R54)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.core.accounts import spelled
from gate.errors import RequestError
from gate.web.faults import page_fault
from gate.web.gatekeeper import GuardedRoute, SignedStaff, StaffSession, gatekeeper_of
from gate.web.moments import LocalTimes
from gate.web.pages import back_to
from gate.web.staff.account_words import DONE, PASSWORD_FIELDS, ROLES
from gate.web.staff.joining import CODES, app_of, codes_path
from gate.web.staff.layout import StaffPages
from gate.web.staff.ports.accounts import OwnAccountPort, Proof
from gate.web.staff.sign_in import stay_signed_in
from gate.web.staff.typed import at_field, typed

HOME: Final = "/staff/account"
APP: Final = f"{HOME}/app"
PASSKEYS: Final = f"{HOME}/passkeys"
TYPED_MOST: Final = 500
_NOTHING: Final[Mapping[str, str]] = {}
_PROOF_FIELDS: Final = {
    "staff-sign-in-wrong": "password",
    "staff-throttled": "password",
    "staff-sign-in-wait": "password",
}


class _Page:
    """The page of one's own account, in all its states. A field is named after its form: password-fresh, app-proof."""

    def __init__(self, staff: StaffPages) -> None:
        self.staff = staff
        self.port: OwnAccountPort = staff.context.office.accounts.own
        self._times = LocalTimes(staff.context.zone)

    def show(
        self,
        request: Request,
        session: StaffSession,
        *,
        form: str = "",
        error: RequestError | None = None,
        fields: Mapping[str, str] = _NOTHING,
        done: str = "",
    ) -> Response:
        """Show the account; *error* of *form* stands at the field that its code names in *fields*, else above."""
        known = {**_PROOF_FIELDS, **fields}
        faults = {}
        if error is not None and error.code in known:
            faults = {f"{form}-{name}": said for name, said in at_field(error, known).items()}
        now, keeper = self.staff.context.clock.monotonic(), gatekeeper_of(request)
        return self.staff.page(
            request,
            session,
            "account_own.html",
            error=None if faults else error,
            status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
            own=self.port.of(session.who),
            roles=ROLES,
            faults=faults,
            form=form,
            done=DONE.get(done),
            moment=self._times.moment,
            sessions=[
                {
                    "id": each.id,
                    "browser": each.browser,
                    "here": each is session,
                    "minutes": int((now - each.began) // 60),
                }
                for each in keeper.staff.all(lambda who: who.account == session.who.account)
            ],
        )


def routes(staff: StaffPages) -> APIRouter:
    """Give the page and its forms."""
    router = APIRouter(route_class=GuardedRoute)
    page = _Page(staff)

    @router.get(HOME)
    async def own(request: Request, session: SignedStaff, done: str = "") -> Response:
        return page.show(request, session, done=done)

    @router.post(f"{HOME}/password")
    async def password(request: Request, session: SignedStaff) -> Response:
        form = await request.form()
        fresh, again = str(form.get("fresh_password", "")), str(form.get("again_password", ""))
        fields = {"password-unlike": "again", **dict.fromkeys(PASSWORD_FIELDS, "fresh")}
        try:
            if fresh != again:
                raise page_fault("password-unlike")
            who = await page.port.change_password(session.who, await _proof(request), fresh)
        except RequestError as error:
            return page.show(request, session, form="password", error=error, fields=fields)
        stay_signed_in(request, session, who)
        return back_to(f"{HOME}?done=password")

    _app(router, page)
    _codes(router, page)
    _passkeys(router, page)
    _sessions(router, page)
    return router


def _app(router: APIRouter, page: _Page) -> None:
    def show(
        request: Request, session: StaffSession, ticket: str, faults: Mapping[str, str] = _NOTHING
    ) -> Response:
        begun = page.port.waiting(session.who, ticket)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.OK
        return page.staff.page(
            request, session, "account_own_app.html", status=status, faults=faults, app=app_of(begun)
        )

    @router.post(APP)
    async def begin(request: Request, session: SignedStaff) -> Response:
        try:
            begun = await page.port.new_second_factor(session.who, await _proof(request))
        except RequestError as error:
            return page.show(request, session, form="app", error=error)
        return back_to(f"{APP}?ticket={begun.ticket}")

    @router.get(APP)
    async def ask(request: Request, session: SignedStaff, ticket: str = "") -> Response:
        try:
            return show(request, session, ticket)
        except RequestError as error:
            return page.show(request, session, error=error)

    @router.post(f"{APP}/confirm")
    async def confirm(request: Request, session: SignedStaff) -> Response:
        told = await typed(request, "ticket", "code")
        try:
            who = page.port.confirm_second_factor(session.who, told["ticket"], told["code"])
        except RequestError as error:
            if error.code == "totp-wrong":
                return show(request, session, told["ticket"], at_field(error, {"totp-wrong": "code"}))
            return page.show(request, session, error=error)
        stay_signed_in(request, session, who)
        return back_to(f"{HOME}?done=app")


def _codes(router: APIRouter, page: _Page) -> None:
    @router.post(CODES)
    async def draw(request: Request, session: SignedStaff) -> Response:
        try:
            ready = await page.port.new_recovery_codes(session.who, await _proof(request))
        except RequestError as error:
            return page.show(request, session, form="codes", error=error)
        stay_signed_in(request, session, ready.staff)
        return back_to(codes_path(session, ready.recovery_codes))

    @router.get(f"{CODES}/{{key}}")
    async def shown(request: Request, session: SignedStaff, key: str) -> Response:
        """Show the codes, once."""
        codes = session.take(key)
        if not isinstance(codes, tuple):
            return page.show(request, session, error=page_fault("shown-gone"))
        return page.staff.page(
            request, session, "account_codes.html", codes=[spelled(each) for each in codes]
        )


def _passkeys(router: APIRouter, page: _Page) -> None:
    @router.post(PASSKEYS)
    async def begin(request: Request, session: SignedStaff) -> Response:
        try:
            options = await page.port.passkey_options(session.who, await _proof(request))
        except RequestError as error:
            return page.show(request, session, form="passkey", error=error)
        return back_to(f"{PASSKEYS}/{session.put_aside(options)}")

    @router.get(f"{PASSKEYS}/{{key}}")
    async def make(request: Request, session: SignedStaff, key: str) -> Response:
        """Let the browser make one: shown once, for the options are good once."""
        options = session.take(key)
        if not isinstance(options, str):
            return page.show(request, session, error=page_fault("enrolment-over"))
        return page.staff.page(request, session, "account_passkey.html", options=options)

    @router.post(f"{PASSKEYS}/add")
    async def add(request: Request, session: SignedStaff) -> Response:
        told = await typed(request, "name", "answer")
        try:
            page.port.add_passkey(session.who, told["name"], told["answer"])
        except RequestError as error:
            return page.show(request, session, error=error)
        return back_to(f"{HOME}?done=passkey")

    @router.post(f"{PASSKEYS}/remove")
    async def remove(request: Request, session: SignedStaff) -> Response:
        told = await typed(request, "passkey")
        try:
            who = await page.port.remove_passkey(session.who, await _proof(request), told["passkey"])
        except RequestError as error:
            return page.show(request, session, form=f"remove-{told['passkey']}", error=error)
        stay_signed_in(request, session, who)
        return back_to(f"{HOME}?done=passkey-removed")


def _sessions(router: APIRouter, page: _Page) -> None:
    @router.post(f"{HOME}/sessions/end")
    async def end(request: Request, session: SignedStaff) -> Response:
        """Sign one other browser of one's own out, or all others where none is named."""
        told = await typed(request, "session")

        def goes(each: StaffSession) -> bool:
            is_other = each.who.account == session.who.account and each is not session
            return is_other and told["session"] in {"", each.id}

        if gatekeeper_of(request).staff.end_where(goes):
            page.staff.context.office.accounts.book.note_sessions_ended(session.who, session.who.account)
        return back_to(f"{HOME}?done=sessions")


async def _proof(request: Request) -> Proof:
    """Give what was shown again; blanks around a password belong to it."""
    told = await typed(request, "code")
    form = await request.form()
    password = str(form.get("password", ""))
    if len(password) > TYPED_MOST or len(told["code"]) > TYPED_MOST:
        raise page_fault("staff-sign-in-wrong")
    return Proof(password, told["code"])

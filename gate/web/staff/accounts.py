"""All staff accounts: invited, changed, ended, signed out (R53)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.core.accounts import spelled
from gate.core.roles import AccountId, Role
from gate.errors import RequestError
from gate.web.faults import page_fault
from gate.web.gatekeeper import GuardedRoute, SignedStaff, StaffSession, gatekeeper_of
from gate.web.moments import LocalTimes
from gate.web.pages import back_to
from gate.web.staff.account_words import DONE, ROLES, STATES
from gate.web.staff.layout import StaffPages
from gate.web.staff.ports.accounts import AccountBookPort, AccountView, Invitation
from gate.web.staff.typed import at_field, typed

HOME: Final = "/staff/accounts"
_FIELDS: Final = {"login-unfit": "login", "login-taken": "login", "name-unfit": "name", "roles-none": "roles"}
_NOTHING: Final[Mapping[str, str]] = {}


class _Pages:
    """The list and the page of one account."""

    def __init__(self, staff: StaffPages) -> None:
        self.staff = staff
        self.book: AccountBookPort = staff.context.office.accounts.book
        self._times = LocalTimes(staff.context.zone)

    def list(
        self,
        request: Request,
        session: StaffSession,
        *,
        told: Mapping[str, str] = _NOTHING,
        faults: Mapping[str, str] = _NOTHING,
        error: RequestError | None = None,
        done: str = "",
    ) -> Response:
        """Show every account, and the form for a new one."""
        return self.staff.page(
            request,
            session,
            "accounts_list.html",
            error=error,
            status=HTTPStatus.UNPROCESSABLE_ENTITY if faults or error else HTTPStatus.OK,
            accounts=self.book.all(),
            roles=ROLES,
            states=STATES,
            signed_in=self._signed_in(request),
            typed=told,
            faults=faults,
            done=DONE.get(done),
        )

    def one(
        self,
        request: Request,
        session: StaffSession,
        account: AccountId,
        *,
        told: Mapping[str, str] = _NOTHING,
        faults: Mapping[str, str] = _NOTHING,
        error: RequestError | None = None,
        done: str = "",
    ) -> Response:
        """Show one account; what was typed stands in the form, and beside it what the account says now."""
        try:
            view = self.book.get(account)
        except RequestError as unknown:
            return self.list(request, session, error=unknown)
        return self.staff.page(
            request,
            session,
            "accounts_one.html",
            error=error,
            status=HTTPStatus.UNPROCESSABLE_ENTITY if faults or error else HTTPStatus.OK,
            account=view,
            typed=told or _as_told(view),
            roles=ROLES,
            states=STATES,
            signed_in=self._signed_in(request).get(account, 0),
            is_self=account == session.who.account,
            faults=faults,
            done=DONE.get(done),
            moment=self._times.moment,
        )

    def invited(self, session: StaffSession, invitation: Invitation) -> Response:
        """Lead to the code, which is shown once."""
        return back_to(f"{HOME}/invited/{session.put_aside(invitation)}")

    def until(self, invitation: Invitation) -> str:
        """Give until when an invitation holds, as the site's people read it."""
        return self._times.moment(invitation.until)

    @staticmethod
    def _signed_in(request: Request) -> dict[AccountId, int]:
        """Give how many browsers each account is signed in with."""
        counts: dict[AccountId, int] = {}
        for session in gatekeeper_of(request).staff.all(lambda _who: True):
            counts[session.who.account] = counts.get(session.who.account, 0) + 1
        return counts


def routes(staff: StaffPages) -> APIRouter:
    """Give the list, the invitation, and what is done to one account."""
    router = APIRouter(route_class=GuardedRoute)
    pages = _Pages(staff)

    @router.get(HOME)
    async def listed(request: Request, session: SignedStaff, done: str = "") -> Response:
        return pages.list(request, session, done=done)

    @router.post(f"{HOME}/invite")
    async def invite(request: Request, session: SignedStaff) -> Response:
        told = await typed(request, "login", "name", *Role)
        try:
            invitation = pages.book.invite(session.who, told["login"], told["name"], _roles(told))
        except RequestError as error:
            if error.code not in _FIELDS:
                return pages.list(request, session, told=told, error=error)
            return pages.list(request, session, told=told, faults=at_field(error, _FIELDS))
        return pages.invited(session, invitation)

    @router.get(f"{HOME}/invited/{{key}}")
    async def invited(request: Request, session: SignedStaff, key: str) -> Response:
        """Show an invitation's code, once."""
        invitation = session.take(key)
        if not isinstance(invitation, Invitation):
            return pages.list(request, session, error=page_fault("shown-gone"))
        return staff.page(
            request,
            session,
            "accounts_invited.html",
            invitation=invitation,
            code=spelled(invitation.code),
            until=pages.until(invitation),
        )

    _one(router, pages)
    _endings(router, pages)
    return router


def _one(router: APIRouter, pages: _Pages) -> None:
    @router.get(f"{HOME}/{{account}}")
    async def shown(request: Request, session: SignedStaff, account: str, done: str = "") -> Response:
        return pages.one(request, session, AccountId(account), done=done)

    @router.post(f"{HOME}/{{account}}/change")
    async def change(request: Request, session: SignedStaff, account: str) -> Response:
        told = await typed(request, "name", "seen", *Role)
        of = AccountId(account)
        try:
            pages.book.change(session.who, of, name=told["name"], roles=_roles(told), seen=told["seen"])
        except RequestError as error:
            if error.code not in _FIELDS:
                return pages.one(request, session, of, told=told, error=error)
            return pages.one(request, session, of, told=told, faults=at_field(error, _FIELDS))
        return back_to(f"{HOME}/{account}?done=changed")


def _endings(router: APIRouter, pages: _Pages) -> None:
    @router.post(f"{HOME}/{{account}}/disable")
    async def disable(request: Request, session: SignedStaff, account: str) -> Response:
        """End the account; whoever is signed in to it is not any more."""
        of = AccountId(account)
        try:
            pages.book.disable(session.who, of)
        except RequestError as error:
            return pages.one(request, session, of, error=error)
        _sign_out(request, of)
        return back_to(f"{HOME}/{account}?done=disabled")

    @router.post(f"{HOME}/{{account}}/invite")
    async def invite_anew(request: Request, session: SignedStaff, account: str) -> Response:
        """Take the secrets back, and show a code that sets them anew."""
        of = AccountId(account)
        try:
            invitation = pages.book.invite_anew(session.who, of)
        except RequestError as error:
            return pages.one(request, session, of, error=error)
        _sign_out(request, of)
        return pages.invited(session, invitation)

    @router.post(f"{HOME}/{{account}}/sessions/end")
    async def sign_out(request: Request, session: SignedStaff, account: str) -> Response:
        """Sign every browser of the account out."""
        of = AccountId(account)
        if _sign_out(request, of):
            pages.book.note_sessions_ended(session.who, of)
        return back_to(f"{HOME}/{account}?done=sessions")


def _sign_out(request: Request, account: AccountId) -> int:
    return gatekeeper_of(request).staff.end_where(lambda each: each.who.account == account)


def _roles(told: Mapping[str, str]) -> frozenset[Role]:
    return frozenset(role for role in Role if told[role.value])


def _as_told(view: AccountView) -> dict[str, str]:
    """Give an account as its form would tell it."""
    return {"name": view.name, "seen": view.seen} | {role.value: "yes" for role in view.roles}

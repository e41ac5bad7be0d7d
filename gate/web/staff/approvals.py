"""What waits for a second person, and what became of it (R27, R53)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.core.overrides import steps_of
from gate.core.roles import Staff
from gate.errors import RequestError
from gate.web.gatekeeper import GuardedRoute, SignedStaff, StaffSession
from gate.web.moments import LocalTimes
from gate.web.pages import back_to
from gate.web.staff.account_words import ACTS, APPROVAL_STATES, DONE
from gate.web.staff.gate_words import SETTING_WORDS
from gate.web.staff.layout import StaffPages
from gate.web.staff.ports.approvals import ApprovalId, ApprovalState
from gate.web.staff.typed import typed

HOME: Final = "/staff/approvals"


def routes(staff: StaffPages) -> APIRouter:
    """Give the list and its two answers."""
    router = APIRouter(route_class=GuardedRoute)
    port, book = staff.context.office.approvals, staff.context.office.accounts.book
    times = LocalTimes(staff.context.zone)

    def show(
        request: Request, session: StaffSession, *, error: RequestError | None = None, done: str = ""
    ) -> Response:
        every = port.all()
        return staff.page(
            request,
            session,
            "approvals_list.html",
            error=error,
            waiting=[each for each in every if each.state is ApprovalState.PENDING],
            answered=[each for each in every if each.state is not ApprovalState.PENDING],
            own=session.who.account,
            name_of=lambda account: book.name_of(account) or account,
            acts=ACTS,
            states=APPROVAL_STATES,
            done=DONE.get(done),
            moment=times.moment,
            steps=steps_of,
            settings=SETTING_WORDS,
        )

    async def answer(
        request: Request, session: StaffSession, act: Callable[[ApprovalId, Staff], None], done: str
    ) -> Response:
        told = await typed(request, "approval")
        try:
            act(ApprovalId(told["approval"]), session.who)
        except RequestError as error:
            return show(request, session, error=error)
        return back_to(f"{HOME}?done={done}")

    @router.get(HOME)
    async def listed(request: Request, session: SignedStaff, done: str = "") -> Response:
        return show(request, session, done=done)

    @router.post(f"{HOME}/allow")
    async def allow(request: Request, session: SignedStaff) -> Response:
        return await answer(request, session, port.allow, "allowed")

    @router.post(f"{HOME}/deny")
    async def deny(request: Request, session: SignedStaff) -> Response:
        return await answer(request, session, port.deny, "denied")

    return router

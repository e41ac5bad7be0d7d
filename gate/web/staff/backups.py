"""The backups' page: which there are, making one, looking into one."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.errors import GateError, RequestError
from gate.web.gatekeeper import GuardedRoute, SignedStaff, StaffSession
from gate.web.moments import LocalTimes
from gate.web.pages import back_to, words_of
from gate.web.staff.layout import StaffPages
from gate.web.staff.typed import typed

HOME: Final = "/staff/backups"


def routes(staff: StaffPages) -> APIRouter:
    """Give the backups' page and its deeds."""
    router = APIRouter(route_class=GuardedRoute)
    port = staff.context.office.gate.backups

    async def shown(request: Request, session: StaffSession, error: GateError | None = None) -> Response:
        state = await port.state()
        return staff.page(
            request,
            session,
            "backups.html",
            error=error,
            state=state,
            fault_words=state.fault and words_of(state.fault),
            done_words=state.done and state.done.fault and words_of(state.done.fault),
            moment=LocalTimes(staff.context.zone).moment,
        )

    @router.get(HOME)
    async def home(request: Request, session: SignedStaff) -> Response:
        return await shown(request, session)

    @router.post("/staff/backups/make")
    async def make(request: Request, session: SignedStaff) -> Response:
        try:
            port.make(session.who)
        except RequestError as error:
            return await shown(request, session, error)
        return back_to(HOME)

    @router.post("/staff/backups/verify")
    async def verify(request: Request, session: SignedStaff) -> Response:
        told = await typed(request, "name")
        try:
            port.verify(told["name"])
        except RequestError as error:
            return await shown(request, session, error)
        return back_to(HOME)

    return router

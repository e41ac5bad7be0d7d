"""The alarms' page: which stand, and that somebody of the staff knows (R60, R74)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.errors import GateError
from gate.web.faults import page_fault
from gate.web.gatekeeper import GuardedRoute, SignedStaff, StaffSession
from gate.web.pages import back_to
from gate.web.staff.layout import StaffPages
from gate.web.staff.live import look
from gate.web.staff.overview import HOME as OVERVIEW
from gate.web.staff.overview import said_of
from gate.web.staff.typed import typed

HOME: Final = "/staff/alarms"


def routes(staff: StaffPages) -> APIRouter:
    """Give the alarms' page and its deed."""
    router = APIRouter(route_class=GuardedRoute)
    context = staff.context

    def shown(
        request: Request,
        session: StaffSession,
        *,
        error: GateError | None = None,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> Response:
        now = said_of(staff, look(context))
        past = context.office.gate.alarms.past()
        return staff.page(request, session, "alarms.html", error=error, status=status, past=past, **now)

    @router.get(HOME)
    async def home(request: Request, session: SignedStaff) -> Response:
        return shown(request, session)

    @router.post("/staff/alarms/acknowledge")
    async def acknowledge(request: Request, session: SignedStaff) -> Response:
        """Note that this person knows of an alarm, and go back to where they were."""
        told = await typed(request, "alarm", "back")
        if not context.office.gate.alarms.acknowledge(session.who, told["alarm"]):
            return shown(request, session, error=page_fault("alarm-over"), status=HTTPStatus.CONFLICT)
        return back_to(OVERVIEW if told["back"] == OVERVIEW else HOME)

    return router

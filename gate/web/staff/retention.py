"""Retention's page: what is kept how long, the runs that delete it, and one run now (R75, R76)."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.errors import GateError
from gate.web.gatekeeper import GuardedRoute, SignedStaff, StaffSession
from gate.web.moments import LocalTimes
from gate.web.pages import back_to
from gate.web.staff.layout import StaffPages
from gate.web.staff.ports.retention import Run
from gate.web.staff.retention_words import CLASSES, ITEMS, ROWS

HOME: Final = "/staff/retention"


def routes(staff: StaffPages) -> APIRouter:
    """Give the page and the run."""
    router = APIRouter(route_class=GuardedRoute)
    port = staff.context.office.privacy.retention

    def page(
        request: Request, session: StaffSession, error: GateError | None = None, ran: Run | None = None
    ) -> Response:
        return staff.page(
            request,
            session,
            "retention.html",
            error=error,
            ran=ran,
            spans=port.spans,
            standing=port.standing,
            runs=port.runs(),
            table=[(row, ROWS[row.item]) for row in port.table],
            items=ITEMS,
            classes=CLASSES,
            minute=LocalTimes(staff.context.zone).moment,
        )

    @router.get(HOME)
    async def home(request: Request, session: SignedStaff, ran: str = "") -> Response:
        """Show everything. ran: the key under which the run that was just asked for was put aside."""
        done = session.take(ran)
        return page(request, session, ran=done if isinstance(done, Run) else None)

    @router.post("/staff/retention/run")
    async def run(request: Request, session: SignedStaff) -> Response:
        """Delete what is past its time now."""
        try:
            done = port.run(session.who)
        except GateError as error:
            return page(request, session, error)
        return back_to(f"{HOME}?ran={session.put_aside(done)}")

    return router

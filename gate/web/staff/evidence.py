"""The evidence archive's page: asked for, allowed by a second person, made beside the door, taken once (R55, R80 to R87)."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from gate.core.roles import Staff
from gate.errors import GateError
from gate.web.gatekeeper import GuardedRoute, SignedStaff, StaffSession
from gate.web.moments import LocalTimes
from gate.web.pages import back_to
from gate.web.staff.layout import StaffPages
from gate.web.staff.ports.evidence import EvidencePort, EvidenceView

HOME: Final = "/staff/evidence"
REASON_MOST: Final = 500


def routes(staff: StaffPages) -> APIRouter:
    """Give the page and its forms."""
    router = APIRouter(route_class=GuardedRoute)
    port = staff.context.office.privacy.evidence

    def page(
        request: Request, session: StaffSession, error: GateError | None = None, reason: str = ""
    ) -> Response:
        view, fault = _view(port, session.who)
        return staff.page(
            request,
            session,
            "evidence.html",
            error=error or fault,
            view=view,
            reason=reason,
            reason_most=REASON_MOST,
            minute=LocalTimes(staff.context.zone).moment,
        )

    @router.get(HOME)
    async def home(request: Request, session: SignedStaff) -> Response:
        return page(request, session)

    @router.post("/staff/evidence/ask")
    async def ask(request: Request, session: SignedStaff, reason: Annotated[str, Form()] = "") -> Response:
        try:
            port.ask(session.who, reason.strip())
        except GateError as error:
            return page(request, session, error, reason)
        return back_to(HOME)

    @router.post("/staff/evidence/make")
    async def make(request: Request, session: SignedStaff) -> Response:
        try:
            port.make(session.who)
        except GateError as error:
            return page(request, session, error)
        return back_to(HOME)

    @router.post("/staff/evidence/take")
    async def take(request: Request, session: SignedStaff) -> Response:
        """Give the archive, once."""
        try:
            file = port.take(session.who)
        except GateError as error:
            return page(request, session, error)
        headers = {"content-disposition": f'attachment; filename="{file.name}"'}
        return Response(file.content, media_type="application/zip", headers=headers)

    return router


def _view(port: EvidencePort, who: Staff) -> tuple[EvidenceView, GateError | None]:
    """Give how it stands, and once what kept the last archive from being made."""
    try:
        return port.view(who), None
    except GateError as fault:
        return port.view(who), fault

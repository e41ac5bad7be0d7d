"""The door's page: how it is, a release in two steps, and the lockdown (R65 to R68)."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.errors import GateError, RequestError
from gate.web.gatekeeper import GuardedRoute, SignedStaff, StaffSession
from gate.web.pages import back_to
from gate.web.staff.layout import StaffPages
from gate.web.staff.live import look
from gate.web.staff.overview import said_of
from gate.web.staff.typed import typed

HOME: Final = "/staff/door"
SAID: Final = frozenset({"released", "locked-down", "lockdown-over"})


def routes(staff: StaffPages) -> APIRouter:
    """Give the door's page and its deeds."""
    router = APIRouter(route_class=GuardedRoute)
    port = staff.context.office.gate.door

    def shown(
        request: Request, session: StaffSession, error: GateError | None = None, said: str = ""
    ) -> Response:
        return staff.page(
            request,
            session,
            "door.html",
            error=error,
            asked=port.asked(session.who),
            said=said if said in SAID else "",
            **said_of(staff, look(staff.context)),
        )

    @router.get(HOME)
    async def home(request: Request, session: SignedStaff, said: str = "") -> Response:
        return shown(request, session, said=said)

    @router.post("/staff/door/release")
    async def ask(request: Request, session: SignedStaff) -> Response:
        """Take the first of the two steps."""
        try:
            port.ask(session.who)
        except RequestError as error:
            return shown(request, session, error)
        return back_to(HOME)

    @router.post("/staff/door/release/confirm")
    async def confirm(request: Request, session: SignedStaff) -> Response:
        """Take the second: the door is released once."""
        told = await typed(request, "word")
        try:
            await port.confirm(session.who, told["word"])
        except GateError as error:
            return shown(request, session, error)
        return back_to(f"{HOME}?said=released")

    @router.post("/staff/door/lockdown")
    async def lock_down(session: SignedStaff) -> Response:
        port.lock_down(session.who)
        return back_to(f"{HOME}?said=locked-down")

    @router.post("/staff/door/lockdown/end")
    async def end_lockdown(session: SignedStaff) -> Response:
        port.end_lockdown(session.who)
        return back_to(f"{HOME}?said=lockdown-over")

    return router

"""How every part of the gate is, what keeps face off, and what to do about each."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.core.broker import UP
from gate.web.gatekeeper import GuardedRoute, SignedStaff
from gate.web.staff.broker_words import BROKER, WAITS, tone_of
from gate.web.staff.layout import StaffPages
from gate.web.staff.live import look
from gate.web.words import CUSTODY, OBSTACLES, PROVIDERS

HOME: Final = "/staff/health"


def routes(staff: StaffPages) -> APIRouter:
    """Give the page of the gate's health."""
    router = APIRouter(route_class=GuardedRoute)

    @router.get(HOME)
    async def home(request: Request, session: SignedStaff) -> Response:
        status = staff.context.status()
        return staff.page(
            request,
            session,
            "health.html",
            gate=status,
            broker=BROKER[status.broker],
            broker_tone=tone_of(status.broker),
            broker_waits=None if status.broker in UP else WAITS,
            now=look(staff.context),
            obstacles=[OBSTACLES[name] for name in status.obstacles],
            custody=CUSTODY[status.key_custody],
            providers=PROVIDERS,
            has_simulation=staff.context.simulation is not None,
        )

    return router

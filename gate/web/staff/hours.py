"""Weekly hours by name, and the door's own."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.core.hours import in_chinese
from gate.errors import RequestError
from gate.web.gatekeeper import GuardedRoute, SignedStaff, StaffSession
from gate.web.pages import language_of
from gate.web.staff.layout import StaffPages
from gate.web.staff.people import done_at
from gate.web.staff.people_words import DONE
from gate.web.staff.ports.people import DoorKeeps, HoursPort
from gate.web.staff.typed import at_field, typed

HOME: Final = "/staff/hours"
_SET_FIELDS: Final = {"hours-name": "name", "hours-there": "name", "hours-unfit": "text"}
EXAMPLE: Final = "mon-fri 07:00-18:00; sat 08:00-12:00"
_NOTHING: Final[Mapping[str, str]] = {}


class _Page:
    """The page of all hours, in all its states."""

    def __init__(self, staff: StaffPages) -> None:
        self._staff = staff
        self.port: HoursPort = staff.context.office.people.hours

    async def show(
        self,
        request: Request,
        session: StaffSession,
        *,
        told: Mapping[str, str] = _NOTHING,
        faults: Mapping[str, str] = _NOTHING,
        error: RequestError | None = None,
        done: str = "",
    ) -> Response:
        """Show all hours as they stand now, with what was typed and what is wrong with it."""
        faulty = bool(faults) or error is not None
        return self._staff.page(
            request,
            session,
            "hours_list.html",
            error=error,
            status=HTTPStatus.UNPROCESSABLE_ENTITY if faulty else HTTPStatus.OK,
            hours=await self.port.all(),
            typed=told,
            faults=faults,
            done=DONE.get(done),
            example=EXAMPLE,
            shown=in_chinese if language_of(request).startswith("zh") else str,
        )


def routes(staff: StaffPages) -> APIRouter:
    """Give the page of all hours, and what changes them."""
    router = APIRouter(route_class=GuardedRoute)
    page = _Page(staff)
    port = page.port

    @router.get(HOME)
    async def listed(request: Request, session: SignedStaff, done: str = "") -> Response:
        return await page.show(request, session, done=done)

    @router.post(f"{HOME}/set")
    async def set_(request: Request, session: SignedStaff) -> Response:
        """Say when hours are, new ones or those that were shown."""
        told = await typed(request, "name", "text", "seen")
        try:
            port.set(session.who, told["name"], told["text"], seen=told["seen"])
        except RequestError as error:
            fields = {"hours-unfit": f"text-{told['name']}"} if told["seen"] else _SET_FIELDS
            if error.code not in fields:
                return await page.show(request, session, told=told, error=error)
            return await page.show(request, session, told=told, faults=at_field(error, fields))
        return done_at(HOME, "set")

    @router.post(f"{HOME}/remove")
    async def remove(request: Request, session: SignedStaff) -> Response:
        """Delete hours nobody has."""
        told = await typed(request, "name", "seen")
        try:
            port.remove(session.who, told["name"], seen=told["seen"])
        except RequestError as error:
            return await page.show(request, session, error=error)
        return done_at(HOME, "removed")

    @router.post(f"{HOME}/door")
    async def door(request: Request, session: SignedStaff) -> Response:
        """Let the door keep hours of its own, or none."""
        told = await typed(request, *DoorKeeps, "seen")
        kept = {kind: told[kind] or None for kind in DoorKeeps}
        try:
            port.set_door(session.who, kept, seen=told["seen"])
        except RequestError as error:
            return await page.show(request, session, error=error)
        return done_at(HOME, "door")

    return router

"""Visitors' codes that staff issue for a host: the code is shown once, as QR and as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from gate.errors import RequestError
from gate.web.gatekeeper import GuardedRoute, SignedStaff, StaffSession
from gate.web.moments import LocalTimes
from gate.web.pages import back_to
from gate.web.qr import qr_svg
from gate.web.staff.layout import StaffPages
from gate.web.staff.people import gone
from gate.web.staff.people_words import DONE
from gate.web.staff.ports.people import FreshInvitation, HostVisits, VisitsPort
from gate.web.staff.typed import at_field, typed

HOME: Final = "/staff/visits"
_FIELDS: Final = {"unit-unknown": "unit", "time-unfit": "until", "visit-span": "until"}


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the page shows beside a host's codes."""

    unit: str
    typed: Mapping[str, str]
    faults: Mapping[str, str]
    error: RequestError | None = None
    done: str = ""


class _Page:
    """The page of a host's codes, in all its states."""

    def __init__(self, staff: StaffPages) -> None:
        self._staff = staff
        self.port: VisitsPort = staff.context.office.people.visits

    def show(self, request: Request, session: StaffSession, shown: _Shown) -> Response:
        """Show the unused codes of the unit's resident, and the form for one more."""
        host, faults = self._host(shown)
        return self._staff.page(
            request,
            session,
            "visits_list.html",
            error=shown.error,
            status=HTTPStatus.UNPROCESSABLE_ENTITY if faults or shown.error else HTTPStatus.OK,
            host=host,
            typed={"unit": shown.unit, **shown.typed},
            faults=faults,
            done=DONE.get(shown.done),
            time_zone=self.port.time_zone,
            moment=LocalTimes(self._staff.context.zone).moment,
        )

    def _host(self, shown: _Shown) -> tuple[HostVisits | None, Mapping[str, str]]:
        if not shown.unit:
            return None, shown.faults
        try:
            return self.port.of(shown.unit), shown.faults
        except RequestError as error:
            return None, {**shown.faults, **at_field(error, _FIELDS)}


def routes(staff: StaffPages) -> APIRouter:
    """Give the page of a host's codes, and what issues one and takes it back."""
    router = APIRouter(route_class=GuardedRoute)
    page = _Page(staff)

    @router.get(HOME)
    async def listed(
        request: Request,
        session: SignedStaff,
        unit: Annotated[str, Query(max_length=32)] = "",
        done: str = "",
    ) -> Response:
        return page.show(request, session, _Shown(unit.strip(), {}, {}, done=done))

    @router.post(HOME)
    async def invite(request: Request, session: SignedStaff) -> Response:
        """Issue a code; the page that follows shows it, once."""
        told = await typed(request, "unit", "begins", "until")
        try:
            fresh = page.port.invite(session.who, told["unit"], told["begins"], told["until"])
        except RequestError as error:
            if error.code not in _FIELDS:
                return page.show(request, session, _Shown(told["unit"], told, {}, error))
            return page.show(request, session, _Shown(told["unit"], told, at_field(error, _FIELDS)))
        return back_to(f"{HOME}/shown/{session.put_aside(fresh)}")

    @router.get(f"{HOME}/shown/{{key}}")
    async def shown(request: Request, session: SignedStaff, key: str) -> Response:
        """Show a fresh code, once."""
        fresh = session.take(key)
        if not isinstance(fresh, FreshInvitation):
            return page.show(request, session, _Shown("", {}, {}, gone()))
        return staff.page(
            request,
            session,
            "visits_shown.html",
            fresh=fresh,
            code=qr_svg(fresh.text),
            moment=LocalTimes(staff.context.zone).moment,
        )

    @router.post(f"{HOME}/revoke")
    async def revoke(request: Request, session: SignedStaff) -> Response:
        """Take a code back."""
        told = await typed(request, "visit", "unit")
        try:
            page.port.revoke(session.who, told["visit"])
        except RequestError as error:
            return page.show(request, session, _Shown(told["unit"], {}, {}, error))
        return back_to(f"{HOME}?{urlencode({'unit': told['unit'], 'done': 'taken-back'})}")

    return router

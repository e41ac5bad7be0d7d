"""De-identified live events: off, and switched on by the privacy officer alone, in two steps that say what they are (R44)."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.core.overrides import DEIDENTIFIED_LIVE, SETTINGS
from gate.core.roles import Act
from gate.errors import GateError, RequestError
from gate.web.faults import page_fault
from gate.web.gatekeeper import GuardedRoute, SignedStaff, StaffSession
from gate.web.moments import LocalTimes
from gate.web.pages import back_to
from gate.web.staff.layout import StaffPages
from gate.web.staff.ports.overrides import Proposal
from gate.web.staff.settings_form import SettingsForm

HOME: Final = "/staff/live-events"
OFFICERS: Final = tuple(key for key, setting in SETTINGS.items() if setting.act is Act.SWITCH_LIVE_EVENTS)


def routes(staff: StaffPages) -> APIRouter:
    """Give the page of the switch, its second step, and the change."""
    router = APIRouter(route_class=GuardedRoute)
    port, form = staff.context.office.gate.overrides, SettingsForm(staff, OFFICERS)

    def shown(
        request: Request,
        session: StaffSession,
        error: GateError | None = None,
        *,
        wrong: Proposal | None = None,
        said: str = "",
    ) -> Response:
        """Show the switch, with how it is now and when it was otherwise."""
        return form.show(
            request,
            session,
            "live_events.html",
            error,
            wrong=wrong,
            is_on=any(each.key == DEIDENTIFIED_LIVE and each.value is True for each in form.views),
            history=[
                (version.at, change.after)
                for version in port.history()
                for change in version.changes
                if change.key == DEIDENTIFIED_LIVE
            ],
            moment=LocalTimes(staff.context.zone).moment,
            said=said == "saved",
        )

    @router.get(HOME)
    async def home(request: Request, session: SignedStaff, said: str = "") -> Response:
        return shown(request, session, said=said)

    @router.post(HOME)
    async def check(request: Request, session: SignedStaff) -> Response:
        """Take the first step: say what the change does."""
        told, seen = await form.told(request)
        proposal = port.propose(told)
        if seen != port.newest:
            return shown(request, session, page_fault("settings-moved"))
        if proposal.wrong:
            return shown(request, session, wrong=proposal)
        if not proposal.values:
            return shown(request, session, page_fault("settings-same"))
        return form.follow(
            request,
            session,
            "live_events_confirm.html",
            proposal=proposal,
            told=told,
            seen=seen,
            switches_on=proposal.values.get(DEIDENTIFIED_LIVE) is True,
        )

    @router.post("/staff/live-events/save")
    async def save(request: Request, session: SignedStaff) -> Response:
        """Take the second: the gate is opened anew with it."""
        told, seen = await form.told(request)
        try:
            port.change(session.who, told, seen)
        except RequestError as error:
            return shown(request, session, error)
        return back_to(f"{HOME}?said=saved")

    return router

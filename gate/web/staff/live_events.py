"""De-identified live events: off, and switched on by the privacy officer alone, in two steps that say what they are (R44)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.core.overrides import DEIDENTIFIED_LIVE, SETTINGS, written
from gate.core.roles import Act
from gate.errors import GateError, RequestError
from gate.web.faults import page_fault
from gate.web.gatekeeper import GuardedRoute, SignedStaff, StaffSession
from gate.web.moments import LocalTimes
from gate.web.pages import back_to
from gate.web.staff.gate_words import SETTING_WORDS, UNFIT
from gate.web.staff.layout import StaffPages
from gate.web.staff.overrides import changes_of, number_of, present
from gate.web.staff.ports.overrides import Proposal
from gate.web.staff.typed import typed

HOME: Final = "/staff/live-events"
OFFICERS: Final = tuple(key for key, setting in SETTINGS.items() if setting.act is Act.SWITCH_LIVE_EVENTS)


def routes(staff: StaffPages) -> APIRouter:
    """Give the page of the switch, its second step, and the change."""
    router = APIRouter(route_class=GuardedRoute)
    port, shown = staff.context.office.gate.overrides, Shown(staff)

    @router.get(HOME)
    async def home(request: Request, session: SignedStaff, said: str = "") -> Response:
        return shown.form(request, session, said=said)

    @router.post(HOME)
    async def check(request: Request, session: SignedStaff) -> Response:
        """Take the first step: say what the change does."""
        values, seen = await _told(request)
        proposal = port.propose(values)
        if seen != port.newest:
            return shown.form(request, session, page_fault("settings-moved"))
        if proposal.wrong:
            return shown.form(request, session, wrong=proposal)
        if not proposal.values:
            return shown.form(request, session, page_fault("settings-same"))
        return staff.page(
            request,
            session,
            "live_events_confirm.html",
            proposal=proposal,
            changes=changes_of(port.settings(), proposal),
            switches_on=proposal.values.get(DEIDENTIFIED_LIVE) is True,
            typed=values,
            seen=seen,
            names=SETTING_WORDS,
        )

    @router.post("/staff/live-events/save")
    async def save(request: Request, session: SignedStaff) -> Response:
        """Take the second: the gate is opened anew with it."""
        values, seen = await _told(request)
        try:
            port.change(session.who, values, seen)
        except RequestError as error:
            return shown.form(request, session, error)
        return back_to(f"{HOME}?said=saved")

    return router


class Shown:
    """The form, with how it is now and when it was otherwise."""

    def __init__(self, staff: StaffPages) -> None:
        self._staff = staff
        self._port = staff.context.office.gate.overrides

    def form(
        self,
        request: Request,
        session: StaffSession,
        error: GateError | None = None,
        *,
        wrong: Proposal | None = None,
        said: str = "",
    ) -> Response:
        """Show it. wrong: what was typed and cannot be."""
        wrong_keys = wrong.wrong if wrong else {}
        views = [each for each in self._port.settings() if each.key in OFFICERS]
        return self._staff.page(
            request,
            session,
            "live_events.html",
            error=error,
            status=422 if wrong_keys else None,
            views=views,
            is_on=any(each.key == DEIDENTIFIED_LIVE and each.value is True for each in views),
            values={each.key: written(each.value) for each in views},
            written=written,
            faults={key: UNFIT[why] for key, why in wrong_keys.items()},
            seen=self._port.newest,
            history=[
                (version.at, change.after)
                for version in self._port.history()
                for change in version.changes
                if change.key == DEIDENTIFIED_LIVE
            ],
            moment=LocalTimes(self._staff.context.zone).moment,
            names=SETTING_WORDS,
            said=said == "saved",
        )


async def _told(request: Request) -> tuple[Mapping[str, str], int]:
    told = await typed(request, "seen", *OFFICERS)
    seen = number_of(told.pop("seen"))
    return present(await request.form(), told), seen

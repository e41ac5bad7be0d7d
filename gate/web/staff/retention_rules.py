"""How long faces are kept: a change that a second person has to agree to (R53, R75)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.core.overrides import SETTINGS, typed_of
from gate.core.roles import Act
from gate.errors import GateError, RequestError
from gate.web.faults import page_fault
from gate.web.gatekeeper import GuardedRoute, SignedStaff, StaffSession
from gate.web.pages import back_to
from gate.web.staff.layout import StaffPages
from gate.web.staff.ports.approvals import ApprovalState, ApprovalView
from gate.web.staff.ports.overrides import Proposal
from gate.web.staff.settings_form import SettingsForm
from gate.web.staff.typed import typed

HOME: Final = "/staff/rules/retention"
GUARDED: Final = tuple(key for key, setting in SETTINGS.items() if setting.two_persons)
_OPEN: Final = frozenset({ApprovalState.PENDING, ApprovalState.ALLOWED})


def routes(staff: StaffPages) -> APIRouter:
    """Give the page of the two spans, the question to a second person, and the change."""
    router = APIRouter(route_class=GuardedRoute)
    port, shown = staff.context.office.gate.overrides, Shown(staff)

    @router.get(HOME)
    async def home(request: Request, session: SignedStaff, said: str = "") -> Response:
        return shown.form(request, session, said=said)

    @router.post(HOME)
    async def check(request: Request, session: SignedStaff) -> Response:
        """Take the first step: say what the change does, and how the second person stands to it."""
        values, seen = await shown.told(request)
        if seen != port.newest:
            return shown.form(request, session, page_fault("settings-moved"), told=values)
        return shown.step(request, session, values, seen)

    @router.post("/staff/rules/retention/ask")
    async def ask(request: Request, session: SignedStaff) -> Response:
        values, seen = await shown.told(request)
        reason = (await typed(request, "reason"))["reason"]
        try:
            port.ask(session.who, values, reason)
        except RequestError as error:
            return shown.step(request, session, values, seen, error)
        return back_to(f"{HOME}?said=asked")

    @router.post("/staff/rules/retention/save")
    async def save(request: Request, session: SignedStaff) -> Response:
        values, seen = await shown.told(request)
        try:
            port.change(session.who, values, seen)
        except RequestError as error:
            return shown.step(request, session, values, port.newest, error)
        return back_to(f"{HOME}?said=saved")

    return router


class Shown:
    """The two steps as pages."""

    def __init__(self, staff: StaffPages) -> None:
        self._staff = staff
        self._form = SettingsForm(staff, GUARDED)
        self._port = staff.context.office.gate.overrides
        self.told = self._form.told

    def form(
        self,
        request: Request,
        session: StaffSession,
        error: GateError | None = None,
        *,
        wrong: Proposal | None = None,
        told: Mapping[str, str] | None = None,
        said: str = "",
    ) -> Response:
        """Show the spans in force, or what was *told* of them, and what this person asked for already."""
        return self._form.show(
            request,
            session,
            "rules_retention.html",
            error,
            wrong=wrong,
            told=told,
            mine=self._mine(session),
            said=said if said in {"asked", "saved"} else "",
        )

    def step(
        self,
        request: Request,
        session: StaffSession,
        values: Mapping[str, str],
        seen: int,
        error: GateError | None = None,
    ) -> Response:
        """Show what the change does and how the second person stands to it."""
        proposal = self._port.propose(values)
        if proposal.wrong:
            return self.form(request, session, wrong=proposal, told=values)
        if not proposal.values:
            return self.form(request, session, page_fault("settings-same"), told=values)
        return self._form.follow(
            request,
            session,
            "rules_retention_confirm.html",
            error,
            proposal=proposal,
            told=values,
            seen=seen,
            approval=self._port.approval(session.who, values),
        )

    def _mine(self, session: StaffSession) -> list[tuple[ApprovalView, Mapping[str, str]]]:
        return [
            (each, typed_of(each.subject))
            for each in self._staff.context.office.approvals.all()
            if each.asked_by == session.who.account
            and each.act is Act.CHANGE_RETENTION
            and each.state in _OPEN
        ]

"""Settings and rules: shown, changed in two steps that say what follows, and their history (R80)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.core.overrides import SETTINGS, written
from gate.core.roles import Act
from gate.errors import GateError, RequestError
from gate.web.faults import page_fault
from gate.web.gatekeeper import GuardedRoute, SignedStaff, StaffSession
from gate.web.moments import LocalTimes
from gate.web.pages import back_to
from gate.web.staff.gate_words import AREAS, CHOICES, SETTING_WORDS
from gate.web.staff.layout import StaffPages
from gate.web.staff.ports.overrides import Proposal
from gate.web.staff.settings_form import SettingsForm, number_of

HOME: Final = "/staff/rules"
HISTORY: Final = "/staff/rules/history"
OPEN: Final = tuple(key for key, setting in SETTINGS.items() if setting.act is Act.CHANGE_RULES)
"""What one person may change who may change rules at all."""


def routes(staff: StaffPages) -> APIRouter:
    """Give the settings' page, its second step and the history."""
    router = APIRouter(route_class=GuardedRoute)
    port, form = staff.context.office.gate.overrides, SettingsForm(staff, OPEN)
    shown = Shown(staff, form)

    @router.get(HOME)
    async def home(request: Request, session: SignedStaff, said: str = "") -> Response:
        return shown.form(request, session, said=said)

    @router.post(HOME)
    async def check(request: Request, session: SignedStaff) -> Response:
        """Take the first step: say what the change does, or what is wrong with it, beside its field."""
        told, seen = await form.told(request)
        proposal = port.propose(told)
        if seen != port.newest:
            return shown.form(request, session, page_fault("settings-moved"), told=told, seen=seen)
        if proposal.wrong:
            return shown.form(request, session, wrong=proposal, told=told)
        if not proposal.values:
            return shown.form(request, session, page_fault("settings-same"), told=told)
        return form.follow(request, session, "rules_confirm.html", proposal=proposal, told=told, seen=seen)

    @router.post("/staff/rules/save")
    async def save(request: Request, session: SignedStaff) -> Response:
        """Take the second: the gate is opened anew with the new settings."""
        told, seen = await form.told(request)
        try:
            port.change(session.who, told, seen)
        except RequestError as error:
            return shown.form(request, session, error, told=told, seen=seen)
        return back_to(f"{HOME}?said=saved")

    @router.get(HISTORY)
    async def history(request: Request, session: SignedStaff, before: str = "") -> Response:
        found = port.history(number_of(before) or None)
        knows = session.who.may(Act.MANAGE_ACCOUNTS)
        accounts = staff.context.office.accounts
        names = {
            each.by: (accounts.book.name_of(each.by.partition(":")[2]) or "") if knows else ""
            for each in found
        }
        return staff.page(
            request,
            session,
            "rules_history.html",
            versions=found,
            people=names,
            names=SETTING_WORDS,
            choices=CHOICES,
            by_file={each.key: written(each.by_file) for each in port.settings()},
            moment=LocalTimes(staff.context.zone).moment,
        )

    return router


class Shown:
    """The form of the settings, as it is and after something was wrong with it."""

    def __init__(self, staff: StaffPages, form: SettingsForm) -> None:
        self._form = form
        self._port = staff.context.office.gate.overrides

    def form(
        self,
        request: Request,
        session: StaffSession,
        error: GateError | None = None,
        *,
        wrong: Proposal | None = None,
        told: Mapping[str, str] | None = None,
        seen: int | None = None,
        said: str = "",
    ) -> Response:
        """Show it; told: what was typed, which stands in the fields. seen: then the changes since are shown beside."""
        views = self._form.views
        since = [] if seen is None else [each for each in self._port.history() if each.number > seen]
        return self._form.show(
            request,
            session,
            "rules.html",
            error,
            wrong=wrong,
            told=told,
            areas=[(AREAS[area], [each for each in views if each.setting.area == area]) for area in AREAS],
            since=since,
            altered=self._port.altered,
            said=said == "saved",
        )

"""Settings and rules: shown, changed in two steps that say what follows, and their history (R80)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from gate.web.staff.gate_words import AREAS, SETTING_WORDS, UNFIT
from gate.web.staff.layout import StaffPages
from gate.web.staff.ports.overrides import Proposal, SettingView
from gate.web.staff.typed import typed

HOME: Final = "/staff/rules"
HISTORY: Final = "/staff/rules/history"
OPEN: Final = tuple(key for key, setting in SETTINGS.items() if setting.act is Act.CHANGE_RULES)
"""What one person may change who may change rules at all."""


def routes(staff: StaffPages) -> APIRouter:
    """Give the settings' page, its second step and the history."""
    router = APIRouter(route_class=GuardedRoute)
    port = staff.context.office.gate.overrides
    shown = Shown(staff)

    @router.get(HOME)
    async def home(request: Request, session: SignedStaff, said: str = "") -> Response:
        return shown.form(request, session, said=said)

    @router.post(HOME)
    async def check(request: Request, session: SignedStaff) -> Response:
        """Take the first step: say what the change does, or what is wrong with it, beside its field."""
        told = await typed(request, "seen", *OPEN)
        seen, values = number_of(told.pop("seen")), present(await request.form(), told)
        proposal = port.propose(values)
        if seen != port.newest:
            return shown.form(request, session, page_fault("settings-moved"), told=values, seen=seen)
        if proposal.wrong:
            return shown.form(request, session, wrong=proposal, told=values)
        if not proposal.values:
            return shown.form(request, session, page_fault("settings-same"), told=values)
        return staff.page(
            request,
            session,
            "rules_confirm.html",
            proposal=proposal,
            changes=changes_of(port.settings(), proposal),
            typed=values,
            seen=seen,
            names=SETTING_WORDS,
        )

    @router.post("/staff/rules/save")
    async def save(request: Request, session: SignedStaff) -> Response:
        """Take the second: the gate is opened anew with the new settings."""
        told = await typed(request, "seen", *OPEN)
        seen, values = number_of(told.pop("seen")), present(await request.form(), told)
        try:
            port.change(session.who, values, seen)
        except RequestError as error:
            return shown.form(request, session, error, told=values, seen=seen)
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
            by_file={each.key: written(each.by_file) for each in port.settings()},
            moment=LocalTimes(staff.context.zone).moment,
        )

    return router


class Shown:
    """The form of the settings, as it is and after something was wrong with it."""

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
        told: Mapping[str, str] | None = None,
        seen: int | None = None,
        said: str = "",
    ) -> Response:
        """Show it; told: what was typed, which stands in the fields. seen: then the changes since are shown beside."""
        wrong_keys = wrong.wrong if wrong else {}
        views = [each for each in self._port.settings() if each.key in OPEN]
        since = [] if seen is None else [each for each in self._port.history() if each.number > seen]
        return self._staff.page(
            request,
            session,
            "rules.html",
            error=error,
            status=422 if wrong_keys else None,
            areas=[(AREAS[area], [each for each in views if each.setting.area == area]) for area in AREAS],
            values={each.key: written(each.value) for each in views} | dict(told or {}),
            written=written,
            faults={key: UNFIT[why] for key, why in wrong_keys.items()},
            seen=self._port.newest,
            since=since,
            altered=self._port.altered,
            names=SETTING_WORDS,
            said=said == "saved",
        )


def changes_of(views: Sequence[SettingView], proposal: Proposal) -> list[tuple[str, str, str]]:
    """Give key, value in force and new value of what *proposal* changes."""
    now = {each.key: each.value for each in views}
    return [(key, written(now[key]), written(value)) for key, value in proposal.values.items()]


def present(form: Mapping[str, object], told: Mapping[str, str]) -> dict[str, str]:
    """Keep what the form really held: a field that is not there stays as it is."""
    return {key: value for key, value in told.items() if key in form}


def number_of(text: str) -> int:
    """Give the number of a version as a form carried it, 0 for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else 0  # noqa: PLR2004 - of a form's field

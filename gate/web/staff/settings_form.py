"""What the pages that change settings share: the form, what follows of a change, and what a form carried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response

from gate.core.overrides import written
from gate.errors import GateError
from gate.web.gatekeeper import StaffSession
from gate.web.staff.gate_words import CHOICES, SETTING_WORDS, UNFIT
from gate.web.staff.layout import StaffPages
from gate.web.staff.ports.overrides import Proposal, SettingView
from gate.web.staff.typed import typed


class SettingsForm:
    """The form of some settings, by their *keys*, and its second step."""

    def __init__(self, staff: StaffPages, keys: Sequence[str]) -> None:
        self._staff = staff
        self._keys = keys
        self._port = staff.context.office.gate.overrides

    @property
    def views(self) -> list[SettingView]:
        """Give its settings as they are now."""
        return [each for each in self._port.settings() if each.key in self._keys]

    async def told(self, request: Request) -> tuple[dict[str, str], int]:
        """Give what was typed of the fields that were there, and the version that its person had seen."""
        found = await typed(request, "seen", *self._keys)
        seen, form = number_of(found.pop("seen")), await request.form()
        return {key: value for key, value in found.items() if key in form}, seen

    def show(
        self,
        request: Request,
        session: StaffSession,
        template: str,
        error: GateError | None = None,
        *,
        wrong: Proposal | None = None,
        told: Mapping[str, str] | None = None,
        **more: object,
    ) -> Response:
        """Answer with the form. wrong: what was typed and cannot be. told: what was typed, to stand in the fields."""
        wrong_keys = wrong.wrong if wrong else {}
        views = self.views
        return self._staff.page(
            request,
            session,
            template,
            error=error,
            status=422 if wrong_keys else None,
            views=views,
            values={each.key: written(each.value) for each in views} | dict(told or {}),
            written=written,
            faults={key: UNFIT[why] for key, why in wrong_keys.items()},
            seen=self._port.newest,
            names=SETTING_WORDS,
            choices=CHOICES,
            **more,
        )

    def follow(
        self,
        request: Request,
        session: StaffSession,
        template: str,
        error: GateError | None = None,
        *,
        proposal: Proposal,
        told: Mapping[str, str],
        seen: int,
        **more: object,
    ) -> Response:
        """Answer with what *proposal* changes and what follows of it, to be confirmed."""
        now = {each.key: each.value for each in self._port.settings()}
        return self._staff.page(
            request,
            session,
            template,
            error=error,
            status=None,
            proposal=proposal,
            changes=[(key, written(now[key]), written(value)) for key, value in proposal.values.items()],
            typed=told,
            seen=seen,
            names=SETTING_WORDS,
            choices=CHOICES,
            **more,
        )


def number_of(text: str) -> int:
    """Give the number of a version as a form carried it, 0 for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else 0  # noqa: PLR2004 - of a form's field

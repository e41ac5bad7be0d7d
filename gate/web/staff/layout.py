"""The frame of every staff page: who is signed in, where one can go with one's offices, and what rings."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gate.core.roles import Act, Staff
from gate.errors import GateError
from gate.web.context import WebContext
from gate.web.gatekeeper import StaffSession
from gate.web.languages import marked as _
from gate.web.pages import Pages, words_of


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the navigation; act: what one must be allowed to see it. None: everybody who is signed in."""

    path: str
    title: str
    act: Act | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Pages that belong together."""

    title: str
    entries: tuple[Entry, ...]


NAVIGATION: Final[tuple[Group, ...]] = (
    Group(
        _("Gate"),
        (
            Entry("/staff", _("Overview"), Act.SEE_GATE),
            Entry("/staff/door", _("Door"), Act.SEE_GATE),
            Entry("/staff/alarms", _("Alarms"), Act.SEE_GATE),
            Entry("/staff/health", _("Health"), Act.SEE_GATE),
            Entry("/staff/counts", _("Counts"), Act.SEE_COUNTS),
        ),
    ),
    Group(
        _("People"),
        (
            Entry("/staff/people", _("Residents"), Act.MANAGE_PEOPLE),
            Entry("/staff/desk", _("Face at the desk"), Act.ENROL),
            Entry("/staff/hours", _("Hours"), Act.SET_HOURS),
            Entry("/staff/visits", _("Visitors"), Act.MANAGE_PEOPLE),
            Entry("/staff/cards/block", _("Block a card"), Act.BLOCK_CARD),
        ),
    ),
    Group(
        _("Privacy"),
        (
            Entry("/staff/requests", _("Requests"), Act.ANSWER_REQUESTS),
            Entry("/staff/notices", _("Notices"), Act.EDIT_NOTICE),
            Entry("/staff/retention", _("Retention"), Act.SEE_RETENTION),
            Entry("/staff/duties", _("Duties"), Act.ANSWER_REQUESTS),
            Entry("/staff/audit", _("Audit log"), Act.SEE_AUDIT),
            Entry("/staff/evidence", _("Evidence"), Act.EXPORT_EVIDENCE),
            Entry("/staff/approvals", _("Approvals"), Act.APPROVE),
            Entry("/staff/live-events", _("Live events"), Act.SWITCH_LIVE_EVENTS),
        ),
    ),
    Group(
        _("System"),
        (
            Entry("/staff/rules", _("Settings and rules"), Act.CHANGE_RULES),
            Entry("/staff/backups", _("Backups"), Act.MANAGE_BACKUPS),
            Entry("/staff/accounts", _("Staff"), Act.MANAGE_ACCOUNTS),
            Entry("/staff/tokens", _("Programs"), Act.MANAGE_TOKENS),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class StaffPages:
    """Answers with staff pages: any template below templates/staff that extends staff/base.html."""

    context: WebContext
    pages: Pages

    def page(
        self,
        request: Request,
        session: StaffSession,
        template: str,
        *,
        error: GateError | None = None,
        status: int | None = None,
        **values: object,
    ) -> Response:
        """Answer with *template*, 422 where there is an *error* to show, else 200.

        The template finds: token (of every form), once (a function: a fresh word for each form), here (the path), groups,
        me (the account's name), ringing (alarms that nobody has acknowledged), may (a function of an act's value), error and words.
        """
        if status is None:
            status = HTTPStatus.OK if error is None else HTTPStatus.UNPROCESSABLE_ENTITY
        now = self.context.status()
        return self.pages.page(
            request,
            f"staff/{template}",
            status=status,
            token=session.form,
            once=fresh_word,
            here=request.url.path,
            groups=navigation_of(session.who),
            me=self.context.office.accounts.name_of(session.who),
            gate_id=now.gate_id,
            ringing=sum(not each.acknowledged for each in self.context.office.gate.alarms.standing()),
            may=lambda act: session.who.may(Act(act)),
            error=error,
            words=error and words_of(error),
            **values,
        )


def navigation_of(who: Staff) -> tuple[Group, ...]:
    """Give the pages that *who* may see, without groups that would be empty."""
    groups = (
        Group(group.title, tuple(each for each in group.entries if each.act is None or who.may(each.act)))
        for group in NAVIGATION
    )
    return tuple(group for group in groups if group.entries)


def fresh_word() -> str:
    """Draw what marks one form, so that pressing its button twice does it once."""
    return secrets.token_urlsafe(9)

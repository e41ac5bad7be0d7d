"""The port ApprovalsPort of gate/web/staff/ports/approvals.py over the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from gate.core.roles import Act, Staff
from gate.core.types import PersonId
from gate.errors import GateError
from gate.ports import Clock
from gate.store import Store
from gate.store.staff.approvals import Answer, Approval
from gate.web.staff.ports.approvals import ApprovalId, ApprovalState, ApprovalView

SHOWN_FOR: Final = timedelta(days=30)


class ApprovalDesk:
    """Asks, answers and uses up what takes two persons."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._approvals = store.staff.approvals
        self._clock = clock

    def ask(self, staff: Staff, act: Act, subject: str, reason: str) -> ApprovalId:
        """Ask a second person; see ApprovalsPort."""
        return ApprovalId(self._approvals.ask(act, subject, reason, at=self._clock.now(), by=staff).id)

    def all(self) -> Sequence[ApprovalView]:
        """Give what was asked within the last 30 days, newest first."""
        now = self._clock.now()
        return tuple(replace(_view(each, now), unit=self._unit(each.subject)) for each in self._since(now))

    def find(self, staff: Staff, act: Act, subject: str) -> ApprovalView | None:
        """Give the newest that *staff* asked for exactly this."""
        asked, now = (staff.account, act, subject), self._clock.now()
        found = (each for each in self._since(now) if (each.asked_by, each.act, each.subject) == asked)
        return next((_view(each, now) for each in found), None)

    def allow(self, approval: ApprovalId, staff: Staff) -> None:
        """Allow it as the second person; see ApprovalsPort."""
        self._approvals.allow(approval, at=self._clock.now(), by=staff)

    def deny(self, approval: ApprovalId, staff: Staff) -> None:
        """Refuse it, or take it back; see ApprovalsPort."""
        self._approvals.deny(approval, at=self._clock.now(), by=staff)

    def take(self, approval: ApprovalId, staff: Staff, act: Act, subject: str) -> None:
        """Use it up. Raises RequestError ``approval-missing``."""
        self._approvals.take(approval, act, subject, at=self._clock.now(), by=staff)

    def _since(self, now: datetime) -> Sequence[Approval]:
        return self._approvals.since(now - SHOWN_FOR)

    def _unit(self, subject: str) -> str | None:
        """Give the unit of the person that *subject* names, itself or by a request: a unit is no child's name."""
        kind, _, ref = subject.partition(" ")
        try:
            match kind:
                case "person":
                    person: PersonId | None = PersonId(ref)
                case "request":
                    facts = self._store.requests.get(ref).facts
                    person = facts.person if facts else None
                case _:
                    return None
            return self._store.people.get(person).unit if person else None
        except GateError:
            return None  # erased meanwhile, or altered: the pages of the person and the request tell


def _view(approval: Approval, now: datetime) -> ApprovalView:
    return ApprovalView(
        id=ApprovalId(approval.id),
        act=approval.act,
        subject=approval.subject,
        reason=approval.reason,
        asked_by=approval.asked_by,
        asked_at=approval.asked_at,
        state=_state(approval, now),
        until=approval.until,
        answered_by=approval.answered_by,
        answered_at=approval.answered_at,
    )


def _state(approval: Approval, now: datetime) -> ApprovalState:
    match approval.answer:
        case Answer.DENIED:
            return ApprovalState.DENIED
        case Answer.USED:
            return ApprovalState.USED
        case Answer.NONE if approval.waits(now):
            return ApprovalState.PENDING
        case Answer.ALLOWED if approval.may_be_used(now):
            return ApprovalState.ALLOWED
        case _:
            return ApprovalState.LAPSED

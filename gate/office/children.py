"""Children's records: shut to staff until a second person allows that they are opened, for a quarter of an hour (R27)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection
from typing import Final

from gate.core.consent import Approver, By, Channel
from gate.core.roles import AccountId, Act, Role, Staff
from gate.core.types import PersonId
from gate.errors import RequestError
from gate.ports import Clock
from gate.store import Store
from gate.store.consent.consents import MinorOpening
from gate.web.staff.ports.approvals import ApprovalsPort, ApprovalView

_BY: Final = By(Channel.DESK, "desk")
_MOST: Final = 64
RolesOf = Callable[[AccountId], Collection[Role]]


class ChildRecords:
    """Which children's records are open to which account. It forgets all of it when the gate ends."""

    def __init__(self, store: Store, clock: Clock, approvals: ApprovalsPort, roles_of: RolesOf) -> None:
        """roles_of: the offices of an account, to tell in which of them the second person allowed it."""
        self._store = store
        self._clock = clock
        self._approvals = approvals
        self._roles_of = roles_of
        self._open: dict[tuple[AccountId, PersonId], MinorOpening] = {}

    def is_shut(self, who: Staff, person: PersonId) -> bool:
        """Tell whether *person* is a child whose record is not open to *who*. Raises RequestError ``person-unknown``."""
        return self.is_child(person) and self.opening(who, person) is None

    def is_child(self, person: PersonId) -> bool:
        """Tell whether it is a child's record."""
        return self._store.people.get(person).is_child(self._clock.now())

    def opening(self, who: Staff, person: PersonId) -> MinorOpening | None:
        """Give what opens the record to *who* now, None while it is shut."""
        opening = self._open.get((who.account, person))
        return opening if opening is not None and self._clock.now() < opening.until else None

    def refuse_shut(self, who: Staff, person: PersonId) -> None:
        """Raise RequestError ``minor-approval`` where ``is_shut``."""
        if self.is_shut(who, person):
            raise _shut()

    def approval(self, who: Staff, person: PersonId) -> ApprovalView | None:
        """Give the newest approval that *who* asked for about this record."""
        return self._approvals.find(who, Act.OPEN_MINOR, subject_of(person))

    def ask(self, who: Staff, person: PersonId, reason: str) -> None:
        """Ask a second person. Raises RequestError: ``reason-unfit``, ``approval-many``."""
        self._approvals.ask(who, Act.OPEN_MINOR, subject_of(person), reason)

    def open(self, who: Staff, person: PersonId) -> MinorOpening:
        """Use the approval up, and open the record. Raises RequestError ``approval-missing``."""
        approval = self.approval(who, person)
        if approval is None or approval.answered_by is None:
            raise _shut()
        roles = self._roles_of(approval.answered_by)
        office = Approver.PRIVACY_OFFICER if Role.PRIVACY_OFFICER in roles else Approver.MANAGER

        def work(_connection: sqlite3.Connection) -> MinorOpening:
            self._approvals.take(approval.id, who, Act.OPEN_MINOR, subject_of(person))
            return self._store.consents.open_minor(person, office, at=self._clock.now(), by=_BY)

        opening = self._store.staff.write(work)
        while len(self._open) >= _MOST:
            del self._open[next(iter(self._open))]
        self._open[who.account, person] = opening
        return opening


def subject_of(person: PersonId) -> str:
    """Give the words an approval has for a child's record."""
    return f"person {person}"


def _shut() -> RequestError:
    return RequestError(
        "minor-approval",
        "A child's record is opened with a second approval only.",
        remedy="Ask a second person to allow it.",
    )

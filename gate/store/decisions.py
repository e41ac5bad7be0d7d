"""The decision record: written, with its count, before the strike is asked; no person in it (R36).

``Decisions.record`` alone writes a person's grant, and looks at their permit as it does, whatever the method (R03).
``release_by_staff`` writes what is nobody's passage: the door opened on the word of the staff (ADR 0023).
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from enum import StrEnum
from typing import Final

from gate.core.types import AttemptId, Decision, Method, PersonId, TemplateId
from gate.errors import VaultError
from gate.store.account.audit import Action, AuditLog, Who
from gate.store.consent.templates import Templates
from gate.store.database import Database
from gate.store.people import People, Person
from gate.store.permits import Permits
from gate.store.tally import Noted, Tally
from gate.store.times import month_of, seconds_of

# R75: the month and no more, so that what is not used can go; written once a month, not at every passage (R36).
_USED = "UPDATE templates SET last_used_month = :month WHERE id = :template AND last_used_month < :month"


BY_STAFF: Final = "staff"
"""Stands in a record where a person's method would: the staff released the door."""


class Outcome(StrEnum):
    """What the door did of a grant."""

    RELEASED = "released"
    FAULT = "fault"


class Kept(StrEnum):
    """What became of a decision. Anything but COMMITTED: nothing was written, and nothing may open."""

    COMMITTED = "committed"
    NOT_CONSENTED = "not-consented"
    NOT_NOW = "not-now"


class Decisions:
    """The decisions table."""

    def __init__(
        self,
        database: Database,
        people: People,
        templates: Templates,
        permits: Permits,
        tally: Tally,
        audit: AuditLog,
        gate_id: str,
    ) -> None:
        self._database = database
        self._people = people
        self._templates = templates
        self._permits = permits
        self._tally = tally
        self._audit = audit
        self._gate_id = gate_id

    def record(
        self, decision: Decision, *, at: datetime, who: PersonId | TemplateId | None, clock_trusted: bool
    ) -> Kept:
        """Write the decision and count it in its hour, in one transaction; COMMITTED once both are on disk.

        who: for a grant, the template that matched for a face, else the person whose card, PIN or invitation it was; a
        refusal needs nobody. A face is granted only on a template whose consent is active at *at* (R21, R24), anything at
        all only to a known person whose tenancy and hours allow it then (R03). clock_trusted: whether hours can be
        judged. Raises VaultError: ``attempt-twice`` if the attempt is recorded already.
        """
        row = (
            decision.attempt,
            seconds_of(at),
            self._gate_id,
            decision.method,
            int(decision.granted),
            decision.reason,
        )

        def work(connection: sqlite3.Connection) -> tuple[Kept, Noted | None]:
            kept, person = Kept.COMMITTED, None
            if decision.granted:
                kept, person = self._judge(decision.method, who, at, clock_trusted=clock_trusted)
            if kept is not Kept.COMMITTED:
                return kept, None
            _insert(connection, row)
            if person is None:
                return kept, self._tally.denied(connection, at)
            if decision.method is Method.FACE:
                connection.execute(_USED, {"template": who, "month": month_of(at)})
            return kept, self._tally.passed(connection, decision.method, person.id, at)

        kept, noted = self._database.write(work)
        if noted is not None:
            self._tally.remember(noted)
        return kept

    def release_by_staff(self, attempt: AttemptId, by: Who, *, at: datetime) -> None:
        """Write that the staff release the door, with a line of the audit log, both on disk once this returns.

        It is counted in no hour: it is nobody's passage, and who may release could else tell a small count from it (R44).
        """

        def work(connection: sqlite3.Connection) -> None:
            _insert(connection, (attempt, seconds_of(at), self._gate_id, BY_STAFF, 1, BY_STAFF))
            self._audit.note(connection, by, Action.DOOR_RELEASED, at=at, object=attempt)

        self._database.write(work)

    def outcome(self, attempt: AttemptId, outcome: Outcome) -> None:
        """Add what the door did. Raises VaultError ``attempt-unknown`` if no decision is recorded."""
        sql = "UPDATE decisions SET outcome = ? WHERE attempt = ?"
        if not self._database.write(lambda connection: connection.execute(sql, (outcome, attempt)).rowcount):
            raise VaultError(
                "attempt-unknown",
                "The door reports on an attempt that is not recorded.",
                remedy="Check the door at this gate: it may have opened by itself.",
            )

    def _judge(
        self, method: Method, who: PersonId | TemplateId | None, at: datetime, *, clock_trusted: bool
    ) -> tuple[Kept, Person | None]:
        """Judge a grant, and tell whose it is: the resident who invited, where it is a visitor's.

        The method says no more than where to look the person up; nobody found, nothing granted.
        """
        is_face = method is Method.FACE
        person = self._of_template(who, at) if is_face else self._of_credential(who)
        if person is None:
            return (Kept.NOT_CONSENTED if is_face else Kept.NOT_NOW), None
        refused = self._permits.refusal(person, at, clock_trusted=clock_trusted) is not None
        return (Kept.NOT_NOW if refused else Kept.COMMITTED), person

    def _of_template(self, who: str | None, at: datetime) -> Person | None:
        subject = None if who is None else self._templates.subject_of(TemplateId(who), at)
        return None if subject is None else self._people.by_subject(subject)

    def _of_credential(self, who: str | None) -> Person | None:
        return None if who is None else self._people.readable(PersonId(who))


def _insert(connection: sqlite3.Connection, row: tuple[str | int, ...]) -> None:
    """Write one decision: attempt, second, gate, method, granted, reason. Each attempt has one (R03)."""
    sql = "INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, NULL) ON CONFLICT DO NOTHING"
    if not connection.execute(sql, row).rowcount:
        raise VaultError(
            "attempt-twice",
            "The attempt is recorded already; the second decision was not written.",
            remedy="Report it: each attempt ends once.",
        )

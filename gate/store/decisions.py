"""The decision record: written, with its count, before the strike is asked; no person in it (R36)."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from enum import StrEnum

from gate.core.types import AttemptId, Decision, Method, TemplateId
from gate.errors import VaultError
from gate.store.consent.templates import Templates
from gate.store.database import Database
from gate.store.outbox import Outbox
from gate.store.times import month_of, seconds_of

# R75: the month and no more, so that what is not used can go; written once a month, not at every passage (R36).
_USED = "UPDATE templates SET last_used_month = :month WHERE id = :template AND last_used_month < :month"


class Outcome(StrEnum):
    """What the door did of a grant."""

    RELEASED = "released"
    FAULT = "fault"


class Decisions:
    """The decisions table."""

    def __init__(self, database: Database, templates: Templates, outbox: Outbox, gate_id: str) -> None:
        self._database = database
        self._templates = templates
        self._outbox = outbox
        self._gate_id = gate_id

    def record(self, decision: Decision, *, at: datetime, template: TemplateId | None = None) -> bool:
        """Write the decision and count it in its hour, in one transaction; True once both are on disk.

        A face is granted only on a *template* whose consent is active at *at* (R21, R24): otherwise False, and
        nothing is written. Raises VaultError: ``attempt-twice`` if the attempt is recorded already.
        """
        row = (
            decision.attempt,
            seconds_of(at),
            self._gate_id,
            decision.method,
            int(decision.granted),
            decision.reason,
        )

        def work(connection: sqlite3.Connection) -> bool:
            if decision.granted and decision.method is Method.FACE and not self._permits(template, at):
                return False
            sql = "INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, NULL) ON CONFLICT DO NOTHING"
            if not connection.execute(sql, row).rowcount:
                raise VaultError(
                    "attempt-twice",
                    "The attempt is recorded already; the second decision was not written.",
                    remedy="Report it: each attempt ends once.",
                )
            self._outbox.count(connection, granted=decision.granted, at=at)
            if decision.granted and decision.method is Method.FACE:
                connection.execute(_USED, {"template": template, "month": month_of(at)})
            return True

        return self._database.write(work)

    def outcome(self, attempt: AttemptId, outcome: Outcome) -> None:
        """Add what the door did. Raises VaultError ``attempt-unknown`` if no decision is recorded."""
        sql = "UPDATE decisions SET outcome = ? WHERE attempt = ?"
        if not self._database.write(lambda connection: connection.execute(sql, (outcome, attempt)).rowcount):
            raise VaultError(
                "attempt-unknown",
                "The door reports on an attempt that is not recorded.",
                remedy="Check the door at this gate: it may have opened by itself.",
            )

    def _permits(self, template: TemplateId | None, at: datetime) -> bool:
        return template is not None and self._templates.permits(template, at)

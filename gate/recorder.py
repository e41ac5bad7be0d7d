"""Writes each decision before the strike is asked, and what the door did of it afterwards."""

from __future__ import annotations

from typing import Protocol

import structlog

from gate.core import inputs as on
from gate.core.types import AttemptId, Decision, Method, PersonId, TemplateId
from gate.errors import GateError
from gate.store import Kept, Outcome, Store
from gate.store.upkeep.clock import TrustedClock
from gate.visitor import Visitor

log = structlog.get_logger()

_STORED = {
    Kept.COMMITTED: on.Stored.COMMITTED,
    Kept.NOT_CONSENTED: on.Stored.NOT_CONSENTED,
    Kept.NOT_NOW: on.Stored.NOT_NOW,
}


class Passed(Protocol):
    """Takes how a decision on record ended; waits for nothing, and never raises."""

    def __call__(self, method: Method, *, granted: bool) -> None:
        """Take it."""


class Recorder:
    """The decision records as the service writes them: a fault of the store is an answer, never an accident."""

    def __init__(self, store: Store, clock: TrustedClock, visitor: Visitor, passed: Passed) -> None:
        """Write to *store*. passed: told of each decision on record, without whose it was."""
        self._passed = passed
        self._store = store
        self._clock = clock
        self._visitor = visitor

    def record(self, decision: Decision, template: TemplateId | None) -> on.Recorded:
        """Write the decision; only what is on disk may open (the answer says so)."""
        try:
            kept = self._store.decisions.record(
                decision,
                at=self._clock.now(),
                who=self._who(decision, template),
                clock_trusted=self._clock.trusted,
            )
        except GateError as error:
            log.error("record_failed", code=error.code, remedy=error.remedy)  # noqa: TRY400 - code and remedy say it
            return on.Recorded(decision.attempt, on.Stored.FAILED)
        granted = decision.granted and kept is Kept.COMMITTED
        log.info("attempt", method=decision.method, granted=granted, reason=decision.reason)
        self._passed(decision.method, granted=granted)
        return on.Recorded(decision.attempt, _STORED[kept])

    def _who(self, decision: Decision, template: TemplateId | None) -> PersonId | TemplateId | None:
        """Give whose permit counts for a grant."""
        return template if decision.method is Method.FACE else self._visitor.of(decision.attempt)

    def outcome(self, attempt: AttemptId, *, released: bool) -> None:
        """Write what the door did of a grant."""
        try:
            self._store.decisions.outcome(attempt, Outcome.RELEASED if released else Outcome.FAULT)
        except GateError as error:
            log.error("outcome_failed", code=error.code, remedy=error.remedy)  # noqa: TRY400 - code and remedy say it

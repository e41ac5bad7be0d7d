"""Writes each decision before the strike is asked, and what the door did of it afterwards."""

from __future__ import annotations

import structlog

from gate.core import inputs as on
from gate.core.types import AttemptId, Decision, TemplateId
from gate.errors import GateError
from gate.ports import Clock
from gate.store import Outcome, Store

log = structlog.get_logger()


class Recorder:
    """The decision records as the service writes them: a fault of the store is an answer, never an accident."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def record(self, decision: Decision, template: TemplateId | None) -> on.Recorded:
        """Write the decision; only what is on disk may open (the answer says so)."""
        try:
            kept = self._store.decisions.record(decision, at=self._clock.now(), template=template)
        except GateError as error:
            log.error("record_failed", code=error.code, remedy=error.remedy)  # noqa: TRY400 - code and remedy say it
            return on.Recorded(decision.attempt, on.Stored.FAILED)
        log.info("attempt", method=decision.method, granted=decision.granted and kept, reason=decision.reason)
        return on.Recorded(decision.attempt, on.Stored.COMMITTED if kept else on.Stored.NOT_CONSENTED)

    def outcome(self, attempt: AttemptId, *, released: bool) -> None:
        """Write what the door did of a grant."""
        try:
            self._store.decisions.outcome(attempt, Outcome.RELEASED if released else Outcome.FAULT)
        except GateError as error:
            log.error("outcome_failed", code=error.code, remedy=error.remedy)  # noqa: TRY400 - code and remedy say it

"""Withdrawals asked for at the gate's screen: whose each is, and its end in the store (R24)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from gate.core import inputs as on
from gate.core.consent import By, Channel
from gate.core.receipt import Receipt
from gate.core.types import AttemptId, PersonId, WithdrawalOutcome
from gate.errors import GateError, RequestError
from gate.store import Store
from gate.visitor import Visitor

log = structlog.get_logger()

AT_THE_GATE: Final = By(Channel.GATE, "resident")


class ScreenWithdrawals:
    """Ends the consent of the person whose card or PIN the attempt verified.

    A withdrawal that fails is owed: it is carried out as soon as the store serves, and face rests until then (R76).
    """

    def __init__(self, store: Store, visitor: Visitor, on_end: Callable[[PersonId], None]) -> None:
        """Take what must hear of each consent that ended; *on_end* may raise GateError."""
        self._store = store
        self._on_end = on_end
        self._visitor = visitor
        self._owed: set[PersonId] = set()

    @property
    def owed(self) -> bool:
        """Tell whether somebody pressed delete and the store has not done it yet."""
        return bool(self._owed)

    def carry_out(self, attempt: AttemptId, at: datetime) -> on.Withdrawn:
        """End the consent of whose card or PIN *attempt* verified; never raises GateError."""
        person = self._visitor.of(attempt)
        if person is None:
            return on.Withdrawn(attempt, WithdrawalOutcome.FAILED)
        self._owed.add(person)  # until it is done, whatever happens
        try:
            answer = self._end(attempt, person, at)
        except GateError as error:
            log.error("withdrawal_failed", code=error.code, remedy=error.remedy)  # noqa: TRY400 - code and remedy say it
            answer = on.Withdrawn(attempt, WithdrawalOutcome.FAILED)
        log.info("withdrawal", outcome=answer.outcome)
        return answer

    def catch_up(self, at: datetime) -> None:
        """Carry out what is owed. Raises GateError where the store cannot serve yet: the rest stays owed."""
        for person in tuple(self._owed):
            self._withdraw(person, at)
            self._on_end(person)

    def _end(self, attempt: AttemptId, person: PersonId, at: datetime) -> on.Withdrawn:
        receipt = self._withdraw(person, at)
        try:
            self._on_end(person)
        except GateError as error:
            # The consent is ended; a face that still matched would be refused as its decision is recorded.
            log.error("withdrawal_unheeded", code=error.code, remedy=error.remedy)  # noqa: TRY400 - code and remedy say it
        if receipt is None:
            return on.Withdrawn(attempt, WithdrawalOutcome.NOTHING_TO_WITHDRAW)
        return on.Withdrawn(attempt, WithdrawalOutcome.WITHDRAWN, receipt.reference, receipt.compact)

    def _withdraw(self, person: PersonId, at: datetime) -> Receipt | None:
        """End the person's consent; somebody removed meanwhile has none."""
        try:
            receipt = self._store.consents.withdraw(person, at=at, by=AT_THE_GATE)
        except RequestError as error:
            if error.code != "person-unknown":
                raise
            receipt = None
        self._owed.discard(person)
        return receipt

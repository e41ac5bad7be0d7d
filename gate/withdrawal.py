"""Withdrawals asked for at the gate's screen: whose each is, and its end in the store (R24)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from gate.core import inputs as on
from gate.core.consent import By, Channel
from gate.core.phases import Gate, withdrawing_attempt
from gate.core.receipt import Receipt
from gate.core.types import AttemptId, PersonId, WithdrawalOutcome
from gate.errors import GateError, RequestError
from gate.store import Store

log = structlog.get_logger()

AT_THE_GATE: Final = By(Channel.GATE, "resident")


class ScreenWithdrawals:
    """Knows a person from their verified card or PIN to the answer on the screen, and no longer (R36).

    A withdrawal that fails is owed: it is carried out as soon as the store serves, and face rests until then (R76).
    """

    def __init__(self, store: Store, on_end: Callable[[PersonId], None]) -> None:
        """Take what must hear of each consent that ended; *on_end* may raise GateError."""
        self._store = store
        self._on_end = on_end
        self._verified: tuple[AttemptId, PersonId] | None = None
        self._owed: set[PersonId] = set()

    @property
    def owed(self) -> bool:
        """Tell whether somebody pressed delete and the store has not done it yet."""
        return bool(self._owed)

    def heed(self, gate: Gate, attempt: AttemptId, person: PersonId | None) -> None:
        """Remember whose card or PIN *attempt* verified, if a withdrawal waits for it, and nobody's otherwise."""
        if person is not None and withdrawing_attempt(gate) == attempt:
            self._verified = attempt, person

    def settle(self, gate: Gate) -> None:
        """Forget the person unless *gate* still needs them."""
        if self._verified is not None and self._verified[0] != withdrawing_attempt(gate):
            self._verified = None

    def carry_out(self, attempt: AttemptId, at: datetime) -> on.Withdrawn:
        """End the consent of whose card or PIN *attempt* verified; never raises GateError."""
        if self._verified is None or self._verified[0] != attempt:
            return on.Withdrawn(attempt, WithdrawalOutcome.FAILED)
        person = self._verified[1]
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

"""Whose card, PIN or code a running attempt verified: known while the attempt needs it, and no longer (R36)."""

from __future__ import annotations

from gate.core.phases import Gate, verified_attempts
from gate.core.types import AttemptId, PersonId


class Visitor:
    """Whose attempt is whose, for their second factor, their hours, and a withdrawal at the screen.

    Two people at most: the one at the gate, and the one whose credential is looked up beside them.
    """

    def __init__(self) -> None:
        self._verified: dict[AttemptId, PersonId] = {}

    def heed(self, gate: Gate, attempt: AttemptId, person: PersonId | None) -> None:
        """Take the verdict on *attempt*: remember its person if *gate* waits for it; nobody's stays otherwise."""
        if attempt not in verified_attempts(gate):
            return
        self._verified.pop(attempt, None)
        if person is not None:
            self._verified[attempt] = person

    def of(self, attempt: AttemptId) -> PersonId | None:
        """Give the person of *attempt*, or None."""
        return self._verified.get(attempt)

    def settle(self, gate: Gate) -> None:
        """Forget everybody whom *gate* does not need any more."""
        needed = verified_attempts(gate)
        for attempt in self._verified.keys() - needed:
            del self._verified[attempt]

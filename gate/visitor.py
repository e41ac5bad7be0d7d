"""Whose card, PIN or code the running attempt verified: known while the attempt needs it, and no longer (R36)."""

from __future__ import annotations

from gate.core.phases import Gate, verified_attempt
from gate.core.types import AttemptId, PersonId


class Visitor:
    """At most one person, of one attempt: for their second factor, their hours, and a withdrawal at the screen."""

    def __init__(self) -> None:
        self._verified: tuple[AttemptId, PersonId] | None = None

    def heed(self, gate: Gate, attempt: AttemptId, person: PersonId | None) -> None:
        """Take the verdict on *attempt*: remember its person if *gate* waits for it; nobody's stays otherwise."""
        if verified_attempt(gate) == attempt:
            self._verified = None if person is None else (attempt, person)

    def of(self, attempt: AttemptId) -> PersonId | None:
        """Give the person of *attempt*, or None."""
        if self._verified is None or self._verified[0] != attempt:
            return None
        return self._verified[1]

    def settle(self, gate: Gate) -> None:
        """Forget the person unless *gate* still needs them."""
        if self._verified is not None and self._verified[0] != verified_attempt(gate):
            self._verified = None

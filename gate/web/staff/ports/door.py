"""What the pages need of the door: how it is, a release in two steps, and the lockdown. Nobody's passage is in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from gate.core.door import Leaf
from gate.core.roles import Program, Staff
from gate.core.types import Reason, Seconds

CONFIRM_S: Seconds = 10.0
"""So long a release waits for its second step."""


@dataclass(frozen=True, slots=True)
class DoorState:
    """The door now. view: in one word of the door machine's. obstacle: why nobody can be let in, None while they can.

    locked: seen from outside. declared: what the lock does without power and host (R67). release_s: of one release.
    """

    view: str
    obstacle: Reason | None
    locked: bool
    lockdown: bool
    leaf: Leaf
    declared: str
    release_s: Seconds
    healthy: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A release that waits for its second step. word: of that step's form, good once. left_s: before it is void."""

    word: str = field(repr=False)
    left_s: Seconds


class DoorPort(Protocol):
    """Every method that changes something may raise RequestError or VaultError; then nothing was released."""

    def state(self) -> DoorState:
        """Give the door now."""

    def ask(self, who: Staff | Program) -> Asked:
        """Begin a release; an earlier one of the same person is void. Raises ``release-obstacle`` (lockdown, interlock, fault)."""

    def asked(self, who: Staff | Program) -> Asked | None:
        """Give what waits for *who*, None where nothing does any more."""

    async def confirm(self, who: Staff | Program, word: str) -> None:
        """Release the door once, recorded and audited before the strike is asked.

        Raises ``release-late`` for a word that is not, or no longer, the one asked for; ``release-obstacle``;
        ``release-unanswered`` where the door did not confirm it.
        """

    def lock_down(self, who: Staff | Program) -> bool:
        """Let nobody in until that is ended; leaving is as free as ever. False if it was so already."""

    def end_lockdown(self, who: Staff | Program) -> bool:
        """Let people in again; False if they were."""

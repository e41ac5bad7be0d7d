"""The door on the word of the staff: asked, confirmed, recorded, and by the same machine as every other release (ADR 0023)."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from gate.core.door import Lock, lock
from gate.core.roles import Program, Staff
from gate.core.types import AttemptId, Seconds
from gate.doorkeeper import Doorkeeper
from gate.errors import GateError, RequestError
from gate.hardware import Hardware
from gate.store import Outcome, Store
from gate.store.upkeep.clock import TrustedClock
from gate.web.staff.ports.door import CONFIRM_S, Asked, DoorState

log = structlog.get_logger()

ANSWER_S: Final = 5.0
"""The door machine answers each release within a second or so of the next tick; a loop that hangs answers none."""
STALE_S: Final[Seconds] = 2.0
"""A record that took longer opens no door any more: whoever pressed the button may look at something else by now."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    word: str = field(repr=False)
    until: Seconds


class DoorOffice:
    """The door port. Everything runs on the loop's thread."""

    def __init__(
        self,
        *,
        clock: TrustedClock,
        store: Store,
        doorkeeper: Doorkeeper,
        hardware: Hardware,
        new_attempt: Callable[[], AttemptId],
    ) -> None:
        self._clock = clock
        self._store = store
        self._doorkeeper = doorkeeper
        self._hardware = hardware
        self._new_attempt = new_attempt
        self._waiting: dict[str, _Waiting] = {}

    def state(self) -> DoorState:
        """Give the door now."""
        keeper = self._doorkeeper
        return DoorState(
            view=keeper.look,
            obstacle=keeper.obstacle,
            locked=lock(keeper.door, keeper.rules) is Lock.LOCKED,
            lockdown=keeper.door.lockdown,
            leaf=keeper.door.leaf,
            declared=keeper.rules.declared,
            release_s=keeper.rules.release_s,
            healthy=self._hardware.door_healthy,
        )

    def ask(self, who: Staff | Program) -> Asked:
        """Begin a release. Raises RequestError ``release-obstacle``."""
        self._refuse_obstacle()
        now = self._clock.monotonic()
        self._waiting = {name: each for name, each in self._waiting.items() if now < each.until}
        asked = self._waiting[who.value] = _Waiting(secrets.token_urlsafe(12), now + CONFIRM_S)
        return Asked(asked.word, CONFIRM_S)

    def asked(self, who: Staff | Program) -> Asked | None:
        """Give what waits for *who*."""
        waiting = self._waiting.get(who.value)
        left = 0.0 if waiting is None else waiting.until - self._clock.monotonic()
        return Asked(waiting.word, left) if waiting is not None and left > 0 else None

    async def confirm(self, who: Staff | Program, word: str) -> None:
        """Release the door once. Raises RequestError: ``release-late``, ``release-obstacle``, ``release-unanswered``."""
        waiting = self._waiting.pop(who.value, None)
        now = self._clock.monotonic()
        if (
            waiting is None
            or now >= waiting.until
            or not hmac.compare_digest(waiting.word.encode(), word.encode())
        ):
            raise RequestError(
                "release-late",
                "The second step did not come within 10 seconds, so the door stayed as it was.",
                remedy="Look at the door again, then begin anew.",
            )
        self._refuse_obstacle()
        attempt = self._new_attempt()
        self._store.decisions.release_by_staff(attempt, who, at=self._clock.now())
        log.info("door_release_by_staff")
        released = self._clock.monotonic() - now <= STALE_S and await self._released(attempt)
        self._note_outcome(attempt, released=released)
        if not released:
            raise RequestError(
                "release-unanswered",
                "The door did not confirm that it opened.",
                remedy="Look at the door and at its controller before you try again.",
            )

    def lock_down(self, who: Staff | Program) -> bool:
        """Let nobody in until that is ended."""
        self._waiting.clear()
        begun = self._store.lockdown.begin(self._clock.now(), who)
        self._doorkeeper.heed_orders()
        return begun

    def end_lockdown(self, who: Staff | Program) -> bool:
        """Let people in again."""
        ended = self._store.lockdown.end(self._clock.now(), who)
        self._doorkeeper.heed_orders()
        return ended

    def _refuse_obstacle(self) -> None:
        """Refuse what the door machine would refuse, before anything is written."""
        # The store, beside what the door machine knows: a lockdown of this very moment counts.
        obstacle = self._doorkeeper.obstacle
        if obstacle is not None or self._store.lockdown.is_on:
            raise RequestError(
                "release-obstacle",
                "The door lets nobody in now: a lockdown, its hours, the other door, or a fault.",
                remedy="The page says which; the way out is always free.",
            )

    async def _released(self, attempt: AttemptId) -> bool:
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def hear(released: bool) -> None:  # noqa: FBT001 - the door machine's own word
            if not answer.done():
                answer.set_result(released)

        self._doorkeeper.release_by_staff(attempt, hear)
        try:
            async with asyncio.timeout(ANSWER_S):
                return await answer
        except TimeoutError:
            return False

    def _note_outcome(self, attempt: AttemptId, *, released: bool) -> None:
        try:
            self._store.decisions.outcome(attempt, Outcome.RELEASED if released else Outcome.FAULT)
        except GateError as error:
            log.error("outcome_failed", code=error.code, remedy=error.remedy)  # noqa: TRY400 - code and remedy say it

"""Changes the epoch in the background after each erasure, one change at a time, within a minute (R24, R51)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from gate.core.types import Seconds
from gate.errors import GateError
from gate.ports import Clock
from gate.store import Store
from gate.store.keyring.rotation import Renew

log = structlog.get_logger()

LENT_MOST_S: Seconds = 20.0
"""How long an enrolment may keep the change waiting: two rounds of housekeeping later the minute is not yet over."""
FAILURES_TO_ALARM = 2


class Rotating:
    """The change of epoch as the service sees it: a task of its own, so that the door never waits for it."""

    def __init__(self, store: Store, clock: Clock, renew: Renew, rotated: Callable[[], None]) -> None:
        """renew: takes the surviving templates to the new seed. rotated: called after each change."""
        self._store = store
        self._clock = clock
        self._renew = renew
        self._rotated = rotated
        self._task: asyncio.Task[None] | None = None
        self._due_since: Seconds | None = None
        self._failures = 0
        self._last_fault = ""

    @property
    def failing(self) -> bool:
        """Tell whether the change failed twice in a row: erased templates may still open from an older copy."""
        return self._failures >= FAILURES_TO_ALARM

    def attend(self, *, camera_lent: bool) -> None:
        """Start a change if one is due and none is at work; an enrolment on its way is let finish, for a while.

        Raises VaultError when the database cannot be read.
        """
        if self._task is not None and not self._task.done():
            return
        if not self._store.rotation.due:
            self._due_since = None
            return
        now = self._clock.monotonic()
        self._due_since = now if self._due_since is None else self._due_since
        if camera_lent and now - self._due_since < LENT_MOST_S:
            return
        self._task = asyncio.create_task(self._rotate(), name="rotation")

    def stop(self) -> None:
        """Give up a change under way: the next start comes out whole, before it or after it."""
        if self._task is not None:
            self._task.cancel()

    async def _rotate(self) -> None:
        try:
            if not await self._store.rotation.rotate(self._renew, self._clock.now()):
                return  # another process is at it
            self._failures, self._last_fault = 0, ""
            log.info("epoch_rotated")
            self._rotated()
        except GateError as error:
            self._fail(error.code, error.remedy)
        except Exception as error:  # noqa: BLE001 - the outermost frame of a task: the next round tries again
            self._fail(type(error).__name__, "Report it; the change of epoch is tried again.")

    def _fail(self, fault: str, remedy: str) -> None:
        self._failures += 1
        if fault != self._last_fault or self._failures == FAILURES_TO_ALARM:
            log.error("rotation_failed", code=fault, alarm=self.failing, remedy=remedy)
        self._last_fault = fault

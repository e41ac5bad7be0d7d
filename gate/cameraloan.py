"""The camera lent to an enrolment at the desk: only while face may run at this gate, and no moment longer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from gate.core.policy import Conditions
from gate.errors import RequestError

NEEDLESS: Final = frozenset({"screen_live", "vision_ready"})
"""An enrolment has the notice on the desk's own page; whether vision is ready is asked apart, and it is not while lent."""


class CameraLoan:
    """At most one loan at a time. A condition that falls ends it, and whoever holds it hears why."""

    def __init__(self) -> None:
        self._limit: asyncio.Timeout | None = None

    @property
    def is_out(self) -> bool:
        """Tell whether the camera is lent."""
        return self._limit is not None

    @staticmethod
    def refuse_locked(conditions: Conditions) -> None:
        """Raise RequestError where face may not run: ``face-stopped`` (R87), ``assessment-missing`` (R80), ``enrol-locked``."""
        missing = [each for each in conditions.obstacles if each not in NEEDLESS]
        if missing == ["not_stopped"]:
            raise RequestError(
                "face-stopped",
                "Face was ended at this gate for good, so nobody is enrolled.",
                remedy="Cards and PINs go on. To begin anew, reset the device to factory state.",
            )
        if missing == ["assessment_approved"]:
            raise RequestError(
                "assessment-missing",
                "No impact assessment is approved for the present configuration.",
                remedy="Run gate govern assess, read it, then run gate govern approve.",
            )
        if missing:
            raise RequestError(
                "enrol-locked",
                f"Face is off at this gate just now ({', '.join(missing)}), so nobody is enrolled.",
                remedy="See the status page, or gate check, for what to do; cards and PINs work.",
            )

    @asynccontextmanager
    async def made(self, conditions: Callable[[], Conditions]) -> AsyncIterator[None]:
        """Lend while the block runs. Raises RequestError: ``camera-busy`` if it is lent; as ``refuse_locked``.

        conditions: asked once more at the end, so that nothing is written from a loan that should have ended.
        """
        if self._limit is not None:
            raise camera_busy()
        try:
            async with asyncio.timeout(None) as limit:
                self._limit = limit
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            self.refuse_locked(conditions())
            raise camera_busy() from None  # what fell stands again already
        finally:
            self._limit = None
        self.refuse_locked(conditions())

    def heed(self, conditions: Conditions) -> None:
        """End the loan if face may not run under *conditions*."""
        if self._limit is None or self._limit.expired():
            return
        if set(conditions.obstacles) - NEEDLESS:
            self._limit.reschedule(asyncio.get_running_loop().time())


def camera_busy() -> RequestError:
    """Give the fault of a camera that is at work, not ready, or lent, to be raised."""
    return RequestError(
        "camera-busy", "The camera cannot be used just now.", remedy="Wait a moment, or ask gate check why."
    )

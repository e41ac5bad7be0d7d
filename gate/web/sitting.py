"""A page handed over to a resident: it decides about one person's face, and reaches nothing else (R26).

Handing over signs the staff out in that browser. What the resident presses there can read no list and no other record;
giving the screen back leads to the staff's sign-in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gate.core.receipt import Receipt
from gate.core.roles import Staff
from gate.core.types import PersonId, Seconds
from gate.errors import GateError
from gate.ports import Clock
from gate.web.faults import page_fault
from gate.web.sessions import Session, Sessions, Span

SITTING_COOKIE: Final = "__Host-sitting"
SITTING_SPAN: Final = Span(idle_s=900.0, longest_s=3600.0)
SITTINGS_MOST: Final = 8
GONE_S: Final[Seconds] = 8.0
"""A page that was not asked for so long is closed: no face is taken of a person who has left. It asks every second,
every third without script."""
WATCH_S: Final[Seconds] = 0.5


class Step(StrEnum):
    """What the page asks of the resident now; the value names its template."""

    IDENTIFY = "identify"
    DECIDE = "decide"
    CAPTURE = "capture"
    DONE = "done"


@dataclass(slots=True)
class Sitting:
    """One resident before the page. staff: who handed it over, and answers for it.

    shown: the stamp of the notice that stands before them. error: why the last capture came to nothing.
    """

    staff: Staff
    person: PersonId | None = field(default=None, repr=False)
    shown: str = ""
    receipt: str = ""
    declined: bool = False
    error: GateError | None = None
    asked_at: Seconds = 0.0
    _taking: asyncio.Task[None] | None = None

    @property
    def step(self) -> Step:
        """Give where the sitting stands."""
        if self.person is None:
            return Step.IDENTIFY
        if self._taking is not None and not self._taking.done():
            return Step.CAPTURE
        return Step.DONE if self.receipt else Step.DECIDE

    def begin(self, enrolling: Coroutine[object, object, Receipt], clock: Clock) -> None:
        """Take the face, as *enrolling* does, while the page goes on being asked for."""
        self.error, self.asked_at = None, clock.monotonic()
        self._taking = asyncio.get_running_loop().create_task(self._take(enrolling, clock))

    async def stop(self) -> None:
        """Give the capture up, if there is one; nothing of it is stored."""
        if self._taking is not None and not self._taking.done():
            self._taking.cancel()
            await asyncio.wait({self._taking})
            self.error = page_fault("enrol-stopped")

    def finish(self, receipt: Receipt | None, *, declined: bool = False) -> None:
        """Come to the end: what was decided is on record."""
        self.receipt = receipt.reference if receipt else ""
        self.declined, self.error = declined, None

    async def _take(self, enrolling: Coroutine[object, object, Receipt], clock: Clock) -> None:
        work = asyncio.ensure_future(enrolling)
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=WATCH_S)
                if clock.monotonic() - self.asked_at > GONE_S:
                    break
        finally:
            if not work.done():
                work.cancel()
                await asyncio.wait({work})
        if work.cancelled():
            self.error = page_fault("browser-gone")
            return
        try:
            self.finish(work.result())
        except GateError as error:
            self.error = error


SittingSession = Session[Sitting]


class SittingRoom:
    """The sittings by their cookie."""

    def __init__(self, clock: Clock) -> None:
        self._sittings: Sessions[Sitting] = Sessions(clock, lambda _sitting: SITTING_SPAN, most=SITTINGS_MOST)

    def hand_over(self, answer: Response, sitting: Sitting) -> None:
        """Begin *sitting* in the browser that *answer* goes to."""
        token = self._sittings.begin(sitting)
        answer.set_cookie(SITTING_COOKIE, token, path="/", secure=True, httponly=True, samesite="strict")

    def of(self, request: Request) -> SittingSession | None:
        """Give the sitting of a request, None where there is none or its time is over."""
        return self._sittings.find(request.cookies.get(SITTING_COOKIE))

    def end(self, request: Request, answer: Response) -> None:
        """End the sitting of *request*."""
        self._sittings.end(request.cookies.get(SITTING_COOKIE))
        answer.delete_cookie(SITTING_COOKIE, path="/", secure=True, httponly=True, samesite="strict")

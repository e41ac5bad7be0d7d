"""A page handed over to a resident: it decides about one person's face, and reaches nothing else (R26).

Handing over signs the staff out in that browser. What the resident presses there can read no list and no other record;
giving the screen back leads to the staff's sign-in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
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
from gate.web.context import Identified
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

    identified: how it is known who they are. shown: the stamp of the notice that stands before them. error: why the last
    capture came to nothing. card_given: whether they gave themselves a card here; one is all a sitting gives.
    """

    staff: Staff
    person: PersonId | None = field(default=None, repr=False)
    identified: Identified = Identified.BY_STAFF
    card_given: bool = False
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

    @property
    def may_renew(self) -> bool:
        """Tell whether they may draw a PIN or take a card along: not who showed a card alone, which may be a found one."""
        return self.identified is not Identified.BY_CARD

    async def begin(self, enrolling: Coroutine[object, object, Receipt], clock: Clock) -> None:
        """Take the face, as *enrolling* does, while the page goes on being asked for; an earlier capture stops first."""
        await self.stop()
        self.error, self.asked_at = None, clock.monotonic()
        self._taking = asyncio.get_running_loop().create_task(self._take(enrolling, clock))

    async def stop(self) -> None:
        """Give the capture up, if there is one; nothing of it is stored unless it was whole already."""
        if self._taking is not None and not self._taking.done():
            self._taking.cancel()
            await asyncio.wait({self._taking})
            if not self.receipt:
                self.error = page_fault("enrol-stopped")

    def abandon(self) -> None:
        """Give the capture up without waiting for its end: nobody comes back to this sitting."""
        if self._taking is not None:
            self._taking.cancel()

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
            self._settle(work)

    def _settle(self, work: asyncio.Future[Receipt]) -> None:
        """Keep how the capture ended. One that was written before it could be stopped is told as written."""
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

    def __init__(self, clock: Clock, still_holds: Callable[[Staff], bool]) -> None:
        """still_holds: tells whether an account is as it was at the sign-in; a sitting ends with it."""
        self._sittings: Sessions[Sitting] = Sessions(clock, lambda _sitting: SITTING_SPAN, most=SITTINGS_MOST)
        self._still_holds = still_holds

    def hand_over(self, answer: Response, sitting: Sitting) -> None:
        """Begin *sitting* in the browser that *answer* goes to."""
        token = self._sittings.begin(sitting)
        answer.set_cookie(SITTING_COOKIE, token, path="/", secure=True, httponly=True, samesite="strict")

    def of(self, request: Request) -> SittingSession | None:
        """Give the sitting of a request, None where there is none, or its time or the account behind it is over."""
        token = request.cookies.get(SITTING_COOKIE)
        session = self._sittings.find(token)
        if session is not None and not self._still_holds(session.who.staff):
            self._drop(token)
            return None
        return session

    def end(self, request: Request, answer: Response) -> None:
        """End the sitting of *request*, if it has one, with what it takes just now."""
        token = request.cookies.get(SITTING_COOKIE)
        if token is not None:
            self._drop(token)
            answer.delete_cookie(SITTING_COOKIE, path="/", secure=True, httponly=True, samesite="strict")

    def _drop(self, token: str | None) -> None:
        session = self._sittings.find(token, quiet=True)
        if session is not None:
            session.who.abandon()
        self._sittings.end(token)

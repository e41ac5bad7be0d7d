"""What waits between two forms: in memory, for a quarter of an hour, under a ticket that only the browser has."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import Final, Generic, TypeVar

from gate.core.types import Seconds
from gate.errors import RequestError
from gate.ports import Clock

WAITS_S: Final[Seconds] = 900.0
WAITING_MOST: Final = 16

T = TypeVar("T")


class Waiting(Generic[T]):
    """Things that wait, the oldest first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._things: OrderedDict[str, tuple[Seconds, T]] = OrderedDict()

    def put(self, thing: T) -> str:
        """Let *thing* wait; give its ticket. Beyond WAITING_MOST the oldest goes."""
        self._drop_over()
        while len(self._things) >= WAITING_MOST:
            self._things.popitem(last=False)
        ticket = secrets.token_urlsafe(24)
        self._things[ticket] = (self._clock.monotonic(), thing)
        return ticket

    def get(self, ticket: str) -> T:
        """Give what waits. Raises RequestError ``enrolment-over``."""
        self._drop_over()
        if ticket not in self._things:
            raise RequestError(
                "enrolment-over",
                "This took longer than a quarter of an hour, or is done already.",
                remedy="Begin again.",
            )
        return self._things[ticket][1]

    def drop(self, ticket: str) -> None:
        """Forget it; a second time is fine."""
        self._things.pop(ticket, None)

    def _drop_over(self) -> None:
        now = self._clock.monotonic()
        over = [ticket for ticket, (since, _) in self._things.items() if since <= now - WAITS_S]
        for ticket in over:
            del self._things[ticket]

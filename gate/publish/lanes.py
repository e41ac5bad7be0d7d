"""One lane per stream of the outbox: what was handed out of it, and whose turn it is (R46)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from gate.core.events import Queued, Stream
from gate.core.types import Seconds

FIRST_TO_LAST = (Stream.ALARMS, Stream.COUNTS, Stream.PASSAGES)
"""Whose message goes first where the broker has room for one."""


@dataclass(slots=True)
class Lane:
    """One stream's messages, strictly one at a time: the next leaves when the broker has acknowledged the one before.

    So a refusal, a lost connection or a broker that forgets can repeat a message, and can never let one overtake
    another. The streams do not wait for each other.
    """

    stream: Stream
    _waiting: deque[Queued] = field(default_factory=deque)
    _under_way: bool = False
    _rests_until: Seconds = 0.0

    def wants_more(self, now: Seconds) -> bool:
        """Tell whether the outbox may be asked for this stream."""
        return not self._waiting and now >= self._rests_until

    def take(self, rows: Sequence[Queued]) -> None:
        """Line up this stream's rows among *rows*, in the order they came."""
        self._waiting.extend(row for row in rows if row.stream is self.stream)

    def next(self, now: Seconds) -> Queued | None:
        """Give the message whose turn it is, None while one is under way or the lane rests."""
        if self._under_way or not self._waiting or now < self._rests_until:
            return None
        return self._waiting[0]

    def sent(self) -> None:
        """Remember that the next one is on its way."""
        self._under_way = True

    def done(self) -> None:
        """Cross off the one whose turn it was."""
        self._under_way = False
        self._waiting.popleft()

    def rest(self, until: Seconds) -> None:
        """Send nothing until then, and begin again with what the outbox gives."""
        self.clear()
        self._rests_until = until

    def clear(self) -> None:
        """Forget what was handed out: the outbox still has it."""
        self._waiting.clear()
        self._under_way = False

    def begin(self) -> None:
        """Begin afresh, without rest: the connection is new, and so may be the broker's mind."""
        self.clear()
        self._rests_until = 0.0

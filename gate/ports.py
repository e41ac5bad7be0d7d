"""What the service needs from the world, as Protocols: adapters meet them, tests and simulators stand in for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from gate.core.events import Queued
from gate.core.types import Seconds


class Clock(Protocol):
    """Both kinds of time. Nothing below the service reads either by itself."""

    def monotonic(self) -> Seconds:
        """Give seconds that only grow: what the core's deadlines are made of."""

    def now(self) -> datetime:
        """Give the wall time, aware, in UTC: what records carry."""


class Outbox(Protocol):
    """The durable queue of windows that wait for the broker."""

    def pending(self, now: datetime, *, limit: int = 100) -> Sequence[Queued]:
        """Give closed windows that were never acknowledged, oldest first."""

    def mark_sent(self, message_id: str, *, at: datetime) -> None:
        """Remember that the broker acknowledged the message; a second call changes nothing."""

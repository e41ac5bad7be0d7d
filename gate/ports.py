"""What the service needs from the world, as Protocols: adapters meet them, tests and simulators stand in for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gate.core.effects import Aside, View
from gate.core.events import Queued
from gate.core.liveness import Challenge, Level
from gate.core.types import AttemptId, Seconds, TemplateId


class Clock(Protocol):
    """Both kinds of time. Nothing below the service reads either by itself."""

    def monotonic(self) -> Seconds:
        """Give seconds that only grow: what the core's deadlines are made of."""

    def now(self) -> datetime:
        """Give the wall time, aware, in UTC: what records carry."""


class Outbox(Protocol):
    """The durable queue of messages that wait for the broker."""

    def pending(self, now: datetime, *, limit: int = 100) -> Sequence[Queued]:
        """Hand out what is due and was never acknowledged: alarms first, each stream in its order, *limit* of each.

        What was handed out once never changes, and comes again until it is marked.
        """

    def mark_sent(self, message_id: str, *, at: datetime) -> None:
        """Remember that the broker acknowledged the message; a second call changes nothing."""


@dataclass(frozen=True, slots=True)
class ProtectedGallery:
    """What can be matched: templates protected under the seed of their epoch, each 128 little-endian float32.

    seed: 32 bytes. Where no epoch is known, epoch is 0, seed empty, and there are no templates.
    """

    epoch: int = 0
    seed: bytes = field(default=b"", repr=False)
    templates: tuple[tuple[TemplateId, bytes], ...] = field(default=(), repr=False)


class Vision(Protocol):
    """The vision process, as the service sees it. Nothing here waits."""

    @property
    def ready(self) -> bool:
        """Tell whether the models are loaded and a gallery is in use."""

    def load_gallery(self, gallery: ProtectedGallery) -> None:
        """Replace what can be matched, and the epoch that enrolments belong to."""

    def open_camera(
        self,
        attempt: AttemptId,
        *,
        enrol: bool = False,
        only: tuple[TemplateId, ...] = (),
        own: tuple[TemplateId, ...] = (),
        liveness: Level | None = None,
    ) -> None:
        """Open the camera and look at the person in the zone; with *enrol*, report one new template, not matches.

        only: the templates to compare with; empty: all of them. own: of the person to be enrolled, whose face must be
        like no other template. liveness: by what the face is to be seen to live; None: not looked for.
        """

    def ask(self, attempt: AttemptId, challenge: Challenge) -> None:
        """Watch from now on whether the face of *attempt* does what is asked."""

    def close_camera(self) -> None:
        """Close the camera."""

    def forget(self) -> None:
        """Overwrite and drop frames, crops and the probe (R31)."""


class Screen(Protocol):
    """The gate's screen."""

    @property
    def live(self) -> bool:
        """Tell whether a person can see the screen now: a stale one offers no face (R12)."""

    def show(self, view: View | Aside) -> None:
        """Show *view* in place of what was there, or beside it; a notice is confirmed with a NoticeShown input."""

"""What the overview shows, as one value, and the stream that renews it while somebody looks."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

from gate.core.types import Seconds
from gate.errors import GateError
from gate.web.context import WebContext
from gate.web.staff.gate_words import DOOR_TONES, Tone
from gate.web.staff.ports.alarms import AlarmView
from gate.web.staff.ports.door import DoorState
from gate.web.staff.ports.health import HealthView
from gate.web.words import SILENT

STREAMS_MOST: Final = 16
"""So many pages may watch at once: each is one of the 64 connections that the pages take."""
STREAMS_A_SESSION: Final = 3
LOOK_S: Final[Seconds] = 0.5
PULSE_S: Final[Seconds] = 10.0
"""So often a quiet stream says that it lives; a page that hears nothing for longer says so."""
LONGEST_S: Final[Seconds] = 1800.0
"""After that the browser asks anew: nothing lasts for ever, and no stream outlives its session by much."""


View = TypeVar("View")


@dataclass(frozen=True, slots=True)
class LiveView:
    """The gate at one moment. health: None where the store cannot tell."""

    door: DoorState
    alarms: tuple[AlarmView, ...]
    health: HealthView | None
    face_ready: bool
    obstacles: tuple[str, ...]
    reader_healthy: bool
    broker_connected: bool
    vision_fault: bool
    backup_fault: bool
    rotation_failing: bool

    @property
    def door_tone(self) -> Tone:
        """Give how the door looks."""
        return DOOR_TONES[self.door.view]

    @property
    def sounding(self) -> tuple[str, ...]:
        """Name the alarms that make a sound: whoever threatens may stand beside the guard, so a silent one never does."""
        return tuple(each.alarm for each in self.alarms if not each.acknowledged and each.alarm not in SILENT)


def look(context: WebContext) -> LiveView:
    """Give the gate as it is now."""
    gate, now = context.office.gate, context.status()
    return LiveView(
        door=gate.door.state(),
        alarms=tuple(gate.alarms.standing()),
        health=_health(context),
        # That face rests after refusals would tell that somebody was there: only what is broken counts.
        face_ready=not now.obstacles,
        obstacles=now.obstacles,
        reader_healthy=now.reader_healthy,
        broker_connected=now.broker_connected,
        vision_fault=now.vision_fault is not None,
        backup_fault=now.backup_fault is not None,
        rotation_failing=now.rotation_failing,
    )


class Streams:
    """How many pages watch, and whose."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def has_room(self, session: str) -> bool:
        """Tell whether one more may begin."""
        return self._open.total() < STREAMS_MOST and self._open[session] < STREAMS_A_SESSION

    @contextmanager
    def held(self, session: str) -> Iterator[None]:
        """Count one while the block runs, however it ends."""
        self._open[session] += 1
        try:
            yield
        finally:
            self._open[session] -= 1
            self._open += Counter()  # drops what is not above zero


async def events(
    view: Callable[[], View],
    render: Callable[[View], str],
    *,
    holds: Callable[[], bool],
    monotonic: Callable[[], Seconds],
    look_s: Seconds = LOOK_S,
) -> AsyncIterator[str]:
    """Give server-sent events: the rendered view at once and whenever it changes, a pulse meanwhile.

    holds: whether the session still does; the stream ends with it.
    """
    shown: View | None = None
    began = spoke = monotonic()
    while holds() and monotonic() - began < LONGEST_S:
        now = view()
        if now != shown:
            shown, spoke = now, monotonic()
            yield _event("view", render(now))
        elif monotonic() - spoke >= PULSE_S:
            spoke = monotonic()
            yield _event("pulse", "")
        await asyncio.sleep(look_s)
    yield _event("over", "")


def _event(name: str, text: str) -> str:
    lines = "".join(f"data: {line}\n" for line in text.splitlines() or [""])
    return f"event: {name}\n{lines}\n"


def _health(context: WebContext) -> HealthView | None:
    try:
        return context.office.gate.health.look()
    except GateError:
        return None

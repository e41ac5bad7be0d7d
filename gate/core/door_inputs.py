"""Everything that can happen to the door, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gate.core.types import AttemptId


@dataclass(frozen=True, slots=True)
class ReleaseAsked:
    """A granted attempt asks for one release; exactly one Report of it follows."""

    attempt: AttemptId


@dataclass(frozen=True, slots=True)
class ReleaseFailed:
    """The driver could not deliver the release, or the controller refused it."""

    attempt: AttemptId


@dataclass(frozen=True, slots=True)
class StrikeReleased:
    """The strike is free to open, by a release, an exit request, fire or standing open."""


@dataclass(frozen=True, slots=True)
class StrikeLocked:
    """The controller locked the strike again."""


@dataclass(frozen=True, slots=True)
class LeafOpened:
    """The leaf is away from its frame."""


@dataclass(frozen=True, slots=True)
class LeafClosed:
    """The leaf is in its frame."""


@dataclass(frozen=True, slots=True)
class ExitRequested:
    """Somebody leaves: the controller, or the handle, has opened already (R66)."""


@dataclass(frozen=True, slots=True)
class FireStarted:
    """The fire input is active: the controller holds the door open by itself (R65)."""


@dataclass(frozen=True, slots=True)
class FireOver:
    """The fire input rests."""


@dataclass(frozen=True, slots=True)
class CaseOpened:
    """A tamper contact of the door's devices opened."""


@dataclass(frozen=True, slots=True)
class CaseClosed:
    """It is closed again."""


@dataclass(frozen=True, slots=True)
class PowerFailed:
    """The controller runs on its battery."""


@dataclass(frozen=True, slots=True)
class PowerBack:
    """Its supply is as it must be."""


@dataclass(frozen=True, slots=True)
class OtherDoorOpened:
    """The interlocked door is open, or its contact cannot be read."""


@dataclass(frozen=True, slots=True)
class OtherDoorClosed:
    """The interlocked door is closed."""


@dataclass(frozen=True, slots=True)
class ControllerLost:
    """The controller does not answer: nothing it said before can be relied on."""


@dataclass(frozen=True, slots=True)
class ControllerBack:
    """The controller answers. What it sees follows in reports of their own, after this and never before it."""


class DoorHours(StrEnum):
    """What the door's own timetable says now. A clock that cannot be trusted says NORMAL."""

    NORMAL = "normal"
    ALWAYS_LOCKED = "always-locked"
    ALWAYS_OPEN = "always-open"


@dataclass(frozen=True, slots=True)
class HoursSay:
    """The timetable entered another span."""

    hours: DoorHours


@dataclass(frozen=True, slots=True)
class LockdownSet:
    """A person locked the door for everybody outside, or ended that."""

    on: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


DoorInput = (
    ReleaseAsked
    | ReleaseFailed
    | StrikeReleased
    | StrikeLocked
    | LeafOpened
    | LeafClosed
    | ExitRequested
    | FireStarted
    | FireOver
    | CaseOpened
    | CaseClosed
    | PowerFailed
    | PowerBack
    | OtherDoorOpened
    | OtherDoorClosed
    | ControllerLost
    | ControllerBack
    | HoursSay
    | LockdownSet
    | Tick
)

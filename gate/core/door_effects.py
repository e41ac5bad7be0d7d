"""Everything the door may ask of the world, as values. None of them can lock against an exit or a fire (R66, R68)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gate.core.alarms import Alarm
from gate.core.types import AttemptId, Seconds


class Standing(StrEnum):
    """How the door stands between releases, seen from outside. Exit and fire open in each of them."""

    NORMAL = "normal"
    OPEN = "open"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class Release:
    """Ask the controller for one release; it answers with StrikeReleased, or the shell with ReleaseFailed."""

    attempt: AttemptId
    seconds: Seconds


@dataclass(frozen=True, slots=True)
class Stand:
    """Ask the controller to stand so for *seconds* at most; it is asked again before they are over."""

    standing: Standing
    seconds: Seconds


@dataclass(frozen=True, slots=True)
class Report:
    """Tell the attempt whether the door opened for it."""

    attempt: AttemptId
    released: bool


@dataclass(frozen=True, slots=True)
class Raise:
    """An alarm begins."""

    alarm: Alarm


@dataclass(frozen=True, slots=True)
class Clear:
    """An alarm that was raised is over."""

    alarm: Alarm


DoorEffect = Release | Stand | Report | Raise | Clear

"""What drivers report, as values."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CardRead:
    """A whole card: number of bits and their value. A UID alone can be cloned; the reader's profile says which it is."""

    bits: int
    value: int = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """One keypad key: a digit, ``*`` or ``#``."""

    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DeviceLost:
    """The device stopped answering; nothing it said before can be relied on. Reported once."""


@dataclass(frozen=True, slots=True)
class DeviceBack:
    """The device answers again. Reported once."""


@dataclass(frozen=True, slots=True)
class StrikeReleased:
    """The strike is free to open."""


@dataclass(frozen=True, slots=True)
class StrikeLocked:
    """The controller locked the strike again, by its own clock."""


@dataclass(frozen=True, slots=True)
class LeafOpened:
    """The door sensor sees the leaf away from its frame."""


@dataclass(frozen=True, slots=True)
class LeafClosed:
    """The door sensor sees the leaf in its frame."""


@dataclass(frozen=True, slots=True)
class CaseOpened:
    """The tamper contact of a reader, a controller or the gate's own case opened."""


DeviceEvent = (
    CardRead
    | KeyPressed
    | DeviceLost
    | DeviceBack
    | StrikeReleased
    | StrikeLocked
    | LeafOpened
    | LeafClosed
    | CaseOpened
)


class BridgeError(Exception):
    """A device refused a command or could not be reached. Says which device and what to look at."""

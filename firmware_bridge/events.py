"""What drivers report, as values."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CardRead:
    """A whole card: number of bits and their value. A UID alone can be cloned; the reader's profile says which it is."""

    bits: int
    value: int = field(repr=False)


@dataclass(frozen=True, slots=True)
class CodeScanned:
    """The text of a QR code, as a scanner gave it: at most 512 characters of printable ASCII."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """One keypad key: a digit, ``*`` or ``#``."""

    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DeviceLost:
    """The device stopped answering; nothing it said before can be relied on. Reported once.

    cause: what to look at, where the driver knows more.
    """

    cause: str = field(default="it stopped answering", compare=False)


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


@dataclass(frozen=True, slots=True)
class CaseClosed:
    """The case is closed again; what happened meanwhile is for people to find out."""


@dataclass(frozen=True, slots=True)
class ExitRequested:
    """Somebody inside pressed the exit button: the controller has opened already, the host is only told (R66)."""


@dataclass(frozen=True, slots=True)
class FireStarted:
    """The fire input is active: the controller holds the door open until it ends, whatever the host says (R65)."""


@dataclass(frozen=True, slots=True)
class FireOver:
    """The fire input rests again."""


@dataclass(frozen=True, slots=True)
class PowerFailed:
    """The device runs on its battery, or reports its supply low."""


@dataclass(frozen=True, slots=True)
class PowerBack:
    """The device's supply is as it must be."""


@dataclass(frozen=True, slots=True)
class OtherDoorOpened:
    """The interlocked door is away from its frame, or its contact cannot be read."""


@dataclass(frozen=True, slots=True)
class OtherDoorClosed:
    """The interlocked door is in its frame."""


@dataclass(frozen=True, slots=True)
class Nonsense:
    """The device sent what no such device sends: bad parity, a broken frame. At most one a second, however many came."""


DeviceEvent = (
    CardRead
    | CodeScanned
    | KeyPressed
    | DeviceLost
    | DeviceBack
    | StrikeReleased
    | StrikeLocked
    | LeafOpened
    | LeafClosed
    | CaseOpened
    | CaseClosed
    | ExitRequested
    | FireStarted
    | FireOver
    | PowerFailed
    | PowerBack
    | OtherDoorOpened
    | OtherDoorClosed
    | Nonsense
)


class BridgeError(Exception):
    """A device refused a command or could not be reached. Says which device and what to look at."""

"""What a driver must and may do. One contract suite (tests/contract) runs over every driver in the registry.

A driver reports through the *emit* it was opened with, from any thread, and never blocks its caller for more than a
few milliseconds. It keeps no card numbers and no digits once reported. It reports a lost device once, and once when
it is back. Whatever arrives on a wire is data: no byte sequence makes a driver raise, hang, grow without bound, or
report what the device did not say.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from firmware_bridge.events import DeviceEvent

Emit = Callable[[DeviceEvent], None]

MAX_RELEASE_S = 7.0
"""Every controller's own limit for one release: a strike coil is not made to be held."""
LEASE_S = 10.0
"""Every controller's own limit for how long it stands as told without being told again."""


class Declared(StrEnum):
    """What the lock does without power, and what the controller does without its host (R67). No door has a default."""

    FAIL_SAFE = "fail-safe"
    """Unlocked: a way out of a building, where leaving must work whatever fails."""
    FAIL_SECURE = "fail-secure"
    """Locked from outside; inside, the handle opens it mechanically."""


class Standing(StrEnum):
    """How a door stands between releases."""

    NORMAL = "normal"
    OPEN = "open"
    """Unlocked, as long as it is asked for again."""
    LOCKED = "locked"
    """No release from outside; exit and fire open as ever."""


class Signal(StrEnum):
    """What a reader's light and buzzer say to who stands there."""

    READY = "ready"
    WAIT = "wait"
    GRANTED = "granted"
    REFUSED = "refused"


class Profile(StrEnum):
    """What a card is worth at a reader, for the console's warning."""

    SECURE = "secure"
    """The card proves itself and the line is encrypted."""
    UID_ONLY = "uid-only"
    """The reader passes a number on that anybody can copy, from the card or from the wire."""
    NO_CARDS = "no-cards"
    """Keys or codes only."""


class Driver(Protocol):
    """Any device at the gate."""

    def open(self, emit: Emit) -> None:
        """Start reporting. Returns at once: *healthy* follows, or DeviceLost that says why, and the driver goes on trying.

        Raises BridgeError when it is known without waiting that the device cannot be had.
        """

    def poll(self, now: float) -> None:
        """Let time pass: called about twenty times a second with monotonic seconds."""

    def close(self) -> None:
        """Stop reporting and let go of the device; closing twice is harmless."""

    @property
    def healthy(self) -> bool:
        """Tell whether the device is open and answers."""


class Reader(Driver, Protocol):
    """A card reader, a keypad, a code scanner or several in one: emits CardRead, KeyPressed and CodeScanned."""

    @property
    def profile(self) -> Profile:
        """Tell what a card is worth here."""

    @property
    def supervised(self) -> bool:
        """Tell whether a cut cable or a dead reader is noticed. Where not, being healthy says only that nothing failed."""

    def show(self, signal: Signal) -> None:
        """Show *signal* where the reader has a light or a buzzer. Never raises: a dark light keeps nobody out."""


class Door(Driver, Protocol):
    """A strike with its own clock: emits StrikeReleased and StrikeLocked, and whatever else its inputs see.

    Once open it reports how leaf, fire, case, supply and the other door are, where it has inputs for them.
    """

    def release(self, *, seconds: float) -> None:
        """Ask for one release of *seconds*; the controller answers with StrikeReleased, bounds it and locks again.

        Raises BridgeError when the request cannot be delivered.
        """

    def stand(self, standing: Standing, *, seconds: float) -> None:
        """Ask to stand so for *seconds*, at most LEASE_S; then the controller stands as it is declared.

        A door left without its host therefore never stays open or shut by the host's word. Raises BridgeError when the
        request cannot be delivered, or when the door cannot stand so.
        """

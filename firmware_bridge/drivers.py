"""What a driver must and may do. One contract suite (tests/contract) runs over every driver in the registry.

A driver reports through the *emit* it was opened with, from any thread, and never blocks its caller for more than a
few milliseconds. It keeps no card numbers and no digits once reported. It reports a lost device once, and once when
it is back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from firmware_bridge.events import DeviceEvent

Emit = Callable[[DeviceEvent], None]


class Driver(Protocol):
    """Any device at the gate."""

    def open(self, emit: Emit) -> None:
        """Start reporting. Raises BridgeError when the device is not there."""

    def poll(self, now: float) -> None:
        """Let time pass: called about twenty times a second with monotonic seconds."""

    def close(self) -> None:
        """Stop reporting and let go of the device; closing twice is harmless."""

    @property
    def healthy(self) -> bool:
        """Tell whether the device is open and answers."""


class Reader(Driver, Protocol):
    """A card reader, a keypad or both: emits CardRead and KeyPressed."""


class Door(Driver, Protocol):
    """A strike with its own clock: emits StrikeReleased and StrikeLocked, and the leaf's movements where it has a sensor."""

    def release(self, *, seconds: float) -> None:
        """Ask for one release of *seconds*; the controller answers with StrikeReleased, bounds it and locks again.

        Raises BridgeError when the request cannot be delivered. There is no way to hold a door open.
        """

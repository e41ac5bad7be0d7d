"""A reader and a door for a desk without hardware. They ship with the product and behave as the real ones must."""

from __future__ import annotations

from firmware_bridge.drivers import Emit
from firmware_bridge.events import (
    BridgeError,
    CardRead,
    CaseOpened,
    DeviceBack,
    DeviceEvent,
    DeviceLost,
    KeyPressed,
    LeafClosed,
    LeafOpened,
    StrikeLocked,
    StrikeReleased,
)

MAX_RELEASE_S = 7.0
"""The controller's own limit: a strike coil is not made to be held."""

KEYS = frozenset("0123456789*#")


class _Simulated:
    """What both simulators share: a cable that can be pulled."""

    def __init__(self) -> None:
        self._emit: Emit | None = None
        self._plugged = True

    @property
    def healthy(self) -> bool:
        """Tell whether the device is open and its cable is in."""
        return self._emit is not None and self._plugged

    def open(self, emit: Emit) -> None:
        """Start reporting to *emit*."""
        if not self._plugged:
            raise BridgeError(f"The {type(self).__name__} does not answer. Plug its cable in.")
        self._emit = emit

    def close(self) -> None:
        """Stop reporting."""
        self._emit = None

    def poll(self, now: float) -> None:
        """Let time pass."""

    def unplug(self) -> None:
        """Pull the cable: nothing is heard, and nothing reaches the device."""
        if self._plugged:
            self._report(DeviceLost())
        self._plugged = False

    def plug(self) -> None:
        """Put the cable back."""
        if not self._plugged:
            self._plugged = True
            self._report(DeviceBack())

    def tamper(self) -> None:
        """Open the case."""
        self._report(CaseOpened())

    def _report(self, event: DeviceEvent) -> None:
        if self.healthy and self._emit is not None:
            self._emit(event)


class SimulatedReader(_Simulated):
    """A card reader with a keypad."""

    def present(self, value: int, *, bits: int = 26) -> None:
        """Hold a card to the reader."""
        self._report(CardRead(bits, value))

    def press(self, keys: str) -> None:
        """Press keys one after the other. Raises BridgeError for a key the pad does not have."""
        if strange := set(keys) - KEYS:
            raise BridgeError(f"The keypad has no key {min(strange)!r}. Use digits, * and #.")
        for key in keys:
            self._report(KeyPressed(key))


class SimulatedDoor(_Simulated):
    """A strike that times itself, a leaf that is pushed and falls shut, and a handle that always opens from inside."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._locks_at: float | None = None
        self._leaf_open = False

    @property
    def locked(self) -> bool:
        """Tell whether the strike holds the leaf."""
        return self._locks_at is None

    @property
    def leaf_open(self) -> bool:
        """Tell what the door sensor sees."""
        return self._leaf_open

    def release(self, *, seconds: float) -> None:
        """Free the strike for *seconds*, at most ``MAX_RELEASE_S``, counted from the controller's last poll."""
        if not self.healthy:
            raise BridgeError("The door controller does not answer. Check its cable and its power.")
        if not 0 < seconds < float("inf"):
            raise BridgeError(
                f"A release lasts more than zero seconds, not {seconds}. Correct the door's release time."
            )
        self._locks_at = self._now + min(seconds, MAX_RELEASE_S)
        self._report(StrikeReleased())

    def poll(self, now: float) -> None:
        """Lock again when the time is over, cable or no cable: the controller does this, not the host."""
        self._now = now
        if self._locks_at is not None and now >= self._locks_at:
            self._locks_at = None
            self._report(StrikeLocked())

    def push(self) -> bool:
        """Push from outside: it opens only while the strike is free. Returns whether it did."""
        if self.locked:
            return False
        self._move(open_=True)
        return True

    def leave(self) -> None:
        """Press the handle inside: it always opens, whatever the host, the strike and the cable do (R66)."""
        self._move(open_=True)

    def shut(self) -> None:
        """Let the leaf fall shut."""
        self._move(open_=False)

    def _move(self, *, open_: bool) -> None:
        if self._leaf_open != open_:
            self._leaf_open = open_
            self._report(LeafOpened() if open_ else LeafClosed())

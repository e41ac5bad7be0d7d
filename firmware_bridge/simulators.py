"""A reader and a door for a desk without hardware. They ship with the product and behave as the real ones must."""

from __future__ import annotations

from firmware_bridge.drivers import (
    LEASE_S,
    MAX_RELEASE_S,
    Declared,
    Emit,
    Profile,
    Signal,
    Standing,
)
from firmware_bridge.events import (
    BridgeError,
    CardRead,
    CaseClosed,
    CaseOpened,
    CodeScanned,
    DeviceBack,
    DeviceEvent,
    DeviceLost,
    ExitRequested,
    FireOver,
    FireStarted,
    KeyPressed,
    LeafClosed,
    LeafOpened,
    Nonsense,
    OtherDoorClosed,
    OtherDoorOpened,
    PowerBack,
    PowerFailed,
    StrikeLocked,
    StrikeReleased,
)

KEYS = frozenset("0123456789*#")
SILENCE_S = 5.0
"""A controller that has not heard its host for this long stands as it is declared."""
EXIT_S = 5.0
"""How long the exit button opens for."""
REST_S = 0.5
"""How long the strike stays locked after MAX_RELEASE_S cut what releases had drawn out."""


class _Simulated:
    """What both simulators share: a cable that can be pulled, a case, and a supply."""

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

    def tamper(self, *, opened: bool = True) -> None:
        """Open the case, or close it."""
        self._report(CaseOpened() if opened else CaseClosed())

    def fail_power(self, *, failed: bool = True) -> None:
        """Take the mains away, or give it back."""
        self._report(PowerFailed() if failed else PowerBack())

    def _report(self, event: DeviceEvent) -> None:
        if self.healthy and self._emit is not None:
            self._emit(event)


class SimulatedReader(_Simulated):
    """A card reader with a keypad and a scanner for codes, with a light that remembers what it showed."""

    profile = Profile.UID_ONLY
    supervised = True

    def __init__(self) -> None:
        super().__init__()
        self.shown = Signal.READY

    def show(self, signal: Signal) -> None:
        """Show *signal*, unless the cable is out."""
        if self.healthy:
            self.shown = signal

    def present(self, value: int, *, bits: int = 26) -> None:
        """Hold a card to the reader."""
        self._report(CardRead(bits, value))

    def scan(self, text: str) -> None:
        """Hold a code before the scanner."""
        self._report(CodeScanned(text))

    def press(self, keys: str) -> None:
        """Press keys one after the other. Raises BridgeError for a key the pad does not have."""
        if strange := set(keys) - KEYS:
            raise BridgeError(f"The keypad has no key {min(strange)!r}. Use digits, * and #.")
        for key in keys:
            self._report(KeyPressed(key))

    def babble(self) -> None:
        """Send what no reader sends."""
        self._report(Nonsense())


class SimulatedDoor(_Simulated):
    """A strike that times itself, a leaf that is pushed and falls shut, and a handle that always opens from inside.

    declared: what it does without power or host. Its controller goes on when the cable is out.
    """

    def __init__(self, declared: Declared = Declared.FAIL_SECURE) -> None:
        super().__init__()
        self._declared = declared
        self._now = 0.0
        self._heard = 0.0
        self._locks_at: float | None = None
        self._released_at = 0.0
        self._rested_at = 0.0
        self._exit_until: float | None = None
        self._standing = Standing.NORMAL
        self._stands_until = 0.0
        self._leaf_open = False
        self._fire = False
        self._was_locked = True

    @property
    def locked(self) -> bool:
        """Tell whether the strike holds the leaf."""
        free = self._locks_at is not None or self._exit_until is not None
        return not (self._fire or free or self._stands_open)

    @property
    def leaf_open(self) -> bool:
        """Tell what the door sensor sees."""
        return self._leaf_open

    def plug(self) -> None:
        """Put the cable back: the controller tells at once what its inputs see."""
        was_out = not self._plugged
        super().plug()
        if was_out:
            self._tell_inputs()

    @property
    def _stands_open(self) -> bool:
        if self._now - self._heard >= SILENCE_S:
            return self._declared is Declared.FAIL_SAFE
        return self._standing is Standing.OPEN

    def open(self, emit: Emit) -> None:
        """Start reporting to *emit*, with what the inputs see."""
        super().open(emit)
        self._tell_inputs()

    def release(self, *, seconds: float) -> None:
        """Free the strike for *seconds*, counted from the controller's last poll.

        A release during another, or before the strike was locked for REST_S, draws it out, to ``MAX_RELEASE_S`` from the
        first at most; then the strike rests for REST_S, and refuses.
        """
        self._refuse_unheard()
        if not 0 < seconds < float("inf"):
            raise BridgeError(
                f"A release lasts more than zero seconds, not {seconds}. Correct the door's release time."
            )
        if self._standing is Standing.LOCKED:
            raise BridgeError("The door stands locked. End the lockdown first.")
        if self._locks_at is None and self._now >= self._rested_at:
            self._released_at = self._now
        most = self._released_at + MAX_RELEASE_S
        if self._now >= most:
            raise BridgeError("The strike was free as long as it may be, and rests. Ask again in a moment.")
        self._locks_at = self._now if self._locks_at is None else self._locks_at
        self._locks_at = max(self._locks_at, min(self._now + seconds, most))
        self._freed()

    def stand(self, standing: Standing, *, seconds: float) -> None:
        """Stand so until *seconds* from the controller's last poll, at most ``LEASE_S``."""
        self._refuse_unheard()
        if not 0 < seconds < float("inf"):
            raise BridgeError(f"A door stands so for more than zero seconds, not {seconds}.")
        self._standing = standing
        self._stands_until = self._now + min(seconds, LEASE_S)
        self._tell_strike()

    def poll(self, now: float) -> None:
        """Lock again when the time is over, cable or no cable: the controller does this, not the host."""
        self._now = now
        if self.healthy:
            self._heard = now
        if self._locks_at is not None and now >= self._locks_at:
            self._rested_at = now + REST_S
            self._locks_at = None
        if self._exit_until is not None and now >= self._exit_until:
            self._exit_until = None
        if now >= self._stands_until:
            self._standing = Standing.NORMAL
        self._tell_strike()

    def push(self) -> bool:
        """Push from outside: it opens only while the strike is free. Returns whether it did."""
        if self.locked:
            return False
        self._move(open_=True)
        return True

    def leave(self) -> None:
        """Press the handle inside: it always opens, whatever the host, the strike and the cable do (R66)."""
        self._report(ExitRequested())
        self._move(open_=True)

    def press_exit(self) -> None:
        """Press the exit button: the controller frees the strike by itself, whatever the host says (R66)."""
        self._report(ExitRequested())
        self._exit_until = self._now + EXIT_S
        self._freed()

    def force(self) -> None:
        """Pull the door open with a crowbar."""
        self._move(open_=True)

    def shut(self) -> None:
        """Let the leaf fall shut."""
        self._move(open_=False)

    def fire(self, *, burning: bool = True) -> None:
        """Make the fire input active, or let it rest: the strike follows it at once and alone (R65)."""
        if burning != self._fire:
            self._fire = burning
            self._report(FireStarted() if burning else FireOver())
            self._tell_strike()

    def other_door(self, *, open_: bool) -> None:
        """Open or shut the interlocked door."""
        self._report(OtherDoorOpened() if open_ else OtherDoorClosed())

    def _tell_inputs(self) -> None:
        self._report(LeafOpened() if self._leaf_open else LeafClosed())
        if self._fire:
            self._report(FireStarted())

    def _refuse_unheard(self) -> None:
        if not self.healthy:
            raise BridgeError("The door controller does not answer. Check its cable and its power.")

    def _freed(self) -> None:
        self._was_locked = False
        self._report(StrikeReleased())

    def _tell_strike(self) -> None:
        if self.locked != self._was_locked:
            self._was_locked = self.locked
            self._report(StrikeLocked() if self.locked else StrikeReleased())

    def _move(self, *, open_: bool) -> None:
        if self._leaf_open != open_:
            self._leaf_open = open_
            self._report(LeafOpened() if open_ else LeafClosed())

"""The door's own mind: when the strike is free, without a host, without a clock of its own, without I/O.

Runs on MicroPython and on CPython. Time is counted down, never compared: a tick count that wraps is as any other, one
that leaps ends waits early, and none starts a wait anew.

In this order: fire frees, an exit request frees, a silent host leaves the door as it is declared, and only then does
the host's word count. The output of the whole is one bit, whether to energise the lock. A lock without current is as
the door is declared, so whatever ends this code (reset, watchdog, fault, no power) ends in the declared state.
"""

from .contacts import EXIT, FIRE, Contacts
from .sealing import TICKS
from .wire import (
    FAIL_SAFE,
    FAIL_SECURE,
    MAX_RELEASE_MS,
    STAND_LOCKED,
    STAND_NORMAL,
    STAND_OPEN,
    WHY_FAULT,
    WHY_HOST,
    WHY_MAXIMUM,
    WHY_STANDING,
    WHY_TIME,
)

MAX_LEASE_MS = 10000
"""However long a lease the host asks for, this is how long its word counts without another."""
LEAST_RELEASE_MS = 100
"""A shorter release would be over before a hand is at the door."""
EXIT_MS = 5000
"""How long the door stays free after the exit button was let go of."""
REST_MS = 500
"""How long the lock must have been locked before the host may free it for the whole maximum again.

Less is no rest: a host that asks anew each time a release ends would leave a door that never holds, and a coil that
never cools.
"""


def _bounded(max_ms: int) -> int:
    return min(max(max_ms, LEAST_RELEASE_MS), MAX_RELEASE_MS)


class DoorLogic:
    """One door. Call `step` a few times in ten milliseconds; read `energised`; the rest is for telling the host.

    declared: FAIL_SAFE, FAIL_SECURE, or None on a controller that nobody has paired yet. Which way its lock turns is
    then unknown, so it is never energised: a fail-safe lock is free, a fail-secure one opens from inside by its handle.
    may_stand_open: whether the host may have the door stand open, for which lock and site must be made. Without it the
    host frees the lock for no longer than *max_ms* before the lock has held for `REST_MS`, whatever it says.
    """

    def __init__(
        self,
        declared: int | None,
        max_ms: int = MAX_RELEASE_MS,
        exit_ms: int = EXIT_MS,
        *,
        may_stand_open: bool = False,
    ) -> None:
        self.declared = declared
        self.may_stand_open = may_stand_open
        self.max_ms = _bounded(max_ms)
        self.exit_ms = exit_ms
        self.contacts = Contacts()
        self.standing = STAND_NORMAL
        self.locked_by = 0
        """Why the strike last locked, until whoever tells the host sets it back to 0."""
        self._last_ms: int | None = None
        self._lease_ms = 0
        self._release_ms = 0
        self._drawn_ms = 0
        """How long the host's releases alone have freed the lock since it last had its rest."""
        self._locked_ms = REST_MS
        self._exit_left_ms = 0
        self._was_free = self.free

    @property
    def silent(self) -> bool:
        """Tell whether the host has not been heard for as long as its lease."""
        return self._lease_ms <= 0

    @property
    def free(self) -> bool:
        """Tell whether the strike is to be free to open."""
        if self._free_here:
            return True
        if self.silent:
            return self.declared == FAIL_SAFE
        if self.standing == STAND_LOCKED:
            return False
        return self.standing == STAND_OPEN or self._release_ms > 0

    @property
    def _free_here(self) -> bool:
        """Tell whether fire or exit free the strike, whatever the host wants."""
        return bool(self.contacts.seen & (FIRE | EXIT)) or self._exit_left_ms > 0

    @property
    def energised(self) -> bool:
        """Tell whether the lock is to have current."""
        if self.declared is None:
            return False
        return self.free == (self.declared == FAIL_SECURE)

    def step(self, now_ms: int, now_asserted: int) -> int:
        """Let time pass up to *now_ms* and take one reading. Returns the mask of contacts just asserted.

        now_ms: the board's ticks, which wrap at 2**30. A held exit button keeps the door free: somebody may be leaning
        on it, and a door that locks now and then under that hand would be one that does not let out.
        """
        elapsed = 0 if self._last_ms is None else (now_ms - self._last_ms) & TICKS
        self._last_ms = now_ms
        why = self._count_down(elapsed)
        rose = self.contacts.step(elapsed, now_asserted)
        if self.contacts.seen & EXIT:
            self._exit_left_ms = self.exit_ms
        self._settle(why)
        return rose

    def beat(self, standing: int, lease_ms: int) -> None:
        """Hear the host: it lives, and wants the door to stand so for *lease_ms*, at most `MAX_LEASE_MS`.

        A host that wants it open and may not is heard, and the door stands as always.
        """
        if standing not in (STAND_NORMAL, STAND_OPEN, STAND_LOCKED) or lease_ms <= 0:
            return
        self._lease_ms = min(lease_ms, MAX_LEASE_MS)
        self.standing = STAND_NORMAL if standing == STAND_OPEN and not self.may_stand_open else standing
        if standing == STAND_LOCKED:
            self._release_ms = 0
        self._settle(WHY_HOST)

    def release(self, ms: int) -> int:
        """Free the strike for *ms* on the host's word. Returns 0, or why not.

        A release during another, or before the lock has rested from it, goes on with what is left of the maximum.
        """
        if self.standing == STAND_LOCKED:
            return WHY_STANDING
        left = self.max_ms - self._drawn_ms
        if ms <= 0 or self.silent or (left < LEAST_RELEASE_MS and self._release_ms == 0):
            return WHY_FAULT
        self._release_ms = max(self._release_ms, min(max(ms, LEAST_RELEASE_MS), left))
        self._settle(0)
        return 0

    def forget_host(self) -> None:
        """Take back the host's word, as if it had been silent for its lease."""
        self._lease_ms = 0
        self._end_host_word()
        self._settle(WHY_HOST)

    def _count_down(self, elapsed: int) -> int:
        """Shorten every wait. Returns what would be the reason if the strike locks now."""
        why = WHY_TIME
        self._count_rest(elapsed)
        self._exit_left_ms = max(0, self._exit_left_ms - elapsed)
        if self._release_ms > 0:
            self._release_ms = max(0, self._release_ms - elapsed)
            if self._release_ms == 0 and self._drawn_ms >= self.max_ms:
                why = WHY_MAXIMUM
        if self._lease_ms > 0:
            self._lease_ms = max(0, self._lease_ms - elapsed)
            if self._lease_ms == 0:
                self._end_host_word()
                why = WHY_HOST
        return why

    def _count_rest(self, elapsed: int) -> None:
        """Count how long the lock was locked, or was free by a release and nothing else; it was so all the time."""
        if self._was_free:
            self._locked_ms = 0
            if self._release_ms > 0 and self.standing == STAND_NORMAL and not self._free_here:
                self._drawn_ms += elapsed
            return
        self._locked_ms = min(REST_MS, self._locked_ms + elapsed)
        if self._locked_ms == REST_MS:
            self._drawn_ms = 0

    def declare(self, declared: int, max_ms: int, *, may_stand_open: bool) -> None:
        """Be paired: take the declared state, the longest release and the permission; start again without a host."""
        self.declared = declared
        self.may_stand_open = may_stand_open
        self.max_ms = _bounded(max_ms)
        self.forget_host()

    def _end_host_word(self) -> None:
        self.standing = STAND_NORMAL
        self._release_ms = 0

    def _settle(self, why: int) -> None:
        """Note whether the strike has just locked."""
        free = self.free
        if self._was_free and not free:
            self.locked_by = why
        self._was_free = free

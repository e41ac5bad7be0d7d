"""A thread that attends to one device: what it reports, that it is lost, and that it is back.

The thread alone touches the device, from taking it to letting it go: a service or a kernel that hangs costs this thread
and not the gate's loop. Whatever goes wrong in it is a lost device, which is taken again every RETRY_S.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from firmware_bridge.drivers import Emit, Signal
from firmware_bridge.events import BridgeError, DeviceBack, DeviceEvent, DeviceLost, Nonsense

TURN_S: Final = 0.05
"""How long one turn may wait for something to happen; so long a driver takes to close."""
STALL_S: Final = 2.0
"""A thread that finished no turn for so long hangs in its device: the device is lost, and what it says then is stale."""
RETRY_S: Final = 1.0
NONSENSE_EVERY_S: Final = 1.0
LEFT_MOST: Final = 2
"""So many threads may hang in one device that was closed. Until one of them ends, it is not opened again."""
_CLOSE_S: Final = 0.1


class Attended(Protocol):
    """A device that is held."""

    def attend(self) -> None:
        """Wait for TURN_S at most, and report what happened. Raises OSError or BridgeError when the device is gone."""

    def let_go(self) -> None:
        """Give the device back, which may be gone. Raises nothing."""


class Attendant:
    """Holds a device while open, and takes it again when it was lost.

    take: takes hold of the device, which reports to the given emit. Raises BridgeError or OSError when it is not there;
    it runs in the thread, and may block. Reports come from the thread, one after the other; that the thread hangs is
    reported from `poll`. Nonsense passes once in NONSENSE_EVERY_S. stall_s: after how long a thread counts as hanging.
    """

    def __init__(self, name: str, take: Callable[[Emit], Attended], *, stall_s: float = STALL_S) -> None:
        self._name = name
        self._take = take
        self._stall_s = stall_s
        self._run: _Run | None = None
        self._left: list[threading.Thread] = []

    @property
    def healthy(self) -> bool:
        """Tell whether the device is held, answers, and its thread does not hang."""
        return self._run is not None and self._run.answers

    def open(self, emit: Emit) -> None:
        """Have the device taken. Returns at once; *healthy* follows, or DeviceLost that says why.

        Raises BridgeError only when LEFT_MOST threads of earlier openings hang in the device.
        """
        self.close()
        self._left = [thread for thread in self._left if thread.is_alive()]
        if len(self._left) >= LEFT_MOST:
            raise BridgeError(
                f"The {self._name} hangs, and keeps what asked it. Unplug it and plug it in again, or start its"
                " service anew; if that does not help, start the gate anew."
            )
        run = _Run(self._name, self._take, emit, self._stall_s)
        run.start()
        self._run = run

    def poll(self) -> None:
        """Report a device whose thread hangs in it as lost."""
        if self._run is not None:
            self._run.watch()

    def close(self) -> None:
        """End the thread, which lets go of the device. Afterwards nothing is reported any more.

        Waits for _CLOSE_S at most. A thread that hangs is left behind; it lets go of the device when it wakes.
        """
        run, self._run = self._run, None
        if run is not None and (thread := run.end()) is not None:
            self._left.append(thread)


class AttendedReader:
    """A reader that an attendant holds, whose own lights are none of ours."""

    def __init__(self, attendant: Attendant) -> None:
        self._attendant = attendant

    @property
    def healthy(self) -> bool:
        """Tell whether the device is held and answers."""
        return self._attendant.healthy

    @property
    def supervised(self) -> bool:
        """Tell that the system says at once when it is unplugged, and that one that hangs is noticed."""
        return True

    def open(self, emit: Emit) -> None:
        """Have the device taken, as Attendant says: one that hangs hangs its thread alone."""
        self._attendant.open(emit)

    def poll(self, now: float) -> None:
        """Report a device that hangs."""
        del now  # the thread's clock counts
        self._attendant.poll()

    def close(self) -> None:
        """Let go of the device."""
        self._attendant.close()

    def show(self, signal: Signal) -> None:
        """Show nothing: such a reader beeps by itself, or has lights with commands of each maker's own."""


class _Run:
    """One opening: from open to close."""

    def __init__(self, name: str, take: Callable[[Emit], Attended], emit: Emit, stall_s: float) -> None:
        self._name = name
        self._stall_s = stall_s
        self._take = take
        self._emit = emit
        self._over = threading.Event()
        # Guards what was told, so that loss and return are told in turn and nothing after the end. It may be entered
        # again: who is told may close the driver at once.
        self._lock = threading.RLock()
        self._held = False
        self._lost = False
        self._turned_at = time.monotonic()
        self._nonsense_at: float | None = None
        # A daemon: a device that hangs in the kernel must not keep the gate from ending.
        self._thread = threading.Thread(target=self._attend, name=name, daemon=True)

    @property
    def answers(self) -> bool:
        return self._held and not self._lost and not self._hangs and not self._over.is_set()

    def start(self) -> None:
        self._thread.start()

    def watch(self) -> None:
        if self._hangs:
            self._lose(f"The {self._name} does not answer. Unplug it and plug it in again.")

    def end(self) -> threading.Thread | None:
        """End it. Returns its thread, if that is still at it."""
        with self._lock:
            self._over.set()
        if self._thread is threading.current_thread():
            return None
        self._thread.join(_CLOSE_S)
        return self._thread if self._thread.is_alive() else None

    @property
    def _hangs(self) -> bool:
        return time.monotonic() - self._turned_at >= self._stall_s

    def _attend(self) -> None:
        device: Attended | None = None
        try:
            while not self._over.is_set():
                self._turned_at = time.monotonic()
                device = self._taken() if device is None else self._turn(device)
                if device is None:
                    self._turned_at = time.monotonic()
                    self._over.wait(RETRY_S)
        finally:
            # Also when the interpreter ends the thread: a device without its thread is a lost one (R68).
            self._drop(device)
            self._lose(f"Nobody attends to the {self._name} any more. Start the gate anew.")

    def _taken(self) -> Attended | None:
        try:
            device = self._take(self._tell)
        except Exception as error:  # noqa: BLE001 - the thread's outer loop: a library's fault must not end it
            self._lose(self._cause(error))
            return None
        with self._lock:
            self._turned_at = time.monotonic()
            self._held = True
            if self._lost and not self._over.is_set():
                self._lost = False
                self._say(DeviceBack())
        return device

    def _turn(self, device: Attended) -> Attended | None:
        """Give the device its turn. Returns it, or None when it is lost and was let go."""
        try:
            device.attend()
        except Exception as error:  # noqa: BLE001 - as above
            cause = self._cause(error)
        else:
            with self._lock:
                if not self._lost and not self._hangs:
                    return device
            # Of what happened while it hung, some was dropped: it is taken anew, and says anew how it is.
            cause = f"The {self._name} did not answer for a while. Look at its cable."
        self._drop(device)
        self._lose(cause)
        return None

    def _drop(self, device: Attended | None) -> None:
        self._held = False
        if device is not None:
            with suppress(Exception):  # foreign code, and the device is given up anyway
                device.let_go()

    def _cause(self, error: Exception) -> str:
        """Say what is wrong. Of an error that nobody foresaw only the kind: its words may hold what was read."""
        if isinstance(error, BridgeError):
            return str(error)
        reason = error.strerror if isinstance(error, OSError) else None
        return f"The {self._name} cannot be used: {reason or type(error).__name__}."

    def _lose(self, cause: str) -> None:
        with self._lock:
            if not self._lost and not self._over.is_set():
                self._lost = True
                self._say(DeviceLost(cause))

    def _say(self, event: DeviceEvent) -> None:
        with suppress(Exception):  # whoever is told fails for itself: the device goes on
            self._emit(event)

    def _tell(self, event: DeviceEvent) -> None:
        """Pass on what the device reports, unless its turn hung: nobody is at the reader any more for an old card."""
        with self._lock:
            if self._over.is_set() or self._lost or self._hangs:
                return
            if isinstance(event, Nonsense):
                now = time.monotonic()
                if self._nonsense_at is not None and now - self._nonsense_at < NONSENSE_EVERY_S:
                    return
                self._nonsense_at = now
            self._emit(event)

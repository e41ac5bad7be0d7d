"""A thread that attends to one device: what it reports, that it is lost, and that it is back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from firmware_bridge.drivers import Emit
from firmware_bridge.events import BridgeError, DeviceBack, DeviceEvent, DeviceLost, Nonsense

TURN_S: Final = 0.1
"""How long one turn may wait for something to happen; so long a driver takes to close."""
RETRY_S: Final = 1.0
NONSENSE_EVERY_S: Final = 1.0
_CLOSE_S: Final = 2.0


class Attended(Protocol):
    """A device that is held."""

    def attend(self) -> None:
        """Wait for TURN_S at most, and report what happened. Raises OSError or BridgeError when the device is gone."""

    def let_go(self) -> None:
        """Give the device back, which may be gone. Raises nothing."""


class Attendant:
    """Holds a device while open, and takes it again when it was lost.

    take: takes hold of the device, which reports to the given emit. Raises BridgeError or OSError when it is not there.
    All of the device's reports come from the one thread; nonsense passes once in NONSENSE_EVERY_S.
    """

    def __init__(self, name: str, take: Callable[[Emit], Attended]) -> None:
        self._name = name
        self._take = take
        self._run: _Run | None = None

    @property
    def healthy(self) -> bool:
        """Tell whether the device is held and answers."""
        return self._run is not None and self._run.answers

    def open(self, emit: Emit) -> None:
        """Take the device and start its thread. Raises BridgeError when the device is not there."""
        self.close()
        run = _Run(self._take, emit)
        run.start(self._name)
        self._run = run

    def close(self) -> None:
        """End the thread and let go of the device. Afterwards nothing is reported any more."""
        run, self._run = self._run, None
        if run is not None:
            run.end()


class _Run:
    """One opening: from open to close."""

    def __init__(self, take: Callable[[Emit], Attended], emit: Emit) -> None:
        self.answers = False
        self._take = take
        self._emit = emit
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._nonsense_at: float | None = None

    def start(self, name: str) -> None:
        try:
            device = self._take(self._tell)
        except OSError as error:
            raise BridgeError(
                f"The {name} cannot be used: {error.strerror or type(error).__name__}."
            ) from error
        self.answers = True
        # A daemon: a device that hangs in the kernel must not keep the gate from ending.
        self._thread = threading.Thread(target=self._attend_to, args=(device,), name=name, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self.answers = False
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_CLOSE_S)

    def _attend_to(self, first: Attended) -> None:
        device: Attended | None = first
        try:
            while not self._over.is_set():
                device = self._again() if device is None else self._turn(device)
        finally:
            # Also after a fault of our own: a device without its thread is a lost one, and is told so (R68).
            if device is not None:
                device.let_go()
            if self.answers:
                self.answers = False
                self._tell(DeviceLost())

    def _turn(self, device: Attended) -> Attended | None:
        try:
            device.attend()
        except (OSError, BridgeError) as error:
            device.let_go()
            self.answers = False
            self._tell(DeviceLost(str(error)))
            return None
        return device

    def _again(self) -> Attended | None:
        self._over.wait(RETRY_S)
        device = None
        if not self._over.is_set():
            with suppress(OSError, BridgeError):
                device = self._take(self._tell)
        if device is not None and not self._over.is_set():
            self.answers = True
            self._tell(DeviceBack())
        return device

    def _tell(self, event: DeviceEvent) -> None:
        if self._over.is_set():
            return
        if isinstance(event, Nonsense):
            now = time.monotonic()
            if self._nonsense_at is not None and now - self._nonsense_at < NONSENSE_EVERY_S:
                return
            self._nonsense_at = now
        self._emit(event)

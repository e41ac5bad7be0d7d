"""The virtual controller on a pty, in real time: for the demo, and for tests that need a serial port."""

from __future__ import annotations

import contextlib
import os
import pty
import secrets
import select
import tempfile
import threading
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from firmware_bridge.drivers import MAX_RELEASE_S, Declared
from firmware_bridge.mcu_sim.brains import Brain, CPythonBrain, MicroPythonBrain, Start
from firmware_bridge.mcu_sim.virtual import DECLARED_CODES, VirtualController

_ROUND_S: Final = 0.005
_READ_BYTES: Final = 64
_OVERHEARD_BYTES: Final = 4096


class SimulatedController:
    """A door controller at the end of a serial line whose name is *path*, from `start` to `close`.

    key: what it was paired with, or None for one fresh from flashing. declared: how its lock is built. may_stand_open:
    what the pairing said of that. One thread runs the board in real time; every method may be called from any thread
    and takes effect within a round of 5 ms.
    """

    brain: Callable[[Start], Brain] = CPythonBrain

    def __init__(
        self,
        key: bytes | None,
        *,
        declared: Declared,
        max_release_s: float = MAX_RELEASE_S,
        may_stand_open: bool = False,
        bypass: bool = True,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="gate-controller-")
        self.path = str(Path(self._folder.name) / "line")
        values = (DECLARED_CODES[declared], round(max_release_s * 1000), int(may_stand_open))
        kept = None if key is None else (key, *values)
        self._board = VirtualController(
            declared=declared,
            kept=kept,
            random_bytes=secrets.token_bytes,
            brain=type(self).brain,
            bypass=bypass,
        )
        self._lock = threading.Lock()
        self._line: tuple[int, int] | None = None
        self._wake_read, self._wake_write = os.pipe()
        self._noise = bytearray()
        self._forged = bytearray()
        self._overheard = bytearray()
        self._hushed = False
        self._stopping = False
        self._thread = threading.Thread(target=self._live, name="controller", daemon=True)

    def start(self) -> None:
        """Power the board and plug its cable in."""
        self.plug()
        self._thread.start()

    def close(self) -> None:
        """Switch everything off; closing twice is harmless."""
        if self._stopping:
            return
        self._stopping = True
        self._wake()
        if self._thread.ident is not None:
            self._thread.join()
        self.pull()
        self._board.close()
        os.close(self._wake_read)
        os.close(self._wake_write)
        self._folder.cleanup()

    @property
    def locked(self) -> bool:
        """Tell whether the lock holds the leaf."""
        with self._lock:
            return self._board.locked

    @property
    def leaf_open(self) -> bool:
        """Tell whether the leaf is away from its frame."""
        return self._board.world.leaf_open

    @property
    def key(self) -> bytes | None:
        """Return the key of the last pairing."""
        return self._board.kept[0] if self._board.kept else None

    @property
    def may_stand_open(self) -> bool:
        """Tell whether the last pairing allowed the door to stand open."""
        return self._board.kept is not None and bool(self._board.kept[3])

    @property
    def outputs(self) -> int:
        """Return what is on: `controller.ENERGISE` and the lamps."""
        return self._board.outputs

    @property
    def faults(self) -> int:
        """Return how often the firmware broke. Not once, if it is what it should be."""
        return self._board.faults + self._board.crashes

    def present(self, value: int, *, bits: int = 26) -> None:
        """Hold a card to the Wiegand reader."""
        with self._acting():
            self._board.present(value, bits=bits)

    def press(self, keys: str) -> None:
        """Press keys one after the other. Raises BridgeError for a key the pad does not have."""
        with self._acting():
            self._board.press(keys)

    def send_bits(self, value: int, count: int) -> None:
        """Pulse any burst on the reader's data lines, first bit highest."""
        with self._acting():
            self._board.send_bits(value, count)

    def press_exit(self) -> None:
        """Press the exit button as a hand does, and let go of it."""
        with self._acting():
            self._board.press_exit()

    def hold_exit(self, held: bool) -> None:  # noqa: FBT001 - as its neighbours: fire(True), power(True)
        """Hold the exit button down, or let go of it."""
        with self._acting():
            self._board.world.exit_pressed = held

    def fire(self, on: bool) -> None:  # noqa: FBT001 - reads as said: fire(True)
        """Set the fire contact."""
        with self._acting():
            self._board.world.fire = on

    def tamper(self, on: bool = True) -> None:  # noqa: FBT001, FBT002 - reads as said: tamper()
        """Open the controller's case, or close it."""
        with self._acting():
            self._board.world.case_open = on

    def power(self, failed: bool) -> None:  # noqa: FBT001 - reads as said: power(failed=True)
        """Fail the supply, so that the battery takes over, or bring it back."""
        with self._acting():
            self._board.world.power_failed = failed

    def other_door(self, is_open: bool) -> None:  # noqa: FBT001 - reads as said: other_door(True)
        """Move the interlocked door."""
        with self._acting():
            self._board.world.other_open = is_open

    def push(self) -> bool:
        """Push from outside: it opens only while the lock is free. Returns whether it did."""
        with self._acting():
            return self._board.push()

    def leave(self) -> None:
        """Leave as one does: press the exit button and open; the lock's current or the handle gives way (R66)."""
        with self._acting():
            self._board.press_exit()
            self._board.world.leaf_open = True

    def force(self) -> None:
        """Break the leaf open, locked or not."""
        with self._acting():
            self._board.world.leaf_open = True

    def shut(self) -> None:
        """Let the leaf fall shut."""
        with self._acting():
            self._board.world.leaf_open = False

    def pair_button(self) -> None:
        """Press the pairing button in the case for a moment."""
        with self._acting():
            self._board.world.button_pressed = True
        time.sleep(0.1)
        with self._acting():
            self._board.world.button_pressed = False

    def reset(self) -> None:
        """Reset the board."""
        with self._acting():
            self._board.reset()

    def hang(self) -> None:
        """Hang the firmware; the board's watchdog resets it after a second."""
        with self._acting():
            self._board.hang()

    def babble(self, noise: bytes) -> None:
        """Put noise on the line, as the controller's end."""
        with self._acting():
            self._noise += noise

    @property
    def overheard(self) -> bytes:
        """Return what the host sent of late, the last 4 KiB, as somebody at the wires would have recorded it."""
        with self._lock:
            return bytes(self._overheard)

    def tell(self, data: bytes) -> None:
        """Put bytes on the line, as the host's end."""
        with self._acting():
            self._forged += data

    def hush(self, hushed: bool) -> None:  # noqa: FBT001 - as its neighbours: fire(True), power(True)
        """Let the line carry nothing either way while its port stays, as a cable cut behind its adapter does."""
        with self._acting():
            self._hushed = hushed

    def pull(self) -> None:
        """Pull the cable: the port is gone, the board goes on."""
        with self._acting():
            if self._line is not None:
                Path(self.path).unlink(missing_ok=True)
                for end in self._line:
                    os.close(end)
                self._line = None

    def plug(self) -> None:
        """Put the cable back: the port is there again under its name."""
        with self._acting():
            if self._line is None:
                master, slave = pty.openpty()
                tty.setraw(slave)
                os.set_blocking(master, False)
                self._line = (master, slave)
                Path(self.path).symlink_to(os.ttyname(slave))

    @contextlib.contextmanager
    def _acting(self) -> Iterator[None]:
        with self._lock:
            yield
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            os.write(self._wake_write, b"!")

    def _live(self) -> None:
        last_ms = time.monotonic_ns() // 1_000_000
        while not self._stopping:
            self._wait()
            with self._lock:
                now_ms = time.monotonic_ns() // 1_000_000
                sent = self._board.step(now_ms - last_ms, self._read())
                last_ms = now_ms
                self._write(bytes(self._noise) + sent)
                self._noise.clear()

    def _wait(self) -> None:
        with self._lock:
            line = [] if self._line is None else [self._line[0]]
        try:
            ready, _, _ = select.select([self._wake_read, *line], [], [], _ROUND_S)
        except (OSError, ValueError):
            return  # the cable was pulled meanwhile
        if self._wake_read in ready:
            os.read(self._wake_read, 4096)

    def _read(self) -> bytes:
        forged, self._forged = bytes(self._forged[:_READ_BYTES]), self._forged[_READ_BYTES:]
        if self._line is None or forged:
            return forged
        try:
            data = os.read(self._line[0], _READ_BYTES)
        except OSError:
            return b""
        if self._hushed:
            return b""
        self._overheard = (self._overheard + data)[-_OVERHEARD_BYTES:]
        return data

    def _write(self, data: bytes) -> None:
        """Send; a line nobody reads loses what does not fit, as a real one does."""
        if self._line is not None and data and not self._hushed:
            with contextlib.suppress(OSError):
                os.write(self._line[0], data)


class MicroPythonController(SimulatedController):
    """The same, with the firmware running in real MicroPython."""

    brain: Callable[[Start], Brain] = MicroPythonBrain

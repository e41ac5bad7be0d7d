"""Runs inside MicroPython: the firmware, round by round, at the word of `brains.MicroPythonBrain`.

The collector of this WebAssembly build sees what modules hold and not what a running function holds: it would free it.
So it runs between functions only: what lives long is this module's, and whoever imports it calls, at top level,

    start(...)
    while serve():
        gc.collect()
"""

import gc
import json

import host
from mcu.controller import Controller

TYPE_CHECKING = False
if TYPE_CHECKING:  # MicroPython has no such module
    from typing import Any

_ROUNDS_A_COLLECTION = 20
"""Few enough that the heap of one megabyte cannot run out between two collections."""

_running: "list[Controller]" = []
_said = ["0  0"]


def _call(name: str, *args: object) -> "Any":
    answer = json.loads(host.call(name, json.dumps({"args": args})))
    if not answer["ok"]:
        raise OSError(answer["error"])
    return answer["value"]


def _random(count: int) -> bytes:
    return bytes.fromhex(str(_call("random", count)))


def _save(kept: "tuple[bytes, int, int, int]") -> None:
    _call("save", kept[0].hex(), kept[1], kept[2], kept[3])


def start(key: str, values: "list[int]", fitted: int, boot: int, boot_reason: int) -> None:
    """Start the firmware. key: hex, empty while unpaired. values: the rest of what a pairing leaves."""
    gc.disable()
    kept = (bytes.fromhex(key), values[0], values[1], values[2]) if key else None
    _running.append(Controller(kept, _random, _save, fitted, boot, boot_reason))


def serve() -> bool:
    """Do some rounds. Returns False once told to stop."""
    controller = _running[0]
    for _ in range(_ROUNDS_A_COLLECTION):
        asked = _call("round", _said[0])
        if not asked:
            return False
        now_ms, levels, lost, rx, edges = asked
        outputs, tx = controller.step(now_ms, levels, edges, bytes.fromhex(rx), lost=bool(lost))
        sent = tx.hex() if tx else ""  # MicroPython writes no bytes as "b''"
        _said[0] = f"{outputs} {sent} {controller.faults}"
    return True

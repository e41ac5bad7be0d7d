"""What passing the door costs on real wires: card, PIN, the controller's own reactions, and an idle line (R02, R65, R66)."""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Final, TypeVar

from firmware_bridge.drivers import Declared
from firmware_bridge.events import BridgeError
from firmware_bridge.mcu_sim.virtual import DECLARED_CODES, VirtualController, World
from gate.bench.desk import UNIT
from gate.bench.wires import Bare, Doorway, Kind, Wire, doorway, wire
from gate.core.types import Seconds
from gate.errors import DeviceFault
from gate.settings_devices import Baud
from gate.store.keyring.hashing import USUAL

WIRES: Final[Sequence[tuple[Kind, Baud]]] = (("osdp", 115200), ("osdp", 9600), ("controller", 115200))
_KEY_S: Final[Seconds] = 0.1
"""From key to key: a brisk hand."""
_ROUND_MS: Final = 5
"""One round of the controller's firmware, as long as it may take on a board."""
_NEVER_MS: Final = 1000
_SETTLED_S: Final[Seconds] = 1.0
_LOST_SHARE: Final = 10
_PRODUCT_THREADS: Final = ("MainThread", "osdp", "controller-line")

Spent = TypeVar("Spent")


async def door_figures(models_dir: Path, *, cards: int, pins: int, idle_s: Seconds) -> dict[str, object]:
    """Present *cards* cards on each wire and type *pins* PINs; let a gate on two wires rest for *idle_s*.

    Raises DeviceFault when a simulated device cannot be run here.
    """
    try:
        return await _figures(models_dir, cards=cards, pins=pins, idle_s=idle_s)
    except BridgeError as error:
        raise DeviceFault("bench-wire", str(error), remedy="Set the gate up again (make setup).") from error


async def _figures(models_dir: Path, *, cards: int, pins: int, idle_s: Seconds) -> dict[str, object]:
    doors = {
        f"{kind}_{baud_per_s}": await _cards(models_dir, kind, baud_per_s, cards)
        for kind, baud_per_s in WIRES
    }
    return {
        "doors": doors,
        **await _pins(models_dir, pins),
        "door_idle_percent": await _idle(models_dir, idle_s),
        **reactions(),
    }


async def _cards(models_dir: Path, kind: Kind, baud_per_s: Baud, count: int) -> dict[str, object]:
    """Time cards through the whole gate, and in the same run through the driver alone."""
    with wire(kind, baud_per_s) as line:
        bare, _ = await _bare(line, max(2, count // 3))
    with wire(kind, baud_per_s) as line:
        async with doorway(models_dir, line, line) as way:

            def present() -> Seconds:
                began = perf_counter() + line.sends_s
                line.present()
                return began

            spent, lost = await _many(lambda: way.enter(present), count)
    asked, freed = ([each[at] for each in spent] for at in (0, 1))
    return {
        "asked_p50_ms": median(asked) * 1e3,
        "asked_p99_ms": quantiles(asked, n=100)[98] * 1e3,
        "freed_p50_ms": median(freed) * 1e3,
        "freed_p99_ms": quantiles(freed, n=100)[98] * 1e3,
        "bare_p50_ms": median(bare) * 1e3,
        "over_bare_ratio": median(freed) / median(bare),
        "lost": lost,
    }


async def _many(enter: Callable[[], Awaitable[Spent]], count: int) -> tuple[list[Spent], int]:
    """Have *count* cards answered; give their times, and how many more were not answered at all.

    A line that stands still for a fifth of a second, as on a busy machine, loses the card that was on it.
    """
    spent: list[Spent] = []
    lost = 0
    while len(spent) < count:
        try:
            spent.append(await enter())
        except TimeoutError as error:
            lost += 1
            if lost > count // _LOST_SHARE + 1:
                raise DeviceFault(
                    "bench-line",
                    "Too many cards get no answer on the simulated line.",
                    remedy="End whatever else keeps this machine busy, and measure again.",
                ) from error
    return spent, lost


async def _bare(line: Wire, count: int) -> tuple[list[Seconds], int]:
    driver = Bare(line)
    try:
        await driver.open()
        return await _many(driver.enter, count)
    finally:
        driver.close()


async def _pins(models_dir: Path, count: int) -> dict[str, object]:
    """Type unit and PIN key by key at an OSDP keypad; time from the last key to the strike, and a bare hash in turns."""
    hashed: list[Seconds] = []
    with wire("osdp", 115200) as line:
        async with doorway(models_dir, line, line) as way:

            async def enter() -> Seconds:
                hashed.append(await asyncio.to_thread(_hash_s))
                return await _type(way, line)

            spent, _ = await _many(enter, count)
    return {
        "pin_p50_ms": median(spent) * 1e3,
        "pin_p95_ms": quantiles(spent, n=100)[94] * 1e3,
        "pin_over_hash_ratio": median(spent) / median(hashed),
        "pins": count,
    }


async def _type(way: Doorway, line: Wire) -> Seconds:
    await way.rest()
    for key in f"{UNIT}#{way.pin}":
        line.press(key)
        await asyncio.sleep(_KEY_S)

    def end() -> Seconds:
        began = perf_counter()
        line.press("#")
        return began

    try:
        asked, _ = await way.enter(end)
    except DeviceFault as error:  # a key was lost on the line, so the PIN was another
        raise TimeoutError from error
    return asked


def _hash_s() -> Seconds:
    hasher = USUAL.hasher(secrets.token_bytes(16), 32)
    began = perf_counter()
    hasher.derive(secrets.token_bytes(32))
    return perf_counter() - began


async def _idle(models_dir: Path, idle_s: Seconds) -> float:
    """Give what a gate with an OSDP reader and a controller takes of one core at rest: its own threads, no simulator."""
    with wire("osdp", 115200) as reader, wire("controller", 115200) as door:
        async with doorway(models_dir, reader, door):
            await asyncio.sleep(_SETTLED_S)
            before, began = _own_cpu_s(), perf_counter()
            await asyncio.sleep(idle_s)
            spent, took = _own_cpu_s() - before, perf_counter() - began
    return 100 * spent / took


def _own_cpu_s() -> Seconds:
    """Give what the product's own threads have computed so far."""
    return sum(
        _thread_cpu_s(thread.native_id)
        for thread in threading.enumerate()
        if thread.name in _PRODUCT_THREADS and thread.native_id is not None
    )


def _thread_cpu_s(number: int) -> Seconds:
    fields = Path(f"/proc/self/task/{number}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime, in proc(5)


def reactions() -> dict[str, object]:
    """Tell how long the controller's firmware takes to free the strike by itself, in its own clock, at worst.

    The contact moves right after a round; the same on every host, for no host and no clock has a part in it.
    """
    return {"fire_reaction_ms": _reaction_ms(_burn), "exit_reaction_ms": _reaction_ms(_press)}


def _burn(world: World) -> None:
    world.fire = True


def _press(world: World) -> None:
    world.exit_pressed = True


def _reaction_ms(move: Callable[[World], None]) -> int:
    # Without the second path in hardware: what is measured is the firmware.
    kept = (secrets.token_bytes(32), DECLARED_CODES[Declared.FAIL_SECURE], 5000, 0)
    with closing(
        VirtualController(
            declared=Declared.FAIL_SECURE, kept=kept, random_bytes=secrets.token_bytes, bypass=False
        )
    ) as board:
        for _ in range(20):
            board.step(_ROUND_MS)
        move(board.world)
        spent = 0
        while board.locked and spent < _NEVER_MS:
            board.step(_ROUND_MS)
            spent += _ROUND_MS
    return spent

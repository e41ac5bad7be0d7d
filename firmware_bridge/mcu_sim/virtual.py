"""A door with its controller, on a given clock: contacts, lock and leaf as they are wired, around the real firmware."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from firmware_bridge.drivers import Declared
from firmware_bridge.events import BridgeError, CardRead
from firmware_bridge.mcu import contacts, wire
from firmware_bridge.mcu.burst import edge
from firmware_bridge.mcu.controller import ENERGISE, RX_BYTES
from firmware_bridge.mcu.sealing import TICKS
from firmware_bridge.mcu_sim.brains import Brain, CPythonBrain, Kept, Start
from firmware_bridge.wiegand import KEYS, frame

WATCHDOG_MS: Final = 1000
"""The board's own watchdog: so long after the last whole round it resets the board (`board.WATCHDOG_MS`)."""
BOOT_MS: Final = 300
_PRESS_MS: Final = 200
_BIT_MS: Final = 1
_PAUSE_MS: Final = 40
"""Silence after a burst, long enough to end it."""
_LINE_BYTES: Final = 256
"""The board's receive buffer: what finds no room is lost, as on a real line."""

DECLARED_CODES: Final = {Declared.FAIL_SAFE: wire.FAIL_SAFE, Declared.FAIL_SECURE: wire.FAIL_SECURE}


@dataclass(slots=True)
class World:
    """What the contacts see."""

    leaf_open: bool = False
    fire: bool = False
    case_open: bool = False
    power_failed: bool = False
    other_open: bool = False
    exit_pressed: bool = False
    button_pressed: bool = False

    def levels(self) -> int:
        """Return the level of each contact, 1 for high."""
        saying = (
            (self.leaf_open, contacts.LEAF),
            (self.fire, contacts.FIRE),
            (self.case_open, contacts.CASE),
            (self.power_failed, contacts.POWER),
            (self.other_open, contacts.OTHER),
            (self.exit_pressed, contacts.EXIT),
            (self.button_pressed, contacts.BUTTON),
        )
        levels = contacts.at_rest()
        for said, contact in saying:
            levels ^= contact if said else 0
        return levels


class VirtualController:
    """One door. Nothing happens but in `step`.

    declared: how the lock is built. kept: what a pairing left. bypass: whether fire contact and exit button also act on
    the lock's current in hardware, as deploy/controller/README.md wires them; without it only the firmware acts.
    """

    def __init__(
        self,
        *,
        declared: Declared,
        kept: Kept | None,
        random_bytes: Callable[[int], bytes],
        brain: Callable[[Start], Brain] = CPythonBrain,
        bypass: bool = True,
        now_ms: int = 0,
    ) -> None:
        self.world = World()
        self.kept = kept
        self.store_fails = False
        """The board's flash refuses to be written."""
        self.crashes = 0
        """Rounds in which the firmware itself broke; the watchdog then resets it."""
        self.outputs = 0
        self._declared = declared
        self._bypass = bypass
        self._random = random_bytes
        self._make = brain
        self._now_ms = now_ms & TICKS
        self._edges: deque[tuple[int, int]] = deque()
        self._passed_ms = 0
        self._edges_until = 0
        self._lift_exit_in: int | None = None
        self._rx = bytearray()
        self._tx = bytearray()
        self._starts_in: int | None = None
        self._reason = wire.BOOT_POWER
        self._hung = False
        self._brain: Brain | None = self._start()

    @property
    def locked(self) -> bool:
        """Tell whether the lock holds the leaf: by its current and by how it is built."""
        current = bool(self.outputs & ENERGISE)
        if self._declared is Declared.FAIL_SECURE:
            return not (current or (self._bypass and self.world.fire))
        return current and not (self._bypass and (self.world.fire or self.world.exit_pressed))

    @property
    def faults(self) -> int:
        """Return how many rounds broke in the link's half since the last start."""
        return self._brain.faults if self._brain else 0

    def step(self, elapsed_ms: int, rx: bytes = b"") -> bytes:
        """Let *elapsed_ms* pass, then do one round, hearing *rx*. Returns what the controller sends.

        A round hears a bounded number of bytes; the rest waits in the line's buffer, or is lost when that is full.
        """
        self._now_ms = (self._now_ms + elapsed_ms) & TICKS
        self._passed_ms += elapsed_ms
        self._rx = (self._rx + rx)[:_LINE_BYTES]
        if self._lift_exit_in is not None:
            self._lift_exit_in -= elapsed_ms
            if self._lift_exit_in < 0:
                self.world.exit_pressed, self._lift_exit_in = False, None
        if self._starts_in is not None:
            self._starts_in -= elapsed_ms
            if self._starts_in > 0:
                return b""
            self._begin_again()
        return self._round()

    def present(self, value: int, *, bits: int = 26) -> None:
        """Hold a card to the reader: its frame comes over the two data lines, bit by bit."""
        self.send_bits(frame(CardRead(bits, value)), bits)

    def press(self, keys: str) -> None:
        """Press keys one after the other. Raises BridgeError for a key the pad does not have."""
        if strange := set(keys) - set(KEYS):
            raise BridgeError(f"The keypad has no key {min(strange)!r}. Use digits, * and #.")
        for key in keys:
            self.send_bits(KEYS.index(key), 4)

    def send_bits(self, value: int, count: int) -> None:
        """Pulse any burst on the data lines, first bit highest, and be silent after it."""
        at = max(self._edges_until, self._passed_ms)
        for place in reversed(range(count)):
            at += _BIT_MS
            self._edges.append((at, value >> place & 1))
        self._edges_until = at + _PAUSE_MS

    def press_exit(self) -> None:
        """Press the exit button as a hand does, and let go of it."""
        self.world.exit_pressed = True
        self._lift_exit_in = _PRESS_MS

    def push(self) -> bool:
        """Push from outside: it opens only while the lock is free. Returns whether it did."""
        if not self.locked:
            self.world.leaf_open = True
        return not self.locked

    def reset(self, reason: int = wire.BOOT_POWER) -> None:
        """Reset the board: its outputs fall at once, and everything but the pairing is forgotten."""
        self.outputs = 0
        self._hung = False
        self._starts_in = BOOT_MS
        self._reason = reason
        if self._brain:
            self._brain.close()
        self._brain = None

    def hang(self) -> None:
        """Hang the firmware: its outputs stay, until the watchdog resets the board."""
        self._hung = True
        self._starts_in = WATCHDOG_MS
        self._reason = wire.BOOT_WATCHDOG

    def close(self) -> None:
        """Let go of the firmware; closing twice is harmless."""
        if self._brain:
            self._brain.close()

    def _start(self) -> Brain:
        boot = int.from_bytes(self._random(4), "little")
        return self._make(Start(self.kept, self._random, self._save, boot, self._reason))

    def _save(self, kept: Kept) -> None:
        if self.store_fails:
            raise OSError(28, "no space")
        self.kept = kept

    def _begin_again(self) -> None:
        if self._hung:
            self.reset(self._reason)
            return
        self._starts_in = None
        self._rx.clear()
        self._brain = self._start()

    def _round(self) -> bytes:
        edges = self._edges_due()
        if self._brain is None:
            return b""
        rx, self._rx = bytes(self._rx[:RX_BYTES]), self._rx[RX_BYTES:]
        try:
            self.outputs, tx = self._brain.step(self._now_ms, self.world.levels(), edges, rx)
        except Exception:  # noqa: BLE001 - a board has no traceback: main sets the outputs down and waits for the watchdog
            self.crashes += 1
            self.hang()
            self.outputs = 0
            return b""
        return tx

    def _edges_due(self) -> list[int]:
        """Return the pulses since the last round, timed as the interrupts would have timed them."""
        due = []
        while self._edges and self._edges[0][0] <= self._passed_ms:
            at, line = self._edges.popleft()
            due.append(edge(line, (self._now_ms - self._passed_ms + at) & TICKS))
        return due

"""Wiegand edges on the controller: a ring the interrupt writes to, and bursts made of what is in it.

Runs on MicroPython and on CPython. What a burst means is the host's to say; the board only finds where one ends, and
lets no noise grow: at most RING_EDGES waiting, at most MAX_BURST_BITS gathered, at most MOST_A_SECOND told of.
"""

from array import array

from .wire import MAX_BURST_BITS

GAP_MS = 30
"""Silence that ends a burst: bits follow each other within 20 ms at the slowest."""
RING_EDGES = 256
MOST_A_SECOND = 20
"""Bursts passed on in a second. No hand types faster; a line in a storm would leave the link no room."""
_STAMP = 0x7FFF
"""An edge is kept as its milliseconds modulo 2**15 and its line: one small number, as an interrupt may not allocate."""
_PAST = 0x4000
_SECOND_MS = 1000


def edge(line: int, ms: int) -> int:
    """Write a pulse on DATA0 or DATA1 at *ms* as the number the ring keeps."""
    return (ms & _STAMP) << 1 | line


class EdgeRing:
    """The pulses since the last look. `put` is called from interrupts: it takes no memory and never waits."""

    def __init__(self) -> None:
        self._edges = array("H", bytes(2 * RING_EDGES))
        self._written = 0
        self._read = 0
        self._lost = False

    def put(self, line: int, ms: int) -> None:
        """Keep one pulse, or note that there was no room for it."""
        following = (self._written + 1) % RING_EDGES
        if following == self._read:
            self._lost = True
            return
        self._edges[self._written] = (ms & _STAMP) << 1 | line
        self._written = following

    def take(self) -> tuple[list[int], bool]:
        """Return the pulses kept, oldest first, and whether some found no room."""
        lost, self._lost = self._lost, False
        taken = []
        last = self._written
        while self._read != last:
            taken.append(self._edges[self._read])
            self._read = (self._read + 1) % RING_EDGES
        return taken, lost


class Bursts:
    """Gathers pulses into bursts. Call `step` at least once in sixteen seconds (the watchdog sees to that)."""

    def __init__(self) -> None:
        self.spoilt = 0
        """Bursts that were none, until whoever tells the host sets it back to 0."""
        self._count = 0
        self._value = 0
        self._whole = True
        self._last = 0
        self._since_ms = 0
        self._passed = 0

    def step(
        self, elapsed_ms: int, now_ms: int, edges: list[int], *, lost: bool = False
    ) -> list[tuple[int, int]]:
        """Take the pulses since the last step. Returns the bursts that ended: number of bits, bits, first one highest."""
        self._since_ms += elapsed_ms
        if self._since_ms >= _SECOND_MS:
            self._since_ms = self._passed = 0
        ended: list[tuple[int, int]] = []
        for kept in edges:
            self._end(kept >> 1, ended)
            self._gather(kept)
        if lost:
            self._whole = False
        self._end(now_ms & _STAMP, ended)
        return ended

    def _gather(self, kept: int) -> None:
        self._last = kept >> 1
        if self._count < MAX_BURST_BITS:
            self._value = self._value << 1 | kept & 1
            self._count += 1
        else:
            self._whole = False

    def _end(self, at: int, ended: "list[tuple[int, int]]") -> None:
        """End the burst when *at* comes after a silence. A time a little before the last pulse is no silence."""
        gap = (at - self._last) & _STAMP
        if self._count == 0 or not GAP_MS <= gap < _PAST:
            return
        if self._whole and self._passed < MOST_A_SECOND:
            self._passed += 1
            ended.append((self._count, self._value))
        else:
            self.spoilt += 1
        self._count = self._value = 0
        self._whole = True

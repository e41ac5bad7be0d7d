"""When the gate's health is told does not remember what kept the loop busy (R44): a listener may own a good clock."""

from __future__ import annotations

import asyncio
import heapq
import selectors
from contextlib import suppress

import numpy as np

from gate.publishing import DRAIN_S, HEALTH_S, publish_on

DAY_S = 24 * 3600.0
HOLDS_UP_S = 0.02
"""How long one passage keeps the loop: its record is on disk before the strike is asked."""
PASSAGES = 3000


class QuickTime(asyncio.SelectorEventLoop):
    """A loop whose clock leaps to the next thing to do."""

    def __init__(self) -> None:
        super().__init__(_NeverWaiting(self))
        self.now = 0.0

    def time(self) -> float:
        return self.now


class _NeverWaiting(selectors.DefaultSelector):
    def __init__(self, loop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout=None):
        self._loop.now += timeout or 0.0
        return super().select(0)


class Clock:
    def __init__(self, loop) -> None:
        self._loop = loop

    def monotonic(self) -> float:
        return self._loop.now


class Notes:
    """Stands where a publisher does, and notes when it was told to send."""

    connected = True

    def __init__(self, loop) -> None:
        self._loop = loop
        self.beats = []

    def drain(self) -> None:
        """Nothing waits."""

    def publish_health(self, _health) -> None:
        self.beats.append(self._loop.now)


def beats_of_a_day(passages):
    loop = QuickTime()
    notes = Notes(loop)
    waiting = list(passages)
    heapq.heapify(waiting)

    async def pass_by():
        while waiting:
            await asyncio.sleep(max(0.0, heapq.heappop(waiting) - loop.now))
            loop.now += HOLDS_UP_S

    async def day():
        publishing = asyncio.create_task(publish_on(notes, lambda: None, Clock(loop)))
        await asyncio.gather(pass_by(), asyncio.sleep(DAY_S))
        publishing.cancel()
        with suppress(asyncio.CancelledError):
            await publishing

    try:
        loop.run_until_complete(day())
    finally:
        loop.close()
    return np.array(notes.beats)


def test_r44_beats_do_not_drift_by_what_passes():
    rng = np.random.default_rng(1)
    quiet, busy = beats_of_a_day([]), beats_of_a_day(rng.uniform(0, DAY_S, PASSAGES))
    assert len(quiet) == len(busy) == DAY_S / HEALTH_S
    for beats in (quiet, busy):
        late = beats - np.arange(len(beats)) * HEALTH_S
        assert late.min() >= 0
        assert late.max() <= DRAIN_S * 3 / 2 + 10 * HOLDS_UP_S


def test_r44_the_phase_of_a_beat_tells_nothing_of_the_passages_of_its_minute():
    """The delay of each beat, against how many passed in the minute before: no correlation beyond chance."""
    rng = np.random.default_rng(2)
    passages = rng.uniform(0, DAY_S / 2, PASSAGES)  # a busy half of the day, then a quiet one
    beats = beats_of_a_day(passages)
    late = beats - np.arange(len(beats)) * HEALTH_S
    passed = np.histogram(passages, bins=np.arange(len(beats) + 1) * HEALTH_S)[0]
    assert abs(np.corrcoef(late[1:], passed[:-1])[0, 1]) < 4 / np.sqrt(len(beats))

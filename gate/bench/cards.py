"""How long a card waits for the strike while vision keeps every core busy (R02, R03)."""

from __future__ import annotations

import asyncio
import os
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import quantiles
from time import perf_counter

from gate.app import RunningGate, open_gate
from gate.bench.desk import CARD, FASTEST_FPS, bench_settings, camera_settings, move_in
from gate.core import effects as do
from gate.core.types import AttemptId, Seconds
from gate.errors import DeviceFault
from gate.listening import CARDS_MOST, WINDOW_S
from gate.settings import Settings
from gate.vision import wire
from gate.vision.client import VisionClient

PATIENCE_S: Seconds = 30.0
PAUSE_S: Seconds = 1.1 * WINDOW_S / CARDS_MOST
"""Between two cards: a reader that reads more is taken for broken."""
LOOK_S: Seconds = 0.01
LOAD = AttemptId("load")
"""No attempt of the gate's own: what is found for it is dropped."""


class _Stopwatch:
    """A screen that notes when a result is shown, which is right after the strike was asked."""

    live = True

    def __init__(self) -> None:
        self.result: asyncio.Future[Seconds] = asyncio.Future()

    def show(self, view: do.View | do.Aside) -> None:
        if isinstance(view, do.ShowResult) and not self.result.done():
            if view.granted:
                self.result.set_result(perf_counter())
            else:
                self.result.set_exception(
                    DeviceFault("bench-refused", "The card did not open.", remedy="Run gate check.")
                )


async def cards_under_load(models_dir: Path, count: int) -> dict[str, object]:
    """Present *count* cards, each its own attempt; give the 99th percentile and the median, from card to strike."""
    with tempfile.TemporaryDirectory(prefix="gate-bench-") as folder:
        settings = _flat_out(bench_settings(Path(folder), models_dir))
        move_in(settings)
        stopwatch = _Stopwatch()
        async with AsyncExitStack() as stack:
            gate = await stack.enter_async_context(open_gate(settings, lambda _: stopwatch))
            for _ in range(_cores()):
                await _look_on(stack, models_dir)
            await _keep_looking(gate)
            spent = [await _present(gate, stopwatch) for _ in range(count)]
    cuts = quantiles(spent, n=100)
    return {"card_under_load_ms": cuts[98] * 1e3, "card_under_load_p50_ms": cuts[49] * 1e3, "cards": count}


def _flat_out(settings: Settings) -> Settings:
    assert settings.camera is not None
    face = settings.face.model_copy(update={"threads": _cores()})
    camera = settings.camera.model_copy(update={"frames_per_s": FASTEST_FPS})
    return settings.model_copy(update={"face": face, "camera": camera})


def _cores() -> int:
    return len(os.sched_getaffinity(0))


async def _look_on(stack: AsyncExitStack, models_dir: Path) -> None:
    """Start one more vision child that looks until the measurement is over."""
    looking = asyncio.Event()

    def hear(message: wire.Message) -> None:
        if isinstance(message, wire.GalleryLoaded):
            client.set_scene("resident")
            client.open_camera(LOAD)
        elif isinstance(message, wire.Found):
            looking.set()

    client = VisionClient(camera_settings(models_dir, threads=1), hear)
    client.start()
    stack.push_async_callback(client.stop)
    await asyncio.wait_for(looking.wait(), PATIENCE_S)


async def _keep_looking(gate: RunningGate) -> None:
    """Open the gate's own camera as well, as soon as its vision is ready."""
    assert gate.vision is not None
    async with asyncio.timeout(PATIENCE_S):
        while not gate.vision.ready:  # noqa: ASYNC110 - the client tells its listener, which is the gate
            await asyncio.sleep(LOOK_S)
    gate.vision.set_scene("resident")
    gate.vision.open_camera(LOAD)


async def _present(gate: RunningGate, stopwatch: _Stopwatch) -> Seconds:
    assert gate.simulation is not None
    stopwatch.result = asyncio.Future()
    began = perf_counter()
    gate.simulation.present_card(CARD)
    ended = await asyncio.wait_for(stopwatch.result, PATIENCE_S)
    await asyncio.sleep(PAUSE_S)
    return ended - began

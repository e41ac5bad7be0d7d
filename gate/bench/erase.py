"""How long from the press of the button until the matcher works without the template that was erased (R24)."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from time import perf_counter

from gate.app import RunningGate, open_gate, open_store
from gate.bench.desk import agreement_to, bench_settings, draw_template
from gate.core.types import PersonId, Seconds
from gate.demo.operator import prepare_site
from gate.settings import Settings
from gate.simulated import SimulatedScreen

STAY = 20
"""Residents who keep their face while the others withdraw, one after another."""
PATIENCE_S: Seconds = 30.0
LOOK_S: Seconds = 0.001


async def erasures(models_dir: Path, count: int) -> dict[str, object]:
    """Withdraw *count* times at a running gate; give median and 99th percentile until vision confirms its new gallery."""
    with tempfile.TemporaryDirectory(prefix="gate-bench-") as folder:
        settings = bench_settings(Path(folder), models_dir)
        people = _move_in(settings, STAY + count)
        async with open_gate(settings, SimulatedScreen) as gate:
            await _ready(gate)
            spent = [await _erase(gate, person) for person in people[STAY:]]
    cuts = quantiles(spent, n=100)
    return {"erase_to_matcher_p50_s": cuts[49], "erase_to_matcher_p99_s": cuts[98], "erasures": count}


def _move_in(settings: Settings, count: int) -> Sequence[PersonId]:
    with closing(open_store(settings)) as store:
        prepare_site(store, settings, datetime.now(UTC))
        people = [store.people.add(str(number), "Bench", "") for number in range(1, count + 1)]
        for person in people:
            agreement, epoch = agreement_to(store), store.epochs.number
            store.consents.enrol(
                person, agreement, at=datetime.now(UTC), epoch=epoch, template=draw_template()
            )
    return people


async def _erase(gate: RunningGate, person: PersonId) -> Seconds:
    began = perf_counter()
    gate.desk.withdraw(person)
    await _ready(gate)
    return perf_counter() - began


async def _ready(gate: RunningGate) -> None:
    """Wait until vision has confirmed the gallery it was given last."""
    assert gate.vision is not None
    async with asyncio.timeout(PATIENCE_S):
        while not gate.vision.settled:  # noqa: ASYNC110 - the client tells its listener, which is the gate
            await asyncio.sleep(LOOK_S)

"""What it costs to look a resident up among thousands, and to enter as many from a file."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from gate.app import open_store
from gate.bench.desk import bench_settings
from gate.core.types import Seconds
from gate.office.directory import SLICE, Directory
from gate.simulated import SystemClock
from gate.store import Store
from gate.store.account.audit import Actor
from gate.store.intake import Newcomer


def people_figures(models_dir: Path, *, residents: int, searches: int) -> dict[str, object]:
    """Enter *residents* as an import does, then look some of them up, in turns with a bare pass over their names."""
    with (
        tempfile.TemporaryDirectory(prefix="gate-bench-") as folder,
        closing(open_store(bench_settings(Path(folder), models_dir))) as store,
    ):
        longest_slice, write = _import(store, residents)
        return {
            "residents_searched": residents,
            "import_slice_ms": longest_slice * 1e3,
            "import_write_ms": write * 1e3,
            **asyncio.run(_searches(store, searches)),
        }


def _import(store: Store, residents: int) -> tuple[Seconds, Seconds]:
    """Give how long the loop stands still at most: for one slice that is sealed, and for the write of all."""
    newcomers = [
        Newcomer(str(1000 + number), f"Resident {number}", "", f"34:{number}") for number in range(residents)
    ]
    slices: list[Seconds] = []
    prepared = []
    for at in range(0, residents, SLICE):
        began = perf_counter()
        prepared.append(store.intake.prepare(newcomers[at : at + SLICE]))
        slices.append(perf_counter() - began)
    began = perf_counter()
    store.intake.enter(prepared, file_sha256="bench", at=datetime.now(UTC), by=Actor.INSTALLER)
    return max(slices), perf_counter() - began


async def _searches(store: Store, searches: int) -> dict[str, object]:
    directory = Directory(store, SystemClock())
    began = perf_counter()
    everybody = await directory.everybody()
    index_s = perf_counter() - began
    names = [each.name.casefold() for each in everybody]
    spent: list[Seconds] = []
    bare: list[Seconds] = []
    for number in range(searches):
        query = f"resident {number % len(names)}"
        began = perf_counter()
        await directory.search(query, 1)
        spent.append(perf_counter() - began)
        began = perf_counter()
        _found = [name for name in names if query in name]
        bare.append(perf_counter() - began)
    directory.forget()
    return {
        "people_index_s": index_s,
        "people_search_ms": median(spent) * 1e3,
        "people_search_p95_ms": quantiles(spent, n=20)[18] * 1e3,
        "people_search_ratio": median(spent) / median(bare),
    }

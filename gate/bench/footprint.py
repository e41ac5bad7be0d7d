"""How soon a fresh gate opens, and what it costs at rest: measured from outside, on a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

from pydantic import BaseModel

from gate.bench.desk import bench_settings, move_in
from gate.core.types import Seconds
from gate.errors import DeviceFault

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Reached(BaseModel):
    """What the fresh gate says: where it is, since when, and, with "face", its vision process's id."""

    reached: str
    at: Seconds
    pid: int | None


def footprint(models_dir: Path, *, idle_s: Seconds) -> dict[str, object]:
    """Start a gate, let a card and a face in, and watch it rest for *idle_s* with the camera closed."""
    with tempfile.TemporaryDirectory(prefix="gate-bench-") as folder:
        move_in(bench_settings(Path(folder), models_dir))
        began = time.monotonic()
        with subprocess.Popen(  # noqa: S603 - this very interpreter and a module of ours
            [sys.executable, "-m", "gate.bench.fresh", folder, str(models_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as gate:
            assert gate.stdout is not None
            card, face, _, _ = (_next(gate.stdout, name) for name in ("card", "face", "visit", "rest"))
            assert face.pid is not None
            figures = _at_rest({"core": gate.pid, "vision": face.pid}, idle_s)
    return {"start_card_s": card.at - began, "start_face_s": face.at - began, **figures}


def _at_rest(processes: dict[str, int], idle_s: Seconds) -> dict[str, object]:
    rss = {name: _rss_mb(pid) for name, pid in processes.items()}
    before = sum(map(_cpu_s, processes.values()))
    began = time.monotonic()
    time.sleep(idle_s)
    spent = sum(map(_cpu_s, processes.values())) - before
    share = 100 * spent / (time.monotonic() - began)
    parts = {f"rss_{name}_mb": size for name, size in rss.items()}
    return {"rss_mb": sum(rss.values()), **parts, "idle_cpu_percent": share}


def _next(reports: IO[str], name: str) -> Reached:
    line = reports.readline()
    reached = Reached.model_validate_json(line) if line else None
    if reached is None or reached.reached != name:
        raise DeviceFault(
            "bench-gate",
            f"The gate that was to be measured ended before it reached '{name}'.",
            remedy="Mend what it printed above; gate check says more.",
        )
    return reached


def _rss_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE_BYTES / 1e6


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S  # utime and stime, 14 and 15 in proc(5)

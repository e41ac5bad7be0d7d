"""The process whose start and size are measured: the real service with its pages, as ``gate run`` composes it.

It reports one JSON line for each thing reached, with the monotonic time, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from gate import app, logs
from gate.bench.desk import CARD, bench_settings
from gate.demo.visitor import Visit, Visitor
from gate.errors import DeviceFault
from gate.simulated import SimulatedScreen
from gate.web.context import Said


async def _live(folder: Path, models_dir: Path) -> None:
    async with app.open_gate(bench_settings(folder, models_dir), SimulatedScreen) as gate:
        assert isinstance(gate.screen, SimulatedScreen)
        visitor = Visitor(gate, gate.screen)
        await visitor.until(lambda: gate.hardware.reader_healthy, "the reader")
        _expect_granted(await visitor.by_card(CARD))
        _report("card")
        pages = asyncio.create_task(_serve(gate))
        vision = gate.vision
        assert vision is not None
        await visitor.until(lambda: vision.ready, "vision")
        _report("face", vision.pid)
        visitor.devices.set_scene("resident")
        (resident,) = gate.desk.residents()
        notice = gate.notices.in_force
        assert notice is not None
        await gate.desk.enrol(resident.person, Said.to(notice, "en"))
        await visitor.until(lambda: gate.service.face_offered, "face to be offered")
        _expect_granted(await visitor.by_face("resident"))
        _report("visit")
        await visitor.gate_rests()
        _report("rest")
        await asyncio.to_thread(sys.stdin.read)
        pages.cancel()
        await asyncio.gather(pages, return_exceptions=True)


async def _serve(gate: app.RunningGate) -> None:
    from gate.web.app import create_app  # as serving.run does: the door works before the pages are loaded
    from gate.web.screen import KioskScreen
    from gate.web.server import Listener, listen, serve

    with listen("127.0.0.1", 0, "web.screen_port") as screen:
        await serve([Listener(screen, create_app(gate.web_context(), KioskScreen(gate.clock)))])


def _expect_granted(visit: Visit) -> None:
    if not visit.granted:
        raise DeviceFault("bench-refused", "The resident was refused.", remedy="Run gate check.")


def _report(reached: str, pid: int | None = None) -> None:
    sys.stdout.write(json.dumps({"reached": reached, "at": time.monotonic(), "pid": pid}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    logs.configure(quiet=True)
    asyncio.run(_live(Path(sys.argv[1]), Path(sys.argv[2])))

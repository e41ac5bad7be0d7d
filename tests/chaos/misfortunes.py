"""What can happen to a gate: each misfortune lasts as long as its block, and leaves the world mended.

A gate that a misfortune ended is started again by ``Life.supervise``, as its unit would.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.canary_gate import until
from tests.chaos.layers import compiler_is_there
from tests.chaos.life import Life
from tests.chaos.served import Ended
from tests.disks import fill

HOUR = 3600
_CUT_S = 5.0
HUNG_S = 60.0
"""Twice the core's patience with a vision process that loads."""
AT_WORK = 0.8
"""How often a vision process that hangs had been at work before."""


@contextmanager
def core_killed(life: Life) -> Iterator[None]:
    """kill -9 of the core, while it is at work."""
    life.kill()
    yield


@contextmanager
def vision_killed(life: Life) -> Iterator[None]:
    """kill -9 of the vision process; the core starts another."""
    os.kill(life.gate.vision(), signal.SIGKILL)
    yield


@contextmanager
def vision_hung(life: Life) -> Iterator[None]:
    """The vision process stands still: the core's patience ends it, 4 s with one that is at work, 30 s with one that loads."""
    if life.chance.random() < AT_WORK:
        life.waits_for_face()
    hung = life.gate.vision()
    os.kill(hung, signal.SIGSTOP)
    yield
    if life.gate is not None and life.gate.process.poll() is None:
        until(lambda: life.gate.vision() != hung, "the hung vision process to be replaced", HUNG_S)


@contextmanager
def core_hung(life: Life) -> Iterator[None]:
    """The core stands still; then the watchdog's signal ends it."""
    gate = life.gate
    os.kill(gate.pid, signal.SIGSTOP)
    time.sleep(life.chance.uniform(0.05, 0.3))
    life.kill()
    yield


@contextmanager
def power_cut(life: Life) -> Iterator[None]:
    """Everything stops in the middle of a write, and what was not synced is gone, or there in part."""
    life.disk.cut_at(life.chance.randrange(8))
    with suppress(subprocess.TimeoutExpired):
        life.gate.process.wait(timeout=_CUT_S)
    life.kill()
    lost = life.disk.cut(life.chance, survives=life.chance.choice((0.0, 0.0, 0.5)))
    life.counters["blocks lost"] += lost
    life.counters["cuts that lost something"] += lost > 0
    yield


@contextmanager
def disk_full(life: Life) -> Iterator[None]:
    """Not one byte is free."""
    filler = fill(life.data)
    life.counters["bytes of fill"] += filler.stat().st_size
    yield
    filler.unlink()


def camera(scene: str) -> Callable[[Life], AbstractContextManager[None]]:
    @contextmanager
    def broken(life: Life) -> Iterator[None]:
        life.look_as(scene)
        yield
        if life.gate is not None:
            with suppress(Exception):  # a gate that ended meanwhile starts with nobody before its camera
                life.gate.post("/sim/scene", name="nobody")

    return broken


@contextmanager
def reader_unplugged(life: Life) -> Iterator[None]:
    """The reader's cable is out."""
    life.gate.post("/sim/deed", name="unplug")
    yield
    with suppress(Exception):  # as above: a fresh gate has its cables in
        life.gate.post("/sim/deed", name="plug")


@contextmanager
def door_unplugged(life: Life) -> Iterator[None]:
    """The door controller's cable is out."""
    life.gate.post("/sim/deed", name="unplug-door")
    yield
    with suppress(Exception):
        life.gate.post("/sim/deed", name="plug-door")


@contextmanager
def broker_killed(life: Life) -> Iterator[None]:
    """The broker dies with all it holds, and comes back with what it had written down."""
    life.broker.end()
    yield
    life.broker.start()


@contextmanager
def broker_frozen(life: Life) -> Iterator[None]:
    """The broker's sockets are open, and it answers nothing."""
    life.broker.freeze()
    yield
    life.broker._process.send_signal(signal.SIGCONT)


@contextmanager
def broker_cut(life: Life) -> Iterator[None]:
    """The network to the broker is cut."""
    life.line.cut()
    yield
    life.line.mend()


@contextmanager
def broker_slow(life: Life) -> Iterator[None]:
    """The network to the broker is slow, and swallows packets in the end."""
    life.line.slow(life.chance.uniform(0.2, 1.5))
    time.sleep(0.3)
    life.line.hush()
    life.breaks_in()
    yield
    life.line.mend()


def clock(hours: tuple[float, ...]) -> Callable[[Life], AbstractContextManager[None]]:
    @contextmanager
    def set_off(life: Life) -> Iterator[None]:
        life.clock.set(life.chance.choice(hours) * HOUR)
        yield
        life.clock.set(0.0)

    return set_off


@contextmanager
def files_exhausted(life: Life) -> Iterator[None]:
    """Not one file or connection more can be opened by the core, and somebody calls again and again."""
    pid = life.gate.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    opened = max(int(each.name) for each in Path(f"/proc/{pid}/fd").iterdir())
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (opened + 1, hard))
    with ExitStack() as calls:
        with suppress(OSError):
            for _ in range(40):
                calls.enter_context(socket.create_connection(("127.0.0.1", life.site.port), timeout=0.2))
        yield
    with suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))


def _limit_memory(pid: int, room: int) -> tuple[int, int]:
    before = resource.prlimit(pid, resource.RLIMIT_AS)
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
    resource.prlimit(pid, resource.RLIMIT_AS, (pages * resource.getpagesize() + room, before[1]))
    return before


@contextmanager
def vision_without_memory(life: Life) -> Iterator[None]:
    """The vision process gets no memory more, while it is asked to look."""
    vision = life.gate.vision()
    before = _limit_memory(vision, 1 << 16)
    life.look_as("resident")
    yield
    with suppress(ProcessLookupError):
        resource.prlimit(vision, resource.RLIMIT_AS, before)


@contextmanager
def core_without_memory(life: Life) -> Iterator[None]:
    """The core gets hardly any memory more for a while, with people at the reader."""
    pid = life.gate.pid
    before = _limit_memory(pid, life.chance.choice((0, 1 << 16, 1 << 20)))
    until_s = time.monotonic() + life.chance.uniform(0.5, 1.5)
    while time.monotonic() < until_s and life.gate.process.poll() is None:
        with suppress(Exception):
            life.gate.screen.get("/kiosk")
        time.sleep(0.05)
    with suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_AS, before)
    yield


def _refused_in_words(ended: Ended) -> None:
    assert ended.code in {1, 78}, f"not an end in order: {ended}"
    assert "Traceback" not in ended.said, f"a trace in place of a sentence: {ended}"


@contextmanager
def database_corrupted(life: Life) -> Iterator[None]:
    """Bytes of the database turn while the gate is off. It starts, or says why not; the operator restores the backup."""
    life.stop()
    path = life.data / "gate.sqlite3"
    content = bytearray(path.read_bytes())
    for _ in range(life.chance.choice((1, 1, 4, 64))):
        content[life.chance.randrange(len(content))] ^= 1 << life.chance.randrange(8)
    path.write_bytes(content)
    try:
        life.start()
    except Ended as ended:
        _refused_in_words(ended)
        life.counters["damage refused at the start"] += 1
    else:
        life.counters["damage survived the start"] += 1
        life.calm.set()
        life.strangers_stay_out()
        life.calm.clear()
        if life.gate.process.poll() is None:
            life.kill()
        else:
            life.gate.gone()
            life.gate = None
    life.restore()
    yield


@dataclass(frozen=True, slots=True)
class Misfortune:
    """One kind. card: it leaves the card working while it lasts (R02, R46). face: how long face takes is measured.

    vision: it happens to vision. alone: nobody can do anything else
    to the gate meanwhile. last: nothing can follow it but the end of the story.
    """

    name: str
    block: Callable[[Life], AbstractContextManager[None]]
    card: bool = False
    face: bool = False
    vision: bool = False
    last: bool = False
    alone: bool = False


MISFORTUNES = (
    Misfortune("core killed", core_killed, face=True),
    Misfortune("core hung, ended by the watchdog", core_hung, face=True),
    Misfortune("vision killed", vision_killed, card=True, face=True, vision=True),
    Misfortune("vision hung", vision_hung, card=True, face=True, vision=True),
    Misfortune("power cut", power_cut, face=True),
    Misfortune("disk full", disk_full, card=True),
    Misfortune("camera gone", camera("absent"), card=True, face=True, vision=True),
    Misfortune("camera frozen", camera("frozen"), card=True, face=True, vision=True),
    Misfortune("camera hanging", camera("hanging"), card=True, face=True, vision=True),
    Misfortune("reader's cable out", reader_unplugged, face=True),
    Misfortune("door's cable out", door_unplugged),
    Misfortune("broker killed", broker_killed, card=True),
    Misfortune("broker frozen", broker_frozen, card=True),
    Misfortune("network to the broker cut", broker_cut, card=True),
    Misfortune("network to the broker slow", broker_slow, card=True),
    Misfortune("clock leaps ahead", clock((0.02, 1.0, 5.0, 30.0, 9000.0)), card=True),
    Misfortune("clock set back", clock((-0.02, -1.0, -26.0, -9000.0)), card=True),
    Misfortune("no file left to open", files_exhausted, card=True, alone=True),
    Misfortune("vision without memory", vision_without_memory, card=True, face=True, vision=True),
    Misfortune("core without memory", core_without_memory, alone=True),
    Misfortune("database damaged", database_corrupted, last=True),
)


def possible_here() -> tuple[Misfortune, ...]:
    """Give those that this computer lets us make."""
    compiled = {"clock leaps ahead", "clock set back", "power cut"}
    rooted = {"disk full", "no file left to open", "vision without memory", "core without memory"}
    without = (set() if compiler_is_there() else compiled) | (set() if os.geteuid() == 0 else rooted)
    return tuple(each for each in MISFORTUNES if each.name not in without)

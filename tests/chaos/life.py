"""One gate's life under misfortunes: the real service, its broker behind a line, a receiver, and somebody at the reader.

The harness does what systemd does on a device: a service that ended is started again.
"""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from gate.publish.link import BrokerSettings
from tests.brokers import HOST, PASSWORD, USER
from tests.canary_gate import GATE_ID, Site, until
from tests.canary_wires import children_of
from tests.chaos import power
from tests.chaos.base import CARD, STRANGE_CARD, Base
from tests.chaos.layers import WallClock, library
from tests.chaos.line import BrokerLine
from tests.chaos.served import Gate
from tests.soak.week import Receiver, mosquitto_that_remembers

DISK_MB = 24
CARD_PATIENCE_S = 60.0
QUIET_S = 0.7
"""With no answer for so long, nobody is waiting for one."""
AGAIN_S = 1.5
"""A card that brought no answer is held to the reader again, as a person does."""
FACE_S, FACE_AGAIN_S = 15.0, 120.0
LISTENING = range(20_000, 32_000)
PAGE_S = 0.1
"""How often a page is asked for: each answer costs the gate some milliseconds of a core."""
_FORCED = "event=alarm alarm=forced"


@dataclass
class Ledger:
    """What was done at the gate since its data were last put back. recorded: grants its records held by then."""

    recorded: int
    held: Counter[str] = field(default_factory=Counter)
    """How often what is known was presented, by method: each may open once at most."""
    seen: Counter[str] = field(default_factory=Counter)
    """Grants the gate spoke of: each must be on record, whatever happened afterwards."""


@dataclass
class Recovery:
    """How long after a fault was over, in seconds. waited: what all threads stood in the queue for a core meanwhile, added
    up, so more than the delay; cpu: what the gate's core process used of a core."""

    fault: str
    card_s: float
    waited_s: float
    cpu_s: float
    restarted: bool
    face_s: float | None = None


def kept_ports() -> Iterator[int]:
    """Give ports that stay free while what listens there is down: the kernel hands out those above LISTENING for calls."""
    for port in random.SystemRandom().sample(LISTENING, len(LISTENING)):
        with socket.socket() as probe:
            taken = probe.connect_ex((HOST, port)) == 0
        if not taken:
            yield port


class Life:
    """One gate from its first start to the last look at what it kept. Made in *folder*, which must be empty."""

    def __init__(
        self,
        folder: Path,
        base: Base,
        seed: int,
        *,
        clock: bool,
        power_cuts: bool,
        small: bool = True,
        face: bool = True,
    ) -> None:
        self.folder, self.base = folder, base
        self.chance = random.Random(seed)
        self._stack = ExitStack()
        self._clock, self._power_cuts, self._small = clock, power_cuts, small
        self._face = face
        self.gate: Gate | None = None
        self.disk: power.Disk | None = None
        self.recoveries: list[Recovery] = []
        self.counters: Counter[str] = Counter()
        self.ledger = Ledger(base.granted)
        self.restored = False
        self.calm = threading.Event()
        """While it is set nobody comes of themselves."""
        self.undisturbed: Recovery | None = None

    def __enter__(self):
        with ExitStack() as stack:
            self._open(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _open(self, stack: ExitStack) -> None:
        (self.folder / "broker").mkdir(mode=0o700)
        (self.folder / "gate").mkdir(mode=0o700)
        ports = kept_ports()
        self.broker = mosquitto_that_remembers(self.folder / "broker", next(ports))
        port = int(re.search(r"listener (\d+)", self.broker._config.read_text())[1])
        self.broker.start()
        stack.callback(self._end_broker)
        self.line = stack.enter_context(BrokerLine(port))
        near = BrokerSettings(HOST, port, USER, PASSWORD)
        self.receiver = stack.enter_context(Receiver(near, GATE_ID))
        far = BrokerSettings(HOST, self.line.port, USER, PASSWORD)
        self.site = stack.enter_context(Site(self.folder / "gate", far, next(ports), next(ports)))
        for name in ("PYTHONASYNCIODEBUG", "PYTHONFAULTHANDLER"):
            del self.site.environment[name]
        if not self._face:
            text = self.site.config.read_text()
            self.site.config.write_text(text.replace("[face]\nenabled = true", "[face]\nenabled = false"))
        self._mount(stack)
        self.base.copy_to(self.site)
        self._last_before = dict(self.rows("SELECT stream, last FROM outbox_streams"))
        self._preload()

    def _end_broker(self) -> None:
        with suppress(Exception):
            self.broker.stop()

    def _mount(self, stack: ExitStack) -> None:
        """Give the data a small disk of their own, where this computer lets us mount one."""
        self.data = self.site.folder / "data"
        self.data.mkdir(mode=0o700)
        if not self._small:
            return
        command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=0700", "tmpfs", str(self.data)]
        if os.geteuid() == 0 and not subprocess.run(command, capture_output=True, check=False).returncode:
            stack.callback(subprocess.run, ["umount", "-l", str(self.data)], check=True)

    def _preload(self) -> None:
        """Put the layers between the gate and its computer that the plan needs."""
        used = []
        if self._clock:
            self.clock = WallClock(self.folder / "clock")
            self.site.environment |= self.clock.environment
            used.append("clock")
        if self._power_cuts:
            self.disk = power.Disk((self.data, self.site.folder / "keys"), self.folder / "kept")
            self.site.environment |= self.disk.environment
            used.append("power")
        made = [str(library(name, self.base.folder)) for name in used]
        if made:
            self.site.environment["LD_PRELOAD"] = ":".join(made)

    # The gate as a service.

    def start(self) -> Gate:
        """Start the gate and wait until its pages answer. Raises Ended."""
        if self.disk is not None:
            self.disk.sync()
        self.gate = Gate(self.site)
        return self.gate

    def kill(self) -> None:
        """Kill the core without a word, and wait until nothing of the gate runs."""
        gate = self._taken()
        children = children_of(gate.pid)
        with suppress(ProcessLookupError):
            os.kill(gate.pid, signal.SIGKILL)
        gate.gone()
        self._note(gate)
        until(lambda: not any(Path(f"/proc/{child}/exe").exists() for child in children), "vision to end")

    def stop(self) -> None:
        """End the gate in good order, where it runs."""
        if self.gate is not None:
            gate = self._taken()
            code = gate.end()
            self._note(gate)
            assert code == 0, f"the gate ended with {code}"

    def _taken(self) -> Gate:
        gate, self.gate = self.gate, None
        assert gate is not None
        return gate

    def _note(self, gate: Gate) -> None:
        """Add what a gate said in its life to the ledger."""
        self.ledger.seen.update(method for method, granted in gate.answers() if granted)

    def begin(self) -> None:
        """Start the gate for the first time, undisturbed, and hold a card to its reader: what later starts are held against."""
        gate = self.start()
        assert self.card(), "no card opened at the first start"
        self.undisturbed = Recovery(
            "", time.monotonic() - gate.began, gate.waited_s, gate.cpu_s, restarted=True
        )

    def supervise(self) -> bool:
        """Start the gate again where it ended by itself, as its unit does; tell whether it had."""
        if self.gate is not None and self.gate.process.poll() is not None:
            gate = self._taken()
            self.counters["ended by itself"] += 1
            gate.gone()
            self._note(gate)
        if self.gate is None:
            self.start()
            return True
        return False

    def restore(self) -> None:
        """Do what an operator does with damaged data: put the backup in their place, with the shipped command."""
        self.site.command("restore", self.site.folder / "backups", typed=f"{GATE_ID}\n")
        ((granted,),) = self.rows("SELECT count(*) FROM decisions WHERE granted")
        self.ledger, self.restored = Ledger(granted), True

    def rows(self, sql: str) -> list[tuple]:
        """Look into the database, also beside the running gate."""
        with closing(
            sqlite3.connect(f"{(self.data / 'gate.sqlite3').as_uri()}?mode=ro", uri=True)
        ) as database:
            return database.execute(sql).fetchall()

    def first(self, stream: str) -> int:
        """Give the number of a stream's last message before this life began."""
        return self._last_before.get(stream, 0)

    # What people do.

    def card(self, value: int = CARD, patience: float = CARD_PATIENCE_S) -> bool:
        """Hold a card to the reader, again and again until there is an answer; tell whether one was a grant."""
        due = time.monotonic() + patience
        while time.monotonic() < due:
            before = len(self.gate.answers())
            if value == CARD:
                self.ledger.held["card"] += 1
            with suppress(httpx.HTTPError):
                self.gate.screen.post("/sim/card", data={"value": value})
            again = time.monotonic() + AGAIN_S
            while time.monotonic() < min(again, due):
                if self.gate.process.poll() is not None:
                    return False
                news = [granted for method, granted in self.gate.answers()[before:] if method == "card"]
                if news and (value != CARD or any(news)):
                    return any(news)
                time.sleep(0.01)
        return False

    def strangers_stay_out(self) -> None:
        """Hold an unknown card to the reader of a gate at rest: whatever else is wrong, it does not open."""
        self.rests()
        assert not self.card(STRANGE_CARD, patience=8), "an unknown card opened"

    def breaks_in(self) -> None:
        """Have the door forced with nobody else there, and shut again: what is told of it is on its way when this returns."""
        self.calm.set()
        before = self.gate.said().count(_FORCED)

        def told() -> bool:
            for deed in ("force", "shut"):
                self.gate.post("/sim/deed", name=deed)
            return self.gate.said().count(_FORCED) > before

        try:
            until(told, "the alarm of a forced door", every_s=PAGE_S)
            time.sleep(0.5)
        finally:
            self.calm.clear()

    def rests(self) -> None:
        """Wait until everybody who came is answered and the strike holds."""
        told, due = len(self.gate.answers()), time.monotonic() + QUIET_S
        while time.monotonic() < due:
            time.sleep(0.05)
            if len(self.gate.answers()) != told:
                told, due = len(self.gate.answers()), time.monotonic() + QUIET_S
        until(lambda: self.gate.stands()[0], "the strike to hold", every_s=PAGE_S)

    def waits_for_face(self, patience: float = FACE_S) -> bool:
        """Wait until face is offered; False where it is not within *patience*."""
        due = time.monotonic() + patience
        while time.monotonic() < due:
            with suppress(httpx.HTTPError):
                if self.gate.offers_face():
                    return True
            time.sleep(PAGE_S)
        return False

    def look_as(self, scene: str) -> bool:
        """Choose face as *scene*, where it is offered just now; tell whether the camera was asked for."""
        gate = self.gate
        gate.watch_again()
        try:
            gate.post("/sim/scene", name=scene)
            if not gate.offers_face():
                return False
            self.ledger.held["face"] += scene == "resident"
            gate.choose_face(scene)
        except (AssertionError, httpx.HTTPError):
            return False
        return True

    def again(self, fault: str, *, face: bool) -> None:
        """Wait until a card opens after a fault, and write down how long it took; the same for face where wanted."""
        began = time.monotonic()
        restarted = self.supervise()
        gate = self.gate
        if restarted:
            began, waited, used = gate.began, 0.0, 0.0
        else:
            waited, used = gate.waited_s, gate.cpu_s
        assert self.card(), f"after {fault} no card opened within {CARD_PATIENCE_S:g} s"
        assert self.gate is gate, "the gate ended meanwhile"
        took = time.monotonic() - began
        recovery = Recovery(fault, took, gate.waited_s - waited, gate.cpu_s - used, restarted)
        self.recoveries.append(recovery)
        gate.watch_again()
        if face:
            assert self.waits_for_face(FACE_AGAIN_S), f"face was not offered {FACE_AGAIN_S:g} s after {fault}"
            recovery.face_s = time.monotonic() - began

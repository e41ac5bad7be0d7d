"""A week of a gate's life in minutes: its broker is down half the time, its process is killed, its clock is set."""

from __future__ import annotations

import json
import multiprocessing
import random
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from gate.core.events import Counted, Denied
from gate.publish import link
from gate.publish.link import BrokerSettings
from tests.brokers import HOST, PASSWORD, USER, Mosquitto, free_port, write_passwords
from tests.soak import device
from tests.soak.device import GATE, Life, Rates

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
FAR = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))
SESSION_S = 7 * 24 * 3600
PATIENCE_S = 60.0
QUEUED = {"counts", "alarms"}

Processes = multiprocessing.get_context("forkserver")
Processes.set_forkserver_preload(["tests.soak.device"])


@dataclass(frozen=True)
class Plan:
    """lasts_s: of real time. steps_s: by how much the wall clock is set, forward or back, each at a random moment."""

    simulated: timedelta
    lasts_s: float
    kills: int
    steps_s: tuple[int, ...]
    outages: int
    crowd: Rates
    seed: int = 6


@dataclass
class Report:
    """What came of it. received: every queued message in the order of arrival, repeats and all."""

    received: list[dict[str, object]]
    told: list[Counted | Denied]
    handed_out: dict[str, int]
    left: int
    grants: int
    kills: int = 0
    down: float = 0.0
    log: list[dict[str, object]] = field(default_factory=list)

    def once(self, stream: str) -> list[dict[str, object]]:
        """Give a stream's messages as a receiver takes them: each message id once, in the order of arrival."""
        first = {message["message_id"]: message for message in reversed(self.received)}
        return [
            message
            for index, message in enumerate(self.received)
            if message["stream"] == stream and first[message["message_id"]] is self.received[index]
        ]


class Receiver:
    """Hears the gate with a session that outlives its connections, and keeps what came in the order it came."""

    def __init__(self, settings: BrokerSettings, gate: str = GATE) -> None:
        self._settings = settings
        self._topics = f"gate/{gate}/#"
        self._over = threading.Event()
        self._subscribed = threading.Event()
        self.messages: list[dict[str, object]] = []
        self._thread = threading.Thread(target=self._hear, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._subscribed.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _hear(self) -> None:
        while not self._over.is_set():
            client = link.new_client(self._settings, "receiver")
            client.on_message = self._take
            client.on_subscribe = lambda *_: self._subscribed.set()
            with suppress(OSError):
                link.converse(
                    client,
                    self._settings,
                    on_up=lambda up, _: up.subscribe(self._topics, qos=1),
                    stopping=self._over.is_set,
                    session_s=SESSION_S,
                )
            self._over.wait(0.05)

    def _take(self, _client: object, _data: object, message: object) -> None:
        content = json.loads(message.payload)
        if content.get("stream") in QUEUED:
            self.messages.append(content)


class Week:
    """Runs a plan in *folder*: ``run`` blocks until everything is over, and tells what came of it."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self._folder = folder
        self._plan = plan
        self._chance = random.Random(plan.seed)
        self._settings = BrokerSettings(HOST, free_port(), USER, PASSWORD)
        self._broker = mosquitto_that_remembers(folder, self._settings.port)
        self._gate: multiprocessing.process.BaseProcess | None = None
        self._births = 0
        self._down_s = 0.0
        self._down_since: float | None = None
        self._stepped = 0

    def run(self) -> Report:
        device.make(self._folder)
        self._broker.start()
        try:
            with Receiver(self._settings) as receiver:
                self._life = self._new_life()
                self._start_gate()
                self._misfortunes()
                self._end(receiver)
                return self._report(receiver)
        finally:
            if self._gate is not None:
                self._gate.kill()
            self._broker.stop()

    def _new_life(self) -> Life:
        plan = self._plan
        return Life(
            self._folder,
            self._settings,
            MONDAY,
            time.monotonic(),
            plan.simulated.total_seconds() / plan.lasts_s,
            plan.seed,
            plan.crowd,
        )

    def _misfortunes(self) -> None:
        """Let happen what the plan says, each at its own random moment."""
        plan, chance = self._plan, self._chance
        moments = [(chance.uniform(0, plan.lasts_s), self._kill) for _ in range(plan.kills)]
        moments += [(chance.uniform(0, plan.lasts_s), lambda by=by: self._step(by)) for by in plan.steps_s]
        # Each outage takes half of its share of the time, beginning anywhere in the first half.
        share = plan.lasts_s / plan.outages
        for number in range(plan.outages):
            begins = (number + chance.uniform(0, 0.5)) * share
            moments += [(begins, self._stop_broker), (begins + share / 2, self._start_broker)]
        for at, misfortune in sorted(moments, key=lambda moment: moment[0]):
            time.sleep(max(0.0, self._life.began_s + at - time.monotonic()))
            misfortune()
        time.sleep(max(0.0, self._life.began_s + plan.lasts_s - time.monotonic()))

    def _end(self, receiver: Receiver) -> None:
        """Let the gate send what is left, and the receiver hear it."""
        self._life.end_file.touch()
        self._gate.join(PATIENCE_S)
        assert self._gate.exitcode == 0, self._gate.exitcode
        expected = sum(self._handed_out().values())
        until = time.monotonic() + PATIENCE_S
        while len({each["message_id"] for each in receiver.messages}) < expected:
            if time.monotonic() > until:
                break  # the report shows what is missing
            time.sleep(0.05)

    def _report(self, receiver: Receiver) -> Report:
        with closing(device.open_store(self._folder)) as store:
            told = list(store.outbox.published(*FAR))
            left = sum(store.outbox.depth().values())
        with _database(self._folder) as database:
            (grants,) = database.execute("SELECT count(*) FROM decisions WHERE granted").fetchone()
        log = (self._folder / "log").read_text(encoding="utf-8").splitlines()
        return Report(
            received=list(receiver.messages),
            told=told,
            handed_out=self._handed_out(),
            left=left,
            grants=grants,
            kills=self._births - 1,
            down=self._down_s / self._plan.lasts_s,
            log=[json.loads(line) for line in log if line.startswith("{")],
        )

    def _handed_out(self) -> dict[str, int]:
        with _database(self._folder) as database:
            return dict(database.execute("SELECT stream, last FROM outbox_streams").fetchall())

    def _start_gate(self) -> None:
        self._births += 1
        life = replace(self._life, seed=self._plan.seed * 1000 + self._births)
        self._gate = Processes.Process(target=device.live, args=(life,), daemon=True)
        self._gate.start()

    def _kill(self) -> None:
        self._gate.kill()
        self._gate.join()
        assert self._gate.exitcode == -signal.SIGKILL, self._gate.exitcode
        self._start_gate()

    def _step(self, by: int) -> None:
        self._stepped += by
        fresh = self._life.steps_file.with_suffix(".new")
        fresh.write_text(str(self._stepped), encoding="ascii")
        fresh.replace(self._life.steps_file)

    def _stop_broker(self) -> None:
        self._down_since = time.monotonic()
        self._broker.end()

    def _start_broker(self) -> None:
        self._broker.start()
        self._down_s += time.monotonic() - self._down_since


def mosquitto_that_remembers(folder: Path, port: int) -> Mosquitto:
    passwords = write_passwords(folder, **{USER: PASSWORD})
    return Mosquitto(
        folder,
        f"listener {port} {HOST}\nallow_anonymous false\npassword_file {passwords}\n"
        f"max_queued_messages 100000\npersistence true\npersistence_location {folder}/\n",
    )


@contextmanager
def _database(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / "data" / "gate.sqlite3")) as connection:
        yield connection

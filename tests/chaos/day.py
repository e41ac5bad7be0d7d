"""A day in minutes: ``python -m tests.chaos.day --seconds 864 --to FILE``: 24 hours of a compound of 2,000 residents.

The real service at a real disk, its wall clock a hundred times as fast; its own patience (releases, housekeeping, the
watchdog) keeps this computer's time. What it weighs, holds and writes is looked at every two seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx

from gate.app import open_store
from gate.settings import read_settings
from tests.canary_gate import until
from tests.chaos.base import PIN, STRANGE_CARD, UNIT, base_in
from tests.chaos.life import Life
from tests.chaos.run import BASE

RESIDENTS: Final = 2000
PASSAGES_A_DAY: Final = 2000
SPEED: Final = 100
FIRST_CARD: Final = 5_000_000
LOOK_S: Final = 2.0
FACE_EVERY_S: Final = 20.0
IDLE_S: Final = 60.0
_DAY_S: Final = 86400
_HOURLY: Final = (1, 1, 1, 1, 2, 6, 14, 22, 12, 6, 5, 6, 8, 7, 6, 6, 8, 14, 20, 14, 10, 7, 4, 2)
"""How busy each hour of the day is, against the others: two rushes, and somebody at night."""
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the gate. at_s: real seconds since the day began; cpu_s and written: since the processes began."""

    at_s: float
    core_mb: float
    vision_mb: float
    files: int
    threads: int
    wal_bytes: int
    db_bytes: int
    cpu_s: float
    written: int


@dataclass
class Day:
    """What was seen in a day. cards: when each was held, and the seconds to the answer. idle: bytes a second, nobody there.

    load: this computer's over the minute before.
    """

    seconds: float
    residents: int
    looks: list[Look] = field(default_factory=list)
    cards: list[tuple[float, float]] = field(default_factory=list)
    passages: int = 0
    refused: int = 0
    faces: int = 0
    faces_opened: int = 0
    idle_bytes_a_s: float = 0.0
    idle_cpu: float = 0.0
    load: float = 0.0

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def move_in(life: Life, residents: int) -> None:
    """Add the residents, each with a card."""
    now = datetime.now(UTC)
    with closing(open_store(read_settings(life.site.config))) as store:
        for number in range(residents):
            person = store.people.add(f"{10000 + number}", "Li Na", "")
            store.credentials.issue_card(person, f"26:{FIRST_CARD + number}", at=now)


class Counter:
    """Reads the gate's log as it grows, from a thread of its own, and knows how many decisions it spoke of."""

    def __init__(self, path: Path) -> None:
        self._file = path.open(encoding="utf-8", errors="replace")
        self._rest = ""
        self.granted = self.refused = self.faces = 0

    def read(self) -> int:
        """Give how many decisions there are by now."""
        *lines, self._rest = (self._rest + self._file.read()).split("\n")
        for line in lines:
            if found := re.search(r"event=attempt method=(\w+) granted=(\w+)", line):
                self.granted += found[2] == "true"
                self.refused += found[2] == "false"
                self.faces += found.groups() == ("face", "true")
        return self.granted + self.refused

    def close(self) -> None:
        """Let go of the log."""
        self._file.close()


def _status(pid: int, name: str) -> int:
    return int(re.search(rf"{name}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _written(pid: int) -> int:
    return int(re.search(r"^write_bytes: (\d+)", Path(f"/proc/{pid}/io").read_text(), re.MULTILINE)[1])


def look(life: Life, at_s: float) -> Look:
    """Look at both processes and at the files."""
    core, vision = life.gate.pid, life.gate.vision()
    wal, db = (life.data / f"gate.sqlite3{tail}" for tail in ("-wal", ""))
    return Look(
        at_s=round(at_s, 2),
        core_mb=_status(core, "VmRSS") / 1024,
        vision_mb=_status(vision, "VmRSS") / 1024,
        files=len(list(Path(f"/proc/{core}/fd").iterdir())),
        threads=_status(core, "Threads"),
        wal_bytes=wal.stat().st_size if wal.exists() else 0,
        db_bytes=db.stat().st_size,
        cpu_s=_cpu(core) + _cpu(vision),
        written=_written(core) + _written(vision),
    )


class Passers:
    """Residents who come in, strangers who do not, people who leave; each card's answer is timed."""

    def __init__(self, life: Life, day: Day, seed: int, begins_h: int) -> None:
        self._life, self._day = life, day
        self._chance = random.Random(seed)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._come, daemon=True)
        self._begins_h = begins_h
        self._log = Counter(life.gate._log)
        self._busy = sum(_HOURLY) / 24

    def __enter__(self):
        self._began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()
        self._log.read()
        self._log.close()
        self._day.passages, self._day.refused = self._log.granted, self._log.refused
        self._day.faces_opened = self._log.faces

    def _come(self) -> None:
        address = f"http://127.0.0.1:{self._life.site.screen_port}"
        with httpx.Client(base_url=address, timeout=10, trust_env=False) as screen:
            while True:
                hour = (self._begins_h + int((time.monotonic() - self._began) * SPEED / 3600)) % 24
                rate = PASSAGES_A_DAY * SPEED / _DAY_S * _HOURLY[hour] / self._busy
                if self._ends.wait(self._chance.expovariate(rate)):
                    return
                with suppress(httpx.HTTPError):
                    self._one(screen)

    def _one(self, screen: httpx.Client) -> None:
        drawn = self._chance.random()
        if drawn < 0.03:
            screen.post("/sim/keys", data={"keys": f"{UNIT}#{PIN}#"})
            return
        value = STRANGE_CARD if drawn < 0.06 else FIRST_CARD + self._chance.randrange(self._day.residents)
        before, began = self._log.read(), time.monotonic()
        screen.post("/sim/card", data={"value": value})
        while self._log.read() == before and time.monotonic() - began < 5:
            time.sleep(0.002)
        self._day.cards.append((round(began - self._began, 2), round(time.monotonic() - began, 4)))
        for deed in self._chance.choice((("push", "shut"), ("leave", "shut"), ())):
            screen.post("/sim/deed", data={"name": deed})


def live(seconds: float, residents: int = RESIDENTS, *, idle_s: float = IDLE_S, begins_h: int = 0) -> Day:
    """Live through *seconds* of real time at SPEED, after *idle_s* with nobody there. begins_h: the hour it is then."""
    day = Day(seconds, residents, load=round(os.getloadavg()[0], 2))
    with (
        tempfile.TemporaryDirectory(prefix="gate-day-", dir=os.environ.get("DAY_ROOM")) as folder,
        Life(Path(folder), base_in(BASE), 1, clock=True, power_cuts=False, small=False) as life,
    ):
        move_in(life, residents)
        life.begin()
        until(life.gate.offers_face, "face to be offered", 120)
        _idle(life, day, idle_s)
        life.clock.set(0.0, SPEED)
        with Passers(life, day, 1, begins_h):
            _watch(life, day, time.monotonic())
        life.stop()
    return day


def _idle(life: Life, day: Day, seconds: float) -> None:
    first = look(life, 0.0)
    time.sleep(seconds)
    last = look(life, seconds)
    day.idle_bytes_a_s = (last.written - first.written) / max(seconds, 1e-9)
    day.idle_cpu = (last.cpu_s - first.cpu_s) / max(seconds, 1e-9)


def _watch(life: Life, day: Day, began: float) -> None:
    """Look every LOOK_S for the length of the day, while a face comes every FACE_EVERY_S by a hand of its own."""
    ends = threading.Event()
    faces = threading.Thread(target=_faces, args=(life, day, ends), daemon=True)
    faces.start()
    while (at_s := time.monotonic() - began) < day.seconds:
        day.looks.append(look(life, at_s))
        time.sleep(max(0.0, LOOK_S - (time.monotonic() - began - at_s)))
    day.looks.append(look(life, day.seconds))
    ends.set()
    faces.join()


def _faces(life: Life, day: Day, ends: threading.Event) -> None:
    """Somebody with a face comes again and again; where the screen never rests for the passers-by, they wait in vain."""
    while True:
        day.faces += life.look_as("resident")
        if ends.wait(FACE_EVERY_S):
            return


def main(arguments: Sequence[str] | None = None) -> None:
    """Live a day and write down what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=_DAY_S / SPEED)
    parser.add_argument("--to", type=Path, required=True)
    asked = parser.parse_args(arguments)
    day = live(asked.seconds)
    asked.to.write_text(day.to_json() + "\n", encoding="utf-8")
    sys.stdout.write(
        f"{day.passages} passages, {day.refused} refused, {day.faces_opened} of {day.faces} faces opened.\n"
    )


if __name__ == "__main__":
    main()

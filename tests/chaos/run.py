"""Plays seeds: ``python -m tests.chaos.run --seeds 50 --first 0 --untimed --to FILE``. A seed's story is always the same.

Each seed's end is a line of JSON in FILE; a broken invariant is printed with the seed and how to play it again. Without
``--untimed`` times are judged, and few gates are played at once.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import Final, Self

from gate.settings import PROJECT
from tests.chaos import invariants
from tests.chaos.base import base_in
from tests.chaos.crowd import Crowd
from tests.chaos.life import Life, Recovery
from tests.chaos.misfortunes import Misfortune, possible_here

FAST = Path("/dev/shm")
ROOM = FAST if FAST.is_dir() else Path(tempfile.gettempdir())
GATES_A_CORE: Final = 4
_PARTS = ("gate", "firmware_bridge", "models")


def _base_folder() -> Path:
    """Give where the base of just this code lies: another version's would not be its own gate."""
    seen = sha256()
    for path in sorted(path for part in _PARTS for path in (PROJECT / part).rglob("*")):
        if path.suffix not in {".pyc", ".json"} and path.is_file():
            seen.update(
                f"{path.relative_to(PROJECT)} {path.stat().st_size} {path.stat().st_mtime_ns}\n".encode()
            )
    return PROJECT / "state" / "chaos" / seen.hexdigest()[:12]


BASE = _base_folder()


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to the gate of one seed. together: the second comes while the first lasts."""

    seed: int
    misfortunes: tuple[Misfortune, ...]
    together: bool
    faces: bool

    @property
    def needs_vision(self) -> bool:
        """Tell whether this gate offers face at all: a site may do without, and half of these do."""
        return self.faces or any(each.vision for each in self.misfortunes)

    @property
    def waits(self) -> int:
        """Give a figure that is the larger, the longer this story takes."""
        return 2 * self.faces + self.needs_vision + len(self.misfortunes)


@dataclass
class Told:
    """How one seed went. broken: the invariant that did not hold, and the words; empty: all of them did.

    timed: whether it was played for its times as well as for its verdict. workers: how many gates were played at once.
    load: this computer's over the minute before.
    """

    seed: int
    misfortunes: list[str]
    together: bool
    timed: bool
    workers: int = 1
    load: float = 0.0
    recoveries: list[Recovery] = field(default_factory=list)
    held: dict[str, int] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    undisturbed: Recovery | None = None
    broken: list[str] = field(default_factory=list)
    took_s: float = 0.0

    def to_line(self) -> str:
        return json.dumps(asdict(self))

    def words(self) -> str:
        """Say how it went, and how to play it again where it broke something."""
        joined = (" + " if self.together else ", ").join(self.misfortunes)
        again = ", ".join(f"{each.card_s:.1f}" for each in self.recoveries)
        said = [f"seed {self.seed}: {joined}: card again after {again or '-'} s; {self.took_s:.0f} s"]
        if self.broken:
            step, why, log = self.broken
            said += [f"  BROKEN {step}: {why}", f"  Again: make faults SEEDS=1 FIRST={self.seed}", log]
        return "\n".join(said)


def plan_of(seed: int) -> Plan:
    """Give a seed's story: the first misfortune in turn, so that all are played evenly, the others by chance."""
    chance, kinds = random.Random(f"plan {seed}"), possible_here()
    first = kinds[seed % len(kinds)]
    more = chance.choices((0, 1, 2), (55, 35, 10))[0]
    others = chance.sample([each for each in kinds if each is not first and not each.last], more)
    order = sorted((first, *others), key=lambda each: each.last)
    both = len(order) > 1 and not any(each.last or each.alone for each in order[:2])
    together = both and chance.random() < 0.5
    faces = any(each.face or each.last for each in order) and chance.random() < 0.5
    return Plan(seed, tuple(order), together, faces)


def play(seed: int, *, timed: bool = True, workers: int = 1) -> Told:
    """Play one seed from beginning to end. timed: whether how soon a card opened again is judged, not only told.

    workers: how many are played at once, for the record.
    """
    plan, began = plan_of(seed), time.monotonic()
    names = [each.name for each in plan.misfortunes]
    told = Told(seed, names, plan.together, timed, workers, round(os.getloadavg()[0], 2))
    clocks = any(name.startswith("clock") for name in names)
    with tempfile.TemporaryDirectory(prefix=f"gate-seed-{seed}-", dir=ROOM) as folder:
        room = Path(folder)
        options = {"clock": clocks, "power_cuts": "power cut" in names, "face": plan.needs_vision}
        with Life(room, base_in(BASE), seed, **options) as life:
            for step in _steps(plan, timed=timed):
                try:
                    step(life)
                except Exception as error:  # noqa: BLE001 - whatever breaks is the seed's result
                    told.broken = [step.__name__, f"{type(error).__name__}: {error}"[:2000], _tail(life)]
                    break
                told.held[step.__name__] = 1
            told.recoveries, told.counters = life.recoveries, dict(life.counters)
            told.undisturbed = life.undisturbed
    told.took_s = time.monotonic() - began
    return told


def _steps(plan: Plan, *, timed: bool) -> Sequence[Callable[[Life], None]]:
    """Give the story, and what must hold after it."""

    def story(life: Life) -> None:
        _live(life, plan)

    def ends_in_good_order(life: Life) -> None:
        life.stop()

    faces = (invariants.consent_holds, invariants.a_face_still_opens) if plan.faces else ()
    at_work = [each for each in invariants.AT_WORK if timed or each is not invariants.cards_open_soon]
    return (story, *at_work, *faces, ends_in_good_order, *invariants.AT_REST)


def _live(life: Life, plan: Plan) -> None:
    life.begin()
    with Crowd(life, plan.seed):
        if plan.together:
            first, second, *rest = plan.misfortunes
            with ExitStack() as stack:
                stack.enter_context(first.block(life))
                if life.gate is None:
                    life.supervise()
                stack.enter_context(second.block(life))
                _meanwhile(life, first, second)
            _after(life, f"{first.name} + {second.name}", plan)
        else:
            rest = plan.misfortunes
        for misfortune in rest:
            with misfortune.block(life):
                _meanwhile(life, misfortune)
            _after(life, misfortune.name, plan)


def _meanwhile(life: Life, *misfortunes: Misfortune) -> None:
    """A card opens during what may not touch it (R02, R46)."""
    if life.gate is None or life.gate.process.poll() is not None:
        return
    if all(each.card for each in misfortunes):
        assert life.card(), f"no card opened during {' + '.join(each.name for each in misfortunes)}"
        life.counters["card opened during a fault"] += 1


def _after(life: Life, name: str, plan: Plan) -> None:
    face = plan.faces and not any(each.name.startswith("clock") for each in plan.misfortunes)
    life.again(name, face=face)


def _tail(life: Life) -> str:
    """Give the end of what the last two gates said, without each move of the door."""
    said = []
    for path in sorted((life.site.folder / "said").glob("*-run.err"))[-2:]:
        lines = [
            each for each in path.read_text(errors="replace").splitlines() if "event=door_moved" not in each
        ]
        said.append("\n".join(lines)[-3000:])
    return "\n".join(said)


class NotPlayed(Exception):
    """A seed could not be played at all, for a reason of this computer."""


def _played(seed: int, *, timed: bool, workers: int) -> Told:
    """Play a seed in another process. Raises NotPlayed, which comes back from there whatever pytest or a library raised."""
    try:
        return play(seed, timed=timed, workers=workers)
    except BaseException as error:  # noqa: BLE001 - pytest ends a test by what is no Exception
        raise NotPlayed(f"{type(error).__name__}: {error}") from None


def _tidy_up_with_parent() -> None:
    """Be interrupted when whoever plays is killed, so that no gate is left running."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGINT)


class Players:
    """Plays seeds, several at once, those that wait longest first. timed: as ``play`` has it; workers: None for what fits.

    Times are taken one gate to two cores. Verdicts are worth as much on a busy computer, and a gate mostly waits; where the
    computer has other work already, there are fewer, so that each ends in time.
    """

    def __init__(self, seeds: Sequence[int], *, timed: bool, workers: int | None = None) -> None:
        cores = os.cpu_count() or 1
        others = max(0, round(os.getloadavg()[0]) - cores)
        many = max(cores, GATES_A_CORE * cores - others)
        self._seeds = sorted(seeds, key=lambda seed: -plan_of(seed).waits)
        self._timed = timed
        self._workers = workers or (max(1, cores // 2) if timed else many)

    def __enter__(self) -> Self:
        base_in(BASE)
        self._pool = ProcessPoolExecutor(
            self._workers, mp_context=get_context("spawn"), initializer=_tidy_up_with_parent
        )
        self._playing = {
            seed: self._pool.submit(_played, seed, timed=self._timed, workers=self._workers)
            for seed in self._seeds
        }
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def told(self, seed: int) -> Told:
        """Wait until *seed* was played, and give how it went. Raises what kept it from being played at all."""
        return self._playing[seed].result()

    def as_they_end(self) -> Iterator[tuple[int, Told | Exception]]:
        """Give each seed when it was played, with how it went, or with what kept it from being played."""
        seeds = {future: seed for seed, future in self._playing.items()}
        for done in as_completed(seeds):
            try:
                yield seeds[done], done.result()
            except Exception as error:  # noqa: BLE001 - a failure of its own
                yield seeds[done], error


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the seeds asked for; return how many broke an invariant."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", type=int, nargs="+", default=None, help="just these seeds")
    parser.add_argument("--untimed", action="store_true", help="judge no time, and play many gates at once")
    parser.add_argument("--workers", type=int, help="gates at once; without it, what fits this computer")
    parser.add_argument("--to", type=Path)
    asked = parser.parse_args(arguments)
    seeds = asked.only or range(asked.first, asked.first + asked.seeds)
    failures = 0
    with Players(seeds, timed=not asked.untimed, workers=asked.workers) as players:
        for seed, told in players.as_they_end():
            if isinstance(told, Exception):
                sys.stdout.write(f"seed {seed} was not played: {type(told).__name__}: {told}\n")
                failures += 1
                continue
            failures += bool(told.broken)
            sys.stdout.write(f"{told.words()}\n")
            sys.stdout.flush()
            if asked.to:
                with asked.to.open("a", encoding="utf-8") as file:
                    file.write(told.to_line() + "\n")
    sys.stdout.write(f"{len(seeds) - failures} of {len(seeds)} seeds held every invariant.\n")
    return failures


if __name__ == "__main__":
    sys.exit(bool(main()))

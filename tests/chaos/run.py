"""Plays seeds: ``python -m tests.chaos.run --seeds 50 --first 0 --workers 2 --to FILE``. A seed's story is always the same.

Each seed's end is a line of JSON in FILE; a broken invariant is printed with the seed and how to play it again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

from gate.settings import PROJECT
from tests.chaos import invariants
from tests.chaos.base import base_in
from tests.chaos.crowd import Crowd
from tests.chaos.life import Life, Recovery
from tests.chaos.misfortunes import Misfortune, possible_here

FAST = Path("/dev/shm")
ROOM = FAST if FAST.is_dir() else Path(tempfile.gettempdir())
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


@dataclass
class Told:
    """How one seed went. broken: the invariant that did not hold, and the words; empty: all of them did."""

    seed: int
    misfortunes: list[str]
    together: bool
    recoveries: list[Recovery] = field(default_factory=list)
    held: dict[str, int] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    undisturbed: Recovery | None = None
    broken: list[str] = field(default_factory=list)
    took_s: float = 0.0

    def to_line(self) -> str:
        return json.dumps(asdict(self))


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


def play(seed: int, *, timed: bool = True) -> Told:
    """Play one seed from beginning to end. timed: whether how soon a card opened again is judged, not only told."""
    plan, began = plan_of(seed), time.monotonic()
    names = [each.name for each in plan.misfortunes]
    told = Told(seed, names, plan.together)
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
    said = sorted((life.site.folder / "said").glob("*-run.err"))
    return "\n".join(path.read_text(errors="replace")[-3000:] for path in said[-2:])


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the seeds asked for; return how many broke an invariant."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", type=int, nargs="+", default=None, help="just these seeds")
    parser.add_argument(
        "--untimed", action="store_true", help="judge no time: for a computer with other work"
    )
    parser.add_argument("--workers", type=int, default=min(4, (os.cpu_count() or 1) + 1))
    parser.add_argument("--to", type=Path, default=None)
    asked = parser.parse_args(arguments)
    seeds = asked.only or range(asked.first, asked.first + asked.seeds)
    base_in(BASE)
    failures = 0
    with ProcessPoolExecutor(asked.workers, mp_context=get_context("spawn")) as pool:
        playing = [pool.submit(play, seed, timed=not asked.untimed) for seed in seeds]
        for done in as_completed(playing):
            try:
                told = done.result()
            except Exception as error:  # noqa: BLE001 - a seed that could not be played at all is a failure of its own
                sys.stdout.write(f"a seed was not played: {type(error).__name__}: {error}\n")
                failures += 1
                continue
            failures += bool(told.broken)
            _say(told)
            if asked.to:
                with asked.to.open("a", encoding="utf-8") as file:
                    file.write(told.to_line() + "\n")
    sys.stdout.write(f"{len(seeds) - failures} of {len(seeds)} seeds held every invariant.\n")
    return failures


def _say(told: Told) -> None:
    joined = (" + " if told.together else ", ").join(told.misfortunes)
    again = ", ".join(f"{each.card_s:.1f}" for each in told.recoveries)
    said = [f"seed {told.seed}: {joined}: card again after {again or '-'} s; {told.took_s:.0f} s"]
    if told.broken:
        step, why, log = told.broken
        said += [f"  BROKEN {step}: {why}", f"  Again: make faults SEEDS=1 FIRST={told.seed}", log]
    sys.stdout.write("\n".join(said) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(bool(main()))

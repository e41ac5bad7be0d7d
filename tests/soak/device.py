"""One gate's life, from a start to the moment it is killed: real passages into a real store, and a real publisher.

The parent forks it, kills it, and moves its clock by writing to a file. Nothing here knows when it will end.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import structlog

from gate.core.alarms import Alarm
from gate.core.anonymity import Counting
from gate.core.events import Alarmed
from gate.core.types import AttemptId, Decision, Method, Reason
from gate.publish.link import BrokerSettings
from gate.publish.mqtt import Publisher
from gate.store import Store
from tests.consents import TERMS
from tests.costs import LEAST

RESIDENTS = 60
TICK_S = 0.02
METHODS = (Method.CARD, Method.PIN)
GATE = "north"


@dataclass(frozen=True)
class Rates:
    """How much happens: passages in a busy hour; alarms and refusals in a day."""

    rush: float
    alarms: float
    refusals: float


@dataclass(frozen=True)
class Life:
    """What a gate is told at its start. began_s: this machine's monotonic clock when the simulated week began."""

    folder: Path
    broker: BrokerSettings
    begins: datetime
    began_s: float
    speed: float
    seed: int
    crowd: Rates

    @property
    def steps_file(self) -> Path:
        """Holds by how many seconds the wall clock was set forward in all."""
        return self.folder / "steps"

    @property
    def end_file(self) -> Path:
        """There from the moment when nobody comes any more."""
        return self.folder / "end"


class FastClock:
    """Meets ports.Clock; goes on over a restart, as a clock with a battery does."""

    def __init__(self, life: Life) -> None:
        self._life = life

    def monotonic(self) -> float:
        return (time.monotonic() - self._life.began_s) * self._life.speed

    def now(self) -> datetime:
        steps = self._life.steps_file
        stepped = int(steps.read_text() or 0) if steps.exists() else 0
        return self._life.begins + timedelta(seconds=self.monotonic() + stepped)


def open_store(folder: Path) -> Store:
    return Store.open(
        folder / "data",
        folder / "keys",
        credentials_dir=None,
        gate_id=GATE,
        terms=TERMS,
        model_sha256="a" * 64,
        cost=LEAST,
        counting=Counting(Fraction(0), frozenset(METHODS)),
    )


def make(folder: Path) -> None:
    """Make the gate's data, with its residents."""
    store = open_store(folder)
    for number in range(RESIDENTS):
        store.people.add(str(101 + number), "Li Na", "+86 555 0199")
    store.close()


def live(life: Life) -> None:
    """Be the gate until killed, or until the end is told and everything is sent."""
    structlog.configure(processors=[structlog.processors.JSONRenderer()], logger_factory=_to_file(life))
    asyncio.run(_live(life))


def _to_file(life: Life) -> structlog.WriteLoggerFactory:
    return structlog.WriteLoggerFactory((life.folder / "log").open("a", encoding="utf-8"))


async def _live(life: Life) -> None:
    clock, store = FastClock(life), open_store(life.folder)
    publisher = Publisher(life.broker, store.outbox, clock, gate_id=GATE, pause=lambda _failures: 0.1)
    await publisher.start()
    crowd = Crowd(store, life.crowd, random.Random(life.seed))
    before = clock.monotonic()
    while not (life.end_file.exists() and not any(store.outbox.depth().values())):
        await asyncio.sleep(TICK_S)
        now = clock.monotonic()
        if not life.end_file.exists():
            store.tally.close(clock.now())
            crowd.comes(clock.now(), now - before)
        before = now
        publisher.drain()
    await publisher.stop()
    store.close()


class Crowd:
    """Who comes and what happens meanwhile, by chance."""

    def __init__(self, store: Store, rates: Rates, chance: random.Random) -> None:
        self._store = store
        self._rates = rates
        self._chance = chance
        self._people = [person.id for person in store.people.list()]

    def comes(self, at: datetime, seconds: float) -> None:
        """Let happen what happens within *seconds* before *at*."""
        for _ in range(self._times(self._rush(at) * seconds / 3600)):
            self._decide(at, granted=True)
        for _ in range(self._times(self._rates.refusals * seconds / 86400)):
            self._decide(at, granted=False)
        for _ in range(self._times(self._rates.alarms * seconds / 86400)):
            moment = at.astimezone(UTC).replace(microsecond=0)
            alarm = self._chance.choice([Alarm.FORCED, Alarm.HELD, Alarm.TAMPER])
            self._store.outbox.alarm(Alarmed(alarm, began=self._chance.random() < 0.5, at=moment))

    def _decide(self, at: datetime, *, granted: bool) -> None:
        reason = Reason.KNOWN_CREDENTIAL if granted else Reason.UNKNOWN_CREDENTIAL
        attempt = AttemptId(f"{self._chance.getrandbits(128):032x}")
        self._store.decisions.record(
            Decision(attempt, self._chance.choice(METHODS), granted, reason),
            at=at,
            who=self._chance.choice(self._people) if granted else None,
            clock_trusted=True,
        )

    def _times(self, expected: float) -> int:
        whole = int(expected)
        return whole + (self._chance.random() < expected - whole)

    def _rush(self, at: datetime) -> float:
        """Give how many come in an hour at that time of day: two rushes, a steady day, and hardly anybody at night."""
        share = 1.0 if at.hour in {0, 1, 10, 11} else 0.3 if at.hour < 14 else 0.03
        return self._rates.rush * share

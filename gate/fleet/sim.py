"""``gate fleet-sim``: many made-up gates in one process, against a real broker, with real consumers (issue 6).

Each gate is the Publisher that a device runs, under an id and a password of its own; only its outbox is made up, and only its
connection is carried on the loop (``evented``) and not by a thread. What arrives is read from the consumers' journal.
"""

from __future__ import annotations

import asyncio
import os
import random
import resource
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Final

from gate.core.types import Seconds
from gate.errors import DeviceFault, RequestError
from gate.fleet.figures import Footprint, Report, Stage, footprint
from gate.fleet.instances import Instances
from gate.fleet.journal import Journal
from gate.fleet.made_up import FastClock, MadeUpOutbox, made_up_health
from gate.fleet.own_broker import Estate, OwnBroker
from gate.publish.evented import on_the_loop
from gate.publish.mqtt import Publisher
from gate.publishing import publish_on

START: Final = datetime(2026, 11, 22, tzinfo=UTC)
LOOK_S: Seconds = 0.05
PATIENCE_S: Seconds = 300.0
"""How long a stage may take to settle before what is missing counts as lost."""
SPARE_FILES: Final = 256

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run. hours and outage_hours are of the made-up clock, which runs *speed* times as fast; 0 leaves a stage out.

    outage_s: how long the broker is really away: gates call back after real pauses. burst_hours: so much becomes due at
    one moment. Raises RequestError for what makes no sense.
    """

    devices: int
    consumers: int = 1
    hours: int = 24
    speed: float = 3600.0
    burst_hours: int = 24
    outage_hours: int = 1
    outage_s: Seconds = 10.0
    seed: int = 1

    def __post_init__(self) -> None:
        if min(self.devices, self.consumers) < 1 or self.speed <= 0 or self.outage_s <= 0:
            raise RequestError(
                "fleet-plan",
                "A fleet needs gates, consumers, and a clock that runs.",
                remedy="Give numbers above 0.",
            )


@dataclass(slots=True)
class _Gate:
    outbox: MadeUpOutbox
    publisher: Publisher


class Fleet:
    """The gates of one run, the consumers that hear them, and what both add up to."""

    def __init__(
        self,
        gates: Sequence[_Gate],
        clock: FastClock,
        journal: Journal,
        broker: OwnBroker | None,
        instances: Instances,
    ) -> None:
        self._gates = gates
        self._clock = clock
        self._journal = journal
        self._broker = broker
        self._instances = instances
        self._filed = 0
        self._missing = 0

    async def all_connected(self) -> Seconds:
        """Wait until every gate is connected, and tell how long that took."""
        began = self._clock.monotonic()
        await self._until(lambda: all(gate.publisher.connected for gate in self._gates))
        if not all(gate.publisher.connected for gate in self._gates):
            state = next(gate.publisher.state for gate in self._gates if not gate.publisher.connected)
            raise DeviceFault(
                "fleet-away",
                f"Not every made-up gate reached the broker: {state}.",
                remedy="Check the address, the accounts and the broker's limits.",
            )
        return self._clock.monotonic() - began

    async def stage(self, name: str, go: Callable[[], object] | None = None, seconds: Seconds = 0.0) -> Stage:
        """Let the made-up clock *go* for *seconds*, stop it, wait until what is due is filed, and give the figures."""
        began, before = self._clock.monotonic(), self._loads()
        if go is not None:
            go()
        await asyncio.sleep(seconds)
        self._clock.run(0)
        await self._until(self._is_settled)
        took = self._clock.monotonic() - began
        filed = self._journal.filed()
        messages, self._filed = filed - self._filed, filed
        missing = max(0, sum(gate.outbox.acknowledged() for gate in self._gates) - filed)
        lost, self._missing = missing - self._missing, missing
        shares = [(now - then) / took for now, then in zip(self._loads(), before, strict=True)]
        return Stage(name, messages, took, lost, *shares)

    def waiting(self) -> int:
        """Tell how many messages are due and not acknowledged."""
        now = self._clock.now()
        return sum(gate.outbox.waiting(now) for gate in self._gates)

    def _is_settled(self) -> bool:
        now = self._clock.now()
        if any(gate.outbox.waiting(now) for gate in self._gates):
            return False
        return self._journal.filed() >= sum(gate.outbox.acknowledged() for gate in self._gates)

    def _loads(self) -> tuple[Seconds, Seconds, Seconds]:
        broker = footprint(self._broker.pid).cpu_s if self._broker is not None and self._broker.pid else 0.0
        return broker, footprint(os.getpid()).cpu_s, self._instances.cpu_s()

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Wait for *condition*, and give up in the end: what is missing then shows in the figures."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while not condition():  # noqa: ASYNC110 - another process's file sets no event of ours
                    await asyncio.sleep(LOOK_S)


async def simulate(plan: Plan, folder: Path, say: Say, elsewhere: Estate | None = None) -> Report:
    """Run *plan* with files in *folder*, against a mosquitto of its own or against *elsewhere*, and give the figures.

    Raises RequestError ``too-few-files`` where the system allows too few connections, DeviceFault where the broker or a
    consumer does not run. An outage needs a broker of its own.
    """
    _allow_files(plan.devices)
    async with AsyncExitStack() as stack:
        broker = None
        estate = elsewhere
        if estate is None:
            say("starting mosquitto with an account for each gate")
            names = [f"sim-{number:05d}" for number in range(1, plan.devices + 1)]
            broker = await asyncio.to_thread(OwnBroker, folder, names)
            stack.callback(broker.stop)
            await asyncio.to_thread(broker.start)
            estate = broker.estate
        journal = Journal(folder / "journal.sqlite3")
        stack.callback(journal.close)
        instances = Instances(estate.receiver, folder, plan.consumers)
        await stack.enter_async_context(instances.running())
        clock = FastClock(START)
        empty = footprint(os.getpid())
        gates = await stack.enter_async_context(_gates(plan, estate, clock))
        fleet = Fleet(gates, clock, journal, broker, instances)
        connect_s = await fleet.all_connected()
        say(f"{plan.devices} gates connected")
        stages, reconnect_s = await _stages(plan, fleet, clock, broker, say)
        return Report(
            devices=plan.devices,
            consumers=plan.consumers,
            connect_s=connect_s,
            stages=tuple(stages),
            reconnect_s=reconnect_s,
            again=journal.happened().get("again", 0),
            gaps=len(journal.gaps()),
            refused=journal.happened().get("refused", 0),
            broker=None if broker is None else footprint(broker.pid),
            gates=footprint(os.getpid()),
            gates_kib=_kib_each(empty, footprint(os.getpid()), plan.devices),
            consumer=instances.footprint(),
        )


async def _stages(
    plan: Plan, fleet: Fleet, clock: FastClock, broker: OwnBroker | None, say: Say
) -> tuple[list[Stage], Seconds | None]:
    stages: list[Stage] = []
    reconnect_s = None
    if plan.hours:
        say(f"{plan.hours} hours at {plan.speed:g} times the speed")
        seconds = plan.hours * 3600 / plan.speed
        stages.append(await fleet.stage("steady", lambda: clock.run(plan.speed), seconds))
    if plan.burst_hours:
        say(f"{plan.burst_hours} hours at once")
        stages.append(await fleet.stage("burst", lambda: clock.leap(timedelta(hours=plan.burst_hours))))
    if plan.outage_hours and broker is not None:
        say(f"the broker is away for {plan.outage_hours} h, in {plan.outage_s:g} s")
        await asyncio.to_thread(broker.stop)
        clock.run(plan.outage_hours * 3600 / plan.outage_s)
        await asyncio.sleep(plan.outage_s)
        clock.run(0)
        say(f"the broker is back; {fleet.waiting()} messages wait")
        await asyncio.to_thread(broker.start)
        back = asyncio.create_task(fleet.all_connected())
        stages.append(await fleet.stage("catching up"))
        reconnect_s = await back
    return stages, reconnect_s


@asynccontextmanager
async def _gates(plan: Plan, estate: Estate, clock: FastClock) -> AsyncIterator[list[_Gate]]:
    """Run the gates; they begin one by one within a second, as gates do that nobody switched on together."""
    chosen = list(estate.gates.items())[: plan.devices]
    gates = [
        _Gate(outbox, Publisher(settings, outbox, clock, gate_id=gate_id, carry=on_the_loop))
        for number, (gate_id, settings) in enumerate(chosen)
        for outbox in [MadeUpOutbox(clock, random.Random(plan.seed * 100_000 + number))]  # noqa: S311 - made up
    ]
    tasks = [
        asyncio.create_task(_live(gate, clock, delay=number / len(gates)))
        for number, gate in enumerate(gates)
    ]
    try:
        yield gates
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(gate.publisher.stop() for gate in gates), return_exceptions=True)


async def _live(gate: _Gate, clock: FastClock, *, delay: Seconds) -> None:
    await asyncio.sleep(delay)
    await gate.publisher.start()
    software = version("gate")
    await publish_on(gate.publisher, lambda: made_up_health(datetime.now(UTC), software), clock)


def _allow_files(devices: int) -> None:
    """Raise this process's limit of open files, and that of the programs it starts, to what *devices* take."""
    wanted = devices + SPARE_FILES
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if now >= wanted:
        return
    if most != resource.RLIM_INFINITY and most < wanted:
        raise RequestError(
            "too-few-files",
            f"This account may open {most} files; {devices} gates need {wanted}.",
            remedy="Raise it (ulimit -Hn, or LimitNOFILE of the unit), or run fewer gates.",
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _kib_each(before: Footprint, after: Footprint, devices: int) -> float:
    return max(0.0, after.now_mib - before.now_mib) * 1024 / devices

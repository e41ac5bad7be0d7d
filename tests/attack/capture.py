"""A captured loopback: everything a neighbour on the wire sees of one gate's connection, while days pass at the door.

Store, tally, outbox, publisher and mosquitto are the real ones; only the clock is the test's, and runs fast. Between the
publisher and the broker stands a relay that copies bytes and writes down when (by the gate's clock), which way and what.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gate.core.events import Health
from gate.core.types import AttemptId, Decision, Method, Reason
from gate.fleet.made_up import made_up_health
from gate.publish.link import BrokerSettings
from gate.publish.mqtt import Publisher
from gate.publishing import HEALTH_S
from tests.attack.compound import METHODS, Passages
from tests.attack.device import MONDAY

TICK_S = 30
"""How far the clock moves between two looks at the outbox: a gate looks each second."""
CLOSES_EVERY_S = 30
_TLS_HEAD = 5


@dataclass
class FastClock:
    """A wall clock and a monotonic one that the test moves."""

    at: datetime = MONDAY

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - MONDAY).total_seconds() + 1000.0


@dataclass(frozen=True, slots=True)
class Packet:
    """What the wire shows of one MQTT packet or TLS record. out: from the gate. kind: its first byte."""

    at: datetime
    out: bool
    kind: int
    size: int


@dataclass
class Wire:
    """Cuts the two byte streams of a connection into packets. encrypted: into TLS records instead."""

    clock: FastClock
    encrypted: bool
    packets: list[Packet] = field(default_factory=list)
    bytes_out: bytearray = field(default_factory=bytearray)
    _rest: dict[bool, bytes] = field(default_factory=lambda: {True: b"", False: b""})

    def take(self, data: bytes, *, out: bool) -> None:
        """Take what was read just now."""
        if out:
            self.bytes_out += data
        data = self._rest[out] + data
        while (size := self._size(data)) is not None and size <= len(data):
            self.packets.append(Packet(self.clock.at, out, data[0], size))
            data = data[size:]
        self._rest[out] = data

    def _size(self, data: bytes) -> int | None:
        if self.encrypted:
            return _TLS_HEAD + struct.unpack("!H", data[3:5])[0] if len(data) >= _TLS_HEAD else None
        length = 0
        for place, byte in enumerate(data[1:5]):
            length |= (byte & 0x7F) << 7 * place
            if not byte & 0x80:
                return 2 + place + length
        return None


@asynccontextmanager
async def tapped(broker: BrokerSettings, wire: Wire) -> AsyncIterator[BrokerSettings]:
    """Give settings that lead to *broker* through the tap."""
    tasks: set[asyncio.Task[None]] = set()

    async def copy(reader, writer, *, out: bool) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                wire.take(data, out=out)
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader, writer) -> None:
        tasks.add(asyncio.current_task())
        with suppress(asyncio.CancelledError):
            there, away = await asyncio.open_connection(broker.host, broker.port)
            await asyncio.gather(copy(reader, away, out=True), copy(there, writer, out=False))

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield replace(broker, port=server.sockets[0].getsockname()[1])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def decisions(
    days: Sequence[Passages], people: Sequence[str]
) -> Iterator[tuple[datetime, Decision, str | None]]:
    """Give what the gate decided, in order of time, without faces: a template would need a consent each."""
    for number, day in enumerate(days):
        start = MONDAY + timedelta(days=number)
        granted = [
            (at, METHODS[method], people[who])
            for at, who, method in zip(day.at, day.who, day.method, strict=True)
        ]
        refused = [(at, Method.CARD, None) for at in day.refused_at]
        for place, (at, method, who) in enumerate(sorted(granted + refused, key=lambda each: int(each[0]))):
            usual = Method.CARD if method is Method.FACE else method
            reason = Reason.UNKNOWN_CREDENTIAL if who is None else Reason.KNOWN_CREDENTIAL
            yield (
                start + timedelta(seconds=int(at)),
                Decision(
                    AttemptId(f"{number}-{place}"), granted=who is not None, method=usual, reason=reason
                ),
                who,
            )


async def live(store, broker: BrokerSettings, passing, wire: Wire, *, hours: int) -> None:
    """Let *hours* hours pass at a gate with *store*: passages come in, hours are closed, and everything is sent."""
    publisher = Publisher(broker, store.outbox, wire.clock, gate_id="north", pause=lambda _failures: 0.01)
    await publisher.start()
    try:
        await _until(lambda: publisher.connected)
        await _hours(store, publisher, passing, wire, hours)
    finally:
        await publisher.stop()


async def _hours(store, publisher, passing, wire, hours) -> None:
    clock, coming, began = wire.clock, next(passing, None), wire.clock.at
    for tick in range(hours * 3600 // TICK_S):
        clock.at = began + timedelta(seconds=tick * TICK_S)
        while coming is not None and coming[0] < clock.at + timedelta(seconds=TICK_S):
            at, decision, who = coming
            if at >= began:
                store.decisions.record(decision, at=at, who=who, clock_trusted=True)
            coming = next(passing, None)
        if tick * TICK_S % CLOSES_EVERY_S == 0:
            store.tally.close(clock.at)
        publisher.drain()
        await _until(lambda: not publisher.under_way)
        if tick * TICK_S % HEALTH_S == 0:
            before = len(wire.packets)
            publisher.publish_health(_health(clock))
            # A beat waits for no answer, so the clock waits for the beat.
            await _until(lambda: len(wire.packets) > before)  # noqa: B023 - asked before the next round


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - what a connection's thread does sets no event of ours
            await asyncio.sleep(0.0005)


def _health(clock: FastClock) -> Health:
    return made_up_health(clock.at, "0.1.0")

"""Whatever the broker does, a card opens as fast as without one (R46)."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import statistics
import threading
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest

from gate.core.alarms import Alarm
from gate.core.broker import BrokerState
from gate.core.events import Alarmed, Stream
from gate.core.phases import Idle
from gate.publish.link import BrokerSettings, TlsSettings
from gate.publish.mqtt import Publisher
from gate.store.upkeep.clock import TrustedClock
from tests import disks
from tests.brokers import HOST
from tests.publish.badbroker import BadBroker, connack, disconnect, packet, puback
from tests.publish.world import at_once, make_authority, ticking
from tests.service.world import CARD, world

ENTRIES = 8
WAITING = 400
SLACK_S = 0.05
"""What a busy machine adds to a median; a broker that held the door up would add a second and more."""


@dataclass
class Elsewhere:
    """A bad broker on a loop and thread of its own, as a real one is: its work is not the gate's."""

    broker: BadBroker
    shouts: bytes = b""
    _ready: threading.Event = field(default_factory=threading.Event)

    def __enter__(self):
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        assert self._ready.wait(5)
        return self.broker

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    async def _run(self):
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        async with self.broker.serving():
            self._ready.set()
            while not self._over.is_set():
                for line in self.broker._lines if self.shouts else ():
                    if not line.is_closing():
                        line.write(self.shouts)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._over.wait(), 0.05)


def silent(_published):
    return b""


def cut(published):
    return puback(published.mid) if published.is_presence else disconnect(0x97)


TROUBLE = {
    "takes the call and says nothing": lambda: Elsewhere(BadBroker(b"")),
    "refuses": lambda: Elsewhere(BadBroker(connack(0x87))),
    "acknowledges nothing": lambda: Elsewhere(BadBroker(answer=silent)),
    "refuses every message": lambda: Elsewhere(BadBroker(answer=lambda each: puback(each.mid, 0x97))),
    "ends every connection": lambda: Elsewhere(BadBroker(answer=cut)),
    "talks nonsense": lambda: Elsewhere(BadBroker(b"SSH-2.0-OpenSSH_9.2\r\n" * 20)),
    "shouts": lambda: Elsewhere(BadBroker(), shouts=packet(0x40, b"\x7f\xff\x00\x00") * 200),
}


@asynccontextmanager
async def publishing_from(gate, settings, waiting):
    """Publish from the gate's own store, with *waiting* alarms in the outbox."""
    for number in range(waiting):
        at = gate.clock.now().replace(microsecond=0)
        gate.store.outbox.alarm(Alarmed(Alarm.FORCED, began=number % 2 == 0, at=at))
    clock = TrustedClock(gate.clock, gate.store.clock)
    publisher = Publisher(settings, gate.store.outbox, clock, gate_id="north", pause=at_once)
    await publisher.start()
    async with ticking(publisher):  # a hundred times as often as the service does
        try:
            yield publisher
        finally:
            await publisher.stop(0.2)


async def waits_of(gate):
    """How long each of some entries took from card to answer, in seconds; the strike is asked before the answer is shown."""
    waits = []
    for _ in range(ENTRIES):
        await gate.until(lambda: isinstance(gate.service.gate.phase, Idle), "the gate to rest")
        start, began = len(gate.screen.views), time.perf_counter()
        gate.reader.present(CARD)
        assert (await gate.result(start)).granted
        waits.append(time.perf_counter() - began)
        gate.clock.leap(5.0)  # a reader that reads so often in a second is taken for a broken one
    return waits


async def compared(gate, settings, troubled, *, waiting=20):
    gate.add_resident()
    calm = await waits_of(gate)
    async with publishing_from(gate, settings, waiting) as publisher:
        await gate.until(lambda: troubled(publisher), "the trouble to begin")
        waits = await waits_of(gate)
    assert statistics.median(waits) < statistics.median(calm) + SLACK_S
    assert max(waits) < 1.0


@pytest.mark.alone
@pytest.mark.parametrize("kind", TROUBLE)
def test_a_card_opens_as_fast_while_the_broker_misbehaves(at_gate, kind):
    with TROUBLE[kind]() as broker:

        async def scenario(gate):
            await compared(gate, broker.settings, lambda _: broker.calls > 0)

        at_gate(scenario)


@pytest.mark.alone
def test_a_card_opens_as_fast_while_nobody_answers(at_gate):
    with socket.create_server((HOST, 0)) as probe:
        nobody = BrokerSettings(HOST, probe.getsockname()[1])

    async def scenario(gate):
        await compared(gate, nobody, lambda publisher: publisher.state is BrokerState.UNREACHABLE)

    at_gate(scenario)


@pytest.mark.alone
# paho leaves the socket of a failed handshake to the garbage collector, and Python warns of it.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_card_opens_as_fast_while_the_handshake_hangs_and_the_gate_ends_without_waiting_for_it(
    at_gate, tmp_path
):
    """The thread of the connection waits; nothing else does, not even the end of the process."""
    tls = TlsSettings(make_authority(tmp_path).ca_file)
    with socket.create_server(("localhost", 0)) as mute:
        hung = BrokerSettings("localhost", mute.getsockname()[1], tls=tls)

        async def scenario(gate):
            await compared(gate, hung, lambda publisher: publisher.state is BrokerState.CONNECTING)

        began = time.monotonic()
        at_gate(scenario)
        assert time.monotonic() - began < 8.0  # the handshake would take 10 s to be given up
    for thread in threading.enumerate():
        if thread.name == "broker":
            thread.join()
    gc.collect()


@pytest.mark.alone
def test_a_card_opens_as_fast_while_everything_waiting_is_sent(at_gate):
    with Elsewhere(BadBroker()) as broker:

        async def scenario(gate):
            await compared(gate, broker.settings, lambda publisher: publisher.connected, waiting=WAITING)
            assert 0 < gate.store.outbox.depth()[Stream.ALARMS] < WAITING

        at_gate(scenario)


@pytest.mark.fault("disk-full")
def test_on_a_full_disk_the_card_opens_and_what_waits_is_sent_in_order(tmp_path):
    """From the room that is kept back; what comes when that is used up too, tests/publish/test_mqtt.py shows."""

    async def scenario(folder, broker):
        async with world(folder) as gate:
            gate.add_resident()
            async with publishing_from(gate, broker.settings, 40):
                disks.fill(folder)
                gate.reader.present(CARD)
                assert (await gate.result()).granted
                await gate.until(lambda: gate.store.outbox.depth()[Stream.ALARMS] == 0, "all to be sent")
        arrived = [json.loads(each.payload) for each in broker.queued]
        once = {each["message_id"]: each["sequence"] for each in arrived}
        assert list(once.values()) == list(range(1, 41))

    with Elsewhere(BadBroker()) as broker, disks.small_disk(tmp_path / "disk") as folder:
        asyncio.run(scenario(folder, broker))

"""One connection after the other: what is told of it, how it ends, and that no fault of the network holds anyone up."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import threading
import time

import pytest

from gate.core.broker import BrokerState
from gate.errors import ConfigError
from gate.publish import link
from gate.publish.endings import STOPPED, of_error
from gate.publish.keeping import back_off
from gate.publish.link import BrokerSettings, Terms, TlsSettings
from gate.publish.mqtt import Publisher
from tests.brokers import HOST
from tests.publish.badbroker import KEEP_ALIVE, BadBroker, connack, packet
from tests.publish.world import GATE, MemoryOutbox, StillClock, at_once, publishing, until


def events(logs):
    return [(entry["event"], entry.get("state")) for entry in logs]


def test_each_kind_of_fault_is_told_once_while_the_broker_is_away(logs):
    async def scenario():
        broker = BadBroker(connack(0x87))
        async with broker.serving(), publishing(broker.settings, MemoryOutbox()) as publisher:
            await until(lambda: publisher.downs == 2)
            broker.greeting = connack(0x89)
            await until(lambda: publisher.state is BrokerState.BUSY)
            broker.greeting = connack(0x87)
            await until(lambda: publisher.state is BrokerState.BARRED)
            broker.greeting = connack()
            await until(lambda: publisher.connected)

    asyncio.run(scenario())
    assert events(logs) == [
        ("broker_down", BrokerState.BARRED),
        ("still_without_broker", BrokerState.BUSY),
        ("broker_up", None),
    ]


def test_a_name_that_leads_nowhere_is_told(authority, logs):
    async def scenario():
        nowhere = BrokerSettings("broker.invalid", 8883, tls=TlsSettings(authority.ca_file))
        async with publishing(nowhere, MemoryOutbox()) as publisher:
            await until(lambda: publisher.state is BrokerState.NAME_UNKNOWN)

    asyncio.run(scenario())
    assert "DNS" in logs[0]["remedy"]


# paho leaves the socket of a failed handshake to the garbage collector, and Python warns of it.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_thread_that_hangs_holds_neither_stop_nor_the_end_of_the_loop(authority):
    """As a name service can that does not answer; here it is a handshake, which takes 10 s to be given up."""
    with socket.create_server(("localhost", 0)) as mute:
        settings = BrokerSettings("localhost", mute.getsockname()[1], tls=TlsSettings(authority.ca_file))

        async def scenario():
            publisher = Publisher(settings, MemoryOutbox(), StillClock(), gate_id=GATE, pause=at_once)
            await publisher.start()
            line, _ = await asyncio.to_thread(mute.accept)
            await publisher.stop(0.2)
            return line

        began = time.monotonic()
        line = asyncio.run(scenario())
        assert time.monotonic() - began < 5.0
        line.close()
    for thread in threading.enumerate():
        if thread.name == "broker":
            thread.join()
    gc.collect()


def test_a_line_that_was_cut_in_silence_is_noticed_and_called_again():
    """Half-open TCP: no packet comes back and none is refused. The broker asks for a keep-alive of 1 s in place of 30."""

    async def scenario():
        broker = BadBroker(connack(0, KEEP_ALIVE + (1).to_bytes(2)), answers_pings=False)
        async with broker.serving(), publishing(broker.settings, MemoryOutbox()) as publisher:
            await until(lambda: publisher.state is BrokerState.SILENT)
            broker.answers_pings = True
            await until(lambda: publisher.connected)

    asyncio.run(scenario())


def test_a_gate_hangs_up_on_a_broker_that_shouts():
    async def scenario():
        broker = BadBroker()
        async with broker.serving(), publishing(broker.settings, MemoryOutbox()) as publisher:
            await until(lambda: publisher.connected)
            broker.say(packet(0x40, b"\x7f\xff\x00\x00") * 3 * link.LOUD)
            await until(lambda: publisher.state is BrokerState.SHOUTING)

    asyncio.run(scenario())


def test_a_carrier_of_another_kind_can_carry_the_connection():
    """As the fleet does, which holds a thousand; what it raises is a fault like any other."""

    async def carry(client, settings, *, on_up, stopping):
        raise ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")

    async def scenario():
        publisher = Publisher(
            BrokerSettings(HOST, 1), MemoryOutbox(), StillClock(), gate_id=GATE, pause=at_once, carry=carry
        )
        await publisher.start()
        await until(lambda: publisher.state is BrokerState.NO_TLS)
        await publisher.stop()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (ConfigError("broker-tls", "Gone.", remedy="Mend it."), BrokerState.OWN_FILES),
        (socket.gaierror(-2, "Name or service not known"), BrokerState.NAME_UNKNOWN),
        (TimeoutError("_ssl.c:989: The handshake operation timed out"), BrokerState.SILENT),
        (TimeoutError("timed out"), BrokerState.UNREACHABLE),
        (ConnectionRefusedError(111, "Connection refused"), BrokerState.UNREACHABLE),
        (ssl.SSLError(1, "[SSL] tlsv1 alert unknown ca"), BrokerState.OWN_CERTIFICATE),
        (IndexError("bytearray index out of range"), BrokerState.NONSENSE),
    ],
)
def test_every_error_of_a_connection_has_its_word(error, state):
    assert of_error(error).state is state


def test_the_reason_of_an_ending_is_bounded():
    assert len(of_error(OSError("x" * 5000)).reason) <= 200


def test_what_the_gate_ends_itself_is_told_as_nothing_else():
    assert STOPPED.reason == "stopped"


def test_terms_without_a_certificate_are_never_over():
    assert not Terms(16, None, None).are_over
    assert Terms(16, None, time.time() - 1).are_over


@pytest.mark.parametrize("failures", [1, 5, 6, 7, 10_000])
def test_the_back_off_grows_to_a_minute_and_is_spread(failures):
    waits = [back_off(failures) for _ in range(200)]
    longest = min(60.0, 2.0 ** min(failures, 6))
    assert longest / 4 <= min(waits) < longest / 2 < max(waits) <= longest

"""A connection on the loop behaves as one in a thread does, and there may be many (issue 6)."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import resource
import socket
import ssl
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.fleet.made_up import FastClock, MadeUpOutbox
from gate.fleet.own_broker import OwnBroker
from gate.publish import link
from gate.publish.evented import on_the_loop
from gate.publish.mqtt import Publisher
from tests.brokers import require_mosquitto
from tests.fleet.world import consuming, denials, packets, send, until
from tests.publish.badbroker import connack, publish
from tests.publish.world import make_authority

START = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def broker(tmp_path):
    """The fleet's own: TLS, an account for each."""
    require_mosquitto()
    own = OwnBroker(tmp_path, ["north"])
    own.start()
    yield own
    own.stop()


def descriptors():
    gc.collect()  # what earlier tests left to it
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_publisher_empties_its_outbox_over_it_and_survives_a_restart_of_the_broker(broker, tmp_path):
    async def scenario():
        async with consuming(broker.estate.receiver, tmp_path / "journal.sqlite3", group=None):
            pass  # from here on somebody listens, and is away
        clock = FastClock(START)
        outbox = MadeUpOutbox(clock, random.Random(1))
        publisher = Publisher(broker.estate.gates["north"], outbox, clock, gate_id="north", carry=on_the_loop)
        await publisher.start()
        await until(lambda: publisher.connected)
        for _ in range(2):
            clock.leap(timedelta(hours=3))
            await until(lambda: publisher.drain() or (outbox.made > 0 and not outbox.waiting(clock.now())))
            await asyncio.to_thread(broker.stop)
            await until(lambda: not publisher.connected)
            await asyncio.to_thread(broker.start)
            await until(lambda: publisher.connected)
        await publisher.stop()
        assert outbox.made >= 4

    asyncio.run(scenario())


def test_what_a_callback_raises_is_raised_to_the_caller_and_leaves_no_descriptor(broker):
    async def scenario():
        def on_up(_client, _granted):
            raise LookupError("on purpose")

        client = link.new_client(broker.estate.gates["north"], "north")
        with pytest.raises(LookupError):
            await on_the_loop(client, broker.estate.gates["north"], on_up=on_up, stopping=lambda: False)
        return descriptors()

    before = descriptors()
    asyncio.run(scenario())
    assert descriptors() == before


def test_a_call_that_is_given_up_while_it_connects_leaves_no_descriptor(broker):
    async def scenario():
        settings = broker.estate.gates["north"]
        serving = asyncio.create_task(
            on_the_loop(
                link.new_client(settings, "north"), settings, on_up=lambda *_: None, stopping=lambda: False
            )
        )
        await asyncio.sleep(0)  # it has begun, and the thread is under way
        await asyncio.sleep(0)
        serving.cancel()
        await asyncio.wait({serving})

    before = descriptors()
    asyncio.run(scenario())
    assert descriptors() == before


def test_a_broker_that_hangs_up_ends_it_with_a_reason(broker):
    async def scenario():
        settings = broker.estate.gates["north"]
        up = asyncio.Event()
        serving = asyncio.create_task(
            on_the_loop(
                link.new_client(settings, "north"),
                settings,
                on_up=lambda _client, _granted: up.set(),
                stopping=lambda: False,
            )
        )
        waiting = asyncio.create_task(up.wait())
        await asyncio.wait({serving, waiting}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        assert waiting.done(), serving
        await asyncio.to_thread(broker.stop)
        return await asyncio.wait_for(serving, 10)

    assert asyncio.run(scenario()).reason


def test_a_wrong_password_is_told_as_the_broker_words_it(broker):
    async def scenario():
        settings = link.BrokerSettings(
            "localhost", broker.estate.receiver.port, "north", "wrong", broker.estate.receiver.tls
        )
        return await on_the_loop(
            link.new_client(settings, "north"), settings, on_up=lambda *_: None, stopping=lambda: False
        )

    assert asyncio.run(scenario()).state == "barred"  # mosquitto says no more


def test_it_works_with_descriptors_that_select_does_not_know(broker):
    """paho's own loop ends at 1,023."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < 1_400:
        pytest.skip("this account may not open so many files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(now, 1_400), most))
    with ExitStack() as stack:
        for _ in range(1_100):
            stack.callback(os.close, os.open(os.devnull, os.O_RDONLY))
        assert asyncio.run(send(broker.estate.gates["north"], packets(denials(1)))) == [
            0x10
        ]  # nobody listens
    resource.setrlimit(resource.RLIMIT_NOFILE, (now, most))


def test_packets_that_share_one_record_of_tls_are_all_read(tmp_path):
    """The second lies decrypted in the library, where no selector sees it."""
    authority = make_authority(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.cert_file, authority.key_file)

    async def serve(reader, writer):
        await reader.read(100)
        writer.write(connack() + b"".join(publish("topic", bytes([number])) for number in range(5)))

    async def scenario():
        server = await asyncio.start_server(serve, "localhost", 0, ssl=context, family=socket.AF_INET)
        port = server.sockets[0].getsockname()[1]
        settings = link.BrokerSettings("localhost", port, tls=link.TlsSettings(authority.ca_file))
        heard = []
        client = link.new_client(settings, "north")
        client.on_message = lambda _client, _data, packet: heard.append(packet.payload)
        serving = asyncio.create_task(
            on_the_loop(client, settings, on_up=lambda *_: None, stopping=lambda: len(heard) == 5)
        )
        await until(lambda: len(heard) == 5)
        await serving
        server.close()
        return heard

    assert asyncio.run(scenario()) == [bytes([number]) for number in range(5)]

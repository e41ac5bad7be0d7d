"""The publisher against real brokers: at least once on the wire, once by message id, and never in anyone's way."""

from __future__ import annotations

import asyncio
import dataclasses
import sys

import pytest

from gate.core.broker import BrokerState
from gate.fleet.made_up import made_up_health
from gate.publish.link import BrokerSettings
from gate.publish.listen import Listener
from gate.publish.messages import AccessCountsMessage, HealthMessage, PresenceMessage, queued_message
from gate.publish.mqtt import Publisher
from tests.brokers import HOST, PASSWORD, USER, free_port, mosquitto_on, running
from tests.publish.world import GATE, NOW, MemoryOutbox, StillClock, ids, publishing, ticking, until

HEALTHY = made_up_health(NOW, "0.1.0")


def counts_of(listener):
    return [r.message.message_id for r in listener.received if isinstance(r.message, AccessCountsMessage)]


def states_of(listener):
    return [r.message.state for r in listener.received if isinstance(r.message, PresenceMessage)]


def broker_events(logs):
    return [entry["event"] for entry in logs if entry["event"].startswith("broker_")]


def test_pending_windows_arrive_once_oldest_first_and_are_marked_sent(broker):
    async def scenario():
        outbox = MemoryOutbox()
        outbox.add(*range(40))
        async with Listener(broker, GATE) as listener, publishing(broker, outbox) as publisher:
            async with ticking(publisher):
                await until(lambda: len(outbox.sent) == 40)
            await until(lambda: len(counts_of(listener)) == 40)
        assert counts_of(listener) == outbox.sent == ids(*range(40))
        assert [r.message for r in listener.received if "counts" in r.topic] == [
            queued_message(row) for row in outbox.rows
        ]

    asyncio.run(scenario())


def test_everything_expires_and_nothing_is_retained(broker):
    async def scenario():
        outbox = MemoryOutbox()
        outbox.add(1)
        async with Listener(broker, GATE) as listener:
            async with publishing(broker, outbox) as publisher:
                await until(lambda: publisher.connected)
                publisher.publish_health(HEALTHY)
                publisher.drain()
                await until(lambda: len(listener.received) == 3)
            await until(lambda: states_of(listener) == ["online", "offline"])
        expiry = {type(r.message): r.expiry_s for r in listener.received}
        assert expiry == {AccessCountsMessage: 604_800, HealthMessage: 600, PresenceMessage: 600}
        assert not any(r.retained for r in listener.received)
        async with (
            Listener(broker, GATE) as late,
            publishing(broker, MemoryOutbox(), gate_id="other") as other,
        ):
            await until(lambda: other.connected)
            assert late.received == []

    asyncio.run(scenario())


def test_birth_and_farewell_frame_the_connection(broker):
    async def scenario():
        async with Listener(broker, GATE) as listener:
            async with publishing(broker, MemoryOutbox()):
                await listener.next()
            await listener.next()
        assert states_of(listener) == ["online", "offline"]
        assert len({r.message.message_id for r in listener.received}) == 2

    asyncio.run(scenario())


KILLED = """
import asyncio, sys
from gate.publish.link import BrokerSettings
from tests.publish.badbroker import BadBroker, accept, puback
from tests.publish.world import GATE, MemoryOutbox, publishing

async def forever():
    host, port, user, password = sys.argv[1:]
    async with publishing(BrokerSettings(host, int(port), user, password), MemoryOutbox()):
        await asyncio.Event().wait()

asyncio.run(forever())
"""


def test_a_killed_gate_is_reported_offline_by_its_last_will(broker):
    async def scenario():
        async with Listener(broker, GATE) as listener:
            argv = [broker.host, str(broker.port), broker.username, broker.password]
            gate = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, *argv)
            await listener.next(60)  # it imports the gate first
            gate.kill()
            will = await listener.next(60)
            await gate.wait()
        assert states_of(listener) == ["online", "offline"]
        assert will.expiry_s == 600
        assert not will.retained

    asyncio.run(scenario())


def test_stopping_sends_what_is_pending(broker):
    async def scenario():
        outbox = MemoryOutbox()
        outbox.add(1, 2)
        async with Listener(broker, GATE), publishing(broker, outbox) as publisher:
            await until(lambda: publisher.connected)
        assert outbox.sent == ids(1, 2)

    asyncio.run(scenario())


def test_a_wrong_password_is_told_once_and_loses_nothing(broker, logs):
    async def scenario():
        outbox = MemoryOutbox()
        outbox.add(1)
        wrong = dataclasses.replace(broker, password="hunter2")
        async with publishing(wrong, outbox) as publisher, ticking(publisher):
            await until(lambda: broker_events(logs) != [])
            publisher.publish_health(HEALTHY)
        assert (outbox.sent, outbox.asked) == ([], 0)

    asyncio.run(scenario())
    assert broker_events(logs) == ["broker_down"]
    assert "hunter2" not in str(logs)


def test_a_malformed_window_is_dropped_and_told_and_the_next_goes_out(broker, logs):
    async def scenario():
        outbox = MemoryOutbox()
        outbox.add(1, 2)
        outbox.rows[0] = dataclasses.replace(outbox.rows[0], message_id="resident 1203")
        async with (
            Listener(broker, GATE) as listener,
            publishing(broker, outbox) as publisher,
            ticking(publisher),
        ):
            await until(lambda: counts_of(listener) == ids(2))
        assert outbox.sent == ["resident 1203", *ids(2)]

    asyncio.run(scenario())
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["message_dropped"]
    assert "1203" not in str(logs)


def test_a_window_acknowledged_but_not_marked_goes_out_again_under_the_same_id(broker, logs):
    async def scenario():
        outbox = MemoryOutbox(broken=True)
        outbox.add(7)
        async with Listener(broker, GATE) as listener:
            clock = StillClock()
            async with publishing(broker, outbox, clock) as publisher, ticking(publisher):
                await until(lambda: "outbox_not_marked" in [entry["event"] for entry in logs])
                await until(lambda: counts_of(listener) == ids(7))
                assert (outbox.sent, outbox.asked) == ([], 1)
                outbox.broken = False
                clock.seconds += 60
                await until(lambda: outbox.sent == ids(7))
            await until(lambda: counts_of(listener) == ids(7, 7))

    asyncio.run(scenario())


def test_a_gate_that_died_before_marking_sends_again_under_the_same_id(broker):
    async def scenario():
        outbox = MemoryOutbox(broken=True)
        outbox.add(7)
        async with Listener(broker, GATE) as listener:
            async with publishing(broker, outbox) as dying, ticking(dying):
                await until(lambda: counts_of(listener) == ids(7))
            outbox.broken = False
            async with publishing(broker, outbox) as reborn, ticking(reborn):
                await until(lambda: outbox.sent == ids(7))
            await until(lambda: counts_of(listener) == ids(7, 7))

    asyncio.run(scenario())


def test_an_unreadable_outbox_is_told_once_rests_a_minute_and_does_not_keep_the_gate_from_hanging_up(
    broker, logs
):
    async def scenario():
        outbox, clock = MemoryOutbox(unreadable=True), StillClock()
        outbox.add(1)
        async with Listener(broker, GATE) as listener:
            async with publishing(broker, outbox, clock) as publisher, ticking(publisher):
                await until(lambda: publisher.state is BrokerState.OUTBOX)
                clock.seconds += 60
                await until(lambda: outbox.asked == 2)
                outbox.unreadable = False
                clock.seconds += 60
                await until(lambda: publisher.state is BrokerState.CONNECTED)
                outbox.unreadable = True
            await until(lambda: states_of(listener) == ["online", "offline"])
            assert counts_of(listener) == ids(1)

    asyncio.run(scenario())
    assert [entry["event"] for entry in logs].count("outbox_unreadable") == 2  # it broke twice


def test_a_silent_broker_holds_nobody_up():
    async def scenario():
        called = asyncio.Event()

        async def say_nothing(reader, writer):
            called.set()
            await reader.read()
            writer.close()

        outbox = MemoryOutbox()
        outbox.add(1)
        async with await asyncio.start_server(say_nothing, HOST, 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with publishing(BrokerSettings(HOST, port), outbox) as publisher:
                await asyncio.wait_for(called.wait(), 30)
                publisher.drain()
                publisher.publish_health(HEALTHY)
                assert not publisher.connected
        assert (outbox.asked, outbox.sent) == (0, [])

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "nonsense", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x20\xff\xff\xff\xff\xff", b"\x20\x00"]
)
def test_a_broker_that_talks_nonsense_is_called_again_and_told_once(nonsense, logs):
    async def scenario():
        calls = 0

        async def babble(reader, writer):
            nonlocal calls
            calls += 1
            writer.write(nonsense)
            writer.close()

        async with await asyncio.start_server(babble, HOST, 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with publishing(BrokerSettings(HOST, port), MemoryOutbox()):
                await until(lambda: calls == 2)

    asyncio.run(scenario())
    assert broker_events(logs) == ["broker_down"]


def test_the_log_holds_no_secret_no_payload_and_only_known_keys(broker, logs):
    async def scenario():
        outbox = MemoryOutbox()
        outbox.add(1)
        async with publishing(broker, outbox) as publisher:
            await until(lambda: publisher.connected)
            publisher.publish_health(HEALTHY)

    asyncio.run(scenario())
    assert {key for entry in logs for key in entry} <= {
        "event",
        "log_level",
        "reason",
        "topic",
        "code",
        "what",
        "state",
        "remedy",
    }
    assert broker.password not in str(logs)
    assert ids(1)[0] not in str(logs)


def test_stopping_what_never_started_is_no_error():
    asyncio.run(Publisher(BrokerSettings(HOST, 1), MemoryOutbox(), StillClock(), gate_id=GATE).stop())


def test_the_client_id_is_the_gate_alone(tmp_path):
    port = free_port()
    mosquitto = mosquitto_on(tmp_path, port, extra="connection_messages true")

    async def scenario():
        settings = BrokerSettings(HOST, port, username=USER, password=PASSWORD)
        async with publishing(settings, MemoryOutbox()) as publisher:
            await until(lambda: publisher.connected)

    with running(mosquitto):
        asyncio.run(scenario())
    assert f" as {GATE} (p5, c1, k30, u'{USER}')" in mosquitto.said


def test_a_service_that_is_cancelled_leaves_no_connection_behind(broker):
    async def cancelled():
        publisher = Publisher(broker, MemoryOutbox(), StillClock(), gate_id=GATE)
        await publisher.start()
        await until(lambda: publisher.connected)

    asyncio.run(cancelled())  # would never return: asyncio.run waits for every worker thread

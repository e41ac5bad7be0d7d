"""Brokers that refuse, forget, shout or lie: every stream stays in order, and what is wrong is told in one word (R46)."""

from __future__ import annotations

import asyncio
import json
import socket

import pytest

from gate.core.broker import BrokerState, ended_by
from gate.publish.link import BrokerSettings
from gate.publish.mqtt import ACKNOWLEDGE_S, REST_S
from tests.brokers import HOST
from tests.publish.badbroker import (
    MAXIMUM_PACKET,
    RECEIVE_MAXIMUM,
    BadBroker,
    accept,
    connack,
    disconnect,
    packet,
    puback,
    publish,
)
from tests.publish.world import GATE, MemoryOutbox, StillClock, ids, publishing, ticking, until

NOT_AUTHORISED, QUOTA = 0x87, 0x97


def ids_of(published):
    return [json.loads(each.payload)["message_id"] for each in published]


def events(logs):
    return [entry["event"] for entry in logs]


def say_nothing(_published):
    return b""


def ignore(_heard):
    pass


@pytest.mark.parametrize(
    "code",
    [0x80, 0x82, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x9B, 0x9C, 0x9D, 0x9F],
)
def test_a_connection_that_is_refused_is_told_with_its_remedy_r45(code, logs):
    async def scenario():
        outbox = MemoryOutbox()
        outbox.add(1)
        async with (
            BadBroker(connack(code)).serving() as broker,
            publishing(broker.settings, outbox) as publisher,
            ticking(publisher),
        ):
            await until(lambda: publisher.state is not BrokerState.CONNECTING)
            assert (publisher.state, publisher.connected) == (ended_by(code), False)
        assert outbox.asked == 0

    asyncio.run(scenario())
    assert [(entry["event"], entry["state"]) for entry in logs] == [("broker_down", ended_by(code))]
    assert logs[0]["remedy"]


@pytest.mark.parametrize("code", [0x8B, 0x8D, 0x8E, 0x93, 0x95, 0x96, 0x97, 0x98, 0x9C, 0x9D, 0xA0])
def test_a_broker_that_ends_the_connection_is_called_again_and_gets_what_it_did_not_acknowledge(code, logs):
    async def scenario():
        outbox = MemoryOutbox()
        outbox.add(1)
        broker = BadBroker(answer=lambda each: puback(each.mid) if each.is_presence else disconnect(code))
        async with (
            broker.serving(),
            publishing(broker.settings, outbox) as publisher,
            ticking(publisher),
        ):
            await until(lambda: publisher.state is ended_by(code))
            assert outbox.sent == []
            broker.answer = accept
            await until(lambda: outbox.sent == ids(1))
        assert ids_of(broker.queued) == ids(1, 1)

    asyncio.run(scenario())
    assert "broker_down" in events(logs)


def test_a_moved_broker_is_not_followed_r41(logs):
    async def scenario():
        async with BadBroker().serving() as stranger, BadBroker().serving() as broker:
            reference = f"{HOST}:{stranger.port}".encode()
            broker.greeting = connack(0x9D, b"\x1c" + len(reference).to_bytes(2) + reference)
            async with publishing(broker.settings, MemoryOutbox()) as publisher:
                await until(lambda: broker.calls == 2)
                assert publisher.state is BrokerState.MOVED
            assert stranger.calls == 0

    asyncio.run(scenario())


def test_a_refusal_holds_its_stream_in_order_and_no_other():
    async def scenario():
        outbox, clock = MemoryOutbox(), StillClock()
        outbox.add(1, 2, 3)
        outbox.alarm(11, 12)

        def refuse_counts(each):
            return puback(each.mid, QUOTA if "counts" in each.topic else 0)

        broker = BadBroker(answer=refuse_counts)
        async with (
            broker.serving(),
            publishing(broker.settings, outbox, clock) as publisher,
            ticking(publisher),
        ):
            await until(lambda: outbox.sent == ids(11, 12))
            await until(lambda: publisher.state is BrokerState.OVER_QUOTA)
            broker.answer = accept
            clock.seconds += REST_S
            await until(lambda: outbox.sent == ids(11, 12, 1, 2, 3))
            assert publisher.state is BrokerState.CONNECTED
        counts = [each for each in broker.queued if "counts" in each.topic]
        assert ids_of(counts) == ids(1, 1, 2, 3)

    asyncio.run(scenario())


def test_the_next_message_of_a_stream_waits_for_the_acknowledgement_of_the_one_before():
    async def scenario():
        outbox = MemoryOutbox()
        outbox.add(1, 2)
        outbox.alarm(11, 12)
        broker = BadBroker(answer=lambda each: puback(each.mid) if each.is_presence else b"")
        async with (
            broker.serving(),
            publishing(broker.settings, outbox) as publisher,
            ticking(publisher),
        ):
            await until(lambda: len(broker.queued) == 2)
            assert ids_of(broker.queued) == ids(11, 1)
            broker.say(puback(broker.queued[1].mid))
            await until(lambda: len(broker.queued) == 3)
            assert ids_of(broker.queued) == ids(11, 1, 2)
            assert outbox.sent == ids(1)

    asyncio.run(scenario())


def test_a_connection_lost_in_the_middle_repeats_one_message_a_stream_and_skips_none():
    async def scenario():
        outbox = MemoryOutbox()
        outbox.add(*range(1, 31))
        broker = BadBroker()

        def cut_after_seven(each):
            if each.is_presence or len(broker.queued) % 7:
                return puback(each.mid)
            broker.hang_up()
            return b""

        broker.answer = cut_after_seven
        async with (
            broker.serving(),
            publishing(broker.settings, outbox) as publisher,
            ticking(publisher),
        ):
            await until(lambda: outbox.sent == ids(*range(1, 31)))
        arrived = ids_of(broker.queued)
        assert list(dict.fromkeys(arrived)) == ids(*range(1, 31))
        assert len(arrived) == 30 + publisher.downs

    asyncio.run(scenario())


@pytest.mark.parametrize("most", [1, 2])
def test_no_more_is_under_way_than_the_broker_takes(most):
    async def scenario():
        outbox = MemoryOutbox()
        outbox.add(*range(1, 6))
        outbox.alarm(*range(11, 16))
        waiting = []

        def hold(each):
            waiting.append(each)
            return b""

        broker = BadBroker(connack(0, RECEIVE_MAXIMUM + most.to_bytes(2)), answer=hold)
        async with (
            broker.serving(),
            publishing(broker.settings, outbox) as publisher,
            ticking(publisher),
        ):
            while len(outbox.sent) < 10:
                await until(lambda: waiting or len(outbox.sent) == 10)
                assert len(waiting) <= most
                if waiting:
                    broker.say(puback(waiting.pop(0).mid))
        assert outbox.sent[:2] == (ids(11, 12) if most == 1 else ids(11, 1))

    asyncio.run(scenario())


def test_a_broker_that_takes_no_packet_so_large_keeps_the_messages_here(logs):
    async def scenario():
        outbox = MemoryOutbox()
        outbox.add(1)
        broker = BadBroker(connack(0, MAXIMUM_PACKET + (512).to_bytes(4)))
        async with (
            broker.serving(),
            publishing(broker.settings, outbox) as publisher,
            ticking(publisher),
        ):
            await until(lambda: publisher.state is BrokerState.TOO_LARGE)
        assert (broker.got, outbox.sent) == ([], [])

    asyncio.run(scenario())
    assert "4096" in next(entry["remedy"] for entry in logs if entry["event"] == "publish_refused")


def test_a_broker_that_never_acknowledges_is_given_up_and_called_afresh(logs):
    async def scenario():
        outbox, clock = MemoryOutbox(), StillClock()
        outbox.add(1)
        broker = BadBroker(answer=say_nothing)
        async with (
            broker.serving(),
            publishing(broker.settings, outbox, clock) as publisher,
            ticking(publisher),
        ):
            await until(lambda: len(broker.queued) == 1)
            clock.seconds += ACKNOWLEDGE_S + 1
            await until(lambda: publisher.state is BrokerState.SILENT)
            broker.answer = accept
            await until(lambda: outbox.sent == ids(1))

    asyncio.run(scenario())
    assert events(logs) == ["broker_up", "broker_down", "broker_up"]


def test_acknowledgements_of_what_was_never_sent_change_nothing(logs):
    async def scenario():
        outbox = MemoryOutbox()
        outbox.add(1, 2)

        def lie(each):
            return b"".join(puback(mid) for mid in range(each.mid + 1, each.mid + 40)) + puback(each.mid) * 3

        broker = BadBroker(answer=lie)
        async with (
            broker.serving(),
            publishing(broker.settings, outbox) as publisher,
            ticking(publisher),
        ):
            await until(lambda: outbox.sent == ids(1, 2))
            assert ids_of(broker.queued) == ids(1, 2)

    asyncio.run(scenario())
    assert events(logs) == ["broker_up"]


NONSENSE = {
    "text": b"HTTP/1.1 400 Bad Request\r\n\r\n" + b"<p>Bad" * 100,
    "an endless length": b"\x30\xff\xff\xff\xff\xff",
    "a packet of 256 MB": b"\x30\xff\xff\xff\x7f" + bytes(100),
    "a kind that is none": b"\xf0\x00",
    "an acknowledgement without number": packet(0x40, b""),
    "a reason that is none": packet(0x40, b"\x00\x01\x7b\x00"),
    "a subscription's answer to nothing": packet(0x90, b"\x00\x01\x00\x00"),
    "a topic that is no text": packet(0x30, b"\x00\x02\xff\xfe\x00x"),
    "a property that is none": packet(0x30, b"\x00\x01a\x02\x7f\x00x"),
    "a second greeting": connack(),
}


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_on_a_connection_that_stands_loses_nothing_and_the_gate_goes_on(nonsense):
    async def scenario():
        outbox = MemoryOutbox()
        broker = BadBroker()
        async with (
            broker.serving(),
            publishing(broker.settings, outbox) as publisher,
            ticking(publisher),
        ):
            await until(lambda: publisher.connected)
            broker.say(NONSENSE[nonsense])
            outbox.add(1, 2)
            await until(lambda: outbox.sent == ids(1, 2))

    asyncio.run(scenario())


def test_a_connection_that_breaks_off_in_the_middle_of_a_packet_is_called_again():
    async def scenario():
        outbox = MemoryOutbox()
        outbox.add(1)
        broker = BadBroker(answer=lambda each: puback(each.mid) if each.is_presence else b"\x40\x04\x00")
        async with (
            broker.serving(),
            publishing(broker.settings, outbox) as publisher,
            ticking(publisher),
        ):
            await until(lambda: len(broker.queued) == 1)
            broker.answer = accept
            broker.hang_up()
            await until(lambda: outbox.sent == ids(1))

    asyncio.run(scenario())


def test_what_is_heard_comes_with_its_flags_and_a_broker_that_shouts_is_not_heeded(logs):
    async def scenario():
        heard = []
        broker = BadBroker()
        async with (
            broker.serving(),
            publishing(
                broker.settings, MemoryOutbox(), listen={f"gate/{GATE}/command": heard.append}
            ) as publisher,
        ):
            await until(lambda: publisher.hears)
            broker.say(publish(f"gate/{GATE}/command", b"one", retain=True))
            broker.say(publish("gate/other/command", b"not for us"))
            broker.say(publish(f"gate/{GATE}/command", bytes(5000)))
            await until(lambda: heard != [])
            for _ in range(1000):
                broker.say(publish(f"gate/{GATE}/command", b"again"))
            await until(lambda: "heard_too_much" in events(logs) and len(heard) == 16)
        assert [(each.payload, each.retained) for each in heard[:2]] == [(b"one", True), (b"again", False)]
        # QoS 1, no local, retain as published, nothing that was retained before.
        assert broker.subscribed[0].endswith(b"/command" + bytes([0b00101101]))

    asyncio.run(scenario())
    assert events(logs).count("heard_too_much") == 1


def test_a_subscription_that_is_refused_is_told_and_what_leaves_goes_on(logs):
    async def scenario():
        outbox = MemoryOutbox()
        outbox.add(1)
        broker = BadBroker(granted=bytes([NOT_AUTHORISED]))
        async with (
            broker.serving(),
            publishing(broker.settings, outbox, listen={f"gate/{GATE}/command": ignore}) as publisher,
            ticking(publisher),
        ):
            await until(lambda: publisher.state is BrokerState.TOPIC_REFUSED)
            await until(lambda: outbox.sent == ids(1))
            assert not publisher.hears

    asyncio.run(scenario())
    assert events(logs) == ["broker_up", "publish_refused"]


def test_a_taker_that_fails_ends_nothing(logs):
    async def scenario():
        def fail(heard):
            raise ZeroDivisionError

        broker = BadBroker()
        async with (
            broker.serving(),
            publishing(broker.settings, MemoryOutbox(), listen={f"gate/{GATE}/command": fail}) as publisher,
        ):
            await until(lambda: broker.subscribed != [])
            broker.say(publish(f"gate/{GATE}/command", b"one"))
            await until(lambda: "heard_failed" in events(logs))
            assert publisher.connected

    asyncio.run(scenario())


def test_nothing_that_listens_is_told(logs):
    async def scenario():
        with socket.create_server((HOST, 0)) as probe:
            port = probe.getsockname()[1]
        async with publishing(BrokerSettings(HOST, port), MemoryOutbox()) as publisher:
            await until(lambda: publisher.state is BrokerState.UNREACHABLE)

    asyncio.run(scenario())
    assert events(logs) == ["broker_down"]

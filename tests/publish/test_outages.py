"""A broker that comes late, dies, refuses or has nobody to tell: nothing is lost, and each is told once (R46)."""

from __future__ import annotations

import asyncio

from gate.core.broker import COUNSEL, BrokerState
from gate.publish.link import BrokerSettings
from gate.publish.listen import Listener
from gate.publish.messages import HealthMessage
from tests.brokers import HOST, PASSWORD, USER, free_port, mosquitto_on, running
from tests.publish.badbroker import BadBroker, accept, puback
from tests.publish.test_mqtt import HEALTHY, broker_events, counts_of
from tests.publish.world import GATE, MemoryOutbox, StillClock, ids, publishing, ticking, until


def test_a_broker_that_comes_up_late_gets_everything_but_stale_health(tmp_path, logs):
    async def scenario():
        port = free_port()
        settings = BrokerSettings(HOST, port, username=USER, password=PASSWORD)
        outbox = MemoryOutbox()
        outbox.add(1, 2, 3)
        mosquitto = mosquitto_on(tmp_path, port)
        async with publishing(settings, outbox) as publisher:
            await until(lambda: broker_events(logs) == ["broker_down"])
            publisher.publish_health(HEALTHY)
            publisher.drain()
            assert outbox.asked == 0
            with running(mosquitto):
                async with Listener(settings, GATE) as listener, ticking(publisher):
                    await until(lambda: outbox.sent == ids(1, 2, 3))
                    await until(lambda: counts_of(listener) == ids(1, 2, 3))
                await publisher.stop()
        assert not any(isinstance(r.message, HealthMessage) for r in listener.received)

    asyncio.run(scenario())
    assert broker_events(logs) == ["broker_down", "broker_up"]


def test_a_broker_that_dies_in_the_middle_loses_nothing_and_nothing_is_marked_before_its_word(tmp_path, logs):
    async def scenario():
        port = free_port()
        settings = BrokerSettings(HOST, port, username=USER, password=PASSWORD)
        outbox = MemoryOutbox()
        mosquitto = mosquitto_on(tmp_path, port)
        async with publishing(settings, outbox) as publisher:
            with running(mosquitto):
                async with Listener(settings, GATE), ticking(publisher):
                    outbox.add(1)
                    await until(lambda: outbox.sent == ids(1))
                    mosquitto.freeze()  # the socket still takes bytes, so the windows leave, unacknowledged
                    outbox.add(*range(2, 42))
                    await until(lambda: publisher.under_way == 1)
                    publisher.publish_health(HEALTHY)
            await until(lambda: not publisher.connected)
            assert outbox.sent == ids(1)
            with running(mosquitto):
                await until(lambda: publisher.connected)
                async with Listener(settings, GATE) as listener, ticking(publisher):
                    await until(lambda: outbox.sent == ids(*range(1, 42)))
                    await until(lambda: counts_of(listener) == ids(*range(2, 42)))
                await publisher.stop()

    asyncio.run(scenario())
    assert broker_events(logs) == ["broker_up", "broker_down", "broker_up"]


def test_a_refused_topic_keeps_the_windows_rests_a_minute_and_is_told_once(tmp_path, logs):
    acl = tmp_path / "acl"
    acl.write_text(f"user {USER}\ntopic write gate/{GATE}/health\n", encoding="ascii")
    port, clock, outbox = free_port(), StillClock(), MemoryOutbox()
    settings = BrokerSettings(HOST, port, username=USER, password=PASSWORD)

    async def scenario():
        outbox.add(1)
        async with publishing(settings, outbox, clock) as publisher:
            await until(lambda: publisher.connected)
            for _attempt in range(2):
                publisher.drain()
                assert publisher.under_way > 0
                await until(lambda: publisher.under_way == 0)
                publisher.drain()
                assert publisher.under_way == 0
                clock.seconds += 60
        assert outbox.sent == []

    with running(mosquitto_on(tmp_path, port, extra=f"acl_file {acl}")):
        asyncio.run(scenario())
    refused = [entry for entry in logs if entry["event"] == "publish_refused"]
    assert refused == [
        {
            "event": "publish_refused",
            "log_level": "warning",
            "topic": f"gate/{GATE}/access-counts",
            "state": BrokerState.TOPIC_REFUSED,
            "reason": "Not authorized",
            "remedy": COUNSEL[BrokerState.TOPIC_REFUSED].remedy,
        }
    ]


def test_what_nobody_has_subscribed_to_waits_here_until_somebody_has(tmp_path, logs):
    """The broker drops such a message, says so, and calls it accepted."""

    async def scenario():
        port, clock, outbox = free_port(), StillClock(), MemoryOutbox()
        settings = BrokerSettings(HOST, port, username=USER, password=PASSWORD)
        outbox.add(1, 2)
        with running(mosquitto_on(tmp_path, port)):
            async with publishing(settings, outbox, clock) as publisher, ticking(publisher):
                await until(lambda: publisher.state is BrokerState.UNHEARD)
                clock.seconds += 60
                await until(lambda: outbox.asked > 2 and publisher.under_way == 0)
                assert outbox.sent == []
                async with Listener(settings, GATE) as listener:
                    clock.seconds += 60
                    await until(lambda: counts_of(listener) == ids(1, 2))
                    await until(lambda: publisher.state is BrokerState.CONNECTED)
        assert outbox.sent == ids(1, 2)

    asyncio.run(scenario())
    assert [entry["event"] for entry in logs].count("nobody_listens") == 1


def test_a_new_connection_does_not_wait_for_what_the_last_one_refused(tmp_path):
    async def scenario():
        outbox = MemoryOutbox()
        outbox.add(1)
        broker = BadBroker(answer=lambda each: puback(each.mid, 0 if each.is_presence else 0x97))
        async with broker.serving(), publishing(broker.settings, outbox) as publisher, ticking(publisher):
            await until(lambda: publisher.state is BrokerState.OVER_QUOTA)
            broker.answer = accept
            broker.hang_up()
            await until(lambda: outbox.sent == ids(1))

    asyncio.run(scenario())

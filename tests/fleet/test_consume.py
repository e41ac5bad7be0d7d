"""The consumer against a real mosquitto: many at once, each message once, whatever is killed (R42, R46, issue 6)."""

from __future__ import annotations

import asyncio

import pytest
import structlog

from gate.errors import DeviceFault, RequestError, VaultError
from gate.fleet.consume import Desk
from gate.fleet.journal import Journal
from gate.publish.link import BrokerSettings
from tests.brokers import HOST, PASSWORD, USER, free_port, mosquitto_on, running
from tests.fleet.world import consuming, denials, filed, happened, health, packets, send, until
from tests.publish.badbroker import BadBroker, disconnect


@pytest.fixture
def broker(tmp_path):
    port = free_port()
    with running(mosquitto_on(tmp_path, port, extra="max_inflight_messages 200")):
        yield BrokerSettings(HOST, port, username=USER, password=PASSWORD)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.sqlite3"


def numbered(count):
    return [("north", sequence) for sequence in range(1, count + 1)]


def sent(count):
    return packets(*(denials(sequence) for sequence in range(1, count + 1)))


def test_consumers_of_a_group_share_the_messages_and_each_is_filed_once(broker, path):
    told = {"c1": 0, "c2": 0}

    async def scenario():
        async with consuming(broker, path, name="c1") as one, consuming(broker, path, name="c2") as two:
            for name, consumer in (("c1", one), ("c2", two)):
                consumer._tell = lambda _line, name=name: told.update({name: told[name] + 1})
            await send(broker, sent(40))
            await until(lambda: len(filed(path)) == 40)

    asyncio.run(scenario())
    assert sorted(filed(path)) == numbered(40)
    assert told == {"c1": 20, "c2": 20}


def test_consumers_that_hear_everything_file_each_message_once(broker, path):
    async def scenario():
        async with (
            consuming(broker, path, name="a", group=None),
            consuming(broker, path, name="b", group=None),
        ):
            await send(broker, sent(20))
            await until(lambda: happened(path).get("again") == 20)

    asyncio.run(scenario())
    assert sorted(filed(path)) == numbered(20)


def test_what_comes_while_it_is_away_waits_for_it(broker, path):
    async def scenario():
        async with consuming(broker, path):
            pass
        await send(broker, sent(5))
        async with consuming(broker, path):
            await until(lambda: len(filed(path)) == 5)

    asyncio.run(scenario())


class DiesAfterFiling(Journal):
    """Commits, and then the machine is gone: nothing was acknowledged."""

    def take(self, arrivals, at):
        super().take(arrivals, at)
        raise VaultError("killed", "Killed.", remedy="Start again.")


class DiesBeforeFiling(Journal):
    def take(self, _arrivals, _at):
        raise VaultError("disk-full", "The disk is full.", remedy="Free some space.")


@pytest.mark.parametrize(("journal", "again"), [(DiesAfterFiling, True), (DiesBeforeFiling, False)])
def test_a_consumer_that_dies_before_it_acknowledges_loses_and_repeats_nothing(broker, path, journal, again):
    async def dies():
        async with consuming(broker, path):
            pass  # from here on the broker keeps its session
        await send(broker, sent(5))
        with pytest.raises(VaultError):
            async with consuming(broker, path, journal=journal) as consumer:
                await until(lambda: consumer._trouble is not None)

    async def comes_back():
        async with consuming(broker, path):
            await until(lambda: len(filed(path)) == 5 and ("again" in happened(path)) is again)

    asyncio.run(dies())
    asyncio.run(comes_back())
    assert sorted(filed(path)) == numbered(5)


def test_what_fits_no_schema_is_refused_and_holds_nothing_up(broker, path):
    """R42."""
    (topic, payload), *_ = sent(1)
    foreign = payload.replace(b'"k":', b'"name":"Ada","k":')
    wanted = [
        (topic, foreign),
        (topic, b"\xff not json"),
        (topic.replace("denials", "access-counts"), payload),
        ("gate/No Gate/denials", payload),
        (topic, payload),
    ]

    async def scenario():
        async with consuming(broker, path):
            await send(broker, wanted)
            await until(lambda: filed(path) == [("north", 1)])

    with structlog.testing.capture_logs() as logs:
        asyncio.run(scenario())
    assert happened(path) == {"refused": 4}
    told = [entry for entry in logs if entry["event"] == "payload_refused"]
    assert [entry["gate"] for entry in told] == ["north", "unnamed"]
    assert "Ada" not in str(logs)


def test_a_gate_is_not_taken_for_another_whose_topic_it_is_not(broker, path):
    """The topic says whose a message is: that part is what the broker's access list checks (R45)."""

    async def scenario():
        async with consuming(broker, path):
            await send(broker, packets(denials(1, gate="north"), gate="south"))
            await until(lambda: filed(path) == [("south", 1)])

    asyncio.run(scenario())


def test_health_is_kept_as_the_last_word_and_does_not_queue_for_who_is_away(broker, path):
    async def scenario():
        async with consuming(broker, path):
            pass
        await send(broker, packets(health()))  # at QoS 1, as loud as it could be said
        async with consuming(broker, path):
            await send(broker, sent(1))
            await until(lambda: len(filed(path)) == 1)
            journal = Journal(path)
            assert journal.states() == []
            await send(broker, packets(health()))
            await until(lambda: [state.kind for state in journal.states()] == ["health"])
            journal.close()

    asyncio.run(scenario())


def test_neither_commands_nor_their_answers_are_for_receivers(broker, path):
    """R44: the answer to a release tells the second in which somebody came in."""

    async def scenario():
        async with consuming(broker, path):
            await send(
                broker, [("gate/north/command", b"{}"), ("gate/north/command-answer", b"{}"), *sent(1)]
            )
            await until(lambda: len(filed(path)) == 1)

    asyncio.run(scenario())
    assert happened(path) == {}


def test_one_that_hears_everything_loses_nothing_to_a_restart_of_the_broker(tmp_path, path):
    """mosquitto 2.0.11 forgets shared subscriptions when it restarts, and not this one."""
    port = free_port()
    settings = BrokerSettings(HOST, port, username=USER, password=PASSWORD)
    mosquitto = mosquitto_on(tmp_path, port, extra=f"persistence true\npersistence_location {tmp_path}/")

    async def heard_once():
        async with consuming(settings, path, group=None):
            pass

    async def hear():
        async with consuming(settings, path, group=None):
            await until(lambda: len(filed(path)) == 3)

    with running(mosquitto):
        asyncio.run(heard_once())
        mosquitto.end()
        mosquitto.start()
        assert asyncio.run(send(settings, sent(3))) == [0, 0, 0]
        asyncio.run(hear())


@pytest.mark.parametrize(("name", "group"), [("", "estate"), ("c 1", "estate"), ("c1", "a/b"), ("c1", "+")])
def test_a_name_that_cannot_stand_in_a_topic_is_refused(name, group):
    with pytest.raises(RequestError):
        Desk(name, group)


def test_a_broker_that_is_away_is_called_again(tmp_path, path):
    port = free_port()
    settings = BrokerSettings(HOST, port, username=USER, password=PASSWORD)
    mosquitto = mosquitto_on(tmp_path, port)

    async def scenario():
        async def late():
            await asyncio.sleep(0.3)
            await asyncio.to_thread(mosquitto.start)

        starting = asyncio.create_task(late())
        async with consuming(settings, path) as consumer:
            await until(consumer.subscribed.is_set)
        await starting

    asyncio.run(scenario())
    mosquitto.stop()


def test_a_broker_that_says_the_name_is_taken_is_believed(path):
    async def scenario():
        async def is_thrown_off(broker):
            async with consuming(broker.settings, path) as consumer:
                await until(consumer.subscribed.is_set)
                broker.say(disconnect(0x8E))
                await until(lambda: not consumer.subscribed.is_set())

        async with BadBroker(granted=b"\x01" * 5).serving() as broker:
            with pytest.raises(RequestError) as refused:
                await is_thrown_off(broker)
            return refused.value.code

    assert asyncio.run(scenario()) == "consumer-twice"


def test_a_broker_that_lets_it_hear_nothing_ends_it_with_a_word(path):
    async def scenario():
        async with BadBroker(granted=b"\x87" * 5).serving() as broker:
            with pytest.raises(DeviceFault) as refused:
                async with consuming(broker.settings, path) as consumer:
                    await until(lambda: consumer._client is None)
            return refused.value.code

    assert asyncio.run(scenario()) == "subscription-refused"


def test_what_a_broker_dropped_without_a_word_is_told_as_a_gap(tmp_path, path):
    """mosquitto acknowledges what it then drops once a queue is full; the sequence says so."""
    port = free_port()
    settings = BrokerSettings(HOST, port, username=USER, password=PASSWORD)
    mosquitto = mosquitto_on(tmp_path, port)
    config = tmp_path / "mosquitto.conf"
    config.write_text(config.read_text().replace("max_queued_messages 100000", "max_queued_messages 10"))

    async def scenario():
        async with consuming(settings, path):
            pass
        assert set(await send(settings, sent(60))) == {0}
        async with consuming(settings, path):
            await until(lambda: filed(path) != [])
            await send(settings, packets(denials(61)))
            await until(lambda: ("north", 61) in filed(path))

    with running(mosquitto):
        asyncio.run(scenario())
    journal = Journal(path)
    (gap,) = journal.gaps()
    journal.close()
    assert (gap.last, gap.at_head) == (60, False)
    assert len(filed(path)) == 61 - (gap.last - gap.first + 1)

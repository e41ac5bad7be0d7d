"""Signed orders over a real mosquitto, from who gives them to the door of a gate at work (ADR 0028)."""

import asyncio
import secrets
import time
from datetime import UTC, datetime, timedelta

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from gate.app import open_gate
from gate.core.orders import ORDER_BYTES, OrderKind, Refusal, Result, key_id
from gate.core.types import Reason
from gate.demo.settings import desk_settings
from gate.errors import DeviceFault
from gate.publish.link import BrokerSettings
from gate.publish.listen import Listener
from gate.publish.order_call import send_order
from gate.settings import CommandsSettings, FaceSettings
from gate.simulated import SimulatedScreen
from tests.brokers import HOST, PASSWORD, USER, free_port, mosquitto_broker, mosquitto_on, running
from tests.ordering import gate_at, releases
from tests.publish.test_deploy_mosquitto import login, made, served
from tests.publish.world import until
from tests.signed_orders import OTHER_KEY, order_of, payload_of, public

LOCKDOWN, END, RELEASE = OrderKind.LOCKDOWN, OrderKind.END_LOCKDOWN, OrderKind.RELEASE
TOPIC = "gate/north/command"


@pytest.fixture
def broker(tmp_path):
    with mosquitto_broker(tmp_path) as settings:
        yield settings


def order_for(gate, kind=RELEASE, **said):
    return payload_of(order_of(kind, **({"at": gate.clock.now()} | said)))


async def sent(broker, payload, wait_s=10.0):
    answer = await asyncio.to_thread(send_order, broker, payload, wait_s=wait_s)
    return answer.result, answer.reason


def publishing(broker, *payloads, retain=False):
    """Publish as anybody with an account may, past all that gate order does."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, f"else-{secrets.token_hex(3)}", protocol=mqtt.MQTTv5)
    client.username, client.password = broker.username, broker.password
    client.max_inflight_messages_set(2000)
    client.connect(broker.host, broker.port)
    client.loop_start()
    for payload in payloads:
        sent = client.publish(TOPIC, payload, qos=1, retain=retain)
    sent.wait_for_publish(30)
    client.disconnect()
    client.loop_stop()


def test_a_signed_order_opens_the_door_once_and_is_answered(broker, tmp_path):
    async def scenario():
        async with gate_at(broker, tmp_path) as gate:
            assert await sent(broker, order_for(gate)) == (Result.DONE, None)
            assert releases(gate) == ["released"]
            await gate.until(lambda: gate.door.locked, "the door to lock by itself")

    asyncio.run(scenario())


def test_a_lockdown_and_its_end_go_over_the_wire(broker, tmp_path):
    async def scenario():
        async with gate_at(broker, tmp_path) as gate:
            assert await sent(broker, order_for(gate, LOCKDOWN)) == (Result.DONE, None)
            assert gate.store.lockdown.is_on
            assert await sent(broker, order_for(gate, RELEASE)) == (Result.REFUSED, Refusal.OBSTACLE)
            assert await sent(broker, order_for(gate, END)) == (Result.DONE, None)
            assert not gate.store.lockdown.is_on

    asyncio.run(scenario())


def test_an_order_played_again_after_the_gate_started_anew_is_refused(broker, tmp_path):
    async def scenario():
        async with gate_at(broker, tmp_path) as gate:
            payload = order_for(gate, seconds=60)
            assert await sent(broker, payload) == (Result.DONE, None)
        async with gate_at(broker, tmp_path) as gate:
            assert await sent(broker, payload) == (Result.REFUSED, Refusal.REPLAYED)
            assert releases(gate) == ["released"]
            assert gate.door.locked

    asyncio.run(scenario())


def test_a_retained_order_that_lay_at_the_broker_is_never_heard(broker, tmp_path):
    async def scenario():
        async with gate_at(broker, tmp_path) as gate:
            payload = order_for(gate, LOCKDOWN, seconds=600)
        await asyncio.to_thread(publishing, broker, payload, retain=True)
        async with gate_at(broker, tmp_path) as gate:
            # A later order is answered, so the retained one would have been heard before it.
            assert await sent(broker, order_for(gate)) == (Result.DONE, None)
            assert not gate.store.lockdown.is_on

    asyncio.run(scenario())


def test_an_order_published_to_be_retained_is_refused_by_a_gate_that_hears_it(broker, tmp_path):
    async def scenario():
        async with gate_at(broker, tmp_path) as gate, Listener(broker, "north") as listener:
            payload = order_for(gate, LOCKDOWN)
            await asyncio.to_thread(publishing, broker, payload, retain=True)
            await until(lambda: answers(listener))
            assert answers(listener) == [(Result.REFUSED, Refusal.RETAINED)]
            assert not gate.store.lockdown.is_on

    asyncio.run(scenario())


def answers(listener):
    heard = [each.message for each in listener.received if each.topic == "gate/north/command-answer"]
    return [(each.result, each.reason) for each in heard]


def test_an_answer_is_not_retained_expires_and_says_no_more_than_its_schema(broker, tmp_path):
    async def scenario():
        async with gate_at(broker, tmp_path) as gate, Listener(broker, "north") as listener:
            await sent(broker, order_for(gate, LOCKDOWN))
            await until(lambda: answers(listener))
            (raw,) = [each for each in listener.received if each.topic == "gate/north/command-answer"]
            assert (raw.retained, raw.expiry_s is not None) == (False, True)
            assert key_id(public()).encode() not in raw.payload

    asyncio.run(scenario())


def test_a_flood_neither_keeps_an_order_out_nor_holds_the_door_up(broker, tmp_path):
    junk = [
        b"x" * ORDER_BYTES,
        b"{}",
        b"\x00" * 3000,
        payload_of(order_of(at=datetime.now(UTC), key=OTHER_KEY), OTHER_KEY),
    ]

    async def scenario():
        async with gate_at(broker, tmp_path) as gate:
            slowest, stop = [0.0], asyncio.Event()

            async def watch():
                while not stop.is_set():
                    began = time.monotonic()
                    await asyncio.sleep(0.01)
                    slowest.append(time.monotonic() - began)

            watching = asyncio.create_task(watch())
            flood = asyncio.create_task(asyncio.to_thread(publishing, broker, *junk * 1000))
            assert await sent(broker, order_for(gate)) == (Result.DONE, None)
            await flood
            stop.set()
            await watching
            assert max(slowest) < 2.0, "the loop stood still"  # what a card may take (R03)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("skew", "reason"), [(timedelta(seconds=-45), Refusal.EXPIRED), (timedelta(seconds=60), Refusal.EARLY)]
)
def test_a_sender_whose_clock_is_off_is_told_which_way(broker, tmp_path, skew, reason):
    async def scenario():
        async with gate_at(broker, tmp_path) as gate:
            payload = order_for(gate, at=gate.clock.now() + skew)
            assert await sent(broker, payload) == (Result.REFUSED, reason)
            assert releases(gate) == []

    asyncio.run(scenario())


def test_a_gate_whose_clock_was_set_back_obeys_nothing(broker, tmp_path):
    async def scenario():
        async with gate_at(broker, tmp_path) as gate:
            payload = order_for(gate)
            gate.clock.move(timedelta(hours=-2))
            assert await sent(broker, payload) == (Result.REFUSED, Refusal.CLOCK)

    asyncio.run(scenario())


def test_no_release_by_order_where_the_site_does_not_allow_it(broker, tmp_path):
    async def scenario():
        async with gate_at(broker, tmp_path, allowed=("lockdown", "end-lockdown")) as gate:
            assert await sent(broker, order_for(gate)) == (Result.REFUSED, Refusal.NOT_ALLOWED)
            assert (gate.door.locked, releases(gate)) == (True, [])

    asyncio.run(scenario())


def test_a_gate_that_takes_no_orders_listens_to_none(broker, tmp_path):
    async def scenario():
        async with gate_at(broker, tmp_path, enabled=False) as gate:
            with pytest.raises(DeviceFault, match="No gate north listens") as unsent:
                await sent(broker, order_for(gate))
            assert unsent.value.code == "order-unsent"

    asyncio.run(scenario())


def test_an_order_to_a_gate_that_is_away_is_not_kept_for_it(broker, tmp_path):
    async def scenario():
        async with gate_at(broker, tmp_path) as gate:
            payload = order_for(gate, LOCKDOWN, seconds=600)
        with pytest.raises(DeviceFault, match="No gate north listens"):
            await sent(broker, payload)
        async with gate_at(broker, tmp_path) as gate:
            assert await sent(broker, order_for(gate)) == (Result.DONE, None)
            assert not gate.store.lockdown.is_on

    asyncio.run(scenario())


def test_a_key_that_the_site_does_not_know_is_told_so(broker, tmp_path):
    async def scenario():
        async with gate_at(broker, tmp_path) as gate:
            payload = payload_of(order_of(at=gate.clock.now(), key=OTHER_KEY), OTHER_KEY)
            assert await sent(broker, payload) == (Result.REFUSED, Refusal.KEY_UNKNOWN)

    asyncio.run(scenario())


def test_orders_are_heard_again_after_the_broker_started_anew(tmp_path):
    port = free_port()
    settings = BrokerSettings(HOST, port, username=USER, password=PASSWORD)
    mosquitto = mosquitto_on(tmp_path, port)

    async def scenario():
        mosquitto.start()
        async with gate_at(settings, tmp_path) as gate:
            mosquitto.stop()
            await until(lambda: not gate.publisher.connected)
            with running(mosquitto):
                await until(lambda: gate.publisher.hears)
                assert await sent(settings, order_for(gate)) == (Result.DONE, None)
                await gate.publisher.stop()

    asyncio.run(scenario())


def test_an_account_that_may_give_no_orders_is_told_so(tmp_path):
    acl = tmp_path / "acl"
    acl.write_text(f"user {USER}\ntopic read gate/north/#\ntopic write gate/north/health\n", encoding="ascii")
    port = free_port()
    settings = BrokerSettings(HOST, port, username=USER, password=PASSWORD)
    with running(mosquitto_on(tmp_path, port, extra=f"acl_file {acl}")), pytest.raises(DeviceFault) as unsent:
        send_order(settings, payload_of(order_of(at=datetime.now(UTC))), wait_s=10.0)
    assert (unsent.value.code, "not authorized" in unsent.value.what) == ("order-unsent", True)


def test_a_broker_that_is_not_there_is_told_so():
    with pytest.raises(DeviceFault, match="not sent") as unsent:
        send_order(BrokerSettings(HOST, free_port()), payload_of(order_of(at=datetime.now(UTC))), wait_s=2.0)
    assert unsent.value.code == "order-unsent"


def test_a_gate_as_it_is_composed_hears_orders_at_the_broker_it_brings_along(tmp_path):
    """From settings to door by the composition root alone, with the embedded broker in mosquitto's place."""
    commands = CommandsSettings(enabled=True, keys=(public().hex(),), allowed=("lockdown", "release"))
    changes = {"commands": commands, "face": FaceSettings(enabled=False)}
    settings = desk_settings(tmp_path).model_copy(update=changes)
    gate_id = settings.site.gate_id

    async def scenario():
        async with open_gate(settings, SimulatedScreen) as gate:
            await until(lambda: gate.doorkeeper.obstacle is not Reason.FAULT and gate.publisher.hears)
            order = order_of(LOCKDOWN, at=gate.clock.now(), gate=gate_id)
            assert await sent(gate.broker, payload_of(order)) == (Result.DONE, None)
            assert gate.door_office.state().lockdown
            assert gate.web_context().office.gate.door is gate.door_office

    asyncio.run(scenario())


def test_r45_with_the_broker_as_shipped_only_the_commander_gives_orders(tmp_path):
    """TLS, an account each, and the access list of deploy/mosquitto; the signature is the gate's own matter."""
    site = made(tmp_path / "site", accounts=("gate north", "gate south", "receiver", "commander"))
    (tmp_path / "gate").mkdir()

    async def scenario():
        async with gate_at(login(site, "north"), tmp_path / "gate") as gate:
            for other in ("receiver", "south", "north"):
                with pytest.raises(DeviceFault) as unsent:
                    await sent(login(site, other), order_for(gate))
                assert unsent.value.code == "order-unsent"
            assert releases(gate) == []
            assert await sent(login(site, "commander"), order_for(gate)) == (Result.DONE, None)

    with served(site):
        asyncio.run(scenario())

"""Two real brokers, site and headquarters, joined by the bridge that ships with the gate (issue 6, R45, R46)."""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

from gate.publish import link, messages
from gate.publish.evented import on_the_loop
from gate.publish.link import BrokerSettings, TlsSettings
from tests.brokers import Mosquitto, free_port, running, write_passwords
from tests.fleet.world import consuming, denials, filed, happened, health, packets, send, until
from tests.publish.world import make_authority

SHIPPED = Path(__file__).parents[2] / "deploy" / "mosquitto"
GATES = ("west-1", "west-2")
ACCOUNTS = {name: f"{name}-password" for name in (*GATES, "receiver", "commander", "site-west", "east-1")}


@dataclass
class Estate:
    """Two brokers, not yet started, and how to call each."""

    site: Mosquitto
    headquarters: Mosquitto
    ports: dict[str, int]
    tls: TlsSettings

    def at(self, place: str, user: str) -> BrokerSettings:
        return BrokerSettings("localhost", self.ports[place], user, ACCOUNTS[user], self.tls)


def listener(folder, port, authority, acl):
    """A broker as deploy/mosquitto/mosquitto.conf sets one up; only where it listens and stores differs."""
    passwords = write_passwords(folder, **ACCOUNTS)
    config = (SHIPPED / "mosquitto.conf").read_text(encoding="utf-8")
    config = config.replace("listener 8883", f"listener {port} localhost")
    config = config.replace("/var/lib/mosquitto/", f"{folder}/")
    for shipped, mine in {
        "passwords": passwords,
        "acl": acl,
        "broker.crt": authority.cert_file,
        "broker.key": authority.key_file,
    }.items():
        config = config.replace(f"/etc/mosquitto/gate/{shipped}", str(mine))
    assert "\nlistener 8883" not in config
    return f"{config}\nlog_dest file {folder}/log\n"


def access_list(folder, *names):
    # mosquitto wants the list to be its user's own and nobody else's to read.
    path = folder / "acl"
    path.write_bytes(b"".join((SHIPPED / name).read_bytes() for name in names))
    path.chmod(0o600)
    return path


def bridge(port, ca_file):
    text = (SHIPPED / "bridge.conf").read_text(encoding="utf-8")
    for shipped, mine in {
        "headquarters.example:8883": f"localhost:{port}",
        "/etc/mosquitto/gate/headquarters-ca.crt": str(ca_file),
        "remote_password PASSWORD": f"remote_password {ACCOUNTS['site-west']}",
        "restart_timeout 5 60": "restart_timeout 1",
    }.items():
        assert shipped in text
        text = text.replace(shipped, mine)
    return text


@pytest.fixture
def estate(tmp_path):
    return make_estate(tmp_path)


def make_estate(tmp_path, *, stranger=None):
    authority = make_authority(tmp_path)
    ports = {"site": free_port(), "headquarters": free_port()}
    brokers = {}
    for place, acls in {"site": ("acl",), "headquarters": ("acl.headquarters",)}.items():
        folder = tmp_path / place
        folder.mkdir()
        config = listener(folder, ports[place], authority, access_list(folder, *acls))
        if place == "site":
            config += bridge(ports["headquarters"], stranger or authority.ca_file)
        brokers[place] = Mosquitto(folder, config)
    return Estate(brokers["site"], brokers["headquarters"], ports, TlsSettings(authority.ca_file))


@dataclass
class Heard:
    topic: str
    message: object
    expiry_s: int | None
    retained: bool


class Ear:
    """Hears everything an account may hear at one broker, in the order of arrival."""

    def __init__(self, settings, topic="gate/#"):
        self.heard: list[Heard] = []
        self._settings = settings
        self._topic = topic

    async def __aenter__(self):
        client = link.new_client(self._settings, f"ear-{secrets.token_hex(4)}")
        ready = asyncio.Event()
        client.on_subscribe = lambda *_: ready.set()
        client.on_message = lambda _client, _data, packet: self.heard.append(
            Heard(
                packet.topic,
                packet.payload,
                getattr(packet.properties, "MessageExpiryInterval", None),
                packet.retain,
            )
        )
        self._client = client
        self._serving = asyncio.create_task(
            on_the_loop(
                client,
                self._settings,
                on_up=lambda up, _granted: up.subscribe(self._topic, qos=1),
                stopping=lambda: False,
            )
        )
        await asyncio.wait_for(ready.wait(), 20)
        return self

    async def __aexit__(self, *_):
        self._client.disconnect()
        await asyncio.wait_for(self._serving, 20)

    def sequences(self):
        """By gate, in the order of arrival."""
        found = defaultdict(list)
        for each in self.heard:
            found[each.topic.split("/")[1]].append(messages.decode(each.message).sequence)
        return dict(found)


async def bridged(estate):
    """Wait until the bridge carries: the first message may be sent before it stands, and it queues for that."""
    async with Ear(estate.at("headquarters", "receiver")) as ear:
        await send(estate.at("site", "west-1"), packets(health(), gate="west-1"))
        while not ear.heard:
            await send(estate.at("site", "west-1"), packets(health(), gate="west-1"))
            await asyncio.sleep(0.05)


def spoken(gate, first, last):
    return packets(*(denials(number, gate=gate) for number in range(first, last + 1)), gate=gate)


async def all_gates_speak(estate, first, last):
    for gate in GATES:
        await send(estate.at("site", gate), spoken(gate, first, last))


def test_an_outage_of_headquarters_loses_nothing_repeats_nothing_and_keeps_each_gates_order(estate, tmp_path):
    """Also with a restart of the site's broker in the middle of it."""
    path = tmp_path / "journal.sqlite3"

    async def before():
        await bridged(estate)
        async with consuming(estate.at("headquarters", "receiver"), path, group=None):
            await all_gates_speak(estate, 1, 20)
            await until(lambda: len(filed(path)) == 40)

    async def during():
        await all_gates_speak(estate, 21, 120)

    async def after():
        async with consuming(estate.at("headquarters", "receiver"), path, group=None):
            await until(lambda: len(filed(path)) == 240)
            await all_gates_speak(estate, 121, 130)
            await until(lambda: len(filed(path)) == 260)

    with running(estate.headquarters), running(estate.site):
        asyncio.run(before())
        estate.headquarters.end()
        asyncio.run(during())
        estate.site.end()
        estate.site.start()
        estate.headquarters.start()
        asyncio.run(after())
    by_gate = defaultdict(list)
    for gate, sequence in filed(path):
        by_gate[gate].append(sequence)
    assert dict(by_gate) == {gate: list(range(1, 131)) for gate in GATES}
    assert happened(path).get("refused") is None


def test_nothing_comes_back_and_nothing_goes_round(estate):
    async def scenario():
        await bridged(estate)
        async with (
            Ear(estate.at("headquarters", "receiver")) as there,
            Ear(estate.at("site", "receiver")) as here,
        ):
            await all_gates_speak(estate, 1, 10)
            # What somebody says at headquarters stays there; once the second has come up, the first would have come down.
            await send(estate.at("headquarters", "site-west"), spoken("west-1", 11, 11))
            await send(estate.at("site", "west-2"), spoken("west-2", 12, 12))
            await until(lambda: len(there.heard) == 22)
            return there.sequences(), here.sequences()

    with running(estate.headquarters), running(estate.site):
        there, here = asyncio.run(scenario())
    assert sorted(there["west-1"]) == list(range(1, 12))
    assert there["west-2"] == [*range(1, 11), 12]
    assert here == {"west-1": list(range(1, 11)), "west-2": [*range(1, 11), 12]}


def test_no_topic_goes_both_ways_so_nothing_can_go_round_whatever_an_access_list_says():
    lines = (SHIPPED / "bridge.conf").read_text(encoding="utf-8").splitlines()
    ways = {line.split()[1]: line.split()[2] for line in lines if line.startswith("topic ")}
    heard = {route.leaf for route in messages.ROUTES.values()}
    assert ways == {"gate/+/command": "in"} | {f"gate/+/{leaf}": "out" for leaf in heard}


def test_messages_keep_their_expiry_and_none_is_retained(estate):
    async def scenario():
        await bridged(estate)
        async with Ear(estate.at("headquarters", "receiver")) as ear:
            message = denials(1, gate="west-1")
            ((topic, payload),) = packets(message, gate="west-1")
            await publish_for(estate.at("site", "west-1"), topic, payload, expiry_s=3600)
            await until(lambda: ear.heard)
            return ear.heard[0]

    with running(estate.headquarters), running(estate.site):
        heard = asyncio.run(scenario())
    assert 3500 < heard.expiry_s <= 3600
    assert not heard.retained


def test_a_command_comes_down_to_its_own_site_alone(estate):
    """The site may read its own gates' commands at headquarters, whatever its bridge asks for."""

    async def scenario():
        await bridged(estate)
        async with (
            Ear(estate.at("site", "west-1"), "gate/west-1/command") as own,
            Ear(estate.at("site", "east-1"), "gate/east-1/command") as other,
        ):
            await send(
                estate.at("headquarters", "commander"),
                [("gate/east-1/command", b"other"), ("gate/west-1/command", b"mine")],
            )
            await until(lambda: own.heard)
            return [each.message for each in own.heard], other.heard

    with running(estate.headquarters), running(estate.site):
        assert asyncio.run(scenario()) == ([b"mine"], [])


def test_a_site_cannot_speak_for_another_sites_gate(estate):
    async def scenario():
        await bridged(estate)
        async with Ear(estate.at("headquarters", "receiver")) as ear:
            await send(estate.at("site", "east-1"), spoken("east-1", 1, 1))
            await send(estate.at("site", "west-1"), spoken("west-1", 1, 1))
            await until(lambda: ear.heard)
            return ear.sequences()

    with running(estate.headquarters), running(estate.site):
        assert asyncio.run(scenario()) == {"west-1": [1]}


def test_a_headquarters_that_a_stranger_vouches_for_hears_nothing(tmp_path):
    (tmp_path / "stranger").mkdir()
    estate = make_estate(tmp_path, stranger=make_authority(tmp_path / "stranger").ca_file)

    async def scenario():
        async with Ear(estate.at("headquarters", "receiver")) as ear:
            await send(estate.at("site", "west-1"), spoken("west-1", 1, 1))
            log = tmp_path / "site" / "log"
            await until(lambda: "certificate verify failed" in log.read_text(encoding="utf-8"))
            assert ear.heard == []

    with running(estate.headquarters), running(estate.site):
        asyncio.run(scenario())


async def publish_for(settings, topic, payload, *, expiry_s):
    from paho.mqtt.packettypes import PacketTypes

    client = link.new_client(settings, "sender")
    done = asyncio.Event()
    client.on_publish = lambda *_: done.set()
    serving = asyncio.create_task(
        on_the_loop(
            client,
            settings,
            on_up=lambda up, _granted: up.publish(
                topic, payload, qos=1, properties=link.expiry(PacketTypes.PUBLISH, expiry_s)
            ),
            stopping=lambda: False,
        )
    )
    await asyncio.wait_for(done.wait(), 20)
    client.disconnect()
    await serving

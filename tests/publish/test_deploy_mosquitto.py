"""The broker files that ship with the gate do what they say: TLS, one password per gate, its own topics only (R45)."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from gate.errors import DeviceFault
from gate.publish.link import BrokerSettings, TlsSettings
from gate.publish.listen import Listener
from tests.brokers import Mosquitto, free_port, running, write_passwords
from tests.publish.world import MemoryOutbox, ids, make_authority, publishing, ticking, until

SHIPPED = Path(__file__).parents[2] / "deploy" / "mosquitto"
PASSWORDS = {"north": "n-secret", "south": "s-secret", "receiver": "r-secret"}


# paho leaves the socket of a failed handshake to the garbage collector, and Python warns of it.
paho_leaves_a_socket = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture
def site(tmp_path, authority):
    """Settings for one user each, against a broker started with the shipped files; only paths and port differ."""
    write_passwords(tmp_path, **PASSWORDS)
    port = free_port()
    # mosquitto wants the list to be its user's own and nobody else's to read.
    acl = tmp_path / "acl"
    acl.write_bytes((SHIPPED / "acl").read_bytes())
    config = (
        (SHIPPED / "mosquitto.conf")
        .read_text(encoding="utf-8")
        .replace("/etc/mosquitto/gate/", f"{tmp_path}/")
        .replace("/var/lib/mosquitto/", f"{tmp_path}/")
        .replace("listener 8883", f"listener {port} localhost")
    )
    assert "/etc/" not in config
    with running(Mosquitto(tmp_path, config)):
        yield {
            user: BrokerSettings("localhost", port, user, password, TlsSettings(authority.ca_file))
            for user, password in PASSWORDS.items()
        }


def test_a_gate_delivers_over_tls_to_the_receiver(site):
    async def scenario():
        outbox = MemoryOutbox()
        outbox.add(1)
        async with Listener(site["receiver"], "north") as listener:
            async with publishing(site["north"], outbox, gate_id="north") as publisher, ticking(publisher):
                await until(lambda: outbox.sent == ids(1))
            await until(lambda: len(listener.received) == 3)
        assert all(r.message for r in listener.received)

    asyncio.run(scenario())


@pytest.mark.parametrize("user", ["south", "receiver"])
def test_nobody_speaks_for_another_gate(site, logs, user):
    async def scenario():
        outbox = MemoryOutbox()
        outbox.add(1)
        async with Listener(site["receiver"], "north") as listener:
            async with publishing(site[user], outbox, gate_id="north") as publisher, ticking(publisher):
                await until(lambda: [e["event"] for e in logs].count("publish_refused") == 2)
            assert (outbox.sent, listener.received) == ([], [])

    asyncio.run(scenario())


def test_a_gate_hears_no_gate(site):
    async def scenario():
        async with Listener(site["north"], "south") as listener:
            async with publishing(site["south"], MemoryOutbox(), gate_id="south") as publisher:
                await until(lambda: publisher.connected)
            assert listener.received == []

    asyncio.run(scenario())


@paho_leaves_a_socket
def test_a_broker_vouched_for_by_a_stranger_is_refused_and_gets_no_password(site, logs, tmp_path):
    (tmp_path / "stranger").mkdir()
    stranger = TlsSettings(make_authority(tmp_path / "stranger").ca_file)

    async def scenario():
        async with publishing(dataclasses.replace(site["north"], tls=stranger), MemoryOutbox()):
            await until(lambda: logs != [])

    asyncio.run(scenario())
    assert [entry["event"] for entry in logs] == ["broker_down"]
    assert "certificate verify failed" in logs[0]["reason"]


@paho_leaves_a_socket
def test_a_certificate_for_another_name_is_refused(site, logs):
    async def scenario():
        async with publishing(dataclasses.replace(site["north"], host="127.0.0.1"), MemoryOutbox()):
            await until(lambda: logs != [])

    asyncio.run(scenario())
    assert "certificate is not valid for '127.0.0.1'" in logs[0]["reason"]


def test_plain_text_is_not_answered(site):
    async def scenario():
        with pytest.raises(DeviceFault):
            async with Listener(dataclasses.replace(site["receiver"], tls=None), "north"):
                pass

    asyncio.run(scenario())


def test_an_authority_file_that_comes_and_goes_is_read_again(site, logs):
    ca_file = site["north"].tls.ca_file
    certificate = ca_file.read_bytes()

    async def scenario():
        async with publishing(site["north"], MemoryOutbox(), gate_id="north") as publisher:
            ca_file.unlink()  # start() has read it; the first connection, which only now begins, will miss it
            await until(lambda: [entry["event"] for entry in logs] == ["broker_down"])
            ca_file.write_bytes(certificate)
            await until(lambda: publisher.connected)

    asyncio.run(scenario())
    assert "ConfigError" in logs[0]["reason"]

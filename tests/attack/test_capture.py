"""What a neighbour on the wire sees of a gate at which people pass, and of one at which nobody does (R43, R44, R45)."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from gate.publish.link import BrokerSettings, TlsSettings
from gate.publish.listen import Listener
from tests.attack.capture import TICK_S, FastClock, Wire, decisions, live, tapped
from tests.attack.compound import Compound
from tests.attack.device import DEFAULT, MONDAY, NOISE_OFF
from tests.brokers import PASSWORD, USER, Mosquitto, free_port, mosquitto_on, running, write_passwords
from tests.publish.world import make_authority, until

RESIDENTS = 60
EVENING = MONDAY + timedelta(hours=16)
PUBLISH, TLS_DATA = 0x30, 0x17
QOS_1 = 0x02


def brokers(directory, *, encrypted):
    if not encrypted:
        port = free_port()
        return mosquitto_on(directory, port), BrokerSettings("127.0.0.1", port, USER, PASSWORD)
    authority, port = make_authority(directory), free_port()
    config = (
        f"listener {port} localhost\nallow_anonymous false\n"
        f"password_file {write_passwords(directory, **{USER: PASSWORD})}\n"
        f"certfile {authority.cert_file}\nkeyfile {authority.key_file}\ntls_version tlsv1.3\n"
    )
    tls = TlsSettings(authority.ca_file)
    return Mosquitto(directory, config), BrokerSettings("localhost", port, USER, PASSWORD, tls)


def captured(open_store, directory, *, encrypted, passages, hours, start=EVENING):
    """Run a gate through *hours* hours and give the wire, and what a receiver heard."""
    name = f"passages-{passages}"
    (directory / name).mkdir(exist_ok=True)
    # Without noise, so that numbers are told in the one world and withheld in the other: padding must hide that.
    store = open_store(f"{directory.name}-{name}", replace(DEFAULT, epsilon=NOISE_OFF))
    people = [store.people.add(str(unit), "Wu", "") for unit in range(RESIDENTS)]
    count = hours // 24 + 2 if passages else 0
    days = Compound(RESIDENTS, 1).days(np.random.default_rng(1), first=0, count=count)
    wire = Wire(FastClock(start), encrypted)
    mosquitto, settings = brokers(directory / name, encrypted=encrypted)

    async def scenario():
        async with tapped(settings, wire) as through, Listener(settings, "north") as listener:
            await live(store, through, decisions(days, people), wire, hours=hours)
            await until(lambda: getattr(listener.received[-1].message, "state", None) == "offline")
            return listener.received

    with running(mosquitto):
        received = asyncio.run(scenario())
    return wire, received


def is_count(packet):
    """Whether a packet is a message of the outbox: they wait for an answer, as nothing else of the gate's does."""
    return packet.out and packet.kind & 0xF0 == PUBLISH and packet.kind & QOS_1


@pytest.fixture(scope="module", params=["plain", "TLS"])
def both(request, open_store, tmp_path_factory):
    encrypted = request.param == "TLS"
    directory = tmp_path_factory.mktemp(request.param)
    return [
        captured(open_store, directory, encrypted=encrypted, passages=passages, hours=5)
        for passages in (False, True)
    ]


def after_the_greeting(wire):
    """All but the first instant: the sizes of a TLS handshake are the luck of its signatures."""
    return [packet for packet in wire.packets if packet.at > EVENING]


def test_r44_packets_are_as_many_and_as_large_whether_people_pass_or_not(both):
    shapes = [
        Counter((packet.out, packet.kind, packet.size) for packet in after_the_greeting(wire))
        for wire, _ in both
    ]
    assert shapes[0] == shapes[1]
    assert shapes[0].total() > 300


def test_r44_what_goes_at_set_times_goes_at_the_same_times_whether_people_pass_or_not(both):
    """All but the counts, which go at times drawn by lot, four an hour at most; under TLS they are told by nothing."""
    times = [
        Counter((packet.at, packet.out, packet.size) for packet in after_the_greeting(wire))
        for wire, _ in both
    ]
    differing = (times[0] - times[1]) + (times[1] - times[0])
    assert all(60 <= (at - EVENING).total_seconds() % 3600 <= 360 + TICK_S for at, _, _ in differing)


def test_r43_all_topics_and_payload_sizes_are_the_same_and_nothing_is_retained(both):
    heard = [
        Counter((each.topic, len(each.payload), each.retained) for each in received) for _, received in both
    ]
    assert heard[0] == heard[1]
    assert not any(retained for _, _, retained in heard[0])


def test_the_two_worlds_do_differ_in_what_is_told(both):
    told = [
        sum(getattr(each.message, "people", None) is not None for each in received) for _, received in both
    ]
    assert told[0] == 0
    assert told[1] > 0


def test_a_broken_promise_would_be_seen():
    """The capture sees a message more, and one that is a byte longer: it is not blind."""
    wire = Wire(FastClock(), encrypted=False)
    wire.take(b"\x30\x03abc\x32", out=True)
    wire.take(b"\x04abcd", out=True)
    assert [(packet.kind, packet.size) for packet in wire.packets] == [(0x30, 5), (0x32, 6)]


@pytest.mark.slow
def test_r44_over_four_days_the_times_of_counts_are_drawn_alike(open_store, tmp_path):
    delays = []
    for passages in (False, True):
        wire, _ = captured(open_store, tmp_path, encrypted=False, passages=passages, hours=96, start=MONDAY)
        sent = [packet.at for packet in wire.packets if is_count(packet)]
        delays.append(sorted((at - MONDAY).total_seconds() % 3600 for at in sent))
    assert len(delays[0]) == len(delays[1])
    grid = np.arange(0, 3600, TICK_S)
    apart = [np.searchsorted(each, grid, side="right") / len(each) for each in delays]
    # Kolmogorov and Smirnov: chance alone goes beyond this once in a million times.
    assert np.abs(apart[0] - apart[1]).max() < 2.69 * np.sqrt(2 / len(delays[0]))

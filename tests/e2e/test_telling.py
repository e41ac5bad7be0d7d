"""What leaves a whole gate at once, as a receiver at a real broker hears it (R36, R42, R44, R46)."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime

import pytest

from gate.app import open_gate, open_store
from gate.core.alarms import LOCAL, Alarm
from gate.core.events import Alarmed, Stream
from gate.core.overrides import DEIDENTIFIED_LIVE
from gate.core.roles import AccountId, Role, Staff
from gate.publish.listen import Listener
from gate.publish.messages import AlarmMessage, DeidentifiedPassageMessage, HealthMessage
from gate.publishing import HEALTH_S
from gate.settings import read_settings
from gate.simulated import SimulatedScreen
from tests.e2e.test_gate import CARD, SETTINGS

OFFICER = Staff(AccountId("b" * 16), frozenset({Role.PRIVACY_OFFICER}))
SOON_S = 5.0
"""About a second is promised; a test machine may be slow."""


@pytest.fixture
def settings(tmp_path):
    path = tmp_path / "gate.toml"
    path.write_text(SETTINGS.format(folder=tmp_path), encoding="utf-8")
    return read_settings(path)


@asynccontextmanager
async def heard(settings):
    async with open_gate(settings, SimulatedScreen) as gate:
        assert gate.broker is not None
        person = gate.store.people.add("1203", "Ada Chen", "")
        gate.store.credentials.issue_card(person, f"26:{CARD}", at=gate.clock.now())
        async with Listener(gate.broker, "north") as listener:
            yield gate, listener


async def next_of(listener, kind, within=SOON_S):
    async with asyncio.timeout(within):
        while not isinstance(message := (await listener.next(within)).message, kind):
            pass
        return message


async def passes(gate):
    gate.simulation.present_card(CARD)
    async with asyncio.timeout(SOON_S):
        while gate.simulation.door_locked:  # noqa: ASYNC110 - the door tells no event of ours
            await asyncio.sleep(0.01)


def test_an_alarm_is_heard_soon_when_it_begins_and_when_it_is_over(settings):
    async def scenario():
        async with heard(settings) as (gate, listener):
            gate.simulation.act("fire")
            began = await next_of(listener, AlarmMessage)
            gate.simulation.act("fire-over")
            over = await next_of(listener, AlarmMessage)
        assert [(each.alarm, each.began) for each in (began, over)] == [
            (Alarm.FIRE, True),
            (Alarm.FIRE, False),
        ]
        assert over.sequence == began.sequence + 1

    asyncio.run(scenario())


def test_r36_what_stays_here_is_not_heard_and_keeps_nothing_else_back(settings):
    async def scenario():
        async with heard(settings) as (gate, listener):
            for each in sorted(LOCAL):
                gate.alarms.ring(each, gate.clock.monotonic())
            gate.alarms.ring(Alarm.HELP, gate.clock.monotonic())
            assert (await next_of(listener, AlarmMessage)).alarm is Alarm.HELP
            said = b"".join(each.payload for each in listener.received)
        assert not any(each.value.encode() in said for each in LOCAL)

    asyncio.run(scenario())


def test_r42_what_fits_no_schema_is_kept_back_and_an_alarm_is_heard_instead(settings):
    async def scenario():
        async with heard(settings) as (gate, listener):
            gate.store.outbox.alarm(
                Alarmed(Alarm.DURESS, began=True, at=gate.clock.now().replace(microsecond=0))
            )
            assert (await next_of(listener, AlarmMessage)).alarm is Alarm.EGRESS
            assert gate.alarms.standing == (Alarm.EGRESS,)
            assert b"duress" not in b"".join(each.payload for each in listener.received)

    asyncio.run(scenario())


def test_r44_by_default_nothing_tells_of_a_passage(settings):
    async def scenario():
        async with heard(settings) as (gate, listener):
            # The first may be told before anybody listens.
            assert not (await next_of(listener, HealthMessage, HEALTH_S + SOON_S)).deidentified_live
            await passes(gate)
            gate.alarms.ring(Alarm.HELP, gate.clock.monotonic())
            await next_of(listener, AlarmMessage)  # whatever the passage had sent would be here by now
            assert gate.store.outbox.depth()[Stream.PASSAGES] == 0
            assert not any("passage" in each.topic for each in listener.received)

    asyncio.run(scenario())


def test_r44_switched_on_by_the_officer_each_passage_is_heard_de_identified(settings):
    with closing(open_store(settings)) as store:
        store.overrides.change({DEIDENTIFIED_LIVE: True}, seen=0, at=datetime.now(UTC), by=OFFICER)

    async def scenario():
        async with heard(settings) as (gate, listener):
            assert gate.status().deidentified_live
            await passes(gate)
            message = await next_of(listener, DeidentifiedPassageMessage)
        assert (message.method, message.granted, message.at.second) == ("card", True, 0)

    asyncio.run(scenario())

"""How the gate appears in Home Assistant: as its documentation asks, to look at and not to command (R36, R44, R45).

The same payload and messages
were shown once to a real Home Assistant (2026.2.3, MQTT 5, mosquitto), which set up every entity without a warning.
"""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pytest
from pydantic import ValidationError

from gate.core.alarms import Alarm, leaves
from gate.core.door_mode import DoorMode
from gate.core.events import Alarmed, Counted, Denied, Queued, Span, Stream
from gate.errors import ConfigError, RequestError
from gate.fleet.made_up import made_up_health
from gate.publish import homeassistant, messages
from gate.publish.homeassistant import EXPIRY_S, REST_S, DeviceDiscovery, Introduction
from gate.publishing import open_publisher
from gate.settings import BrokerSettings as BrokerSection
from tests.brokers import mosquitto_broker
from tests.publish.accounts import Ear
from tests.publish.home import DOCUMENTED, Home
from tests.publish.world import GATE, NOW, MemoryOutbox, StillClock, until
from tests.settings_of import settings_of

HOUR = timedelta(hours=1)
START = NOW.replace(minute=0)
WELL = made_up_health(NOW, "0.1.0")
MESSAGE = homeassistant.discovery("north", "0.1.0")
SHOWN = json.loads(homeassistant.encode(MESSAGE))


@pytest.fixture
def home():
    home = Home(SHOWN)
    home.hear(messages.health(WELL))
    return home


def counted(span, granted, *, sequence=1):
    length = {Span.HOUR: 1, Span.BLOCK: 4, Span.DAY: 24}.get(span, 30)
    body = Counted(span, START - length * HOUR, START, granted, None, 10, 1.0)
    return messages.queued_message(Queued("1" * 32, Stream.COUNTS, "a" * 16, sequence, body))


def denied(refused):
    midnight = START.replace(hour=0)
    body = Denied(midnight - 24 * HOUR, midnight, refused, 10, 1.0)
    return messages.queued_message(Queued("2" * 32, Stream.COUNTS, "a" * 16, 2, body))


def alarmed(alarm, *, began):
    return messages.queued_message(Queued("3" * 32, Stream.ALARMS, "a" * 16, 1, Alarmed(alarm, began, NOW)))


def test_the_introduction_is_as_home_assistant_documents_it():
    jsonschema.Draft202012Validator(DOCUMENTED).validate(SHOWN)
    assert homeassistant.topic("homeassistant", "north") == "homeassistant/device/gate/north/config"


def test_the_documentation_names_every_entity():
    text = (Path(__file__).parents[2] / "docs" / "integrations.md").read_text(encoding="utf-8")
    section = text.partition("## Home Assistant")[2].partition("## Prometheus")[0]
    rows = "".join(line.split("|")[1] for line in section.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`(\w+)`", rows)) == set(SHOWN["components"])


def test_there_is_nothing_to_command_and_no_lock_to_open():
    assert {component["platform"] for component in SHOWN["components"].values()} == {
        "sensor",
        "binary_sensor",
    }
    assert "command" not in json.dumps(SHOWN)


def test_all_ids_are_the_gates_own_and_differ_r43():
    ids = [component["unique_id"] for component in SHOWN["components"].values()]
    assert len(set(ids)) == len(ids)
    assert all(each.startswith("gate_north_") for each in ids)


def test_the_introduction_is_the_same_whatever_happens_at_the_gate_r44():
    """It takes a gate id and a version and nothing else, so neither its length nor its time can tell anything."""
    assert homeassistant.encode(homeassistant.discovery("north", "0.1.0")) == homeassistant.encode(MESSAGE)


@pytest.mark.parametrize("mode", DoorMode)
def test_the_door_is_shown_by_its_mode(home, mode):
    home.hear(messages.health(replace(WELL, door_mode=mode)))
    locked = {DoorMode.STANDING_OPEN: "ON", DoorMode.LOST: "unknown"}.get(mode, "OFF")
    assert (home.states["door_mode"], home.states["lock"]) == (mode, locked)


def test_no_entity_moves_with_a_passage_r44(home):
    """All it reads are fields of messages that do not: anything else would be unknown to the models of the messages."""
    home.hear(messages.presence("online"))
    assert (home.states["door_mode"], home.states["lock"]) == ("unknown", "unknown")
    listened = {component["state_topic"] for component in SHOWN["components"].values()}
    assert not any("passage" in topic for topic in listened)
    assert "deidentified-passage" not in json.dumps(SHOWN)


@pytest.mark.parametrize("alarm", [alarm for alarm in Alarm if leaves(alarm)])
def test_an_alarm_shows_at_once_and_ends_at_once(home, alarm):
    key = f"alarm_{alarm.replace('-', '_')}"
    others = {each for each in home.states if each.startswith("alarm_")} - {key}
    home.hear(alarmed(alarm, began=True))
    assert home.states[key] == "ON"
    assert {home.states[each] for each in others} == {"OFF"}
    home.hear(alarmed(alarm, began=False))
    assert home.states[key] == "OFF"


def test_an_alarm_that_stands_is_shown_to_who_comes_late():
    late = Home(SHOWN)
    late.hear(messages.health(replace(WELL, alarms=(Alarm.FIRE,))))
    assert (late.states["alarm_fire"], late.states["alarm_forced"]) == ("ON", "OFF")


@pytest.mark.parametrize("alarm", [alarm for alarm in Alarm if not leaves(alarm)])
def test_a_local_alarm_has_no_entity(alarm):
    assert alarm not in json.dumps(SHOWN)


@pytest.mark.parametrize(
    ("span", "key"), [(Span.HOUR, "people_hour"), (Span.BLOCK, "people_block"), (Span.DAY, "people_day")]
)
def test_a_count_is_shown_and_a_withheld_one_is_unknown_r44(home, span, key):
    home.hear(counted(span, 17))
    assert home.states[key] == "17"
    assert home.states["counted_until"] == START.isoformat().replace("+00:00", "Z")
    home.hear(counted(span, None))
    assert home.states[key] == "unknown"


def test_a_count_of_one_span_leaves_the_others_alone(home):
    home.hear(counted(Span.HOUR, 17))
    home.hear(counted(Span.BLOCK, None))
    home.hear(counted(Span.MERGED, 40))
    assert (home.states["people_hour"], home.states["people_block"]) == ("17", "unknown")


def test_refusals_are_shown_and_withheld_ones_are_unknown_r44(home):
    home.hear(denied(30))
    assert home.states["refusals_day"] == "30"
    home.hear(denied(None))
    assert home.states["refusals_day"] == "unknown"


@pytest.mark.parametrize("field", ["reader_healthy", "door_healthy", "storage_healthy", "clock_trusted"])
def test_what_is_not_well_is_shown_as_a_problem(home, field):
    assert home.states[field] == "OFF"
    home.hear(messages.health(replace(WELL, **{field: False})))
    assert home.states[field] == "ON"


def test_a_gate_that_is_gone_is_unavailable_until_it_is_back(home):
    assert home.available
    home.hear(messages.presence("offline"))
    assert not home.available
    home.hear(messages.presence("online"))
    assert home.available


@pytest.mark.parametrize(
    "forged",
    [
        DeviceDiscovery.model_construct(**{**MESSAGE.__dict__, "qos": 2}),
        MESSAGE.model_copy(update={"person": "Ada"}),
        type("Wider", (DeviceDiscovery,), {})(**MESSAGE.__dict__),
        {"device": {}},
        b"{}",
    ],
)
def test_nothing_else_can_be_encoded_r42(forged):
    with pytest.raises(RequestError, match="Home Assistant"):
        homeassistant.encode(forged)


def test_an_entity_takes_no_unknown_field_r42():
    lock = MESSAGE.components["lock"]
    with pytest.raises(ValidationError):
        type(lock)(**lock.__dict__, command_topic="gate/north/command")


@pytest.mark.parametrize("prefix", ["", "home/#", "home/+", "/home", "home/", "a" * 41])
def test_a_prefix_that_cannot_stand_in_a_topic_is_refused(prefix):
    with pytest.raises(ConfigError):
        homeassistant.topic(prefix, "north")
    with pytest.raises(ConfigError):
        homeassistant.status_topic(prefix)


@pytest.fixture
def introduction():
    introduction = Introduction("homeassistant", "north", "0.1.0", spread=3.0)
    introduction.begin(100.0)
    return introduction


def test_the_gate_introduces_itself_once_after_its_birth(introduction):
    assert introduction.take_due(100.0) == MESSAGE
    assert introduction.take_due(100.0) is None


def test_when_home_assistant_starts_the_gate_answers_after_its_own_short_wait(introduction):
    introduction.take_due(100.0)
    introduction.heed(b"online", 500.0)
    assert introduction.take_due(502.9) is None
    assert introduction.take_due(503.0) == MESSAGE


def test_no_other_word_on_that_topic_has_an_effect(introduction):
    introduction.take_due(100.0)
    for payload in (b"offline", b"", b"ONLINE", b"\xff", b'{"state": "online"}'):
        introduction.heed(payload, 500.0)
    assert introduction.take_due(600.0) is None


def test_whoever_repeats_it_has_the_gate_answer_no_more_than_once_in_a_while(introduction):
    introduction.take_due(100.0)
    answers = []
    for tenth in range(1, 6001):
        introduction.heed(b"online", 100.0 + tenth / 10)
        answers.append(introduction.take_due(100.0 + tenth / 10))
    assert sum(answer is not None for answer in answers) <= 600 / REST_S


@pytest.fixture
def broker(tmp_path):
    """A site's own: the embedded one serves where no broker is set, and then nothing is said to Home Assistant."""
    with mosquitto_broker(tmp_path) as settings:
        yield settings


@pytest.fixture
def settings(broker, tmp_path, monkeypatch):
    (tmp_path / "broker-password").write_text(broker.password, encoding="ascii")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    section = BrokerSection(host=broker.host, port=broker.port, username=broker.username, home_assistant=True)
    return settings_of(GATE).model_copy(update={"broker": section})


@asynccontextmanager
async def at_work(settings, clock):
    async with AsyncExitStack() as stack:
        store = SimpleNamespace(outbox=MemoryOutbox())
        _, publisher = await open_publisher(settings, stack, store, clock)
        assert publisher is not None
        yield publisher


def test_it_goes_out_at_birth_and_when_home_assistant_starts_and_is_not_retained_r45(broker, settings):
    clock = StillClock()
    topic = homeassistant.topic("homeassistant", GATE)

    async def scenario(ear):
        async with at_work(settings, clock) as publisher:

            def told(times):
                clock.seconds += 0.2
                publisher.drain()
                return ear.count(topic) == times

            await until(lambda: told(1))
            ear.say("homeassistant/status", b"online")
            await until(lambda: told(2))

    with Ear(broker, "homeassistant/#") as ear:
        asyncio.run(scenario(ear))
        found = [message for message in ear.heard_so_far() if message.topic == topic]
    assert [message.payload for message in found] == [
        homeassistant.encode(homeassistant.discovery(GATE, version("gate")))
    ] * 2
    assert not any(message.retain for message in found)
    assert {message.properties.MessageExpiryInterval for message in found} <= {EXPIRY_S, EXPIRY_S - 1}
    with Ear(broker, "homeassistant/#") as late:
        assert late.heard_so_far() == []


def test_without_the_setting_nothing_is_said_outside_the_gates_own_tree_r41(broker, settings):
    plain = settings.broker.model_copy(update={"home_assistant": False})

    async def scenario(ear):
        async with at_work(settings.model_copy(update={"broker": plain}), StillClock()) as publisher:
            await until(lambda: publisher.connected and ear.count(f"gate/{GATE}/health") > 0)
            publisher.drain()

    with Ear(broker, "#") as ear:
        asyncio.run(scenario(ear))
        assert {message.topic for message in ear.heard_so_far()} == {f"gate/{GATE}/health"}

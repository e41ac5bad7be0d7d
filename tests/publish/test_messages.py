"""What may leave the device, and that nothing else can (R42, R43, R44)."""

from __future__ import annotations

import json
import re
from datetime import timedelta, timezone

import jsonschema
import pytest

from gate.core.alarms import LOCAL, Alarm
from gate.core.door_mode import DoorMode
from gate.core.events import Span
from gate.core.orders import Answer, Refusal, Result
from gate.core.types import Method
from gate.errors import ConfigError, RequestError
from gate.publish import kinds
from gate.publish.fields import LEAST_K, MOST_SEQUENCE
from gate.publish.messages import (
    ROUTES,
    checked_gate_id,
    command_answer,
    decode,
    encode,
    health,
    presence,
    queued_message,
    topic,
)
from tests.publish.contents import (
    BY_METHOD,
    ID,
    MESSAGES,
    MIDNIGHT,
    NINE,
    alarmed,
    counted,
    denied,
    passage,
    queued,
    schema_of,
    state,
)


def test_every_kind_is_looked_at_here():
    assert set(ROUTES) == {type(each) for each in MESSAGES.values()} == set(kinds.Message.__args__)


def test_what_is_encoded_fits_the_published_schema_and_decodes_to_itself(message):
    payload = encode(message)
    jsonschema.validate(json.loads(payload), schema_of(message))
    assert decode(payload) == message


def test_what_each_stream_says_is_what_the_core_said():
    said = {name: json.loads(encode(MESSAGES[name])) for name in MESSAGES}
    head = {"message_id": ID, "epoch": "fedcba9876543210", "sequence": 7}
    assert said["access-counts"] == head | {
        "schema_name": "access-counts",
        "schema_version": "2.0.0",
        "stream": "counts",
        "span": "hour",
        "window_start": "2026-11-22T09:00:00Z",
        "window_end": "2026-11-22T10:00:00Z",
        "people": 12,
        "by_method": None,
        "k": 5,
        "epsilon": 1.0,
    }
    assert said["denials"] == head | {
        "schema_name": "denials",
        "schema_version": "1.0.0",
        "stream": "counts",
        "window_start": "2026-11-22T00:00:00Z",
        "window_end": "2026-11-23T00:00:00Z",
        "refused": 15,
        "k": 5,
        "epsilon": 0.0,
    }
    assert said["alarm"] == head | {
        "schema_name": "alarm",
        "schema_version": "1.0.0",
        "stream": "alarms",
        "alarm": "forced",
        "began": True,
        "at": "2026-11-22T09:00:00Z",
        "times": 1,
    }
    assert said["deidentified-passage"] == head | {
        "schema_name": "deidentified-passage",
        "schema_version": "1.0.0",
        "stream": "passages",
        "at": "2026-11-22T09:00:00Z",
        "method": "card",
        "granted": True,
    }


def test_counts_by_method_name_each_and_null_what_is_not_offered():
    message = queued_message(queued(counted(people=13, by_method=BY_METHOD)))
    assert json.loads(encode(message))["by_method"] == {"face": 6, "card": 7, "pin": None}


@pytest.mark.parametrize(
    ("span", "hours"), [(Span.BLOCK, 4), (Span.DAY, 24), (Span.MERGED, 1), (Span.MERGED, 9_000)]
)
def test_every_span_has_its_length(span, hours):
    start = MIDNIGHT if span is Span.DAY else NINE - timedelta(hours=1)
    message = queued_message(
        queued(counted(span=span, window_start=start, window_end=start + timedelta(hours=hours)))
    )
    assert decode(encode(message)) == message


MALFORMED = {
    "an id that is no id": queued(counted(), message_id="resident-1203"),
    "an id in capitals": queued(counted(), message_id=ID.upper()),
    "an epoch that is none": queued(counted(), epoch="1"),
    "a sequence before the first": queued(counted(), sequence=0),
    "a sequence beyond what JSON readers hold": queued(counted(), sequence=MOST_SEQUENCE + 1),
    "a small cell": queued(counted(people=LEAST_K - 1)),
    "a cell below a greater k": queued(counted(people=9, k=10)),
    "no people at all": queued(counted(people=0)),
    "too many": queued(counted(people=1_000_001)),
    "a k below R44's": queued(counted(k=4)),
    "a budget that is no number": queued(counted(epsilon=float("nan"))),
    "an endless budget": queued(counted(epsilon=float("inf"))),
    "a window off the hour": queued(counted(window_start=NINE + timedelta(minutes=3))),
    "a window in another zone": queued(counted(window_start=NINE.astimezone(timezone(timedelta(hours=8))))),
    "a window without a zone": queued(counted(window_start=NINE.replace(tzinfo=None))),
    "an hour of two": queued(counted(window_end=NINE + timedelta(hours=2))),
    "a window that ends before it begins": queued(
        counted(span=Span.MERGED, window_end=NINE - timedelta(hours=1))
    ),
    "a window of nothing": queued(counted(span=Span.MERGED, window_end=NINE)),
    "methods of a withheld cell": queued(counted(people=None, by_method=BY_METHOD)),
    "methods that do not add up": queued(counted(people=14, by_method=BY_METHOD)),
    "a method with few people": queued(counted(people=13, by_method={Method.FACE: 9, Method.CARD: 4})),
    "a method below a greater k": queued(
        counted(people=21, k=10, by_method={Method.FACE: 12, Method.CARD: 9})
    ),
    "a method that no cell names": queued(counted(people=18, by_method=BY_METHOD | {Method.CODE: 5})),
    "no methods at all": queued(counted(by_method={})),
    "methods of a block": queued(
        counted(span=Span.BLOCK, window_end=NINE + timedelta(hours=4), people=13, by_method=BY_METHOD)
    ),
    "refusals of an hour": queued(denied(window_end=MIDNIGHT + timedelta(hours=1))),
    "refusals of a day and an hour": queued(denied(window_end=MIDNIGHT + timedelta(hours=25))),
    "refusals from noon to noon": queued(denied(window_start=NINE, window_end=NINE + timedelta(days=1))),
    "few refusals": queued(denied(refused=5)),
    "refusals that are not rounded": queued(denied(refused=17)),
    "an alarm to a part of a second": queued(alarmed(at=NINE.replace(microsecond=1))),
    "no alarm": queued(alarmed(times=0)),
    "a passage to the second": queued(passage(at=NINE.replace(second=1))),
}


@pytest.mark.parametrize("bad", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_malformed_is_refused_without_being_quoted(bad):
    with pytest.raises(RequestError) as refusal:
        queued_message(bad)
    assert refusal.value.code == "payload-refused"
    assert "1203" not in str(refusal.value)


@pytest.mark.parametrize("alarm", sorted(LOCAL))
def test_r36_an_alarm_that_tells_of_somebody_known_never_leaves(alarm):
    """Passback and duress each tell the minute in which a holder of a credential came in."""
    for build in (
        lambda: queued_message(queued(alarmed(alarm=alarm))),
        lambda: health(state(alarms=(alarm,))),
    ):
        with pytest.raises(RequestError):
            build()
    document = json.loads(encode(MESSAGES["alarm"])) | {"alarm": str(alarm)}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema_of(MESSAGES["alarm"]))


def test_duress_and_passback_stay_and_every_other_alarm_leaves():
    assert {Alarm.DURESS, Alarm.PASSBACK} == LOCAL
    for each in set(Alarm) - LOCAL:
        assert decode(encode(queued_message(queued(alarmed(alarm=each))))).alarm is each


@pytest.mark.parametrize(
    "bad",
    [
        state(version="resident 1203"),
        state(version=""),
        state(at=NINE.replace(tzinfo=None)),
        state(alarms=(Alarm.FIRE, Alarm.FIRE)),
    ],
)
def test_a_malformed_state_is_refused(bad):
    with pytest.raises(RequestError):
        health(bad)


@pytest.mark.parametrize("answer", [Answer(Result.REFUSED, None), Answer(Result.DONE, Refusal.EXPIRED)])
def test_an_answer_without_its_reason_or_with_one_too_many_is_not_lost(answer):
    """The order's own module decides what goes with what; an answer is still an answer."""
    assert decode(encode(command_answer(ID, answer, NINE))).reason is answer.reason


@pytest.mark.parametrize("mode", DoorMode)
def test_r44_health_tells_how_the_door_is_meant_to_stand(mode):
    assert json.loads(encode(health(state(door_mode=mode))))["door_mode"] == mode.value


def test_health_tells_the_second_and_not_the_microsecond():
    assert health(state(at=NINE.replace(microsecond=123_456))).at == NINE


def test_r43_ids_are_fresh_for_what_is_not_queued_and_kept_for_what_is():
    fresh = {health(state()).message_id for _ in range(50)} | {
        presence("online").message_id for _ in range(50)
    }
    assert len(fresh) == 100
    assert MESSAGES["access-counts"].message_id == ID


def test_topics_hold_the_gate_and_the_kind_only():
    for name, each in MESSAGES.items():
        leaf = "health" if name == "presence" else name
        assert topic("north-1", each) == f"gate/north-1/{leaf}"
        assert re.fullmatch(r"[a-z-]+", leaf)


@pytest.mark.parametrize("bad", ["", "North", "a/b", "#", "+", "n\n", "a" * 33, "阿"])
def test_a_gate_id_that_would_change_the_topic_is_refused(bad):
    with pytest.raises(ConfigError) as refusal:
        checked_gate_id(bad)
    assert refusal.value.code == "gate-id"

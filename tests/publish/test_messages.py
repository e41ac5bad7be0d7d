"""What may leave the device, and that nothing else can (R42, R43, R44)."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.core.alarms import LOCAL, Alarm
from gate.core.door_mode import DoorMode
from gate.core.events import Counted, Span
from gate.core.orders import Answer, Order, OrderKind, Refusal, Result, signed_bytes
from gate.core.types import Method
from gate.errors import ConfigError, RequestError
from gate.publish import kinds
from gate.publish.contract import SCHEMA_DIR, schema_file
from gate.publish.fields import LEAST_K, MOST_SEQUENCE
from gate.publish.messages import (
    PAYLOAD_BYTES,
    ROUTES,
    AccessCountsMessage,
    HealthMessage,
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
    ID,
    MESSAGES,
    MIDNIGHT,
    NINE,
    alarmed,
    counted,
    denied,
    passage,
    queued,
    state,
)

BY_METHOD = {Method.FACE: 6, Method.CARD: 7}


@pytest.fixture(params=MESSAGES.values(), ids=MESSAGES.keys())
def message(request):
    return request.param


def schema_of(message):
    return json.loads((SCHEMA_DIR / schema_file(ROUTES[type(message)])).read_text(encoding="utf-8"))


def test_every_kind_is_looked_at_here():
    assert set(ROUTES) == {type(each) for each in MESSAGES.values()} == set(kinds.Message.__args__)


FIELDS = {
    "head": {"schema_name", "schema_version", "message_id", "stream", "epoch", "sequence"},
    "counts": {"span", "window_start", "window_end", "people", "refused", "by_method", "k", "epsilon"},
    "by_method": {"face", "card", "pin"},
    "alarm": {"alarm", "began", "at", "times"},
    "passage": {"at", "method", "granted"},
    "health": {
        *("at", "door_mode", "alarms", "face_offered", "reader_healthy", "door_healthy", "storage_healthy"),
        *("clock_trusted", "deidentified_live", "software"),
    },
    "presence": {"state"},
    "answer": {"nonce", "at", "result", "reason"},
    "command": {"gate", "kind", "issued_at", "expires_at", "key", "nonce", "signature"},
}


def test_r43_the_fields_of_all_schemas_are_these_and_none_could_hold_a_person_a_score_or_a_card():
    """Whoever adds a field adds it here too, and says to themselves what it tells of whom."""
    models = (*ROUTES, kinds.MethodCounts, kinds.CommandMessage)
    assert {field for kind in models for field in kind.model_fields} == set().union(*FIELDS.values())


def test_r43_a_text_is_one_of_a_closed_list_or_has_a_form_without_room_for_a_name():
    """Hex digits, times, a version and the gate's own id: a schema has no other open text."""

    def texts(schema):
        match schema:
            case {"type": "string"}:
                yield schema
            case dict():
                for each in schema.values():
                    yield from texts(each)
            case list():
                for each in schema:
                    yield from texts(each)

    forms = {
        text["pattern"]
        for kind in (*ROUTES, kinds.CommandMessage)
        for text in texts(kind.model_json_schema())
        if not {"const", "enum"} & set(text)
    }
    hexes = {rf"^[0-9a-f]{{{length}}}$" for length in (16, 32, 128)}
    assert {form for form in forms if not form.startswith(r"^\d{4}-\d\d-\d\dT")} == {
        *hexes,
        "^[a-z0-9-]{1,32}$",
        "^[0-9A-Za-z.+-]{1,32}$",
    }


def test_every_schema_is_closed_and_requires_all_it_names(message):
    schema = schema_of(message)
    for each in (schema, *(part for part in schema.get("$defs", {}).values() if "properties" in part)):
        assert each["additionalProperties"] is False
        assert set(each["required"]) == set(each["properties"])


def test_what_is_encoded_fits_the_published_schema_and_decodes_to_itself(message):
    payload = encode(message)
    jsonschema.validate(json.loads(payload), schema_of(message))
    assert decode(payload) == message


def test_r42_an_unknown_field_is_refused_on_both_sides(message):
    document = json.loads(encode(message)) | {"person": "p-17"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema_of(message))
    with pytest.raises(RequestError, match="person"):
        decode(json.dumps(document).encode())


def test_r42_an_unknown_field_is_refused_however_deep_it_stands():
    document = json.loads(encode(queued_message(queued(counted(people=13, by_method=BY_METHOD)))))
    document["by_method"]["visitor"] = 9
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema_of(MESSAGES["access-counts"]))
    with pytest.raises(RequestError, match="visitor"):
        decode(json.dumps(document).encode())


def test_a_missing_field_is_refused(message):
    document = json.loads(encode(message))
    for field in document:
        with pytest.raises(RequestError):
            decode(json.dumps({k: v for k, v in document.items() if k != field}).encode())


@pytest.mark.parametrize("version", ["1.0.0", "2.0.1", "2.1.0", "3.0.0", 2, None])
def test_another_version_is_not_taken_for_this_one(version):
    document = json.loads(encode(MESSAGES["access-counts"])) | {"schema_version": version}
    with pytest.raises(RequestError):
        decode(json.dumps(document).encode())


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"schema_name":"passage"}'])
def test_what_is_no_message_is_refused(payload):
    with pytest.raises(RequestError):
        decode(payload)


def test_a_refusal_never_quotes_the_value():
    document = json.loads(encode(MESSAGES["health"])) | {"software": "resident 1203"}
    with pytest.raises(RequestError) as refusal:
        decode(json.dumps(document).encode())
    assert "1203" not in str(refusal.value)


class _WithPerson(HealthMessage):
    person: str


class _WithVisitor(kinds.MethodCounts):
    visitor: int


def fields_of(name):
    return {field: getattr(MESSAGES[name], field) for field in type(MESSAGES[name]).model_fields}


def smuggled_field():
    message = presence("online")
    object.__setattr__(message, "person", "p-17")
    message.__dict__["person"] = "p-17"
    return message


ORDER = Order("north", OrderKind.RELEASE, "0" * 16, ID, NINE, NINE + timedelta(seconds=30))


@pytest.mark.parametrize(
    "smuggled",
    [
        {"schema_name": "health"},
        b"{}",
        None,
        state(),
        queued(counted()),
        _WithPerson(**fields_of("health"), person="p-17"),
        HealthMessage.model_construct(**fields_of("health") | {"software": "resident 1203"}),
        AccessCountsMessage.model_construct(**fields_of("access-counts") | {"people": 1}),
        AccessCountsMessage.model_construct(
            **fields_of("access-counts")
            | {
                "people": 24,
                "by_method": kinds.MethodCounts.model_construct(face=23, card=1, pin=None),
            }
        ),
        AccessCountsMessage.model_construct(
            **fields_of("access-counts")
            | {"people": 6, "by_method": _WithVisitor(face=6, card=None, pin=None, visitor=1)}
        ),
        smuggled_field(),
        kinds.CommandMessage.model_validate_json(
            json.dumps(json.loads(signed_bytes(ORDER)) | {"signature": "0" * 128}).encode()
        ),
    ],
    ids=[
        "dict",
        "bytes",
        "nothing",
        "core-type",
        "row",
        "subclass",
        "unvalidated-text",
        "unvalidated-small-cell",
        "unvalidated-small-cell-within",
        "subclass-within",
        "field-put-in-later",
        "an order, which no gate gives",
    ],
)
def test_r42_nothing_but_a_valid_message_can_be_encoded(smuggled):
    with pytest.raises(RequestError) as refusal:
        encode(smuggled)
    assert refusal.value.code == "payload-refused"


def test_a_message_that_would_stand_out_by_its_length_is_refused(monkeypatch):
    monkeypatch.setattr("gate.publish.messages.PAYLOAD_BYTES", 64)
    with pytest.raises(RequestError, match="too long"):
        encode(MESSAGES["health"])


EXTREMES = [
    *(queued_message(queued(counted(people=n), sequence=MOST_SEQUENCE)) for n in (None, 5, 1_000_000)),
    queued_message(
        queued(
            counted(
                people=1_000_000,
                by_method={Method.FACE: 400_000, Method.CARD: 300_000, Method.PIN: 300_000},
                k=1_000,
                epsilon=1 / 3,
            ),
            sequence=MOST_SEQUENCE,
        )
    ),
    *(queued_message(queued(denied(refused=n), sequence=MOST_SEQUENCE)) for n in (None, 1_000_000)),
    *(
        queued_message(queued(alarmed(alarm=each, times=1_000_000), sequence=MOST_SEQUENCE))
        for each in Alarm
        if each not in LOCAL
    ),
    queued_message(queued(passage(method=None, granted=False), sequence=MOST_SEQUENCE)),
    health(state(version="9" * 32, alarms=tuple(each for each in Alarm if each not in LOCAL))),
    *(command_answer(ID, Answer(Result.REFUSED, each), NINE) for each in Refusal),
    command_answer(None, Answer(Result.DONE), NINE),
]


def test_r44_the_length_on_the_wire_tells_nothing():
    """Topic and payload of one gate are together equally long, whatever is said, and of whatever kind."""
    lengths = {len(topic("north", each)) + len(encode(each)) for each in (*EXTREMES, *MESSAGES.values())}
    assert lengths == {len("gate/north/") + PAYLOAD_BYTES}


def test_every_payload_of_one_kind_is_equally_long():
    for kind in ROUTES:
        ours = [each for each in (*EXTREMES, *MESSAGES.values()) if type(each) is kind]
        assert len({len(encode(each)) for each in ours}) == 1


def test_there_is_room_for_what_a_minor_version_may_add():
    longest = max(len(encode(each).rstrip()) for each in (*EXTREMES, *MESSAGES.values()))
    assert longest < PAYLOAD_BYTES * 3 // 4


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


hours = st.datetimes(datetime(2024, 1, 1), datetime(2036, 1, 1)).map(  # noqa: DTZ001 - given its zone below
    lambda at: at.replace(minute=0, second=0, microsecond=0, tzinfo=UTC)
)


@st.composite
def cells(draw):
    """Give any cell that the core may make."""
    k, start = draw(st.sampled_from([5, 10])), draw(hours)
    span = draw(st.sampled_from(Span))
    length = {Span.HOUR: 1, Span.BLOCK: 4, Span.DAY: 24, Span.MERGED: draw(st.integers(1, 9_000))}[span]
    methods = None
    if span is Span.HOUR and draw(st.booleans()):
        methods = draw(
            st.dictionaries(
                st.sampled_from([Method.FACE, Method.CARD, Method.PIN]), st.integers(k, 9_999), min_size=1
            )
        )
    people = sum(methods.values()) if methods else draw(st.none() | st.integers(k, 999_999))
    end = start + timedelta(hours=length)
    return Counted(span, start, end, people, methods, k, draw(st.floats(0, 100)))


@given(cells(), st.integers(1, MOST_SEQUENCE))
@settings(max_examples=150, deadline=None)
def test_whatever_is_counted_leaves_in_its_schema_at_one_length_and_is_read_as_it_was(cell, sequence):
    payload = encode(queued_message(queued(cell, sequence=sequence)))
    jsonschema.validate(json.loads(payload), SCHEMA_OF_COUNTS)
    assert len(payload) == PAYLOAD_BYTES - len("access-counts")
    read = decode(payload)
    assert (read.people, read.window_start, read.window_end) == (
        cell.people,
        cell.window_start,
        cell.window_end,
    )
    assert read.epsilon == cell.epsilon


SCHEMA_OF_COUNTS = schema_of(MESSAGES["access-counts"])


@given(
    st.dictionaries(
        st.text(max_size=12), st.none() | st.booleans() | st.integers() | st.text(max_size=40), max_size=4
    ),
    st.sampled_from(sorted(MESSAGES)),
)
@settings(max_examples=150, deadline=None)
def test_r42_no_message_with_anything_else_in_it_is_read(more, name):
    document = json.loads(encode(MESSAGES[name]))
    changed = document | more
    if changed == document:
        return
    with suppress(RequestError):
        assert set(json.loads(encode(decode(json.dumps(changed).encode())))) == set(document)
        assert not set(more) - set(document), "an unknown field was read"

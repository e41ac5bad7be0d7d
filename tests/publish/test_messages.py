"""What may leave the device, and that nothing else can (R42, R43, R44)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import jsonschema
import pytest

from gate.core.events import AccessCounts, Health, Queued
from gate.errors import ConfigError, RequestError
from gate.publish import messages
from gate.publish.messages import (
    PAYLOAD_BYTES,
    ROUTES,
    SCHEMA_DIR,
    AccessCountsMessage,
    HealthMessage,
    access_counts,
    checked_gate_id,
    decode,
    encode,
    health,
    json_schemas,
    presence,
    topic,
)

NINE = datetime(2026, 11, 22, 9, tzinfo=UTC)
ID = "0123456789abcdef" * 2


def queued(*, granted: int = 12, refused: int = 7, message_id: str = ID, start: datetime = NINE) -> Queued:
    return Queued(message_id, AccessCounts(start, granted, refused))


def state(*, version: str = "0.1.0", at: datetime = NINE) -> Health:
    return Health(at, face_offered=True, reader_healthy=False, door_healthy=True, version=version)


MESSAGES = {
    "access-counts": access_counts(queued()),
    "health": health(state()),
    "presence": presence("offline"),
}


@pytest.fixture(params=MESSAGES.values(), ids=MESSAGES.keys())
def message(request):
    return request.param


def schema_of(message):
    return json.loads((SCHEMA_DIR / f"{message.schema_name}-1.json").read_text(encoding="utf-8"))


def test_the_schema_files_are_what_the_models_say():
    files = {path.name: path.read_text(encoding="utf-8") for path in SCHEMA_DIR.iterdir()}
    assert files == json_schemas(), "run: python -m gate.publish.messages"


def test_every_schema_is_closed_and_requires_all_it_names(message):
    schema = schema_of(message)
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == set(schema["properties"])


def test_no_schema_has_a_field_that_could_hold_a_person():
    fields = {field for kind in ROUTES for field in kind.model_fields}
    counts = {"window_start", "window_end", "granted", "refused"}
    own_state = {"at", "face_offered", "reader_healthy", "door_healthy", "software", "state"}
    assert fields == {"schema_name", "schema_version", "message_id"} | counts | own_state


def test_what_is_encoded_fits_the_published_schema_and_decodes_to_itself(message):
    payload = encode(message)
    jsonschema.validate(json.loads(payload), schema_of(message))
    assert decode(payload) == message


def test_an_unknown_field_is_refused_on_both_sides(message):
    document = json.loads(encode(message)) | {"person": "p-17"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema_of(message))
    with pytest.raises(RequestError, match="person"):
        decode(json.dumps(document).encode())


def test_a_missing_field_is_refused(message):
    document = json.loads(encode(message))
    for field in document:
        with pytest.raises(RequestError):
            decode(json.dumps({k: v for k, v in document.items() if k != field}).encode())


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


@pytest.mark.parametrize(
    "smuggled",
    [
        {"schema_name": "health"},
        b"{}",
        None,
        state(),
        _WithPerson(**MESSAGES["health"].model_dump(), person="p-17"),
        HealthMessage.model_construct(**MESSAGES["health"].model_dump() | {"software": "resident 1203"}),
        AccessCountsMessage.model_construct(**MESSAGES["access-counts"].model_dump() | {"granted": 1}),
    ],
    ids=["dict", "bytes", "nothing", "core-type", "subclass", "unvalidated-text", "unvalidated-small-cell"],
)
def test_nothing_but_a_valid_message_can_be_encoded(smuggled):
    with pytest.raises(RequestError) as refusal:
        encode(smuggled)
    assert refusal.value.code == "payload-refused"


@pytest.mark.parametrize("count", range(5))
def test_a_small_cell_leaves_as_unknown(count):
    message = access_counts(queued(granted=count, refused=5))
    assert (message.granted, message.refused) == (None, 5)


def test_the_length_tells_nothing():
    extremes = [
        access_counts(queued(granted=n, refused=m)) for n in (0, 5, 1_000_000) for m in (0, 1_000_000)
    ]
    worst = health(state(version="9" * 32))
    assert {len(encode(m)) for m in (*extremes, worst, *MESSAGES.values())} == {PAYLOAD_BYTES}


@pytest.mark.parametrize(
    "bad",
    [
        queued(message_id="resident-1203"),
        queued(message_id=ID.upper()),
        queued(granted=1_000_001),
        queued(start=NINE + timedelta(minutes=3)),
        queued(start=NINE.astimezone(timezone(timedelta(hours=8)))),
        queued(start=NINE.replace(tzinfo=None)),
    ],
)
def test_a_malformed_window_is_refused(bad):
    with pytest.raises(RequestError):
        access_counts(bad)


@pytest.mark.parametrize(
    "bad", [state(version="resident 1203"), state(version=""), state(at=NINE.replace(tzinfo=None))]
)
def test_a_malformed_state_is_refused(bad):
    with pytest.raises(RequestError):
        health(bad)


def test_health_tells_the_second_and_not_the_microsecond():
    assert health(state(at=NINE.replace(microsecond=123_456))).at == NINE


def test_ids_are_fresh_for_what_is_not_queued_and_kept_for_what_is():
    fresh = {health(state()).message_id for _ in range(50)} | {
        presence("online").message_id for _ in range(50)
    }
    assert len(fresh) == 100
    assert access_counts(queued()).message_id == ID


def test_topics_hold_the_gate_and_the_kind_only():
    topics = {topic("north-1", m) for m in MESSAGES.values()}
    assert topics == {"gate/north-1/access-counts", "gate/north-1/health"}


@pytest.mark.parametrize("bad", ["", "North", "a/b", "#", "+", "n\n", "a" * 33, "阿"])
def test_a_gate_id_that_would_change_the_topic_is_refused(bad):
    with pytest.raises(ConfigError) as refusal:
        checked_gate_id(bad)
    assert refusal.value.code == "gate-id"


def test_every_kind_has_a_route():
    assert set(ROUTES) == {type(m) for m in MESSAGES.values()} == set(messages.Message.__args__)

"""What a message may hold is closed: no field, no text and no kind beside the published ones (R42, R43)."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.core.orders import Order, OrderKind, signed_bytes
from gate.errors import RequestError
from gate.publish import kinds
from gate.publish.messages import (
    ROUTES,
    AccessCountsMessage,
    HealthMessage,
    decode,
    encode,
    presence,
    queued_message,
)
from tests.publish.contents import (
    BY_METHOD,
    ID,
    MESSAGES,
    NINE,
    counted,
    queued,
    schema_of,
    state,
)

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

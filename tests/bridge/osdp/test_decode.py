"""What libosdp reports, as cards and keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.events import CardRead, KeyPressed, Nonsense
from firmware_bridge.osdp.decode import MAX_CARD_BITS, card_of, keys_of
from firmware_bridge.wiegand import CARD_BITS, PARITY_LENGTHS, decode, frame


def raw(bits, data):
    return {"format": 1, "length": bits, "data": data}


def sent(bits, value):
    """A frame of *bits* as OSDP's raw card report holds it."""
    size = (bits + 7) // 8
    return raw(bits, (value << (8 * size - bits)).to_bytes(size, "big"))


@given(st.integers(CARD_BITS.start, CARD_BITS[-1]), st.data())
def test_a_frame_is_the_same_card_or_nonsense_over_osdp_and_over_wiegand(bits, data):
    """R03: a card that was given out at one reader of a site opens at every other."""
    value = data.draw(st.integers(0, 2**bits - 1))
    assert card_of(sent(bits, value)) == decode(bits, value)


@given(st.sampled_from(sorted(PARITY_LENGTHS)), st.data())
def test_a_raw_frame_with_parity_is_its_number_without(bits, data):
    card = CardRead(bits, data.draw(st.integers(1, 2 ** (bits - 2) - 2)))
    assert card_of(sent(bits, frame(card))) == card


def test_a_raw_frame_with_a_wrong_bit_is_nonsense():
    assert card_of(sent(26, frame(CardRead(26, 40451)) ^ 1 << 9)) == Nonsense()


@given(st.integers(CARD_BITS.stop, MAX_CARD_BITS), st.data())
def test_a_frame_longer_than_wiegands_is_taken_whole(bits, data):
    value = data.draw(st.integers(0, 2**bits - 1))
    assert card_of(sent(bits, value)) == CardRead(bits, value)


def test_a_text_card_is_its_characters_and_not_the_memory_behind_them():
    event = {"format": 2, "data": b"4711" + bytes(28)}  # the binding's length is in bits: 32 bytes for four
    assert card_of(event) == CardRead(32, int.from_bytes(b"4711", "big"))


@pytest.mark.parametrize("event", [raw(0, b""), raw(-1, b""), raw(26, b"\x01"), raw(300, bytes(64))])
def test_a_card_of_no_bits_or_too_many_is_nonsense(event):
    assert card_of(event) == Nonsense()


def test_keys_are_told_by_osdps_codes_and_by_ascii():
    assert list(keys_of({"data": b"0189\x7f\x0d*#"})) == [KeyPressed(key) for key in "0189*#*#"]


@given(st.binary())
def test_any_bytes_are_keys_or_nonsense(data):
    assert len(list(keys_of({"data": data}))) == len(data)

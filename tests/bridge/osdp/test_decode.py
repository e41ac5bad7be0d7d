"""What libosdp reports, as cards and keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.events import CardRead, KeyPressed, Nonsense
from firmware_bridge.osdp.decode import MAX_CARD_BITS, card_of, keys_of


def raw(bits, data):
    return {"format": 1, "length": bits, "data": data}


@given(st.integers(1, MAX_CARD_BITS), st.data())
def test_a_raw_card_is_its_first_bits(bits, data):
    value = data.draw(st.integers(0, 2**bits - 1))
    size = (bits + 7) // 8
    assert card_of(raw(bits, (value << (8 * size - bits)).to_bytes(size, "big"))) == CardRead(bits, value)


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

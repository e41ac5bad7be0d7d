"""Fuzz what a reader on the OSDP line can make us read: frames before libosdp sees them, and what it reports of cards."""

from firmware_bridge.events import CardRead, KeyPressed, Nonsense
from firmware_bridge.osdp.decode import MAX_CARD_BITS, card_of, keys_of
from firmware_bridge.osdp.frames import MAX_FRAME, Frames, Replies, command_code, seal
from tests.fuzz.harness import Cut

ADDRESS = 101
POLL = seal(bytes((0x53, ADDRESS, 8, 0, 0x05, 0x60)))
SEEDS = (
    b"\x00\x08" + POLL,
    b"\x00\x03" + seal(bytes((0x53, ADDRESS | 0x80, 8, 0, 0x05, 0x40))),
    b"\x01\x05" + bytes((0x53, ADDRESS | 0x80, 14, 0, 0x0D, 3, 0x15, 1)) + bytes(6),
    b"\x02\x01\x1a" + bytes((0x12, 0x34, 0x56, 0x40)),
    b"\x02\x02\x08" + b"ABCDEFGH",
    b"\x03" + b"1234\x7f\x0d",
)


def check_frames(data, *, mended):
    """Whole, wanted, intact frames come out, nothing else; and no more is held than two of the longest."""
    step, stream = data.number(1, 64), data.rest()
    if mended:
        stream = seal(stream)
    for reader in (Frames(ADDRESS), Replies(ADDRESS)):
        if isinstance(reader, Replies):
            reader.expect(b"\xff" + POLL)
        for at in range(0, len(stream), step):
            frame = reader.feed(stream[at : at + step])
            assert len(reader._buffer) <= 2 * MAX_FRAME
            if frame is not None:
                assert frame in stream
                assert 0 <= command_code(frame) <= 255


def check_card(data):
    """No report raises; a card is within its bits."""
    event = {"format": data.number(0, 3), "length": data.number(-2, 300), "data": data.rest()}
    told = card_of(event)
    assert isinstance(told, CardRead | Nonsense)
    if isinstance(told, CardRead):
        assert 0 < told.bits <= MAX_CARD_BITS
        assert 0 <= told.value < 1 << told.bits


def check_keys(data):
    """No key raises."""
    pressed = data.rest()
    told = list(keys_of({"data": pressed}))
    assert len(told) == len(pressed)
    assert all(isinstance(each, KeyPressed | Nonsense) for each in told)


def one_input(raw):
    """Choose a claim by the first byte."""
    data = Cut(raw)
    match data.number(0, 3):
        case 0:
            check_frames(data, mended=False)
        case 1:
            check_frames(data, mended=True)
        case 2:
            check_card(data)
        case _:
            check_keys(data)

"""Fuzz the keyboards that are readers: no run of keys raises, grows, or makes a card outside its bits."""

from firmware_bridge.events import CardRead, CodeScanned, Nonsense
from firmware_bridge.hid import LONGEST, HidOptions, Typing
from tests.fuzz.harness import Cut

CARD, CODE = b"\x00", b"\x01"
SEEDS = (
    CARD + b"".join(bytes((0, key, 1)) for key in (2, 3, 4, 5, 28)),
    CODE + b"".join(bytes((1, key, 1)) for key in (42, 34, 47, 2, 52, 28)),
    CARD + bytes(120),
)


def one_input(raw):
    data = Cut(raw)
    kind = ("card", "code")[data.number(0, 1)]
    typing, now = Typing(HidOptions("/dev/input/none", kind, 32, (10, 16)[len(raw) % 2])), 0.0
    while not data.is_empty:
        now += data.number(0, 255) / 256
        told = typing.key(data.number(0, 255), data.number(0, 2), now)
        assert told is None or isinstance(told, CardRead | CodeScanned | Nonsense)
        assert len(typing._text) <= LONGEST[kind]
        if isinstance(told, CardRead):
            assert kind == "card"
            assert 0 < told.value < 1 << 32
    typing.poll(now + 1)
    assert typing._text == ""

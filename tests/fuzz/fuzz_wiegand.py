"""Coverage-guided fuzzing of the Wiegand decoder: make fuzz

The same claims are held by hypothesis on every run.
"""

from firmware_bridge.events import CardRead, KeyPressed, Nonsense
from firmware_bridge.wiegand import CARD_BITS, PARITY_LENGTHS, Collector, card_of_raw, decode, frame, read
from tests.fuzz.harness import Cut

SEEDS = (
    b"\x00" + bytes((31,)) + bytes(range(17)),
    b"\x01" + bytes((31,)) + b"\x12\x34\x56\x40",
    b"\x02" + bytes(200),
)


def check_decoder(data):
    """No numbers raise; a card is within its bits, and its frame is the frame that came."""
    count, value = data.number(-5, 140), data.number(-1, 2**132)
    told = decode(count, value)
    assert isinstance(told, CardRead | KeyPressed | Nonsense)
    if isinstance(told, CardRead):
        assert told.bits == count
        assert 0 <= told.value < 1 << count
        assert frame(told) == value
        if count in PARITY_LENGTHS:
            assert decode(count, value ^ 1 << data.number(0, count - 1)) == Nonsense()


def check_raw(data):
    """No bytes raise; what OSDP gives is what the wire gives."""
    bits, raw = data.number(-5, 140), data.take(20)
    told = card_of_raw(bits, raw)
    if isinstance(told, CardRead):
        assert told == decode(bits, int.from_bytes(raw, "big") >> -bits % 8)


def check_collector(data):
    """No edges raise or make it grow."""
    collector, at_ns = Collector(), 0
    while not data.is_empty:
        at_ns += data.number(-1_000_000, 60_000_000)
        burst = collector.edge(data.number(0, 1), at_ns)
        if data.number(0, 9) == 9:
            burst = collector.poll(at_ns + 40_000_000) or burst
        assert collector._value.bit_length() <= CARD_BITS[-1]
        if burst is not None:
            assert isinstance(read(burst), CardRead | KeyPressed | Nonsense)


def one_input(raw):
    """Choose a claim by the first byte and hold it against the rest."""
    data = Cut(raw)
    (check_decoder, check_raw, check_collector)[data.number(0, 2)](data)

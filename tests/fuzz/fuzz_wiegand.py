"""Coverage-guided fuzzing of the Wiegand decoder: make fuzz

Needs atheris, which make fuzz installs. The same claims are held by hypothesis on every run.
"""

import sys

import atheris

with atheris.instrument_imports():
    from firmware_bridge.events import CardRead, KeyPressed, Nonsense
    from firmware_bridge.wiegand import CARD_BITS, PARITY_LENGTHS, Collector, card_of_raw, decode, frame, read


def check_decoder(data):
    """No numbers raise; a card is within its bits, and its frame is the frame that came."""
    count, value = data.ConsumeIntInRange(-5, 140), data.ConsumeIntInRange(-1, 2**132)
    told = decode(count, value)
    assert isinstance(told, CardRead | KeyPressed | Nonsense)
    if isinstance(told, CardRead):
        assert told.bits == count
        assert 0 <= told.value < 1 << count
        assert frame(told) == value
        if count in PARITY_LENGTHS:
            assert decode(count, value ^ 1 << data.ConsumeIntInRange(0, count - 1)) == Nonsense()


def check_raw(data):
    """No bytes raise; what OSDP gives is what the wire gives."""
    bits, raw = data.ConsumeIntInRange(-5, 140), data.ConsumeBytes(20)
    told = card_of_raw(bits, raw)
    if isinstance(told, CardRead):
        assert told == decode(bits, int.from_bytes(raw, "big") >> -bits % 8)


def check_collector(data):
    """No edges raise or make it grow."""
    collector, at_ns = Collector(), 0
    while data.remaining_bytes():
        at_ns += data.ConsumeIntInRange(-1_000_000, 60_000_000)
        burst = collector.edge(data.ConsumeIntInRange(0, 1), at_ns)
        if data.ConsumeProbability() > 0.9:
            burst = collector.poll(at_ns + 40_000_000) or burst
        assert collector._value.bit_length() <= CARD_BITS[-1]
        if burst is not None:
            assert isinstance(read(burst), CardRead | KeyPressed | Nonsense)


def fuzz(raw):
    """Choose a claim by the first byte and hold it against the rest."""
    data = atheris.FuzzedDataProvider(raw)
    (check_decoder, check_raw, check_collector)[data.ConsumeIntInRange(0, 2)](data)


if __name__ == "__main__":
    atheris.Setup(sys.argv, fuzz)
    atheris.Fuzz()

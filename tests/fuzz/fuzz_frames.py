"""Fuzz both ends of the controller's link: whatever comes off the wire, nothing raises, grows, or passes for a message.

make fuzz

The same claims are held by hypothesis on every run.
"""

from firmware_bridge.drivers import Standing
from firmware_bridge.link.frames import Frame, FrameReader, encode
from firmware_bridge.link.messages import Beat, NoSession, NoVersion, Release, Unpaired
from firmware_bridge.link.parsing import parse
from firmware_bridge.link.session import Session
from firmware_bridge.mcu import sealing, wire

KEY = bytes(32)
INSIDE = 14
HINTS = NoSession | Unpaired | NoVersion
SEEDS = (b"\x01" + encode(Frame(1, wire.RELEASE, 1, Release(1, 100).pack(), bytes(8))), b"\x85" + bytes(30))


def _pair():
    """A host and a controller in session: nonces are the same each time, so that a find can be run again."""
    host, box = Session(KEY), wire.Link(KEY, bytes, 2, 7000, (1, 0, 0), 1)
    box.take()
    box.feed(host.hello(bytes(16)), 0)
    host.receive(box.take())
    box.feed(host.send(Beat(Standing.NORMAL, 5000), 0.0), 0)
    return host, box


def one_input(data):
    """Take the first byte for how the rest is cut, and feed the rest to everything that reads wires.

    From 0x80 on the rest is one frame's inside, whose checksum is mended: no fuzzer guesses checksums.
    """
    cut, stream = (data[0] & 0x7F or 1, data[1:]) if data else (1, b"")
    if data and data[0] & 0x80 and len(stream) > INSIDE:
        version, kind, counter = stream[0], stream[1], int.from_bytes(stream[2:6], "little")
        stream = encode(Frame(version, kind, counter, stream[INSIDE:][:64], stream[6:INSIDE]))
    pieces = [stream[at : at + cut] for at in range(0, len(stream), cut)]
    reader = FrameReader()
    for piece in pieces:
        for frame in reader.feed(piece):
            assert reader.feed(encode(frame))[-1] == frame
            message = parse(frame.kind, frame.payload)
            assert message is None or message.pack() == frame.payload
    whole = sealing.cobs_decode(stream)
    assert (
        whole is None
        or not stream
        or 0 in stream
        or len(stream) > 254
        or sealing.cobs_encode(whole) == stream
    )
    host, box = _pair()
    for piece in pieces:
        assert all(isinstance(each, HINTS) for each in host.receive(piece))
        assert box.feed(piece, 10) == []
        assert len(box._rx) <= 81
        assert len(box._tx) <= 1024
        assert len(host._reader._held) <= 81
    box.feed(b"\x00", 20)
    box.take()
    assert box.feed(host.send(Release(1, 100), 0.1), 20)[-1:] == [(wire.RELEASE, Release(1, 100).pack())]

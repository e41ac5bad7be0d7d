"""Fuzz the words between gate and vision child: a message of the closed set that spells itself again, or a DeviceFault."""

import contextlib

from gate.errors import DeviceFault
from gate.vision.wire import (
    TEMPLATE_BYTES,
    Beat,
    Decoder,
    Enrolled,
    Fault,
    Found,
    LoadGallery,
    Posed,
    StartCapture,
    encode,
)
from tests.fuzz.harness import Cut

MESSAGES = (
    Beat(1),
    Found("a", "compared", "t", (1, 2, 3)),
    Posed("a", "front", "hold-still", 1, 5),
    Fault("", "code", "What.", "Remedy."),
    LoadGallery(1, 1, ("t",), bytes(32 + TEMPLATE_BYTES)),
    StartCapture("a", only=("t",), liveness="basic"),
    Enrolled("a", 1, bytes(TEMPLATE_BYTES)),
)
SEEDS = (
    *(b"\x00\x20" + encode(each) for each in MESSAGES),
    b'\x01["Found",{"attempt":"a","hint":"compared","template":null,"place":[],"live":"live"}]',
)


def one_input(raw):
    """Feed a stream as it is; or, where the first byte is odd, its rest as one header with its length put right."""
    data = Cut(raw)
    if data.number(0, 255) & 1:
        header = data.rest()
        step, stream = 64, len(header).to_bytes(4) + bytes(4) + header
    else:
        step, stream = data.number(1, 255), data.rest()
    decoder = Decoder()
    with contextlib.suppress(DeviceFault):
        for at in range(0, len(stream), step):
            for message in decoder.feed(stream[at : at + step]):
                assert Decoder().feed(encode(message)) == [message]

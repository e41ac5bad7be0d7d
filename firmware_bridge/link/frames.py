"""Frames of the controller's link: bytes in, frames out. Pure, total, bounded; see mcu/PROTOCOL.md."""

from __future__ import annotations

import struct
from binascii import crc_hqx
from dataclasses import dataclass, field
from typing import Final

from cobs import cobs

MAX_PAYLOAD: Final = 64
MAC_BYTES: Final = 8
NO_MAC: Final = bytes(MAC_BYTES)
_HEAD: Final = struct.Struct("<BBI")
_LEAST: Final = _HEAD.size + MAC_BYTES + 2
_MOST: Final = _LEAST + MAX_PAYLOAD
_MOST_ENCODED: Final = _MOST + 1


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame whose checksum is right. Nothing says yet who wrote it."""

    version: int
    kind: int
    counter: int
    payload: bytes = field(repr=False)
    mac: bytes = field(default=NO_MAC, repr=False)

    @property
    def head(self) -> bytes:
        """What the MAC is over, the direction left out."""
        return _HEAD.pack(self.version, self.kind, self.counter) + self.payload


def encode(frame: Frame) -> bytes:
    """Turn *frame* into what goes onto the wire, a zero on either side: the first ends whatever noise came before."""
    body = frame.head + frame.mac
    block: bytes = cobs.encode(body + struct.pack("<H", crc_hqx(body, 0xFFFF)))
    return b"\x00" + block + b"\x00"


def decode(block: bytes) -> Frame | None:
    """Read what stood between two zeros; None when it is no frame. Never raises."""
    try:
        body = cobs.decode(block)
    except cobs.DecodeError:
        return None
    if not _LEAST <= len(body) <= _MOST or crc_hqx(body[:-2], 0xFFFF) != int.from_bytes(body[-2:], "little"):
        return None
    version, kind, counter = _HEAD.unpack_from(body)
    return Frame(version, kind, counter, body[_HEAD.size : -2 - MAC_BYTES], body[-2 - MAC_BYTES : -2])


class FrameReader:
    """Finds frames in a stream that is cut anywhere and starts anywhere. Holds at most one frame's bytes."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._skipping = True  # what comes before the first zero is the end of something
        self.broken = 0
        """Blocks that were no frame."""

    def feed(self, data: bytes) -> list[Frame]:
        """Take any number of bytes; return the frames they complete."""
        frames = []
        *ended, rest = data.split(b"\x00")
        for piece in ended:
            self._hold(piece)
            if (frame := self._end()) is not None:
                frames.append(frame)
        self._hold(rest)
        return frames

    def _hold(self, piece: bytes) -> None:
        if self._skipping:
            return
        if len(self._held) + len(piece) > _MOST_ENCODED:
            self._held.clear()
            self._skipping = True
            self.broken += 1
        else:
            self._held += piece

    def _end(self) -> Frame | None:
        """Read what is held, as a zero came, and begin anew."""
        block = bytes(self._held)
        self._held.clear()
        self._skipping = False
        if not block:
            return None
        frame = decode(block)
        self.broken += frame is None
        return frame

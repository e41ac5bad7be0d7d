"""OSDP's outer form, as much of it as a line needs: where a reply begins and ends, and whose it is. No I/O.

libosdp checks and decrypts. It is handed whole frames only, so that noise on the wire never reaches it: a single bad
checksum would make it drop the secure channel, and it loses frames that arrive byte by byte.
"""

from __future__ import annotations

import binascii
from typing import Final

MAX_FRAME: Final = 256
"""libosdp's packet buffer, in bytes."""
_SOM: Final = 0x53
_HEADER: Final = 5
_REPLY: Final = 0x80
_SEQUENCE, _CRC, _SECURED = 0x03, 0x04, 0x08
_CRC_SEED: Final = 0x1D0F
_BUSY: Final = 0x79


class Frames:
    """Collects bytes until they hold a whole frame for, or from, one device. Keeps at most 2 * MAX_FRAME of them."""

    def __init__(self, address: int) -> None:
        self._address = address
        self._buffer = bytearray()

    def feed(self, data: bytes) -> bytes | None:
        """Take what arrived; give the first frame that is whole, wanted and has its checksum right, and drop the rest."""
        self._buffer += data
        del self._buffer[: -2 * MAX_FRAME]
        start = self._buffer.find(_SOM)
        while start >= 0:
            frame = self._frame(start)
            if frame is not None and self._wants(frame):
                self._buffer.clear()
                return frame
            start = self._buffer.find(_SOM, start + 1)
        return None

    def _frame(self, start: int) -> bytes | None:
        head = self._buffer[start : start + _HEADER]
        if len(head) < _HEADER or head[1] != self._address:
            return None
        length = int.from_bytes(head[2:4], "little")
        if not _HEADER + 2 <= length <= MAX_FRAME or len(self._buffer) < start + length:
            return None
        frame = bytes(self._buffer[start : start + length])
        return frame if _is_intact(frame) else None

    def _wants(self, frame: bytes) -> bool:
        return frame[1] == self._address


class Replies(Frames):
    """The reply of one device to the command it was sent last. A busy reply is none: its sender is asked again."""

    def __init__(self, address: int) -> None:
        super().__init__(address | _REPLY)
        self._sequence = 0

    def expect(self, command: bytes) -> None:
        """Forget what came before and wait for the reply to *command*, a frame with or without its mark byte."""
        self._buffer.clear()
        self._sequence = _unmarked(command)[4] & _SEQUENCE

    def _wants(self, frame: bytes) -> bool:
        return frame[4] & _SEQUENCE == self._sequence and not _is_busy(frame)


def command_code(frame: bytes) -> int:
    """Give the command or reply code, which OSDP never encrypts."""
    frame = _unmarked(frame)
    skip = frame[_HEADER] if frame[4] & _SECURED else 0
    return frame[min(_HEADER + skip, len(frame) - 1)]


def bad_frame(address: int) -> bytes:
    """Give a reply whose checksum is wrong: with it libosdp ends an exchange at once instead of nine seconds later."""
    frame = seal(bytes((_SOM, address | _REPLY, 8, 0, _CRC, 0x40)))
    return frame[:-1] + bytes((frame[-1] ^ 0xFF,))


def seal(body: bytes) -> bytes:
    """Give *body*, a frame up to its checksum, with its CRC."""
    return body + binascii.crc_hqx(body, _CRC_SEED).to_bytes(2, "little")


def _unmarked(frame: bytes) -> bytes:
    return frame[1:] if frame[:1] == b"\xff" else frame


def _is_intact(frame: bytes) -> bool:
    if frame[4] & _CRC:
        return seal(frame[:-2]) == frame
    return sum(frame) & 0xFF == 0


def _is_busy(frame: bytes) -> bool:
    return not frame[4] & _SECURED and frame[_HEADER] == _BUSY

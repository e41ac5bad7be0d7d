"""What makes a frame: COBS, a checksum, a MAC under a session's key, and counters. Pure; runs on the board as it is."""

from hashlib import sha256

TICKS = 0x3FFFFFFF
"""Milliseconds wrap here (MicroPython's ticks_ms), so ages are taken modulo this plus one."""
MAC_BYTES = 8
_NO_MAC = bytes(MAC_BYTES)
_NAME = b"gate-link"
_MARK_MS = 120
_MARKS = 4
"""A host frame must acknowledge what was sent four marks ago, so 360 to 480 ms. With half a second between two states
that makes one held back on the wire worthless within a second; what a slow line needs is a tenth of that.
"""
_CRC_NIBBLES = (
    0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50A5, 0x60C6, 0x70E7,
    0x8108, 0x9129, 0xA14A, 0xB16B, 0xC18C, 0xD1AD, 0xE1CE, 0xF1EF,
)  # fmt: skip


def crc16(data: bytes) -> int:
    """Compute CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xFFFF), a nibble at a time: the table fits the board."""
    crc = 0xFFFF
    for byte in data:
        crc = ((crc << 4) & 0xFFFF) ^ _CRC_NIBBLES[(crc >> 12) ^ (byte >> 4)]
        crc = ((crc << 4) & 0xFFFF) ^ _CRC_NIBBLES[(crc >> 12) ^ (byte & 15)]
    return crc


def cobs_encode(data: bytes) -> bytes:
    """Encode at most 253 bytes so that no zero stands in them (Cheshire and Baker 1999)."""
    out = bytearray()
    for piece in data.split(b"\x00"):
        out.append(len(piece) + 1)
        out.extend(piece)
    return bytes(out)


def cobs_decode(data: bytes) -> bytes | None:
    """Decode one COBS block without its zero; None when it is none."""
    out = bytearray()
    at = 0
    while at < len(data):
        length = data[at]
        if length == 0 or at + length > len(data) or 0 in data[at + 1 : at + length]:
            return None
        if at:
            out.append(0)
        out.extend(data[at + 1 : at + length])
        at += length
    return bytes(out)


def same(one: bytes, other: bytes) -> bool:
    """Compare in a time that tells nothing about where they differ."""
    if len(one) != len(other):
        return False
    difference = 0
    for a, b in zip(one, other):  # noqa: B905 - MicroPython's zip knows no strict
        difference |= a ^ b
    return difference == 0


class Mac:
    """HMAC-SHA256 under one key of at most 64 bytes, cut to eight bytes by ``tag``."""

    def __init__(self, key: bytes) -> None:
        key = key + bytes(64 - len(key))
        self._inner = bytes([byte ^ 0x36 for byte in key])
        self._outer = bytes([byte ^ 0x5C for byte in key])

    def digest(self, message: bytes) -> bytes:
        """Return all 32 bytes."""
        return sha256(self._outer + sha256(self._inner + message).digest()).digest()

    def tag(self, direction: bytes, head: bytes) -> bytes:
        """Return the eight bytes a frame carries after *head*."""
        return self.digest(direction + head)[:MAC_BYTES]


def session_key(key: bytes, hello: bytes, version: int, nonce: bytes) -> bytes:
    """Derive a session's key. hello: the HELLO's whole payload, so that nobody can lower the versions it offered."""
    return Mac(key).digest(_NAME + hello + bytes([version]) + nonce)


def frame(version: int, kind: int, counter: int, payload: bytes, mac: Mac | None, direction: bytes) -> bytes:
    """Build one frame as it goes onto the wire, zero bytes around it."""
    head = bytes([version, kind]) + counter.to_bytes(4, "little") + payload
    body = head + (mac.tag(direction, head) if mac is not None else _NO_MAC)
    return b"\x00" + cobs_encode(body + crc16(body).to_bytes(2, "little")) + b"\x00"


class Session:
    """One agreed key and how far both sides have counted."""

    def __init__(self, key: bytes, version: int, now: int) -> None:
        self.mac = Mac(key)
        self.version = version
        self.began = now
        self.sent = 0
        self.heard = 0
        self._marks = [0] * _MARKS
        self._marked = now

    def count(self) -> int:
        """Take the next counter."""
        self.sent += 1
        return self.sent

    def pass_time(self, now: int) -> None:
        """Let time pass, and remember which counter the host must know before long."""
        marks = ((now - self._marked) & TICKS) // _MARK_MS
        self._marked = (self._marked + marks * _MARK_MS) & TICKS
        for _ in range(min(marks, _MARKS)):
            self._marks.pop(0)
            self._marks.append(self.sent)

    def is_fresh(self, acknowledged: int) -> bool:
        """Tell whether who wrote this had heard us lately: a frame held back on the wire has not."""
        return self._marks[0] <= acknowledged <= self.sent

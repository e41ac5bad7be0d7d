"""What host and controller say to each other, as values; see mcu/PROTOCOL.md for each field.

A value knows its payload (`pack`); `parsing.parse` is the way back. No repr shows a key, a nonce or a card.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import ClassVar, Final

from firmware_bridge.drivers import Declared, Signal, Standing

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 16
BURST_BITS: Final = 128
MAX_RELEASE_MS: Final = 7000

DECLARED_CODES: Final[Mapping[Declared, int]] = MappingProxyType(
    {Declared.FAIL_SAFE: 1, Declared.FAIL_SECURE: 2}
)
STANDING_CODES: Final[Mapping[Standing, int]] = MappingProxyType(
    {Standing.NORMAL: 0, Standing.OPEN: 1, Standing.LOCKED: 2}
)
SIGNAL_CODES: Final[Mapping[Signal, int]] = MappingProxyType(
    {Signal.READY: 0, Signal.WAIT: 1, Signal.GRANTED: 2, Signal.REFUSED: 3}
)


class Kind(IntEnum):
    """The type byte. From 0x80 on it is the controller who speaks."""

    HELLO = 0x01
    BEAT = 0x02
    RELEASE = 0x03
    SHOW = 0x04
    PAIR = 0x05
    CHALLENGE = 0x81
    STATE = 0x82
    RELEASED = 0x83
    REFUSED = 0x84
    LOCKED = 0x85
    EXIT = 0x86
    BURST = 0x87
    NONSENSE = 0x88
    NO_SESSION = 0x89
    UNPAIRED = 0x8A
    NO_VERSION = 0x8B
    PAIRED = 0x8C
    NOT_PAIRED = 0x8D


@dataclass(frozen=True, slots=True)
class Hello:
    """The host begins: which versions it speaks, and a nonce of its own."""

    kind: ClassVar = Kind.HELLO
    lowest: int
    highest: int
    nonce: bytes = field(repr=False)

    def pack(self) -> bytes:
        """Return the payload."""
        return bytes([self.lowest, self.highest]) + self.nonce


@dataclass(frozen=True, slots=True)
class Beat:
    """The host lives, and how the door shall stand for as long."""

    kind: ClassVar = Kind.BEAT
    standing: Standing
    lease_ms: int

    def pack(self) -> bytes:
        """Return the payload."""
        return struct.pack("<BH", STANDING_CODES[self.standing], self.lease_ms)


@dataclass(frozen=True, slots=True)
class Release:
    """One release. id: 1..65535, the host's, answered by Released or Refused."""

    kind: ClassVar = Kind.RELEASE
    id: int
    ms: int

    def pack(self) -> bytes:
        """Return the payload."""
        return struct.pack("<HH", self.id, self.ms)


@dataclass(frozen=True, slots=True)
class Show:
    """What the reader's light shall say."""

    kind: ClassVar = Kind.SHOW
    signal: Signal

    def pack(self) -> bytes:
        """Return the payload."""
        return bytes([SIGNAL_CODES[self.signal]])


@dataclass(frozen=True, slots=True)
class Pair:
    """A new key and what the door is, and may be, for a controller whose pairing window is open."""

    kind: ClassVar = Kind.PAIR
    nonce: bytes = field(repr=False)
    key: bytes = field(repr=False)
    declared: Declared
    max_ms: int
    may_stand_open: bool

    def pack(self) -> bytes:
        """Return the payload."""
        values = struct.pack("<BHB", DECLARED_CODES[self.declared], self.max_ms, self.may_stand_open)
        return self.nonce + self.key + values


@dataclass(frozen=True, slots=True)
class Challenge:
    """The controller's answer to Hello: who it is, and its half of the session's key."""

    kind: ClassVar = Kind.CHALLENGE
    version: int
    nonce: bytes = field(repr=False)
    firmware: tuple[int, int, int]
    declared: Declared
    max_ms: int
    may_stand_open: bool
    boot: int
    boot_reason: int

    def pack(self) -> bytes:
        """Return the payload."""
        values = struct.pack("<BHB", DECLARED_CODES[self.declared], self.max_ms, self.may_stand_open)
        rest = values + struct.pack("<IB", self.boot, self.boot_reason)
        return bytes([self.version]) + self.nonce + bytes(self.firmware) + rest


@dataclass(frozen=True, slots=True)
class State:
    """How everything is, all of it every time: a lost frame is made good by the next."""

    kind: ClassVar = Kind.STATE
    STRIKE_FREE: ClassVar = 1
    LEAF_OPEN: ClassVar = 2
    FIRE: ClassVar = 4
    CASE_OPEN: ClassVar = 8
    POWER_FAILED: ClassVar = 16
    OTHER_OPEN: ClassVar = 32
    EXIT_PRESSED: ClassVar = 64
    HOST_SILENT: ClassVar = 128

    bits: int
    fitted: int
    standing: Standing
    boot_reason: int
    exits: int
    last_release: int

    def pack(self) -> bytes:
        """Return the payload."""
        code = STANDING_CODES[self.standing]
        return struct.pack(
            "<5BH", self.bits, self.fitted, code, self.boot_reason, self.exits, self.last_release
        )


@dataclass(frozen=True, slots=True)
class Released:
    """The release with this id has begun."""

    kind: ClassVar = Kind.RELEASED
    id: int

    def pack(self) -> bytes:
        """Return the payload."""
        return struct.pack("<H", self.id)


@dataclass(frozen=True, slots=True)
class Refused:
    """The release with this id is not carried out."""

    kind: ClassVar = Kind.REFUSED
    id: int
    why: int

    def pack(self) -> bytes:
        """Return the payload."""
        return struct.pack("<HB", self.id, self.why)


@dataclass(frozen=True, slots=True)
class Locked:
    """The strike is locked again."""

    kind: ClassVar = Kind.LOCKED
    why: int

    def pack(self) -> bytes:
        """Return the payload."""
        return bytes([self.why])


@dataclass(frozen=True, slots=True)
class Exit:
    """Somebody inside wants out; exits: how many so far, modulo 256."""

    kind: ClassVar = Kind.EXIT
    exits: int

    def pack(self) -> bytes:
        """Return the payload."""
        return bytes([self.exits])


@dataclass(frozen=True, slots=True)
class Burst:
    """A Wiegand burst as it came. count: 1..128 bits; value: the bits, the first one highest."""

    kind: ClassVar = Kind.BURST
    count: int
    value: int = field(repr=False)

    def pack(self) -> bytes:
        """Return the payload."""
        return bytes([self.count]) + self.value.to_bytes(-(-self.count // 8), "big")


@dataclass(frozen=True, slots=True)
class Babble:
    """How many bursts were none, at most 255."""

    kind: ClassVar = Kind.NONSENSE
    count: int

    def pack(self) -> bytes:
        """Return the payload."""
        return bytes([self.count])


@dataclass(frozen=True, slots=True)
class NoSession:
    """The controller knows no session: it has just started, or never met this host. Not authenticated: a hint."""

    kind: ClassVar = Kind.NO_SESSION

    def pack(self) -> bytes:
        """Return the payload."""
        return b""


@dataclass(frozen=True, slots=True)
class Unpaired:
    """The controller has no key. Not authenticated: a hint."""

    kind: ClassVar = Kind.UNPAIRED
    window_open: bool

    def pack(self) -> bytes:
        """Return the payload."""
        return bytes([self.window_open])


@dataclass(frozen=True, slots=True)
class NoVersion:
    """The controller speaks none of the versions offered. Not authenticated: a hint."""

    kind: ClassVar = Kind.NO_VERSION
    lowest: int
    highest: int

    def pack(self) -> bytes:
        """Return the payload."""
        return bytes([self.lowest, self.highest])


@dataclass(frozen=True, slots=True)
class Paired:
    """The controller keeps the new key; authenticated under it."""

    kind: ClassVar = Kind.PAIRED
    nonce: bytes = field(repr=False)

    def pack(self) -> bytes:
        """Return the payload."""
        return self.nonce


@dataclass(frozen=True, slots=True)
class NotPaired:
    """The controller does not keep the new key. Not authenticated: a hint."""

    kind: ClassVar = Kind.NOT_PAIRED
    WINDOW: ClassVar = 1
    STORE: ClassVar = 2
    VALUES: ClassVar = 3

    nonce: bytes = field(repr=False)
    why: int

    def pack(self) -> bytes:
        """Return the payload."""
        return self.nonce + bytes([self.why])


InSession = Beat | Release | Show
ByHost = Hello | Pair | InSession
Report = State | Released | Refused | Locked | Exit | Burst | Babble
Hint = NoSession | Unpaired | NoVersion | NotPaired
ByController = Challenge | Paired | Report | Hint
Message = ByHost | ByController

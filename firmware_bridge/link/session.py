"""One host's sessions with one controller: handshake, authentication, counters, freshness. Pure; see mcu/PROTOCOL.md.

Time, in monotonic seconds, and nonces are arguments. Nothing that arrives makes it raise, and what is not authentic,
new and fresh is dropped and counted.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final

from firmware_bridge.link.frames import MAC_BYTES, NO_MAC, Frame, FrameReader, encode
from firmware_bridge.link.messages import (
    ByController,
    Challenge,
    Hello,
    InSession,
    Kind,
    NoSession,
    NoVersion,
    Report,
    Unpaired,
)
from firmware_bridge.link.parsing import parse

VERSIONS: Final = (1, 1)
"""The lowest and the highest version this host speaks."""
MAX_COUNTER: Final = 0xFFFFFFFF
_ACK_BYTES: Final = 4
"""What every frame in session begins its payload with: the highest counter heard from the other side."""
MARK_S: Final = 2.0
"""What the controller says must acknowledge what this host sent a mark before: two to four seconds ago."""


@dataclass(slots=True)
class Dropped:
    """How many frames were dropped, and why. Numbers only: fit for a status page."""

    broken: int = 0
    forged: int = 0
    replayed: int = 0
    stale: int = 0
    malformed: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.broken + self.forged + self.replayed + self.stale + self.malformed


def mac(key: bytes, direction: bytes, head: bytes) -> bytes:
    """Return the eight bytes that authenticate *head* in one direction (``H`` from the host, ``C`` to it)."""
    return hmac.digest(key, direction + head, "sha256")[:MAC_BYTES]


def session_key(key: bytes, hello: bytes, challenge: Challenge) -> bytes:
    """Derive a session's key. hello: the whole payload, so that nobody between can lower the versions it offers."""
    return hmac.digest(key, b"gate-link" + hello + bytes([challenge.version]) + challenge.nonce, "sha256")


class _Session:
    """One agreed key, how far both sides have counted, and what the controller must have heard by now."""

    def __init__(self, key: bytes, version: int) -> None:
        self.key, self.version = key, version
        self.sent = self.heard = 0
        self._must_know = self._mark = 0
        self._marked = 0.0

    def seal(self, message: InSession, now: float) -> bytes:
        self.sent += 1
        if now - self._marked >= MARK_S:
            self._must_know, self._mark, self._marked = self._mark, self.sent, now
        payload = self.heard.to_bytes(4, "little") + message.pack()
        frame = Frame(self.version, message.kind, self.sent, payload)
        return encode(
            Frame(frame.version, frame.kind, frame.counter, payload, mac(self.key, b"H", frame.head))
        )

    def is_fresh(self, acknowledged: int) -> bool:
        return self._must_know <= acknowledged <= self.sent


class Session:
    """What a host with *key* (32 bytes) makes of the bytes on its line, and what it puts there.

    versions: the lowest and the highest that it offers.

    A running session goes on until the controller has proved a new one: neither a forged NO_SESSION nor a forged
    CHALLENGE ends it.
    """

    def __init__(self, key: bytes, versions: tuple[int, int] = VERSIONS) -> None:
        self._key = key
        self._versions = versions
        self._reader = FrameReader()
        self._hello: bytes | None = None
        self._session: _Session | None = None
        self._earlier: _Session | None = None
        self._dropped = Dropped()
        self.other_key = False
        """Whether the last challenge answered the last hello under another key than this host's: a hint only."""

    @property
    def established(self) -> bool:
        """Tell whether there is a session to send in."""
        return self._session is not None

    @property
    def worn(self) -> bool:
        """Tell whether the session's counter nears its end: say hello again, no counter ever wraps."""
        return self._session is not None and self._session.sent > MAX_COUNTER - (1 << 16)

    @property
    def dropped(self) -> Dropped:
        """Tell how many frames were dropped so far."""
        self._dropped.broken = self._reader.broken
        return self._dropped

    def hello(self, nonce: bytes) -> bytes:
        """Return the bytes that ask for a session. nonce: 16 bytes from `secrets`, a new one each time."""
        hello = Hello(*self._versions, nonce)
        self._hello = hello.pack()
        return encode(Frame(0, Kind.HELLO, 0, self._hello))

    def send(self, message: InSession, now: float) -> bytes:
        """Return the bytes that carry *message*; none without a session, or when its counter is used up."""
        if self._session is None or self._session.sent >= MAX_COUNTER:
            return b""
        return self._session.seal(message, now)

    def receive(self, data: bytes) -> list[ByController]:
        """Take any number of bytes. Return what the controller said, oldest first.

        Only Challenge and what comes in a session is proved to be the controller's, and fresh. NoSession, Unpaired and
        NoVersion are hints that anybody on the line can give. A Challenge is returned once: it began a session.
        """
        return [message for frame in self._reader.feed(data) if (message := self._sort(frame)) is not None]

    def _sort(self, frame: Frame) -> ByController | None:
        if frame.version:
            return self._in_session(frame)
        message = parse(frame.kind, frame.payload)
        if isinstance(message, Challenge):
            return self._challenged(frame, message)
        if isinstance(message, NoSession | Unpaired | NoVersion) and frame.mac == NO_MAC:
            return message
        self._dropped.malformed += 1
        return None

    def _challenged(self, frame: Frame, challenge: Challenge) -> Challenge | None:
        if self._hello is None:
            self._dropped.replayed += 1
            return None
        key = session_key(self._key, self._hello, challenge)
        if frame.counter or not hmac.compare_digest(mac(key, b"C", frame.head), frame.mac):
            self._dropped.forged += 1
            self.other_key = True
            return None
        if not self._versions[0] <= challenge.version <= self._versions[1]:
            self._dropped.malformed += 1
            return None
        self._hello = None
        self.other_key = False
        self._earlier, self._session = self._session, _Session(key, challenge.version)
        return challenge

    def _in_session(self, frame: Frame) -> ByController | None:
        session = self._whose(frame)
        if session is None:
            self._dropped.forged += 1
            return None
        acknowledged = int.from_bytes(frame.payload[:_ACK_BYTES], "little")
        message = parse(frame.kind, frame.payload[_ACK_BYTES:])
        is_short = len(frame.payload) < _ACK_BYTES
        if frame.version != session.version or is_short or not isinstance(message, Report):
            self._dropped.malformed += 1
        elif frame.counter <= session.heard:
            self._dropped.replayed += 1
        elif not session.is_fresh(acknowledged):
            self._dropped.stale += 1
        else:
            session.heard = frame.counter
            if session is self._session:
                self._earlier = None
            return message
        return None

    def _whose(self, frame: Frame) -> _Session | None:
        """Find the session whose key *frame* is under: the one in force, or, until that is answered in, the one before."""
        for session in (self._session, self._earlier):
            if session is not None and hmac.compare_digest(mac(session.key, b"C", frame.head), frame.mac):
                return session
        return None

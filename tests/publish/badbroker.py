"""A broker that does what a test tells it to: enough of MQTT 5 to accept, to answer wrongly, and to say nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

from gate.publish.link import BrokerSettings
from tests.brokers import HOST

CONNECT, PUBLISH, SUBSCRIBE, PINGREQ, DISCONNECT = 0x10, 0x30, 0x80, 0xC0, 0xE0


@dataclass(frozen=True)
class Published:
    topic: str
    payload: bytes
    qos: int
    mid: int

    @property
    def is_presence(self) -> bool:
        return b'"presence"' in self.payload


def packet(kind: int, body: bytes = b"") -> bytes:
    length, rest = b"", len(body)
    while True:
        rest, digit = rest >> 7, rest & 0x7F
        length += bytes([digit | (0x80 if rest else 0)])
        if not rest:
            return bytes([kind]) + length + body


def connack(reason: int = 0, properties: bytes = b"") -> bytes:
    return packet(0x20, bytes([0, reason, len(properties)]) + properties)


def puback(mid: int, reason: int = 0) -> bytes:
    return packet(0x40, mid.to_bytes(2) + bytes([reason, 0]))


def disconnect(reason: int) -> bytes:
    return packet(0xE0, bytes([reason, 0]))


def publish(topic: str, payload: bytes, *, retain: bool = False) -> bytes:
    name = topic.encode()
    return packet(0x30 | retain, len(name).to_bytes(2) + name + b"\x00" + payload)


RECEIVE_MAXIMUM = b"\x21"
MAXIMUM_PACKET = b"\x27"
KEEP_ALIVE = b"\x13"
Answer = Callable[[Published], bytes]


def accept(published: Published) -> bytes:
    return puback(published.mid)


@dataclass
class BadBroker:
    """greeting: what a CONNECT is answered with. answer: what a PUBLISH at QoS 1 is; empty bytes for silence."""

    greeting: bytes = field(default_factory=connack)
    answer: Answer = accept
    granted: bytes = b"\x01"
    answers_pings: bool = True
    got: list[Published] = field(default_factory=list)
    calls: int = 0
    subscribed: list[bytes] = field(default_factory=list)
    port: int = 0
    _lines: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def settings(self) -> BrokerSettings:
        return BrokerSettings(HOST, self.port)

    @property
    def queued(self) -> list[Published]:
        """What came out of the outbox."""
        return [each for each in self.got if each.qos and not each.is_presence]

    def say(self, raw: bytes) -> None:
        self._lines[-1].write(raw)

    def hang_up(self) -> None:
        self._lines[-1].transport.abort()

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[Self]:
        async with await asyncio.start_server(self._serve, HOST, port) as server:
            self.port = server.sockets[0].getsockname()[1]
            yield self
            for line in self._lines:
                line.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        self._lines.append(writer)
        try:
            while True:
                kind, body = await _read(reader)
                writer.write(self._answer(kind, body))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, kind: int, body: bytes) -> bytes:
        match kind & 0xF0:
            case 0x10:
                return self.greeting
            case 0x30:
                published = _published(kind, body)
                self.got.append(published)
                return self.answer(published) if published.qos else b""
            case 0x80:
                self.subscribed.append(body)
                return packet(0x90, body[:2] + b"\x00" + self.granted)
            case 0xC0:
                return packet(0xD0) if self.answers_pings else b""
            case _:
                return b""


async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    kind = (await reader.readexactly(1))[0]
    length = shift = 0
    while True:
        digit = (await reader.readexactly(1))[0]
        length |= (digit & 0x7F) << shift
        shift += 7
        if not digit & 0x80:
            return kind, await reader.readexactly(length)


def _published(kind: int, body: bytes) -> Published:
    qos, end = kind >> 1 & 3, 2 + int.from_bytes(body[:2])
    mid = int.from_bytes(body[end : end + 2]) if qos else 0
    rest = body[end + (2 if qos else 0) :]
    return Published(body[2:end].decode(), rest[1 + rest[0] :], qos, mid)

"""The world a publisher lives in: a clock and an outbox in memory, a service that ticks, a certificate authority."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gate.core.alarms import Alarm
from gate.core.events import WINDOW, Alarmed, Counted, Queued, Span, Stream
from gate.errors import VaultError
from gate.publish.hearing import Take
from gate.publish.link import BrokerSettings
from gate.publish.mqtt import Publisher

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
GATE = "north"


@dataclass
class StillClock:
    seconds: float = 100.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return NOW


@dataclass
class MemoryOutbox:
    """Meets ports.Outbox; it can fail to be marked, as on a full disk, and to be read."""

    rows: list[Queued] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    asked: int = 0
    broken: bool = False
    unreadable: bool = False

    def add(self, *numbers: int) -> None:
        """Queue one count for each number."""
        for number in numbers:
            start = NOW.replace(minute=0) - timedelta(hours=number + 1)
            body = Counted(Span.HOUR, start, start + WINDOW, 10 + number, None, k=5, epsilon=0.0)
            self._add(number, Stream.COUNTS, body)

    def alarm(self, *numbers: int) -> None:
        """Queue one alarm for each number."""
        for number in numbers:
            self._add(number, Stream.ALARMS, Alarmed(Alarm.FORCED, began=True, at=NOW))

    def _add(self, number: int, stream: Stream, body: Counted | Alarmed) -> None:
        sequence = 1 + sum(row.stream is stream for row in self.rows)
        self.rows.append(Queued(f"{number:032x}", stream, "0" * 16, sequence, body))

    def pending(self, now: datetime, *, limit: int = 100) -> list[Queued]:  # noqa: ARG002 - all of it is due
        self.asked += 1
        if self.unreadable:
            raise VaultError("database", "The database cannot be read.", remedy="Restore it.")
        open_rows = [row for row in self.rows if row.message_id not in self.sent]
        return [
            row
            for stream in (Stream.ALARMS, Stream.COUNTS, Stream.PASSAGES)
            for row in [row for row in open_rows if row.stream is stream][:limit]
        ]

    def mark_sent(self, message_id: str, *, at: datetime) -> None:  # noqa: ARG002 - the port's signature
        if self.broken:
            raise VaultError("disk-full", "The disk is full.", remedy="Free some space.")
        self.sent.append(message_id)


def ids(*numbers: int) -> list[str]:
    return [f"{number:032x}" for number in numbers]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for the world to be so; a world that never is fails the test."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - what another thread or process does sets no event of ours
            await asyncio.sleep(0.005)


def at_once(_failures: int) -> float:
    return 0.02


@asynccontextmanager
async def publishing(
    settings: BrokerSettings,
    outbox: MemoryOutbox,
    clock: StillClock | None = None,
    *,
    gate_id: str = GATE,
    listen: Mapping[str, Take] | None = None,
) -> AsyncIterator[Publisher]:
    publisher = Publisher(settings, outbox, clock or StillClock(), gate_id=gate_id, pause=at_once)
    for topic, take in (listen or {}).items():
        publisher.listen(topic, take)
    await publisher.start()
    try:
        yield publisher
    finally:
        await publisher.stop()


@asynccontextmanager
async def ticking(publisher: Publisher) -> AsyncIterator[None]:
    """Drain again and again, as the service does each second."""

    async def tick() -> None:
        while True:
            publisher.drain()
            await asyncio.sleep(0.01)

    task = asyncio.create_task(tick())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@dataclass(frozen=True)
class Authority:
    ca_file: Path
    cert_file: Path
    key_file: Path


def make_authority(directory: Path, *, key_password: bytes | None = None) -> Authority:
    """One authority and a certificate for ``localhost`` that it signed."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _certificate("site authority", root_key.public_key(), root_key, authority=True)
    leaf = _certificate("localhost", key.public_key(), root_key, authority=False)
    made = Authority(directory / "ca.crt", directory / "broker.crt", directory / "broker.key")
    made.ca_file.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    made.cert_file.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    sealing = (
        serialization.BestAvailableEncryption(key_password) if key_password else serialization.NoEncryption()
    )
    made.key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealing)
    )
    return made


def _certificate(subject, public_key, signing_key, *, authority):
    now = datetime.now(UTC)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign"), False
    ) | {"encipher_only": False, "decipher_only": False}
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name("site authority"))
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(key_cert_sign=authority, digital_signature=not authority, **usage), critical=True
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(subject.replace(" ", "-"))]), critical=False)
        .sign(signing_key, hashes.SHA256())
    )


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

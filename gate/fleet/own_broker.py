"""A mosquitto of the fleet's own, on loopback, with TLS and an account for each gate as at a site, to be measured and stopped."""

from __future__ import annotations

import getpass
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from gate.core.types import Seconds
from gate.errors import DeviceFault
from gate.office.authority import make_authority, make_pages_certificate
from gate.publish.link import BrokerSettings, TlsSettings
from gate.store.certificates import KeptCertificate

HOST: Final = "localhost"
RECEIVER: Final = "receiver"
STOP_S: Seconds = 30.0
_ELSEWHERE: Final = "/usr/sbin:/usr/local/sbin:/usr/bin"

# Limits and persistence as in deploy/mosquitto/mosquitto.conf.
_CONFIG = """\
listener {port} 127.0.0.1
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/acl
certfile {folder}/broker.crt
keyfile {folder}/broker.key
tls_version tlsv1.2
max_queued_messages 100000
max_inflight_messages 200
persistence true
persistence_location {folder}/
autosave_interval 60
message_size_limit 16384
log_dest file {folder}/log
log_type warning
log_type error
log_type notice
user {user}
"""
_ACL = """\
pattern write gate/%u/#
user receiver
topic read gate/#
"""


@dataclass(frozen=True, slots=True)
class Estate:
    """Who may call which broker: settings for each gate by its id, and for the receiver."""

    gates: dict[str, BrokerSettings] = field(repr=False)
    receiver: BrokerSettings


class OwnBroker:
    """One mosquitto whose files lie in *folder*; it can be stopped and started again and keeps what it holds.

    Raises DeviceFault if mosquitto is not installed or does not start.
    """

    def __init__(self, folder: Path, gate_ids: Sequence[str]) -> None:
        self._folder = folder
        self._mosquitto = _found("mosquitto")
        self._process: subprocess.Popen[bytes] | None = None
        passwords = {name: secrets.token_urlsafe(18) for name in (*gate_ids, RECEIVER)}
        self._write_passwords(passwords)
        self._write_certificates()
        port = _free_port()
        (folder / "acl").write_text(_ACL, encoding="utf-8")
        (folder / "acl").chmod(0o600)
        # Started by root, mosquitto would become a user of its own, who cannot read the folder.
        (folder / "mosquitto.conf").write_text(
            _CONFIG.format(port=port, folder=folder, user=getpass.getuser()), encoding="utf-8"
        )
        tls = TlsSettings(folder / "ca.crt")
        each = {name: BrokerSettings(HOST, port, name, word, tls) for name, word in passwords.items()}
        self.estate = Estate({name: each[name] for name in gate_ids}, each[RECEIVER])

    @property
    def pid(self) -> int:
        """Give the process's number; 0 while it is stopped."""
        return self._process.pid if self._process is not None else 0

    def start(self) -> None:
        """Start it and return once it listens; blocks for that long."""
        self._process = subprocess.Popen(  # noqa: S603 - the program we looked up, with a file of our own
            [self._mosquitto, "-c", str(self._folder / "mosquitto.conf")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        port = self.estate.receiver.port
        while self._process.poll() is None:
            with socket.socket() as probe:
                probe.settimeout(STOP_S)
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.01)
        raise DeviceFault(
            "broker-start",
            "The fleet's own mosquitto does not start.",
            remedy=f"Try it by hand: mosquitto -c {self._folder}/mosquitto.conf",
        )

    def stop(self) -> None:
        """Stop it as a shutdown does: it writes down what it holds for consumers that are away."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _write_passwords(self, passwords: dict[str, str]) -> None:
        path = self._folder / "passwords"
        path.touch(mode=0o600)
        path.write_text("".join(f"{name}:{word}\n" for name, word in passwords.items()), encoding="utf-8")
        # -U hashes the whole file in place; a call for each gate would put the passwords on command lines.
        subprocess.run([_found("mosquitto_passwd"), "-U", str(path)], check=True, capture_output=True)  # noqa: S603

    def _write_certificates(self) -> None:
        at = datetime.now(UTC)
        authority = make_authority("fleet", [HOST], at)
        broker = make_pages_certificate(authority, [HOST], at)
        (self._folder / "ca.crt").write_bytes(_pem(authority))
        (self._folder / "broker.crt").write_bytes(_pem(broker))
        key = load_der_private_key(broker.key, None)
        (self._folder / "broker.key").touch(mode=0o600)
        (self._folder / "broker.key").write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )


def _pem(kept: KeptCertificate) -> bytes:
    return x509.load_der_x509_certificate(kept.certificate).public_bytes(Encoding.PEM)


def _found(program: str) -> str:
    path = shutil.which(program) or shutil.which(program, path=_ELSEWHERE)
    if path is None:
        raise DeviceFault(
            "mosquitto-missing",
            f"{program} is not installed.",
            remedy="Install it (Debian: apt-get install mosquitto), or name a broker with --host.",
        )
    return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

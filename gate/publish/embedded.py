"""A broker that needs no set-up, on loopback only, for the demo and for a first look. Not for a site: it has no ACL."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from gate.errors import DeviceFault
from gate.publish.link import BrokerSettings

if TYPE_CHECKING:
    from iotcore import Broker

HOST = "127.0.0.1"
FREE_PORTS_TRIED = 3

_CONFIG = """\
id = 0

[router]
id = 0
max_connections = 64
max_outgoing_packet_count = 200
max_segment_size = 1048576
max_segment_count = 4

[v5.1]
name = "loopback"
listen = "{host}:{port}"
next_connection_delay_ms = 1

[v5.1.connections]
connection_timeout_ms = 5000
max_payload_size = 4096
max_inflight_count = 100

[v5.1.connections.auth]
{username} = "{password}"
"""


@contextmanager
def embedded_broker(port: int = 0) -> Iterator[BrokerSettings]:
    """Run an MQTT 5 broker on loopback and give the settings to reach it, with a password made for this run.

    port: 0 takes a free one. The broker is a child process: it outlives Ctrl-C, so that the gate can say goodbye, and
    ends with its parent however that ends, for it watches a pipe. Blocks for about 0.2 s. Raises DeviceFault if this
    platform has no such broker or if it does not come up.
    """
    try:
        from iotcore import Broker
    except ImportError as error:
        raise _fault("broker-missing", "This platform has no embedded broker.") from error
    broker, settings = _started_somewhere(Broker, port)
    try:
        yield settings
    finally:
        broker.stop()


def _started_somewhere(kind: type[Broker], port: int) -> tuple[Broker, BrokerSettings]:
    """Start on *port*, or on a free one: another program may take it first, then on a second or third."""
    password = secrets.token_urlsafe(24)
    for left in range(0 if port else FREE_PORTS_TRIED - 1, -1, -1):
        settings = BrokerSettings(HOST, port or _free_port(), username="gate", password=password)
        try:
            return _started(kind, settings), settings
        except DeviceFault:
            if not left:
                raise
    raise AssertionError("the last try returned or raised")


def _started(kind: type[Broker], settings: BrokerSettings) -> Broker:
    text = _CONFIG.format(
        host=HOST, port=settings.port, username=settings.username, password=settings.password
    )
    try:
        # The directory is gone as soon as the broker has read it: a gate that is killed leaves no password behind.
        with TemporaryDirectory(prefix="gate-broker-") as directory:
            config = Path(directory, "broker.toml")
            config.write_text(text, encoding="utf-8")
            return kind(config_path=str(config)).start()
    except (OSError, RuntimeError) as error:
        raise _fault(
            "broker-start", f"The embedded broker does not come up on {HOST}:{settings.port}."
        ) from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _fault(code: str, what: str) -> DeviceFault:
    return DeviceFault(code, what, remedy="Install mosquitto and set [broker], or free the port.")

"""One MQTT 5 connection from first to last: who to call, how it is secured, how it ends (R45)."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.client import ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gate.errors import ConfigError

HIGHEST_PORT = 65535
KEEPALIVE_S = 30
"""A broker that says nothing for twice this long is given up, also one that never answers the first packet."""


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """The authority that vouches for the broker, and the gate's own certificate where the broker asks for one."""

    ca_file: Path
    cert_file: Path | None = None
    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """Where the broker is and how the gate proves itself.

    Raises ConfigError for a host or port that cannot be called, and for plain text to anywhere but this device.
    """

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: TlsSettings | None = None

    def __post_init__(self) -> None:
        if not _callable_host(self.host) or not 1 <= self.port <= HIGHEST_PORT:
            raise ConfigError(
                "broker-address",
                f"The broker cannot be called at {self.host!r}, port {self.port}.",
                remedy="Set host and port under [broker].",
            )
        if self.tls is None and not _is_loopback(self.host):
            raise ConfigError(
                "broker-plain",
                f"The broker at {self.host!r} would be called in plain text.",
                remedy="Set ca_file under [broker] to the authority that signed the broker's certificate.",
            )


def tls_context(tls: TlsSettings) -> ssl.SSLContext:
    """Give a context that takes TLS 1.2 or later from a broker that *tls* vouches for, under its own name.

    Raises ConfigError if a file is missing or no certificate or key.
    """
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(tls.ca_file))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # Python 3.13 asks for it by default; asking everywhere keeps an upgrade from cutting a site off.
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        if tls.cert_file is not None:
            # Without a password here, OpenSSL would stop and ask the terminal for one.
            context.load_cert_chain(tls.cert_file, tls.key_file, password="")
    except OSError as error:
        raise ConfigError(
            "broker-tls",
            f"The broker's certificate files cannot be used: {error.strerror or error}.",
            remedy="Check that the files named under [broker] exist, are PEM, and belong together.",
        ) from error
    return context


def new_client(settings: BrokerSettings, client_id: str) -> mqtt.Client:
    """Make a client for one connection. It never reconnects by itself: its own queue would be a second outbox."""
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        protocol=mqtt.MQTTv5,
        reconnect_on_failure=False,
    )
    client.username = settings.username
    client.password = settings.password
    if settings.tls is not None:
        client.tls_set_context(tls_context(settings.tls))
    # Publishing happens on another thread. With this set, paho leaves every write to the thread in `converse`;
    # without it, both would write to the socket at once.
    client.on_socket_register_write = _leave_the_writing
    return client


def converse(
    client: mqtt.Client,
    settings: BrokerSettings,
    *,
    on_up: Callable[[mqtt.Client], None],
    stopping: Callable[[], bool],
) -> str:
    """Connect *client* and serve it until the connection ends; blocks, so it belongs in a thread of its own.

    on_up: called in this thread when the broker has accepted. Returns the reason for the end as the broker or paho
    worded it. Raises OSError if the broker cannot be reached or is not who it should be.
    """
    ended: list[str] = []

    def connected(
        client: mqtt.Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _more: Properties | None
    ) -> None:
        if reason.is_failure:
            ended.append(str(reason))
        else:
            on_up(client)

    def disconnected(
        _client: mqtt.Client,
        _data: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _more: Properties | None,
    ) -> None:
        ended.append(str(reason))

    client.on_connect = connected
    client.on_disconnect = disconnected
    client.connect(settings.host, settings.port, keepalive=KEEPALIVE_S, clean_start=True)
    while not stopping() and client.loop() == mqtt.MQTT_ERR_SUCCESS:
        pass
    return ended[0] if ended else "stopped"


def hang_up(client: mqtt.Client) -> None:
    """End the connection and let the broker publish the last will, so that offline is told in one way only."""
    client.disconnect(ReasonCode(PacketTypes.DISCONNECT, "Disconnect with will message"))


def expiry(packet_type: int, seconds: int) -> Properties:
    """Give the properties that let a broker drop the message after *seconds*."""
    properties = Properties(packet_type)  # type: ignore[no-untyped-call]  # paho leaves this one untyped
    properties.MessageExpiryInterval = seconds
    return properties


def _leave_the_writing(_client: mqtt.Client, _data: object, _sock: object) -> None:
    pass


def _callable_host(host: str) -> bool:
    try:
        return bool(host.encode("idna"))
    except UnicodeError:
        return False


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

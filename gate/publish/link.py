"""One MQTT 5 connection from first to last: who to call, how it is secured, how it ends (R45)."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import paho.mqtt.client as mqtt
from paho.mqtt.client import ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion, LogLevel
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gate.core.broker import BrokerState
from gate.core.types import Seconds
from gate.errors import ConfigError
from gate.publish.endings import LONGEST_REASON, STOPPED, Ending, of_connack, of_disconnect

HIGHEST_PORT = 65535
KEEPALIVE_S = 30
"""A broker that says nothing for twice this long is given up, also one that never answers the first packet."""
CONNECT_S: Seconds = 10.0
"""The longest wait for a TCP connection, and again for the handshake of TLS."""
LARGEST_HEARD: Final = 8192
"""Bytes of the largest packet that the gate takes from a broker."""
MOST_HEARD_AT_ONCE: Final = 16
"""How many messages a broker may send before the gate acknowledged the first."""

LOUD: Final = 2000
"""Packets a second above which a gate hangs up: Python runs one thread at a time, and the door's is among them."""


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


@dataclass(frozen=True, slots=True)
class Terms:
    """What the broker granted when it accepted.

    most_in_flight: unacknowledged messages it takes. largest_packet: bytes; None: no bound told. valid_until: when its
    certificate runs out, as seconds since 1970; None without TLS.
    """

    most_in_flight: int
    largest_packet: int | None
    valid_until: float | None

    @property
    def are_over(self) -> bool:
        """Tell whether the certificate ran out since, by the clock that OpenSSL goes by: the device's own."""
        return self.valid_until is not None and time.time() >= self.valid_until


OnUp = Callable[[mqtt.Client, Properties | None], None]


class Carry(Protocol):
    """What connects a client and serves it to the connection's end. It may raise what the network raised."""

    async def __call__(
        self, client: mqtt.Client, settings: BrokerSettings, *, on_up: OnUp, stopping: Callable[[], bool]
    ) -> Ending:
        """Serve until the connection ends or *stopping*; on_up: called with the CONNACK's properties."""


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
    """Make a client for one connection. It never reconnects by itself: its own queue would be a second outbox.

    Reads the certificate files as they are now. Raises ConfigError if they cannot be used. The client's user data is a
    list, empty or with the last error on the wire in paho's words: ``endings.of_disconnect`` reads it.
    """
    wire_errors: list[str] = []

    def keep_error(_client: mqtt.Client, _data: object, level: int, text: str) -> None:
        if level == LogLevel.MQTT_LOG_ERR:
            wire_errors[:] = [text[:LONGEST_REASON]]

    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        userdata=wire_errors,
        protocol=mqtt.MQTTv5,
        reconnect_on_failure=False,
    )
    client.connect_timeout = CONNECT_S
    client.username = settings.username
    client.password = settings.password
    if settings.tls is not None:
        client.tls_set_context(tls_context(settings.tls))
    # Publishing happens on another thread. With this set, paho leaves every write to the thread in `converse`;
    # without it, both would write to the socket at once.
    client.on_socket_register_write = _leave_the_writing
    client.on_log = keep_error
    return client


def connect(
    client: mqtt.Client,
    settings: BrokerSettings,
    *,
    session_s: int = 0,
    most_heard_at_once: int = MOST_HEARD_AT_ONCE,
) -> None:
    """Open the connection and send the first packet; blocks for TCP and TLS, twice ``CONNECT_S`` at most, and for DNS.

    session_s: how long the broker keeps the session of a client that is away. A gate asks for none: what it did not get
    acknowledged is in its outbox, and an order that waited for it at the broker would come too late. Raises OSError if
    the broker cannot be reached or is not who it should be.
    """
    wishes = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves this one untyped
    wishes.SessionExpiryInterval = session_s
    wishes.ReceiveMaximum = most_heard_at_once
    wishes.MaximumPacketSize = LARGEST_HEARD
    client.connect(
        settings.host, settings.port, keepalive=KEEPALIVE_S, clean_start=session_s == 0, properties=wishes
    )


def converse(
    client: mqtt.Client,
    settings: BrokerSettings,
    *,
    on_up: OnUp,
    stopping: Callable[[], bool],
    session_s: int = 0,
    loud: int | None = None,
) -> Ending:
    """Connect *client* and serve it until the connection ends; blocks, so it belongs in a thread of its own.

    on_up: called in this thread when the broker has accepted. session_s: as ``connect`` has it. loud: packets a second
    that are too many, None for no bound. Raises OSError if the
    broker cannot be reached or is not who it should be, and whatever paho raises on bytes that are no MQTT.
    """
    ended: list[Ending] = []

    def connected(
        client: mqtt.Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, more: Properties | None
    ) -> None:
        if reason.is_failure:
            ended.append(of_connack(reason))
        else:
            on_up(client, more)

    def disconnected(
        _client: mqtt.Client,
        data: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        _more: Properties | None,
    ) -> None:
        ended.append(of_disconnect(reason, flags, data))

    client.on_connect = connected
    client.on_disconnect = disconnected
    try:
        connect(client, settings, session_s=session_s)
        second, rounds = 0, 0
        while client.loop() == mqtt.MQTT_ERR_SUCCESS:  # a packet or two a round
            now = int(time.monotonic())
            second, rounds = now, rounds + 1 if now == second else 1
            if is_flooded(client):
                ended.append(Ending(BrokerState.NONSENSE, "a packet larger than the gate takes"))
                break
            if loud is not None and rounds > loud:
                ended.append(Ending(BrokerState.SHOUTING, "more packets than the gate can bear"))
                break
            if stopping():
                client.loop_write()  # the farewell, if it still waits; a line that is stuck does not take it
                break
    finally:
        close(client)
    return ended[0] if ended else STOPPED


async def in_a_thread(
    client: mqtt.Client, settings: BrokerSettings, *, on_up: OnUp, stopping: Callable[[], bool]
) -> Ending:
    """Carry one connection in a thread of its own (see ``converse``), the way of a gate, which has one.

    The thread is a daemon, and not of asyncio's pool: a name service that hangs can hold it for minutes, and neither
    other work nor the end of the process may wait for that.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Ending] = loop.create_future()

    def settle(ending: Ending | None, error: Exception | None) -> None:
        if outcome.done():
            return
        if error is not None:
            outcome.set_exception(error)
        elif ending is not None:
            outcome.set_result(ending)

    def work() -> None:
        ending, error = None, None
        try:
            ending = converse(client, settings, on_up=on_up, stopping=stopping, loud=LOUD)
        except Exception as raised:  # noqa: BLE001 - given to whoever awaits
            error = raised
        with suppress(RuntimeError):  # the loop is closed already: nobody waits
            loop.call_soon_threadsafe(settle, ending, error)

    threading.Thread(target=work, name="broker", daemon=True).start()
    return await outcome


def terms_of(client: mqtt.Client, granted: Properties | None, *, most_in_flight: int) -> Terms:
    """Read what the broker granted, from its CONNACK's properties and its certificate. most_in_flight: the gate's own."""
    sock = client.socket()
    certificate = sock.getpeercert() if isinstance(sock, ssl.SSLSocket) else None
    until = certificate.get("notAfter") if certificate else None
    return Terms(
        most_in_flight=min(most_in_flight, getattr(granted, "ReceiveMaximum", most_in_flight)),
        largest_packet=getattr(granted, "MaximumPacketSize", None),
        valid_until=ssl.cert_time_to_seconds(until) if isinstance(until, str) else None,
    )


def packet_bytes(topic: str, payload: bytes) -> int:
    """Give the length of a PUBLISH at QoS 1 with an expiry, rounded up by the two bytes its length field may save."""
    return 1 + 4 + 2 + len(topic.encode()) + 2 + 1 + 5 + len(payload)


def is_flooded(client: mqtt.Client) -> bool:
    """Tell whether a packet is under way that is larger than the gate takes: paho would collect up to 256 MB of it."""
    return client._in_packet["remaining_length"] > LARGEST_HEARD  # noqa: SLF001 - paho tells it nowhere else


def hang_up(client: mqtt.Client) -> None:
    """End the connection and let the broker publish the last will, so that offline is told in one way only."""
    client.disconnect(ReasonCode(PacketTypes.DISCONNECT, "Disconnect with will message"))


def close(client: mqtt.Client) -> None:
    """Let go of the socket, whatever state the connection is in."""
    if (sock := client.socket()) is not None:
        with suppress(OSError):
            sock.close()


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

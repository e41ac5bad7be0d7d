"""One MQTT connection on the asyncio loop: for a program that holds hundreds, or that must answer for each message.

``link.in_a_thread`` gives each connection a thread, which suits a gate: it has one. Here paho's own ``loop_read``,
``loop_write`` and ``loop_misc`` are called when the loop sees the socket ready. paho's ``loop()`` waits in select(2), which
knows no descriptor above 1,023; the loop's selector has no such bound.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress

import paho.mqtt.client as mqtt
from paho.mqtt.client import ConnectFlags, DisconnectFlags
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gate.core.broker import BrokerState
from gate.core.types import Seconds
from gate.publish import link
from gate.publish.endings import STOPPED, Ending, of_connack, of_disconnect
from gate.publish.link import BrokerSettings, OnUp

TICK_S: Seconds = 1.0
"""How often a connection looks at its keep-alive and whether it should stop."""


async def on_the_loop(
    client: mqtt.Client,
    settings: BrokerSettings,
    *,
    on_up: OnUp,
    stopping: Callable[[], bool],
    session_s: int = 0,
    most_heard_at_once: int = link.MOST_HEARD_AT_ONCE,
) -> Ending:
    """Connect *client* and serve it on this loop until the connection ends (``link.Carry``).

    All callbacks of *client* come on this loop; what one of them raises ends the connection and is raised here. on_up:
    called when the broker has accepted. session_s, most_heard_at_once: as ``link.connect`` has them. Raises OSError if
    the broker cannot be reached or is not who it should be.
    """
    line = _Line(client, on_up)

    def connect() -> None:
        link.connect(client, settings, session_s=session_s, most_heard_at_once=most_heard_at_once)
        # A thread cannot be cancelled: this one may come back with a socket that nobody waits for.
        if line.is_given_up:
            link.close(client)

    try:
        # The handshake of TLS blocks, and paho has no other: it waits in a thread of the pool, and nothing else does.
        await asyncio.to_thread(connect)
        return await line.serve(stopping)
    finally:
        line.drop()


class _Line:
    """The loop's side of one connection."""

    def __init__(self, client: mqtt.Client, on_up: OnUp) -> None:
        self._loop = asyncio.get_running_loop()
        self._client = client
        self._on_up = on_up
        self._over = asyncio.Event()
        self._ended: list[Ending] = []
        self._failure: Exception | None = None
        self._is_served = False
        self.is_given_up = False
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_socket_register_write = self._wants_to_write
        client.on_socket_unregister_write = self._has_written
        client.on_socket_close = self._closes

    async def serve(self, stopping: Callable[[], bool]) -> Ending:
        self._is_served = True
        sock = self._client.socket()
        if sock is not None:
            self._loop.add_reader(sock, self._guarded, self._read)
            self._loop.add_writer(sock, self._guarded, self._write)  # the first packet waits since connect()
        while sock is not None and not self._over.is_set() and not stopping():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), TICK_S)
            if not self._over.is_set():
                self._guarded(self._look)
        if not self._over.is_set():
            self._client.loop_write()  # the farewell, if it still waits; a line that is stuck does not take it
        if self._failure is not None:
            raise self._failure
        return self._ended[0] if self._ended else STOPPED

    def drop(self) -> None:
        """Let go of the socket, whatever state it is in."""
        self._is_served = False
        self.is_given_up = True
        if (sock := self._client.socket()) is not None:
            self._loop.remove_reader(sock)
            self._loop.remove_writer(sock)
        link.close(self._client)

    def _read(self) -> None:
        # TLS hands over whole records: what lies decrypted inside shows on no socket.
        more = True
        while more:
            self._unless(self._client.loop_read())
            if link.is_flooded(self._client):
                self._end(Ending(BrokerState.NONSENSE, "a packet larger than the gate takes"))
            sock = self._client.socket()
            more = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0 and not self._over.is_set()

    def _write(self) -> None:
        self._unless(self._client.loop_write())

    def _look(self) -> None:
        self._unless(self._client.loop_misc())

    def _unless(self, outcome: MQTTErrorCode) -> None:
        if outcome != mqtt.MQTT_ERR_SUCCESS:
            self._over.set()

    def _guarded(self, act: Callable[[], None]) -> None:
        """Do *act*; what it raises ends this connection, instead of going to nobody's ears."""
        try:
            act()
        except Exception as error:  # noqa: BLE001 - given to the caller of on_the_loop()
            self._failure = self._failure or error
            self._over.set()

    def _end(self, ending: Ending) -> None:
        self._ended.append(ending)
        self._over.set()

    def _connected(
        self,
        client: mqtt.Client,
        _data: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        more: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._end(of_connack(reason))
        else:
            self._on_up(client, more)

    def _disconnected(
        self,
        _client: mqtt.Client,
        data: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        _more: Properties | None,
    ) -> None:
        self._end(of_disconnect(reason, flags, data))

    def _wants_to_write(self, _client: mqtt.Client, _data: object, sock: object) -> None:
        if self._is_served:  # before, paho is in the pool's thread, and serve() asks for itself
            self._loop.add_writer(sock, self._guarded, self._write)  # type: ignore[arg-type]  # paho calls it an object

    def _has_written(self, _client: mqtt.Client, _data: object, sock: object) -> None:
        if self._is_served:
            self._loop.remove_writer(sock)  # type: ignore[arg-type]

    def _closes(self, _client: mqtt.Client, _data: object, sock: object) -> None:
        """Take the socket off the loop before paho closes it, or its number would watch a stranger's."""
        if self._is_served:
            self._loop.remove_reader(sock)  # type: ignore[arg-type]
            self._loop.remove_writer(sock)  # type: ignore[arg-type]

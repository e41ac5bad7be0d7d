"""The publisher: drains the outbox to the broker, at least once per window, and never makes anyone wait (R46).

Threads: everything here runs on the asyncio loop, the outbox included, but for ``link.converse``, which runs in one
worker thread per connection and reports back through ``call_soon_threadsafe``. Each connection gets a client of its
own, so the outbox is the only queue: what was not acknowledged when a connection ends is simply still pending, and
goes out again under the same message id.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gate.core.events import Health, Queued
from gate.core.types import Seconds
from gate.errors import GateError, RequestError
from gate.ports import Clock, Outbox
from gate.publish import link, messages
from gate.publish.link import BrokerSettings
from gate.publish.messages import Message

MAX_IN_FLIGHT = 16
"""Below the 20 unacknowledged messages that brokers and paho commonly allow."""
REST_S: Seconds = 60.0
"""How long the outbox rests after the broker refused a window or the outbox could not be marked: somebody may mend it."""
LONGEST_WAIT_S: Seconds = 60.0
"""The longest pause between two attempts to connect."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _InFlight:
    topic: str
    queued: str | None
    """The outbox row's message id; ``None`` for what is not queued."""


class Publisher:
    """Carries closed windows and health to the broker. Not thread-safe: use it on the loop that started it.

    Raises ConfigError if *gate_id* cannot stand in a topic.
    """

    def __init__(self, settings: BrokerSettings, outbox: Outbox, clock: Clock, *, gate_id: str) -> None:
        self._settings = settings
        self._outbox = outbox
        self._clock = clock
        self._gate_id = messages.checked_gate_id(gate_id)
        self._client: mqtt.Client | None = None
        self._in_flight: dict[int, _InFlight] = {}
        self._settled = asyncio.Event()
        self._settled.set()
        self._refused_topics: set[str] = set()
        self._rest_until: Seconds = 0.0
        self._was_up: bool | None = None
        self._stopping = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted the gate and the connection is not known to be lost."""
        return self._client is not None

    async def start(self) -> None:
        """Begin to connect, and to connect again whenever it is lost; returns without waiting for the broker.

        Raises ConfigError if a certificate file cannot be used.
        """
        if self._settings.tls is not None:
            link.tls_context(self._settings.tls)
        self._loop = asyncio.get_running_loop()
        self._supervisor = asyncio.create_task(self._keep_connected())

    async def stop(self, flush_timeout: Seconds = 2.0) -> None:
        """Send what is pending, tell the broker that the gate goes offline, and hang up.

        Takes twice *flush_timeout* at most; what was not acknowledged by then stays in the outbox.
        """
        if self._supervisor is None:
            return
        try:
            self.drain()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._settled.wait(), flush_timeout)
        finally:
            self._stopping.set()
            if self._client is not None:
                link.hang_up(self._client)
            await asyncio.wait({self._supervisor}, timeout=flush_timeout)
            self._supervisor.cancel()

    def drain(self) -> None:
        """Hand the oldest pending windows to the broker and return at once; call it about once a second.

        A window is marked sent when its acknowledgement arrives, not here. Does nothing while the broker is away.
        Raises VaultError if the outbox cannot be read.
        """
        if self._client is None or self._clock.monotonic() < self._rest_until:
            return
        under_way = {sent.queued for sent in self._in_flight.values()}
        for queued in self._outbox.pending(self._clock.now(), limit=MAX_IN_FLIGHT):
            if queued.message_id not in under_way:
                self._send_window(queued)

    def publish_health(self, health: Health) -> None:
        """Tell the gate's state if the broker is there to hear it; an old state is worth nothing later, so not queued.

        Raises RequestError if *health* fits no schema.
        """
        self._send(messages.health(health), queued=None)

    def _send_window(self, queued: Queued) -> None:
        try:
            message = messages.access_counts(queued)
        except RequestError as error:
            # R42: it would be refused for ever and hold up the windows behind it.
            log.error("window_dropped", code=error.code, what=error.what)  # noqa: TRY400 - a trace may quote values
            self._mark_sent(queued.message_id)
        else:
            self._send(message, queued=queued.message_id)

    def _send(self, message: Message, *, queued: str | None) -> None:
        if self._client is None or len(self._in_flight) >= MAX_IN_FLIGHT:
            return
        topic = messages.topic(self._gate_id, message)
        properties = link.expiry(PacketTypes.PUBLISH, messages.ROUTES[type(message)].expiry_s)
        info = self._client.publish(
            topic, messages.encode(message), qos=1, retain=False, properties=properties
        )
        # Also when the connection was lost in this instant: its end, which follows, clears the table.
        self._in_flight[info.mid] = _InFlight(topic, queued)
        self._settled.clear()

    def _on_up(self, client: mqtt.Client) -> None:
        self._client = client
        self._tell(up=True, reason="accepted")
        self._send(messages.presence("online"), queued=None)

    def _on_acknowledged(self, mid: int, reason: ReasonCode) -> None:
        sent = self._in_flight.pop(mid)
        if not self._in_flight:
            self._settled.set()
        if reason.is_failure:
            self._on_refused(sent, reason)
            return
        self._refused_topics.discard(sent.topic)
        if sent.queued is not None:
            self._mark_sent(sent.queued)

    def _mark_sent(self, message_id: str) -> None:
        try:
            self._outbox.mark_sent(message_id, at=self._clock.now())
        except GateError as error:
            # Still pending, so it goes out again under the same id; not every second while the disk is full.
            self._rest()
            log.error("outbox_not_marked", code=error.code, what=error.what)  # noqa: TRY400 - code and words suffice

    def _on_refused(self, sent: _InFlight, reason: ReasonCode) -> None:
        if sent.topic not in self._refused_topics:
            self._refused_topics.add(sent.topic)
            log.warning("publish_refused", topic=sent.topic, reason=str(reason))
        if sent.queued is not None:
            self._rest()

    def _rest(self) -> None:
        self._rest_until = self._clock.monotonic() + REST_S

    async def _keep_connected(self) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        try:
            while not self._stopping.is_set():
                began = loop.time()
                try:
                    reason = await asyncio.to_thread(self._converse)
                except Exception as error:  # noqa: BLE001 - no word of a broker may end the reconnecting
                    reason = f"{type(error).__name__}: {error}"
                self._on_down(reason)
                # Only a connection that lasted clears the count: two gates with one id would throw each other out
                # for ever.
                failures = 0 if loop.time() - began > LONGEST_WAIT_S else failures + 1
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), _back_off(failures))
        finally:
            self._stopping.set()  # cancelled without stop(): the worker thread must still end

    def _converse(self) -> str:
        """Run one connection in its worker thread; nothing here touches the publisher's state."""
        client = link.new_client(self._settings, self._gate_id)
        will = messages.presence("offline")
        client.will_set(
            messages.topic(self._gate_id, will),
            messages.encode(will),
            qos=1,
            retain=False,
            properties=link.expiry(PacketTypes.WILLMESSAGE, messages.ROUTES[type(will)].expiry_s),
        )

        def on_publish(
            _client: mqtt.Client, _data: object, mid: int, reason: ReasonCode, _more: Properties
        ) -> None:
            self._on_loop(lambda: self._on_acknowledged(mid, reason))

        client.on_publish = on_publish
        return link.converse(
            client,
            self._settings,
            on_up=lambda up: self._on_loop(lambda: self._on_up(up)),
            stopping=self._stopping.is_set,
        )

    def _on_loop(self, action: Callable[[], None]) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(action)

    def _on_down(self, reason: str) -> None:
        self._client = None
        self._in_flight.clear()
        self._settled.set()
        self._tell(up=False, reason=reason)

    def _tell(self, *, up: bool, reason: str) -> None:
        if up is not self._was_up and not self._stopping.is_set():
            self._was_up = up
            if up:
                log.info("broker_up", reason=reason)
            else:
                log.warning("broker_down", reason=reason)


def _back_off(failures: int) -> Seconds:
    longest = min(LONGEST_WAIT_S, 2.0 ** min(failures, 6))
    return random.uniform(longest / 4, longest)  # noqa: S311 - spreads the gates after a power cut, no secret

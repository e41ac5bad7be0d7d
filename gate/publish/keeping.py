"""Keeps one connection to the broker up for ever: calls, waits, calls again, and tells how it stands (R45, R46)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from secrets import SystemRandom
from typing import Protocol

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gate.core.broker import COUNSEL, BrokerState
from gate.core.types import Seconds
from gate.publish import link, messages
from gate.publish.endings import Ending, of_error
from gate.publish.link import BrokerSettings, Carry, Terms

MAX_IN_FLIGHT = 16
"""Below the 20 unacknowledged messages that brokers and paho commonly allow."""
LONGEST_WAIT_S: Seconds = 60.0
"""The longest pause between two attempts to connect."""

_LOT = SystemRandom()
log = structlog.get_logger()


def back_off(failures: int) -> Seconds:
    """Give how long to wait after so many attempts that failed, spread so that gates do not call together."""
    longest = min(LONGEST_WAIT_S, 2.0 ** min(failures, 6))
    return _LOT.uniform(longest / 4, longest)


class Party(Protocol):
    """Who speaks over the connection. All but ``hear`` is called on the loop."""

    def on_up(self, client: mqtt.Client, terms: Terms) -> None:
        """Begin to speak: the broker has accepted."""

    def on_down(self) -> None:
        """Fall silent: the connection is over, or could not be made."""

    def on_acknowledged(self, client: mqtt.Client, mid: int, reason: ReasonCode) -> None:
        """Heed the answer to one message."""

    def on_subscribed(self, client: mqtt.Client, reasons: list[ReasonCode]) -> None:
        """Heed the answer to the subscriptions."""

    def hear(self, message: mqtt.MQTTMessage) -> None:
        """Take one message, in the connection's thread."""


class Keeper:
    """Makes one connection after the other, each with a client and a last will of its own.

    Between them it waits, longer each time and never twice the same. Certificate files are read for each.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        gate_id: str,
        carry: Carry,
        party: Party,
        *,
        pause: Callable[[int], Seconds] = back_off,
    ) -> None:
        self._settings = settings
        self._gate_id = gate_id
        self._carry = carry
        self._party = party
        self._pause = pause
        self._condemned: Ending | None = None
        self._told: set[BrokerState] = set()
        self._stopping = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self.last: BrokerState = BrokerState.CONNECTING
        """How the connection before this one ended."""
        self.downs = 0
        """How often a connection was lost or could not be made since the start."""

    @property
    def has_started(self) -> bool:
        """Tell whether there is anything to stop."""
        return self._supervisor is not None

    def start(self) -> None:
        """Begin to call; returns at once."""
        self._loop = asyncio.get_running_loop()
        self._supervisor = asyncio.create_task(self._keep_connected())

    async def stop(self, client: mqtt.Client | None, timeout: Seconds) -> None:  # noqa: ASYNC109 - for a thread, which nothing cancels
        """Hang up *client*, where it is up, and call no more. Takes *timeout* at most."""
        assert self._supervisor is not None
        # First the farewell: the connection's thread may leave as soon as it sees that the gate stops.
        if client is not None:
            link.hang_up(client)
        self._stopping.set()
        await asyncio.wait({self._supervisor}, timeout=timeout)
        self._supervisor.cancel()

    def condemn(self, client: mqtt.Client, ending: Ending) -> None:
        """End the connection that is up, for this reason; the next is made after the usual wait."""
        self._condemned = ending
        link.hang_up(client)

    def post(self, action: Callable[[], None]) -> None:
        """Have *action* done on the loop, from whichever thread; one that is closed has nobody left to tell."""
        assert self._loop is not None
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(action)

    async def _keep_connected(self) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        try:
            while not self._stopping.is_set():
                began = loop.time()
                self._over(await self._connection())
                # Only a connection that lasted clears the count: two gates with one id would throw each other out
                # for ever.
                failures = 0 if loop.time() - began > LONGEST_WAIT_S else failures + 1
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), self._pause(failures))
        finally:
            self._stopping.set()  # cancelled without stop(): the worker thread must still end

    async def _connection(self) -> Ending:
        try:
            client = await asyncio.to_thread(self._new_client)
            ending = await self._carry(
                client,
                self._settings,
                on_up=self._accepted,
                stopping=lambda: self._stopping.is_set() or self._condemned is not None,
            )
        except Exception as error:  # noqa: BLE001 - no word of a broker may end the reconnecting
            ending = of_error(error)
        return self._condemned or ending

    def _new_client(self) -> mqtt.Client:
        """Make the next connection's client, in a thread of its own: files may be slow to read."""
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
            client: mqtt.Client, _data: object, mid: int, reason: ReasonCode, _more: Properties
        ) -> None:
            self.post(lambda: self._party.on_acknowledged(client, mid, reason))

        def on_subscribe(
            client: mqtt.Client,
            _data: object,
            _mid: int,
            reasons: list[ReasonCode],
            _more: Properties | None,
        ) -> None:
            self.post(lambda: self._party.on_subscribed(client, reasons))

        client.on_publish = on_publish
        client.on_subscribe = on_subscribe
        client.on_message = lambda _client, _data, message: self._party.hear(message)
        return client

    def _accepted(self, client: mqtt.Client, granted: Properties | None) -> None:
        terms = link.terms_of(client, granted, most_in_flight=MAX_IN_FLIGHT)

        def up() -> None:
            if not self._stopping.is_set():
                self._told.clear()
                self.last = BrokerState.CLOSED
                log.info("broker_up")
                self._party.on_up(client, terms)

        self.post(up)

    def _over(self, ending: Ending) -> None:
        self._condemned = None
        # A broker that turns the gate's certificate down closes at once, and its word for it is often lost in that.
        if not (ending.state is BrokerState.CLOSED and self.last is BrokerState.OWN_CERTIFICATE):
            self.last = ending.state
        self._party.on_down()
        if not self._stopping.is_set():
            self.downs += 1
            self._tell(ending)

    def _tell(self, ending: Ending) -> None:
        """Log each kind of fault once while the broker is away."""
        if ending.state in self._told:
            return
        log.warning(
            "still_without_broker" if self._told else "broker_down",
            state=ending.state,
            reason=ending.reason,
            remedy=COUNSEL[ending.state].remedy,
        )
        self._told.add(ending.state)

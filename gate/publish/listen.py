"""A receiver for the demo and for trying a broker out: it hears what one gate tells the world."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import paho.mqtt.client as mqtt
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gate.core.types import Seconds
from gate.errors import DeviceFault, RequestError
from gate.publish import link, messages
from gate.publish.link import BrokerSettings
from gate.publish.messages import Message


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it arrived. ``message`` is None where it fits no schema or its topic is another's."""

    topic: str
    payload: bytes
    message: Message | None
    retained: bool
    expiry_s: int | None


class Listener:
    """Collects everything under ``gate/<gate_id>/`` while its ``async with`` block lasts.

    Entering waits for the broker's consent and raises DeviceFault if it does not come within 10 seconds.
    """

    def __init__(self, settings: BrokerSettings, gate_id: str) -> None:
        self._settings = settings
        self._gate_id = messages.checked_gate_id(gate_id)
        self._queue: asyncio.Queue[Received] = asyncio.Queue()
        self._stopping = asyncio.Event()
        self.received: list[Received] = []
        """Everything so far, oldest first."""

    async def next(self, timeout: Seconds = 10.0) -> Received:  # noqa: ASYNC109 - reads as one sentence at the call
        """Give the next message not yet given. Raises TimeoutError."""
        return await asyncio.wait_for(self._queue.get(), timeout)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        subscribed = asyncio.Event()
        client = link.new_client(self._settings, f"listen-{secrets.token_hex(4)}")

        def on_up(up: mqtt.Client, _granted: Properties | None) -> None:
            up.subscribe(f"gate/{self._gate_id}/#", qos=1)

        def on_subscribe(
            _client: mqtt.Client,
            _data: object,
            _mid: int,
            reasons: list[ReasonCode],
            _more: Properties | None,
        ) -> None:
            if not reasons[0].is_failure:
                loop.call_soon_threadsafe(subscribed.set)

        def on_message(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
            loop.call_soon_threadsafe(self._take, message)

        client.on_subscribe = on_subscribe
        client.on_message = on_message
        self._client = client
        self._task = asyncio.create_task(
            asyncio.to_thread(
                link.converse,
                client,
                self._settings,
                on_up=on_up,
                stopping=self._stopping.is_set,
            )
        )
        heard = asyncio.create_task(subscribed.wait())
        try:
            await asyncio.wait({self._task, heard}, timeout=10.0, return_when=asyncio.FIRST_COMPLETED)
        finally:
            heard.cancel()
            if not subscribed.is_set():
                await self.__aexit__(None, None, None)
        if not subscribed.is_set():
            raise DeviceFault(
                "broker-unheard",
                f"The broker at {self._settings.host}:{self._settings.port} does not let anyone listen.",
                remedy="Check that it runs, and the user, the password and the access list.",
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        link.hang_up(self._client)
        with suppress(OSError):
            await self._task

    def _take(self, raw: mqtt.MQTTMessage) -> None:
        received = Received(
            topic=raw.topic,
            payload=bytes(raw.payload),
            message=self._decoded(raw),
            retained=raw.retain,
            expiry_s=getattr(raw.properties, "MessageExpiryInterval", None),
        )
        self.received.append(received)
        self._queue.put_nowait(received)

    def _decoded(self, raw: mqtt.MQTTMessage) -> Message | None:
        try:
            message = messages.decode(bytes(raw.payload))
        except RequestError:
            return None
        return message if raw.topic == messages.topic(self._gate_id, message) else None

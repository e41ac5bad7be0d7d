"""A consumer of an estate's messages: many may run at once and share the work, and each message has its effect once.

The broker deals what arrives out among all consumers of one group (MQTT 5, 4.8.2, shared subscriptions). Each keeps a session
under a name of its own, so what was dealt to one that is away waits for it. A consumer without a group hears everything:
mosquitto forgets shared subscriptions when it restarts, and what arrives before the group is back would be lost without one
(docs/scaling.md). A message is filed in the journal first and acknowledged then; what is filed already is acknowledged and
changes nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import SystemRandom
from typing import Final

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from gate.core.broker import COUNSEL, BrokerState
from gate.core.types import Seconds
from gate.errors import DeviceFault, GateError, RequestError
from gate.fleet.journal import Arrival, Journal, Line, Place
from gate.publish import link, messages
from gate.publish.endings import Ending, of_error
from gate.publish.evented import on_the_loop
from gate.publish.link import BrokerSettings
from gate.publish.messages import CommandAnswerMessage, HealthMessage, Message, PresenceMessage

SESSION_S: Final = 7 * 24 * 60 * 60
"""How long the broker keeps what it dealt to a consumer that is away: as long as a count may wait at all."""
FILED_AT_ONCE: Final = 200
"""So many messages the broker may send before it waits for the first to be acknowledged: one commit serves them all.
Its own setting bounds that too (mosquitto: max_inflight_messages, 20 unless set)."""
LINGER_S: Seconds = 0.005
"""How long a message waits for others to share its commit."""
LONGEST_WAIT_S: Seconds = 30.0
"""The longest pause between two attempts to connect."""
STATES: Final = (HealthMessage, PresenceMessage)
"""What a gate says again every minute: only the last is kept, and none of it waits for a consumer that is away."""
UNHEARD: Final = (CommandAnswerMessage,)

_LOT = SystemRandom()
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Desk:
    """Which consumer this is: one *name* of a *group* runs once, and a group hears each message once.

    group: None hears everything. Raises RequestError ``consumer-name`` for what cannot stand in a client id.
    """

    name: str
    group: str | None

    def __post_init__(self) -> None:
        words = (self.name,) if self.group is None else (self.name, self.group)
        if not all(re.fullmatch(r"[a-z0-9-]{1,32}", word) for word in words):
            raise RequestError(
                "consumer-name",
                "The consumer's group or name cannot be used.",
                remedy="Give each 1 to 32 lower-case letters, digits and hyphens.",
            )

    @property
    def client_id(self) -> str:
        """Give the MQTT client id, which the broker keeps the session under."""
        # Two shapes, so that no consumer takes up the subscriptions of the other kind with an old session.
        return f"consume-{self.group}/{self.name}" if self.group else f"consume-whole-{self.name}"

    def subscriptions(self) -> list[tuple[str, SubscribeOptions]]:
        """Give what to subscribe: every topic a gate writes but its answers to commands, and no commands.

        An answer to a release tells the second in which somebody came in (R44): it is for whoever gave the order.
        States come at QoS 0. At QoS 1 a thousand gates' heartbeats would fill the queue of a consumer that is away within
        two hours, and the broker would then drop counts that it had acknowledged.
        """
        prefix = f"$share/{self.group}/" if self.group else ""
        state_leaves = {messages.ROUTES[kind].leaf for kind in STATES}
        return [
            (f"{prefix}gate/+/{leaf}", SubscribeOptions(qos=0 if leaf in state_leaves else 1))
            for leaf in sorted({route.leaf for kind, route in messages.ROUTES.items() if kind not in UNHEARD})
        ]


class Consumer:
    """Files what arrives in *journal* and tells each new message to *tell*, until it is stopped."""

    def __init__(
        self, settings: BrokerSettings, journal: Journal, desk: Desk, tell: Callable[[Line], None]
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._desk = desk
        self._tell = tell
        self._client: mqtt.Client | None = None
        self._waiting: list[tuple[int, Arrival | None]] = []
        """Packet number and message; None stands for what was refused, and is only to be acknowledged."""
        self._filing: asyncio.TimerHandle | None = None
        self._trouble: GateError | None = None
        self._refused_gates: set[str] = set()
        self.subscribed = asyncio.Event()
        """Set while the broker deals messages to this consumer."""

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until *stop* is set, connecting again whenever the connection is lost.

        Raises RequestError ``consumer-twice`` if another takes this one's name, DeviceFault ``subscription-refused`` if
        the broker lets it hear nothing, ConfigError if a certificate file cannot be used, and VaultError if the journal
        cannot be written; what is not filed by then is not acknowledged, and comes again.
        """
        failures = 0
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                began = asyncio.get_running_loop().time()
                await self._connection(stopped)
                failures = 0 if asyncio.get_running_loop().time() - began > LONGEST_WAIT_S else failures + 1
                longest = min(LONGEST_WAIT_S, 2.0 ** min(failures, 5) / 2)
                with suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(stopped), _LOT.uniform(longest / 4, longest))
        finally:
            stopped.cancel()

    async def _connection(self, stopped: asyncio.Task[bool]) -> None:
        """Serve one connection to its end; raise what no further attempt would mend."""
        client = self._client = link.new_client(self._settings, self._desk.client_id)
        client.manual_ack_set(on=True)
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        serving = asyncio.create_task(
            on_the_loop(
                client,
                self._settings,
                on_up=lambda up, _granted: _subscribe(up, self._desk),
                stopping=lambda: self._trouble is not None,
                session_s=SESSION_S,
                most_heard_at_once=FILED_AT_ONCE,
            )
        )
        try:
            await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if stopped.done() and not serving.done():
                self._file()
                client.disconnect()
                await asyncio.wait({serving}, timeout=2.0)
        finally:
            serving.cancel()
            self.subscribed.clear()
            self._drop_waiting()
            self._client = None
        await self._tell_end(serving, quiet=stopped.done())

    async def _tell_end(self, serving: asyncio.Task[Ending], *, quiet: bool) -> None:
        with suppress(asyncio.CancelledError):
            try:
                ending = await serving
            except (OSError, ValueError) as error:
                ending = of_error(error)
            if not quiet:
                counsel = COUNSEL[ending.state]
                log.warning("broker_down", state=ending.state, reason=ending.reason, remedy=counsel.remedy)
            if ending.state is BrokerState.TAKEN_OVER:
                raise RequestError(
                    "consumer-twice",
                    f"Another consumer called {self._desk.name} is running.",
                    remedy="Give each its own --name.",
                )
        if self._trouble is not None:
            raise self._trouble

    def _on_subscribe(
        self,
        _client: mqtt.Client,
        _data: object,
        _mid: int,
        reasons: list[ReasonCode],
        _more: Properties | None,
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._trouble = DeviceFault(
                "subscription-refused",
                "The broker does not let this consumer hear the gates.",
                remedy="Give its account read access as deploy/mosquitto/acl does.",
            )
        else:
            log.info("consuming", group=self._desk.group, name=self._desk.name)
            self.subscribed.set()

    def _on_message(self, _client: mqtt.Client, _data: object, packet: mqtt.MQTTMessage) -> None:
        # Refused or not, it is acknowledged: what fits no schema never will, and would hold up what comes behind it.
        self._waiting.append((packet.mid if packet.qos else 0, self._read(packet)))
        if len(self._waiting) >= FILED_AT_ONCE:
            self._file()
        elif self._filing is None:
            self._filing = asyncio.get_running_loop().call_later(LINGER_S, self._file)

    def _read(self, packet: mqtt.MQTTMessage) -> Arrival | None:
        gate = ""
        try:
            gate = packet.topic.split("/")[1]
            message = messages.decode(bytes(packet.payload))
            if packet.topic != messages.topic(messages.checked_gate_id(gate), message):
                raise RequestError("topic-other", "The topic is another kind's.", remedy="See gate/publish.")
        except GateError as error:
            self._refuse(gate, error.what)
            return None
        except UnicodeDecodeError:
            self._refuse(gate, "Refused a topic that is no UTF-8.")
            return None
        return arrival_of(gate, message)

    def _refuse(self, gate: str, what: str) -> None:
        # Whoever may publish chose this part of the topic: it is no gate's name unless it looks like one.
        known = gate if re.fullmatch(r"[a-z0-9-]{1,32}", gate) else "unnamed"
        if known not in self._refused_gates:
            self._refused_gates.add(known)
            log.error("payload_refused", gate=known, what=what)
        try:
            self._journal.refuse(known)
        except GateError as trouble:
            self._trouble = trouble

    def _file(self) -> None:
        """Commit what waits, then acknowledge it, then tell it. Trouble with the journal ends the connection instead."""
        waiting, client = self._drop_waiting(), self._client
        if not waiting or client is None or self._trouble is not None:
            return
        try:
            lines = self._journal.take(
                [arrival for _, arrival in waiting if arrival is not None], datetime.now(UTC)
            )
        except GateError as error:
            self._trouble = error
            return
        for number, _ in waiting:
            if number:
                client.ack(number, 1)
        for line in lines:
            self._tell(line)

    def _drop_waiting(self) -> list[tuple[int, Arrival | None]]:
        """Take what waits to be filed. On a lost connection nothing of it was acknowledged, so it comes again."""
        if self._filing is not None:
            self._filing.cancel()
            self._filing = None
        waiting, self._waiting = self._waiting, []
        return waiting


def arrival_of(gate: str, message: Message) -> Arrival:
    """Word one valid message of *gate* for the journal."""
    return Arrival(
        gate=gate,
        kind=message.schema_name,
        message_id=message.message_id,
        body=message.model_dump_json(),
        place=_place(message),
        is_state=isinstance(message, STATES),
    )


def _place(message: Message) -> Place | None:
    match message:
        case (
            messages.AccessCountsMessage()
            | messages.DenialsMessage()
            | messages.AlarmMessage()
            | messages.DeidentifiedPassageMessage()
        ):
            return Place(message.stream, message.epoch, message.sequence)
        case _:
            return None


def _subscribe(client: mqtt.Client, desk: Desk) -> None:
    wishes = Properties(PacketTypes.SUBSCRIBE)  # type: ignore[no-untyped-call]  # paho leaves this one untyped
    client.subscribe(desk.subscriptions(), properties=wishes)

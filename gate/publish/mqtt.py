"""The publisher: drains the outbox to the broker, at least once a message and in order, and makes nobody wait (R46).

Threads: everything here runs on the asyncio loop, the outbox included, but for the connection, which ``carry`` runs: by
default in one thread per connection, which reports back through ``call_soon_threadsafe``. Each connection gets a client of
its own, so the outbox is the only queue: what was not acknowledged when a connection ends is simply still pending, and
goes out again under the same message id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from gate.core.broker import COUNSEL, BrokerState, refused_by
from gate.core.events import Health, Queued
from gate.core.types import Seconds
from gate.errors import GateError, RequestError
from gate.ports import Clock, Outbox
from gate.publish import homeassistant, link, messages
from gate.publish.endings import Ending
from gate.publish.hearing import Ears, Sieve, Take
from gate.publish.homeassistant import DeviceDiscovery
from gate.publish.keeping import Keeper, back_off
from gate.publish.lanes import FIRST_TO_LAST, Lane
from gate.publish.link import BrokerSettings, Carry, Terms
from gate.publish.messages import Message

LOOK_AHEAD = 16
"""How many messages of each stream are asked for at once, and so sent per call of ``drain``: catching up after a long
outage is spread over minutes, and each second leaves the loop and the disk to the door."""
REST_S: Seconds = 60.0
"""How long a stream rests after the broker refused it, or all do after the outbox failed: somebody may mend it."""
ACKNOWLEDGE_S: Seconds = 60.0
"""A broker that has not acknowledged a message for longer is given up and called afresh, though it answers pings."""
NOBODY_LISTENS: Final = 0x10

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _InFlight:
    topic: str
    since: Seconds
    lane: Lane | None
    queued: str | None
    """The outbox row's message id; ``None`` for what is not queued."""


@dataclass(slots=True)
class _Line:
    """One connection that the broker accepted."""

    client: mqtt.Client
    terms: Terms
    hears: bool
    in_flight: dict[int, _InFlight] = field(default_factory=dict)

    @property
    def has_room(self) -> bool:
        return len(self.in_flight) < self.terms.most_in_flight


class Publisher:
    """Carries the outbox and the gate's health to the broker. Not thread-safe: use it on the loop that started it.

    carry: what runs a connection. pause: how long to wait after so many failures. on_breach: called when something was
    refused because it fits no schema (R42). Raises ConfigError if *gate_id* cannot stand in a topic.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        outbox: Outbox,
        clock: Clock,
        *,
        gate_id: str,
        carry: Carry = link.in_a_thread,
        pause: Callable[[int], Seconds] = back_off,
        on_breach: Callable[[], None] | None = None,
    ) -> None:
        self._outbox = outbox
        self._clock = clock
        self._gate_id = messages.checked_gate_id(gate_id)
        self._keeper = Keeper(settings, self._gate_id, carry, self, pause=pause)
        self._on_breach = on_breach
        self._births: list[Callable[[], None]] = []
        self._chores: list[Callable[[], None]] = []
        self._ears = Ears(self._keeper.post)
        self._lanes = tuple(Lane(stream) for stream in FIRST_TO_LAST)
        self._line: _Line | None = None
        self._settled = asyncio.Event()
        self._settled.set()
        self._trouble: dict[str, BrokerState] = {}
        """What does not go through although the connection stands, by topic."""
        self._outbox_failed = False
        self._rest_until: Seconds = 0.0

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted the gate and the connection is not known to be lost."""
        return self._line is not None

    @property
    def hears(self) -> bool:
        """Whether the broker has granted all that is listened to: what is said from then on is heard."""
        return self._line is not None and self._line.hears

    @property
    def state(self) -> BrokerState:
        """Give how the gate stands with the broker, in one word; ``gate.core.broker`` has the remedy."""
        if self._outbox_failed:
            return BrokerState.OUTBOX
        if self._line is None:
            return self._keeper.last
        return next(iter(self._trouble.values()), BrokerState.CONNECTED)

    @property
    def downs(self) -> int:
        """Give how often a connection was lost or could not be made since the start."""
        return self._keeper.downs

    @property
    def under_way(self) -> int:
        """Give how many messages the broker has not acknowledged yet."""
        return 0 if self._line is None else len(self._line.in_flight)

    def listen(self, topic: str, take: Take, *, sieve: Sieve | None = None) -> None:
        """Subscribe to *topic* at each connect and give *take* what comes, on the loop. Call it before ``start``.

        sieve: looks at each payload before, in the connection's thread; what it refuses never reaches the loop.
        """
        self._ears.add(topic, take, sieve)

    def at_birth(self, action: Callable[[], None]) -> None:
        """Do *action* after each connection's first word, on the loop. Call it before ``start``."""
        self._births.append(action)

    def at_drain(self, action: Callable[[], None]) -> None:
        """Do *action* with each ``drain`` while the broker is there. Call it before ``start``."""
        self._chores.append(action)

    async def start(self) -> None:
        """Begin to connect, and to connect again whenever it is lost; returns without waiting for the broker.

        Certificate files are read for each connection, so one that cannot be used now is a state to mend, no error.
        """
        self._keeper.start()

    async def stop(self, flush_timeout: Seconds = 2.0) -> None:
        """Send what is pending, tell the broker that the gate goes offline, and hang up.

        Takes twice *flush_timeout* at most; what was not acknowledged by then stays in the outbox.
        """
        if not self._keeper.has_started:
            return
        try:
            self.drain()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._settled.wait(), flush_timeout)
        finally:
            await self._keeper.stop(None if self._line is None else self._line.client, flush_timeout)

    def drain(self) -> None:
        """Hand what is pending to the broker and return at once; call it about once a second.

        A message is marked sent when its acknowledgement arrives, not here. Does nothing while the broker is away.
        """
        self._ears.tick()
        if self._line is None or self._is_condemned(self._line):
            return
        for action in self._chores:
            action()
        if self._clock.monotonic() < self._rest_until:
            return
        self._refill()
        self._pump()

    def publish_health(self, health: Health) -> None:
        """Tell the gate's state if the broker is there to hear it; an old state is worth nothing later, so not queued.

        Raises RequestError if *health* fits no schema.
        """
        try:
            message = messages.health(health)
        except RequestError:
            self._tell_breach()
            raise
        self.publish(message)

    def publish(self, message: Message) -> bool:
        """Send one message of the closed set that is not queued; False if it cannot be sent now.

        Raises RequestError if it fits no schema.
        """
        try:
            payload = messages.encode(message)
        except RequestError:
            self._tell_breach()
            raise
        route = messages.ROUTES[type(message)]
        # A beat of the gate's health is worth nothing a minute later. At QoS 1 a broker keeps each one for every receiver
        # that is away, until its queue is full, and then drops the counts that it has acknowledged.
        return self._send(messages.topic(self._gate_id, message), payload, route.expiry_s, qos=route.qos)

    def introduce(self, prefix: str, message: DeviceDiscovery) -> bool:
        """Send what describes the gate to Home Assistant; False if it cannot be sent now.

        Raises RequestError if it fits no schema.
        """
        try:
            payload = homeassistant.encode(message)
        except RequestError:
            self._tell_breach()
            raise
        return self._send(homeassistant.topic(prefix, self._gate_id), payload, homeassistant.EXPIRY_S)

    def _refill(self) -> None:
        lanes = [lane for lane in self._lanes if lane.wants_more(self._clock.monotonic())]
        if not lanes:
            return
        try:
            rows = self._outbox.pending(self._clock.now(), limit=LOOK_AHEAD)
        except GateError as error:
            self._outbox_trouble("outbox_unreadable", error)
            return
        if not rows:
            self._outbox_failed = False
        for lane in lanes:
            lane.take(rows)

    def _pump(self) -> None:
        now = self._clock.monotonic()
        for lane in self._lanes:
            while now >= self._rest_until and (queued := lane.next(now)) is not None:
                worded = self._worded(queued)
                if worded is None:
                    lane.done()
                    self._mark_sent(queued.message_id)
                elif not self._send(*worded, lane=lane, queued=queued.message_id):
                    break
        self._settle()

    def _worded(self, queued: Queued) -> tuple[str, bytes, int] | None:
        try:
            message = messages.queued_message(queued)
            payload = messages.encode(message)
        except RequestError as error:
            # R42: it would be refused for ever and hold up what is behind it.
            log.error("message_dropped", code=error.code, what=error.what)  # noqa: TRY400 - a trace may quote values
            self._tell_breach()
            return None
        return messages.topic(self._gate_id, message), payload, messages.ROUTES[type(message)].expiry_s

    def _tell_breach(self) -> None:
        if self._on_breach is not None:
            self._on_breach()

    def _send(
        self,
        topic: str,
        payload: bytes,
        expiry_s: int,
        *,
        qos: int = 1,
        lane: Lane | None = None,
        queued: str | None = None,
    ) -> bool:
        line = self._line
        if line is None or not line.has_room:
            return False
        largest = line.terms.largest_packet
        if largest is not None and link.packet_bytes(topic, payload) > largest:
            self._refuse(topic, lane, BrokerState.TOO_LARGE, f"above {largest} bytes")
            return False
        properties = link.expiry(PacketTypes.PUBLISH, expiry_s)
        info = line.client.publish(topic, payload, qos=qos, retain=False, properties=properties)
        if qos:
            # Also when the connection was lost in this instant: its end, which follows, clears the table.
            line.in_flight[info.mid] = _InFlight(topic, self._clock.monotonic(), lane, queued)
            self._settled.clear()
        if lane is not None:
            lane.sent()
        return True

    def _is_condemned(self, line: _Line) -> bool:
        """End a connection that may not go on; tells whether it did."""
        now = self._clock.monotonic()
        oldest = min((sent.since for sent in line.in_flight.values()), default=now)
        if line.terms.are_over:
            ending = Ending(BrokerState.EXPIRED, "the broker's certificate ran out")
        elif now - oldest > ACKNOWLEDGE_S:
            ending = Ending(BrokerState.SILENT, "the broker acknowledges nothing")
        else:
            return False
        self._forget_line()
        self._keeper.condemn(line.client, ending)
        return True

    def on_up(self, client: mqtt.Client, terms: Terms) -> None:
        """Say the first words over a connection that stands."""
        wishes = self._ears.wishes()
        self._line = _Line(client, terms, hears=not wishes)
        self._trouble.clear()
        for lane in self._lanes:
            lane.begin()
        self.publish(messages.presence("online"))
        if wishes:
            client.subscribe(wishes)
        for action in self._births:
            action()

    def on_acknowledged(self, client: mqtt.Client, mid: int, reason: ReasonCode) -> None:
        """Heed the broker's answer to one message: cross it off, or let its stream rest."""
        line = self._line
        if line is None or line.client is not client:
            return
        sent = line.in_flight.pop(mid, None)
        if sent is None:
            return  # a beat, which waits for no word, or the broker says it twice
        if reason.is_failure:
            self._refuse(sent.topic, sent.lane, refused_by(reason.value), str(reason))
        elif sent.queued is not None and reason.value == NOBODY_LISTENS:
            # The broker took it and dropped it: nobody subscribes, nor keeps a session that would have it later.
            self._refuse(sent.topic, sent.lane, BrokerState.UNHEARD, str(reason))
        else:
            self._accept(sent)
        self._pump()

    def _accept(self, sent: _InFlight) -> None:
        self._trouble.pop(sent.topic, None)
        if sent.lane is not None and sent.queued is not None:
            sent.lane.done()
            self._mark_sent(sent.queued)

    def _mark_sent(self, message_id: str) -> None:
        try:
            self._outbox.mark_sent(message_id, at=self._clock.now())
        except GateError as error:
            # Still pending, so it goes out again under the same id; not every second while the disk is full.
            self._outbox_trouble("outbox_not_marked", error)
        else:
            self._outbox_failed = False

    def _outbox_trouble(self, event: str, error: GateError) -> None:
        if not self._outbox_failed:
            log.error(event, code=error.code, what=error.what, remedy=error.remedy)
        self._outbox_failed = True
        self._rest_until = self._clock.monotonic() + REST_S
        for lane in self._lanes:
            lane.rest(self._rest_until)

    def _refuse(self, topic: str, lane: Lane | None, state: BrokerState, reason: str) -> None:
        if self._trouble.get(topic) is not state:
            self._trouble[topic] = state
            event = "nobody_listens" if state is BrokerState.UNHEARD else "publish_refused"
            log.warning(event, topic=topic, state=state, reason=reason, remedy=COUNSEL[state].remedy)
        if lane is not None:
            lane.rest(self._clock.monotonic() + REST_S)

    def _settle(self) -> None:
        line, now = self._line, self._clock.monotonic()
        waits = any(lane.next(now) is not None for lane in self._lanes)
        if line is None or not (line.in_flight or waits):
            self._settled.set()

    def on_subscribed(self, client: mqtt.Client, reasons: list[ReasonCode]) -> None:
        """Heed the broker's answer to the subscriptions."""
        if self._line is None or self._line.client is not client:
            return
        self._line.hears = not any(reason.is_failure for reason in reasons)
        for topic, reason in zip(self._ears.topics(), reasons, strict=False):
            if reason.is_failure:
                self._refuse(topic, None, refused_by(reason.value), str(reason))

    def on_down(self) -> None:
        """Forget what was under way: the outbox still has it."""
        self._forget_line()

    def hear(self, message: mqtt.MQTTMessage) -> None:
        """Take one message of a topic that is listened to, in the connection's thread."""
        self._ears.hear(message)

    def _forget_line(self) -> None:
        self._line = None
        for lane in self._lanes:
            lane.clear()
        self._settled.set()

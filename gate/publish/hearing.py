"""What the gate hears from the broker, and how little of it: few, small, and never more than the loop can bear (R46)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.subscribeoptions import SubscribeOptions

MOST_A_SECOND: Final = 16
LARGEST_PAYLOAD: Final = 4096
_NO_RETAINED: Final = 2
"""Retain handling: what was retained before the subscription is not sent. An order from then would be stale."""

Take = Callable[["Heard"], None]
Sieve = Callable[[bytes], bool]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Heard:
    """One message as it came.

    retained: it was published to be kept, which no order may be. expiry_s: what was left of its life, None for ever.
    """

    topic: str
    payload: bytes
    retained: bool
    expiry_s: int | None


class Ears:
    """Who listens to which topic. Topics are exact, without wildcards.

    A message is taken from the network in one thread and given on in another, by ``post``. What comes faster than
    ``MOST_A_SECOND`` on one topic is dropped: a broker that shouts must not fill the loop that serves the door.
    """

    def __init__(self, post: Callable[[Callable[[], None]], None]) -> None:
        self._post = post
        self._takers: dict[str, tuple[Take, Sieve | None]] = {}
        self._left: dict[str, int] = {}
        self._lock = threading.Lock()
        self._told = False

    def add(self, topic: str, take: Take, sieve: Sieve | None = None) -> None:
        """Let *take* have what comes on *topic*. sieve: called in the network's thread; what it refuses goes no further."""
        self._takers[topic] = take, sieve

    def topics(self) -> tuple[str, ...]:
        """Give what is listened to."""
        return tuple(self._takers)

    def wishes(self) -> list[tuple[str, SubscribeOptions]]:
        """Give what to subscribe to: QoS 1, nothing retained before, not what the gate itself said, flags as published."""
        options = SubscribeOptions(qos=1, noLocal=True, retainAsPublished=True, retainHandling=_NO_RETAINED)
        return [(topic, options) for topic in self._takers]

    def tick(self) -> None:
        """Let another second's messages in."""
        with self._lock:
            self._left.clear()
            self._told = False

    def hear(self, message: mqtt.MQTTMessage) -> None:
        """Take one message in the network's thread; never raises."""
        heard = _heard(message)
        if heard is None or heard.topic not in self._takers:
            return
        _, sieve = self._takers[heard.topic]
        if sieve is not None and not sieve(heard.payload):
            return
        with self._lock:
            left = self._left.get(heard.topic, MOST_A_SECOND)
            has_room = left > 0
            self._left[heard.topic] = left - has_room
            tell, self._told = not has_room and not self._told, self._told or not has_room
        if has_room:
            self._post(lambda: self._give(heard))
        elif tell:
            log.warning("heard_too_much", topic=heard.topic)

    def _give(self, heard: Heard) -> None:
        try:
            take, _ = self._takers[heard.topic]
            take(heard)
        except Exception as error:  # noqa: BLE001 - an outer loop: no word of a broker may end anything here
            log.error("heard_failed", topic=heard.topic, kind=type(error).__name__)  # noqa: TRY400 - a trace may quote


def _heard(message: mqtt.MQTTMessage) -> Heard | None:
    try:
        topic = message.topic
    except UnicodeDecodeError:
        return None
    if len(message.payload) > LARGEST_PAYLOAD:
        return None
    expiry_s = getattr(message.properties, "MessageExpiryInterval", None)
    return Heard(topic, bytes(message.payload), message.retain, expiry_s)

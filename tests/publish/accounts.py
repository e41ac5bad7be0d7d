"""What a broker lets an account do: which topics it takes from it, and which it gives to it."""

from __future__ import annotations

import queue
import secrets
import ssl
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Self

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from gate.publish import link
from gate.publish.link import BrokerSettings

PATIENCE_S = 10.0


@contextmanager
def _connected(
    settings: BrokerSettings, client_id: str | None = None, **session: object
) -> Iterator[tuple[mqtt.Client, queue.Queue] | None]:
    """Give a client and what it is told, or None where the broker does not let it in."""
    client = link.new_client(settings, client_id or f"try-{secrets.token_hex(4)}")
    client.on_socket_register_write = None  # paho's own thread writes here
    told: queue.Queue = queue.Queue()
    client.on_connect = lambda _c, _d, _f, reason, _p: told.put(("up", reason.is_failure))
    client.on_connect_fail = lambda _c, _d: told.put(("up", True))
    closed = threading.Event()

    def down(*_about: object) -> None:
        closed.set()
        told.put(("up", True))

    client.on_disconnect = down
    client.on_publish = lambda _c, _d, mid, reason, _p: told.put(("taken", mid, not reason.is_failure))
    client.on_subscribe = lambda _c, _d, _m, _r, _p: told.put(("subscribed",))
    client.on_message = lambda _c, _d, message: told.put(("heard", message.topic, message.payload))
    try:
        client.connect(settings.host, settings.port, **session)
    except (OSError, ssl.SSLError):
        yield None
        return
    client.loop_start()
    try:
        yield None if told.get(timeout=PATIENCE_S)[1] else (client, told)
    finally:
        client.disconnect()
        closed.wait(PATIENCE_S)  # paho's thread, stopped earlier, would leave the socket open
        client.loop_stop()


def attempts_to_write(settings: BrokerSettings, topics: Iterable[str]) -> set[str]:
    """Publish one message to each of *topics*; give those that the broker took."""
    with _connected(settings) as connection:
        if connection is None:
            return set()
        client, told = connection
        asked = {client.publish(topic, b"{}", qos=1).mid: topic for topic in topics}
        answers = [told.get(timeout=PATIENCE_S) for _ in asked]
        return {asked[mid] for _taken, mid, accepted in answers if accepted}


def say(settings: BrokerSettings, topic: str, times: int) -> int:
    """Publish the numbers from 0 on to *topic*; give how many the broker took."""
    with _connected(settings) as connection:
        assert connection is not None
        client, told = connection
        for number in range(times):
            client.publish(topic, str(number).encode(), qos=1)
        return sum(told.get(timeout=PATIENCE_S)[2] for _ in range(times))


def hears(settings: BrokerSettings, written: Mapping[BrokerSettings, Iterable[str]]) -> set[str]:
    """Ask for every topic, have others write *written*, and give the topics that came."""
    with _connected(settings) as connection:
        client, told = connection
        client.subscribe("#", qos=1)
        assert told.get(timeout=PATIENCE_S) == ("subscribed",)
        for writer, topics in written.items():
            assert attempts_to_write(writer, topics) == set(topics)
        return _heard(client, told)


def _heard(client: mqtt.Client, told: queue.Queue) -> set[str]:
    """Whatever was written before the answer to one more request has come before that answer: the broker keeps order."""
    client.subscribe("$SYS/none", qos=1)
    topics = set()
    while (one := told.get(timeout=PATIENCE_S))[0] != "subscribed":
        topics.add(one[1])
    return topics


class Ear:
    """Hears one topic filter while its block lasts, and can say something itself."""

    def __init__(self, settings: BrokerSettings, topic: str) -> None:
        self._connection = _connected(settings)
        self._topic = topic
        self.messages: list[mqtt.MQTTMessage] = []

    def __enter__(self) -> Self:
        self._client, self._told = self._connection.__enter__()
        self._client.on_message = lambda _c, _d, message: self.messages.append(message)
        self._client.subscribe(self._topic, qos=1)
        assert self._told.get(timeout=PATIENCE_S) == ("subscribed",)
        return self

    def __exit__(self, *error: object) -> None:
        self._connection.__exit__(*error)

    def count(self, topic: str) -> int:
        return sum(message.topic == topic for message in list(self.messages))

    def say(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1)

    def heard_so_far(self) -> list[mqtt.MQTTMessage]:
        """Give all that was on its way when this was asked."""
        self._client.subscribe("gate/none", qos=1)
        while self._told.get(timeout=PATIENCE_S) != ("subscribed",):
            pass
        return self.messages


def subscribes_and_leaves(settings: BrokerSettings, client_id: str, topic: str) -> None:
    """Ask for *topic* under a session that outlives the connection, and go."""
    with _session(settings, client_id) as (client, told):
        client.subscribe(topic, qos=1)
        assert told.get(timeout=PATIENCE_S) == ("subscribed",)


def comes_back(settings: BrokerSettings, client_id: str, *, awaits: int) -> list[bytes]:
    """Come back to the session and give the payloads that waited, once there are as many."""
    with _session(settings, client_id) as (_, told):
        return [told.get(timeout=PATIENCE_S)[2] for _ in range(awaits)]


@contextmanager
def _session(settings: BrokerSettings, client_id: str) -> Iterator[tuple[mqtt.Client, queue.Queue]]:
    lasting = Properties(PacketTypes.CONNECT)
    lasting.SessionExpiryInterval = 3600
    with _connected(settings, client_id, clean_start=False, properties=lasting) as connection:
        assert connection is not None
        yield connection

"""One order sent to a gate over the broker, and its answer: for who gives orders, never used by a gate itself."""

from __future__ import annotations

import secrets
import time
from typing import Final

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gate.core.broker import COUNSEL, refused_by
from gate.core.orders import Order, SignedOrder, read
from gate.core.types import Seconds
from gate.errors import DeviceFault, GateError, RequestError
from gate.publish import endings, link, messages
from gate.publish.kinds import COMMAND, ROUTES, CommandAnswerMessage
from gate.publish.link import BrokerSettings

ANSWER_S: Final[Seconds] = 15.0
"""A gate answers within seconds: a release waits five for its door at most."""
NOBODY_LISTENS: Final = 0x10
HOUR_S: Final = 3600


def send_order(
    settings: BrokerSettings, payload: bytes, *, wait_s: Seconds = ANSWER_S
) -> CommandAnswerMessage:
    """Send the signed order *payload* to its gate and give what the gate answers; blocks for *wait_s* and a little.

    Raises RequestError ``order-malformed``, and DeviceFault: ``order-unsent`` where the broker did not take it,
    ``order-unanswered`` where nothing came back: then nobody knows whether it was carried out.
    """
    found = read(payload)
    if not isinstance(found, SignedOrder):
        raise RequestError(
            "order-malformed",
            "This is no signed order.",
            remedy="Send what gate order sign wrote, unchanged.",
        )
    call = _Call(found.order, payload, time.monotonic() + wait_s)
    try:
        client = link.new_client(settings, f"order-{secrets.token_hex(4)}")
        client.on_subscribe = call.subscribed
        client.on_publish = call.published
        client.on_message = call.heard
        ending = link.converse(
            client, settings, on_up=lambda up, _granted: call.begin(up), stopping=call.is_over
        )
    except GateError:
        raise
    except Exception as error:  # paho has no error of its own for what is no MQTT
        ending = endings.of_error(error)
        raise _unsent(*_counsel(ending)) from error
    if call.answer is not None:
        return call.answer
    if call.refused is not None:
        raise _unsent(*call.refused)
    if not call.is_sent:
        raise _unsent(*_counsel(ending))
    raise DeviceFault(
        "order-unanswered",
        "The broker took the order, but the gate did not answer: nobody knows whether it was carried out.",
        remedy="Look at the gate. It may be off, may take no orders, or may not know the key: its log says which.",
    )


class _Call:
    """What became of one order, as the broker's and the gate's words come in; all in the calling thread."""

    def __init__(self, order: Order, payload: bytes, until: Seconds) -> None:
        self._order = order
        self._payload = payload
        self._until = until
        self.answer: CommandAnswerMessage | None = None
        self.refused: tuple[str, str] | None = None
        self.is_sent = False

    def is_over(self) -> bool:
        return self.answer is not None or self.refused is not None or time.monotonic() >= self._until

    def begin(self, client: mqtt.Client) -> None:
        """Listen first, so that no answer is missed."""
        client.subscribe(messages.topic_of(self._order.gate, ROUTES[CommandAnswerMessage]), qos=1)

    def subscribed(
        self,
        client: mqtt.Client,
        _data: object,
        _mid: int,
        reasons: list[ReasonCode],
        _more: Properties | None,
    ) -> None:
        if reasons[0].is_failure:
            counsel = COUNSEL[refused_by(reasons[0].value)]
            self.refused = ("The broker does not let this account hear the gate's answers.", counsel.remedy)
            return
        # No broker keeps it for longer than it can be good for.
        lives = self._order.expires_at - self._order.issued_at
        client.publish(
            messages.topic_of(self._order.gate, COMMAND),
            self._payload,
            qos=1,
            retain=False,
            properties=link.expiry(PacketTypes.PUBLISH, max(1, min(HOUR_S, int(lives.total_seconds())))),
        )

    def published(
        self, _client: mqtt.Client, _data: object, _mid: int, reason: ReasonCode, _more: Properties
    ) -> None:
        if reason.is_failure:
            counsel = COUNSEL[refused_by(reason.value)]
            self.refused = (
                f"The broker did not take the order: {str(reason).lower()}.",
                counsel.remedy,
            )
        elif reason.value == NOBODY_LISTENS:
            self.refused = (
                f"No gate {self._order.gate} listens for orders at this broker.",
                "See that the gate runs, is connected, and has commands enabled (gate check).",
            )
        else:
            self.is_sent = True

    def heard(self, client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        try:
            said = messages.decode(bytes(message.payload))
        except RequestError:
            return
        if isinstance(said, CommandAnswerMessage) and said.nonce == self._order.nonce:
            self.answer = said
            client.disconnect()


def _counsel(ending: endings.Ending) -> tuple[str, str]:
    counsel = COUNSEL[ending.state]
    return counsel.what, counsel.remedy


def _unsent(what: str, remedy: str) -> DeviceFault:
    return DeviceFault("order-unsent", f"The order was not sent. {what}", remedy=remedy)

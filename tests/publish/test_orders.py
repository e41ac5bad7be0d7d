"""What comes on the command topic: what is dropped and why, what is said of it, and how little of it reaches the loop."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gate.publish
from gate.core.canonical import canonical
from gate.core.orders import (
    ORDER_BYTES,
    Answer,
    OrderKind,
    Refusal,
    Result,
    SignedOrder,
    key_id,
    read,
    signed_bytes,
    spelled,
)
from gate.publish.hearing import MOST_A_SECOND, Ears, Heard
from gate.publish.kinds import COMMAND, CommandMessage
from gate.publish.messages import PAYLOAD_BYTES, CommandAnswerMessage
from gate.publish.orders import BURST, PER_S, TOLD_EVERY_S, OrderPost
from gate.store.account.signing import is_signed
from tests.signed_orders import KEY, OTHER_KEY, order_of, payload_of, public

EXAMPLES = Path(gate.publish.__file__).parent / "examples"
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
JUNK = b"resident 1203".ljust(ORDER_BYTES)


class Clock:
    seconds = 100.0

    def monotonic(self):
        return self.seconds

    def now(self):
        return NOW


class Post:
    """A post with everything it is handed, and what it said."""

    def __init__(self):
        self.clock = Clock()
        self.obeyed, self.sent = [], []
        self.answer = Answer(Result.DONE)
        self.post = OrderPost(
            keys={key_id(public()): public()},
            verify=is_signed_by,
            obey=self.obey,
            send=self.sent.append,
            clock=self.clock,
        )

    async def obey(self, order):
        self.obeyed.append(order)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def hear(self, payload, *, retained=False):
        """As the connection's ears do it: the sieve in its thread, then the loop."""
        if self.post.sieve(payload):
            self.post.take(Heard("gate/north/command", payload, retained, None))

    @property
    def said(self):
        return [(each.nonce, each.result, each.reason) for each in self.sent]


def is_signed_by(data, signature, key):
    return is_signed(data, signature, key)


@pytest.fixture
def play():
    def play(scenario):
        async def run():
            post = Post()
            await scenario(post)

        asyncio.run(run())

    return play


async def settled(post):
    await asyncio.gather(*post.post._under_way)


def test_a_rightly_signed_order_is_obeyed_and_answered_under_its_nonce(play, logs):
    async def scenario(post):
        order = order_of(at=NOW)
        post.hear(payload_of(order))
        await settled(post)
        assert post.obeyed == [order]
        assert post.said == [(order.nonce, Result.DONE, None)]

    play(scenario)
    assert [(each["event"], each["result"]) for each in logs] == [("order_heard", "done")]


def dropped(payload, *, retained=False):
    async def scenario(post):
        post.hear(payload, retained=retained)
        await settled(post)
        assert post.obeyed == []
        scenario.said = post.said

    return scenario


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", Refusal.SIZE),
        (b"x" * (ORDER_BYTES + 1), Refusal.SIZE),
        (JUNK, Refusal.MALFORMED),
        (b"{}".ljust(ORDER_BYTES), Refusal.MALFORMED),
    ],
)
def test_what_is_no_order_is_dropped_and_said_without_a_word_of_it(play, logs, payload, reason):
    scenario = dropped(payload)
    play(scenario)
    assert scenario.said == [(None, Result.REFUSED, reason)]
    assert logs == [{"event": "order_dropped", "log_level": "warning", "reason": reason, "times": 1}]
    assert "1203" not in str(logs)


def test_an_order_of_a_key_that_the_site_did_not_name_is_dropped(play):
    order = order_of(at=NOW, key=OTHER_KEY)
    scenario = dropped(payload_of(order, OTHER_KEY))
    play(scenario)
    assert scenario.said == [(order.nonce, Result.REFUSED, Refusal.KEY_UNKNOWN)]


def test_an_order_that_another_key_signed_in_a_known_ones_name_is_dropped(play):
    order = order_of(at=NOW)
    scenario = dropped(payload_of(order, OTHER_KEY))
    play(scenario)
    assert scenario.said == [(order.nonce, Result.REFUSED, Refusal.SIGNATURE)]


def test_a_signature_of_another_order_is_dropped(play):
    order = order_of(OrderKind.LOCKDOWN, at=NOW)
    stolen = KEY.sign(signed_bytes(replace(order, kind=OrderKind.RELEASE)))
    scenario = dropped(spelled(order, stolen))
    play(scenario)
    assert scenario.said == [(order.nonce, Result.REFUSED, Refusal.SIGNATURE)]


def test_a_retained_order_is_dropped_however_fresh_it_is(play):
    order = order_of(at=NOW)
    scenario = dropped(payload_of(order), retained=True)
    play(scenario)
    assert scenario.said == [(order.nonce, Result.REFUSED, Refusal.RETAINED)]


def test_each_reason_is_told_once_a_minute_with_how_often(play, logs):
    async def scenario(post):
        for _ in range(1000):
            post.hear(JUNK)
        post.clock.seconds += TOLD_EVERY_S
        post.hear(JUNK)
        assert len(post.sent) == 2

    play(scenario)
    assert [each["times"] for each in logs] == [1, 1000]


def test_junk_never_reaches_the_loop_and_never_keeps_an_order_out(play):
    async def scenario(post):
        post.hear(JUNK)
        assert not any(post.post.sieve(JUNK) for _ in range(10_000))
        other = payload_of(order_of(at=NOW, key=OTHER_KEY), OTHER_KEY)
        post.hear(other)
        assert not any(post.post.sieve(other) for _ in range(1_000))
        post.hear(payload_of(order_of(at=NOW)))
        await settled(post)
        assert len(post.obeyed) == 1

    play(scenario)


def test_orders_of_a_known_key_are_looked_at_so_fast_and_no_faster(play, logs):
    async def scenario(post):
        for _ in range(1000):
            post.hear(payload_of(order_of(at=NOW)))
        await settled(post)
        assert len(post.obeyed) == BURST
        post.clock.seconds += 2
        for _ in range(1000):
            post.hear(payload_of(order_of(at=NOW)))
        await settled(post)
        assert len(post.obeyed) == BURST + int(2 * PER_S)

    play(scenario)
    flood = [each for each in logs if each["event"] == "order_dropped"]
    assert [(each["reason"], each["times"]) for each in flood] == [(Refusal.TOO_MANY, 1000 - BURST)]


def test_a_fault_while_obeying_is_answered_and_said_without_its_words(play, logs):
    async def scenario(post):
        post.answer = RuntimeError("resident 1203")
        order = order_of(at=NOW)
        post.hear(payload_of(order))
        await settled(post)
        assert post.said == [(order.nonce, Result.FAILED, Refusal.FAULT)]

    play(scenario)
    assert "1203" not in str(logs)


def test_closing_gives_up_what_is_under_way(play):
    async def scenario(post):
        never = asyncio.Event()

        async def wait(_order):
            await never.wait()

        post.post._obey = wait
        post.hear(payload_of(order_of(at=NOW)))
        await asyncio.sleep(0)
        await post.post.close()
        assert not post.post._under_way

    play(scenario)


def test_an_answer_is_of_the_closed_set_and_names_no_door_and_nobody(play):
    async def scenario(post):
        post.hear(payload_of(order_of(at=NOW)))
        await settled(post)
        (answer,) = post.sent
        assert type(answer) is CommandAnswerMessage
        fields = {"schema_name", "schema_version", "message_id", "nonce", "at", "result", "reason"}
        assert set(answer.model_dump()) == fields

    play(scenario)


def test_a_flood_on_another_topic_takes_nothing_from_the_orders():
    heard, posted = [], []
    ears = Ears(posted.append)
    for topic in ("homeassistant/status", "gate/north/command"):
        ears.add(topic, heard.append)
    for topic in ["homeassistant/status"] * 1000 + ["gate/north/command"]:
        message = mqtt.MQTTMessage(topic=topic.encode())
        message.payload = b"x"
        ears.hear(message)
    for action in posted:
        action()
    assert heard[-1].topic == "gate/north/command"
    assert len(heard) == MOST_A_SECOND + 1


@given(st.sampled_from(OrderKind), st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True))
def test_what_the_gate_reads_as_an_order_fits_the_published_schema_field_for_field(kind, gate_id):
    order = order_of(kind, at=NOW, gate=gate_id)
    message = CommandMessage.model_validate_json(payload_of(order))
    assert json.loads(payload_of(order)) == message.model_dump(mode="json")
    assert message.model_dump_json().encode() == payload_of(order).rstrip()


def test_the_published_example_is_an_order_that_a_gate_reads():
    text = (EXAMPLES / "command.json").read_bytes()
    payload = canonical(json.loads(text)).ljust(ORDER_BYTES)
    found = read(payload)
    assert isinstance(found, SignedOrder)
    assert is_signed(signed_bytes(found.order), found.signature, public())


def test_an_order_is_as_long_as_every_message_of_the_contract():
    assert len(COMMAND.leaf) + ORDER_BYTES == PAYLOAD_BYTES

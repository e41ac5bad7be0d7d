"""Fuzz orders over the broker: no payload raises, each order has one spelling, and none that was altered is obeyed."""

import asyncio
from datetime import UTC, datetime, timedelta

from gate.core.canonical import canonical, parsed
from gate.core.orders import (
    ORDER_BYTES,
    Answer,
    Order,
    OrderKind,
    Result,
    SignedOrder,
    key_id,
    read,
    signed_bytes,
    spelled,
)
from gate.publish.hearing import Heard
from gate.publish.orders import OrderPost
from gate.store.account.signing import Signer, is_signed
from tests.fuzz.harness import Cut

KEY = Signer(bytes(32))
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORDER = Order(
    "north", OrderKind.RELEASE, key_id(KEY.public_key), "ab" * 16, NOON, NOON + timedelta(seconds=30)
)
PAYLOAD = spelled(ORDER, KEY.sign(signed_bytes(ORDER)))
SEEDS = (
    b"\x00" + PAYLOAD,
    b"\x01" + PAYLOAD.rstrip(),
    b"\x01" + PAYLOAD.replace(b"release", b"lockdown").rstrip(),
    b"\x01" + PAYLOAD.rstrip().replace(b'{"', b'{"gate":"south","'),
    b"\x01" + b"[" * 400,
    b"\x01" + b'{"signature":1e999}',
)


class Noon:
    """A clock that stands."""

    def monotonic(self):
        return 1.0

    def now(self):
        return NOON


def one_input(raw):
    """Take the payload as it is; or, where the first byte is odd, padded to the one length an order has."""
    data = Cut(raw)
    padded = data.number(0, 255) & 1
    payload = data.rest()
    if padded:
        payload = payload[:ORDER_BYTES].ljust(ORDER_BYTES)
    found = read(payload)
    if isinstance(found, SignedOrder):
        assert spelled(found.order, found.signature) == payload
        assert canonical(parsed(payload)) == payload.rstrip(b" ")
    obeyed = asyncio.run(_given(payload))
    assert obeyed in ([], [ORDER])
    assert not obeyed or payload == PAYLOAD


async def _given(payload):
    """Give the orders that a gate obeys when *payload* comes on its topic."""
    obeyed, sent = [], []

    async def obey(order):
        obeyed.append(order)
        return Answer(Result.DONE)

    post = OrderPost(
        keys={key_id(KEY.public_key): KEY.public_key},
        verify=is_signed,
        obey=obey,
        send=sent.append,
        clock=Noon(),
    )
    if post.sieve(payload):
        post.take(Heard("gate/north/command", payload, retained=False, expiry_s=None))
    await asyncio.sleep(0)
    await post.close()
    return obeyed

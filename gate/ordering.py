"""Signed orders over the broker, put together: whose are heard, what takes them and what carries them out (ADR 0028)."""

from __future__ import annotations

from contextlib import AsyncExitStack

import structlog

from gate.core.orders import OrderKind, key_id
from gate.office.door import DoorOffice
from gate.office.orders import OrderOffice
from gate.publish.kinds import COMMAND
from gate.publish.messages import topic_of
from gate.publish.mqtt import Publisher
from gate.publish.orders import OrderPost
from gate.settings import Settings
from gate.store import Store
from gate.store.account.signing import is_signed
from gate.store.upkeep.clock import TrustedClock

log = structlog.get_logger()


def hear_orders(
    publisher: Publisher,
    settings: Settings,
    *,
    store: Store,
    clock: TrustedClock,
    door: DoorOffice,
    stack: AsyncExitStack,
) -> None:
    """Have *publisher* listen for orders where the site takes any; else nothing is subscribed to, and nothing heard.

    Call it before the publisher starts. door: the console's, so that one voids what the other waits for.
    """
    commands = settings.commands
    if not commands.enabled:
        return
    gate_id = settings.site.gate_id
    allowed = frozenset(map(OrderKind, commands.allowed))
    office = OrderOffice(gate_id=gate_id, allowed=allowed, store=store, clock=clock, door=door)
    keys = {key_id(key): key for key in map(bytes.fromhex, commands.keys)}
    post = OrderPost(keys=keys, verify=_verify, obey=office.obey, send=publisher.publish, clock=clock)
    publisher.listen(topic_of(gate_id, COMMAND), post.take, sieve=post.sieve)
    stack.push_async_callback(post.close)
    log.info("orders_heard", allowed=sorted(commands.allowed), keys=sorted(keys))


def _verify(data: bytes, signature: bytes, key: bytes) -> bool:
    return is_signed(data, signature, key)

"""A gate at work that hears orders from a real broker."""

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from gate.core.orders import OrderKind
from gate.core.types import Reason
from gate.office.door import DoorOffice
from gate.ordering import hear_orders
from gate.publish.mqtt import Publisher
from gate.service import new_attempt
from gate.settings import CommandsSettings
from tests.publish.world import ticking, until
from tests.service.world import DOOR_RULES, world
from tests.settings_of import settings_of
from tests.signed_orders import public

SHORT_RULES = replace(DOOR_RULES, release_s=0.5)


@asynccontextmanager
async def gate_at(broker, folder, *, enabled=True, allowed=tuple(OrderKind), keys=None):
    """A gate that serves its door and hears orders from *broker*."""
    commands = CommandsSettings(enabled=enabled, keys=keys or (public().hex(),), allowed=allowed)
    settings = settings_of("north").model_copy(update={"commands": commands})
    async with world(folder, door_rules=SHORT_RULES) as gate, AsyncExitStack() as stack:
        clock = gate.doorkeeper._clock
        door = DoorOffice(
            clock=clock,
            store=gate.store,
            doorkeeper=gate.doorkeeper,
            hardware=gate.doorkeeper._hardware,
            new_attempt=new_attempt,
        )
        publisher = Publisher(broker, gate.store.outbox, clock, gate_id="north")
        hear_orders(publisher, settings, store=gate.store, clock=clock, door=door, stack=stack)
        await publisher.start()
        stack.push_async_callback(publisher.stop)
        gate.publisher = publisher
        async with ticking(publisher):
            await gate.until(lambda: gate.doorkeeper.obstacle is not Reason.FAULT, "the door to answer")
            await until(lambda: publisher.hears)
            yield gate


def releases(gate):
    rows = gate.store.decisions._database.rows("SELECT outcome FROM decisions WHERE method = 'staff'")
    return [outcome for (outcome,) in rows]

"""Signed orders at a gate at work: judged, taken once, and carried out by what the console uses (ADR 0028)."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from gate.core.orders import AHEAD_MOST, Answer, OrderKind, Refusal, Result
from gate.core.roles import AccountId, Role, Staff
from gate.core.types import Reason
from gate.errors import RequestError
from gate.office.door import DoorOffice
from gate.office.orders import TOLD_EVERY_S, OrderOffice
from gate.service import new_attempt
from tests.service.world import DOOR_RULES, world
from tests.signed_orders import by, order_of

GUARD = Staff(AccountId("a" * 16), frozenset({Role.GUARD}))
LOCKDOWN, END, RELEASE = OrderKind.LOCKDOWN, OrderKind.END_LOCKDOWN, OrderKind.RELEASE
DONE = Answer(Result.DONE)


class Desk:
    """The office over one gate, with the console's door beside it."""

    def __init__(self, gate, allowed=frozenset(OrderKind)):
        self.gate = gate
        self.clock = gate.doorkeeper._clock
        self.door = DoorOffice(
            clock=self.clock,
            store=gate.store,
            doorkeeper=gate.doorkeeper,
            hardware=gate.doorkeeper._hardware,
            new_attempt=new_attempt,
        )
        self.office = OrderOffice(
            gate_id="north", allowed=allowed, store=gate.store, clock=self.clock, door=self.door
        )

    def order(self, kind=RELEASE, **said):
        return order_of(kind, **({"at": self.clock.now()} | said))

    async def obeys(self, kind=RELEASE, **said):
        return await self.office.obey(self.order(kind, **said))

    def audited(self):
        return [(each.actor, each.action) for each in self.gate.store.audit.entries() if ":" in each.actor]

    def records(self):
        sql = "SELECT method, granted, reason, outcome FROM decisions ORDER BY rowid"
        return self.gate.store.decisions._database.rows(sql)


@pytest.fixture
def at_gate(tmp_path):
    """Run a scenario at a gate whose door answers."""

    def run(scenario, *, allowed=frozenset(OrderKind), **options):
        async def play():
            async with world(tmp_path, **options) as gate:
                await gate.until(lambda: gate.doorkeeper.obstacle is not Reason.FAULT, "the door to answer")
                await scenario(gate, Desk(gate, allowed))

        asyncio.run(play())

    return run


def refused(reason):
    return Answer(Result.REFUSED, reason)


def test_a_release_by_order_opens_once_as_one_from_the_console_does(at_gate):
    async def scenario(gate, desk):
        assert await desk.obeys(RELEASE) == DONE
        assert not gate.door.locked
        await gate.until(lambda: gate.door.locked, "the door to lock")
        assert desk.records() == [("staff", 1, "staff", "released")]

    at_gate(scenario, door_rules=replace(DOOR_RULES, release_s=0.5))


def test_r55_what_was_ordered_and_what_it_did_are_audited_by_key(at_gate):
    async def scenario(gate, desk):
        for kind in (RELEASE, LOCKDOWN):
            await desk.obeys(kind)
        assert desk.audited() == [
            (by().value, "order-taken"),
            (by().value, "door-released"),
            (by().value, "order-taken"),
            (by().value, "lockdown-begun"),
        ]

    at_gate(scenario)


def test_a_lockdown_by_order_holds_at_once_and_an_order_ends_it(at_gate):
    async def scenario(gate, desk):
        assert await desk.obeys(LOCKDOWN) == DONE
        assert desk.door.state().obstacle is Reason.DOOR_LOCKED
        assert await desk.obeys(LOCKDOWN) == Answer(Result.UNCHANGED)
        assert await desk.obeys(END) == DONE
        assert desk.door.state().obstacle is None
        assert await desk.obeys(END) == Answer(Result.UNCHANGED)

    at_gate(scenario)


@pytest.mark.parametrize("allowed", [frozenset(), frozenset({LOCKDOWN, END})])
def test_no_order_releases_the_door_while_the_site_does_not_allow_it(at_gate, allowed):
    async def scenario(gate, desk):
        assert await desk.obeys(RELEASE) == refused(Refusal.NOT_ALLOWED)
        assert (gate.door.locked, desk.records()) == (True, [])

    at_gate(scenario, allowed=allowed)


def test_no_order_ends_a_lockdown_while_the_site_does_not_allow_it(at_gate):
    async def scenario(gate, desk):
        desk.door.lock_down(GUARD)
        assert await desk.obeys(END) == refused(Refusal.NOT_ALLOWED)
        assert gate.store.lockdown.is_on

    at_gate(scenario, allowed=frozenset({LOCKDOWN, RELEASE}))


def test_in_a_lockdown_nothing_is_released_by_order(at_gate):
    async def scenario(gate, desk):
        desk.door.lock_down(GUARD)
        assert await desk.obeys(RELEASE) == refused(Refusal.OBSTACLE)
        assert (gate.door.locked, desk.records()) == (True, [])

    at_gate(scenario)


def test_an_order_played_again_does_nothing_again(at_gate):
    async def scenario(gate, desk):
        order = desk.order(RELEASE)
        assert await desk.office.obey(order) == DONE
        assert await desk.office.obey(order) == refused(Refusal.REPLAYED)
        assert len(desk.records()) == 1

    at_gate(scenario)


def test_two_copies_at_once_release_once(at_gate):
    async def scenario(gate, desk):
        order = desk.order(RELEASE)
        answers = await asyncio.gather(desk.office.obey(order), desk.office.obey(order))
        assert answers == [DONE, refused(Refusal.REPLAYED)]
        assert len(desk.records()) == 1

    at_gate(scenario)


def test_a_release_that_failed_is_used_up_all_the_same(at_gate):
    async def scenario(gate, desk):
        gate.door.mute = True
        order = desk.order(RELEASE)
        assert await desk.office.obey(order) == Answer(Result.FAILED, Refusal.UNANSWERED)
        gate.door.unmute()
        assert await desk.office.obey(order) == refused(Refusal.REPLAYED)

    at_gate(scenario, door_rules=replace(DOOR_RULES, answer_s=0.05))


def test_an_order_for_another_gate_is_refused_and_audited(at_gate):
    async def scenario(gate, desk):
        assert await desk.obeys(LOCKDOWN, gate="south") == refused(Refusal.ADDRESS)
        assert (gate.store.lockdown.is_on, desk.audited()) == (False, [(by().value, "order-refused")])

    at_gate(scenario)


def test_a_senders_clock_that_runs_late_or_ahead_is_told_so(at_gate):
    async def scenario(gate, desk):
        now = desk.clock.now()
        late, ahead = now - timedelta(seconds=31), now + AHEAD_MOST + timedelta(seconds=5)
        assert await desk.obeys(LOCKDOWN, at=late) == refused(Refusal.EXPIRED)
        assert await desk.obeys(LOCKDOWN, at=ahead) == refused(Refusal.EARLY)
        assert not gate.store.lockdown.is_on

    at_gate(scenario)


def test_while_the_gates_clock_cannot_be_relied_on_no_order_is_obeyed(at_gate):
    """Its wall clock was set back by an hour: what expired would hold again."""

    async def scenario(gate, desk):
        order = desk.order(LOCKDOWN)
        gate.clock.move(timedelta(hours=-1))
        assert await desk.office.obey(order) == refused(Refusal.CLOCK)
        assert await desk.obeys(RELEASE, at=gate.clock.now()) == refused(Refusal.CLOCK)
        assert gate.door.locked

    at_gate(scenario)


def test_a_flood_of_copies_writes_one_line_a_minute(at_gate):
    """Else whoever recorded one order could fill the disk with it."""

    async def scenario(gate, desk):
        order = desk.order(LOCKDOWN, seconds=300)
        await desk.office.obey(order)
        for _ in range(50):
            assert await desk.office.obey(order) == refused(Refusal.REPLAYED)
        told = [action for _, action in desk.audited() if action == "order-refused"]
        assert len(told) == 1
        gate.clock.leap(TOLD_EVERY_S)
        await desk.office.obey(order)
        told = [action for _, action in desk.audited() if action == "order-refused"]
        assert len(told) == 2

    at_gate(scenario)


def test_a_lockdown_by_order_voids_what_waits_at_the_console(at_gate):
    async def scenario(gate, desk):
        word = desk.door.ask(GUARD).word
        await desk.obeys(LOCKDOWN)
        await desk.obeys(END)
        with pytest.raises(RequestError) as refusal:
            await desk.door.confirm(GUARD, word)
        assert refusal.value.code == "release-late"

    at_gate(scenario)


def test_a_lockdown_is_heeded_while_a_release_still_waits_for_the_door(at_gate):
    async def scenario(gate, desk):
        gate.door.mute = True
        release = asyncio.create_task(desk.obeys(RELEASE))
        await asyncio.sleep(0)
        assert await desk.obeys(LOCKDOWN) == DONE
        assert gate.store.lockdown.is_on
        assert await release == Answer(Result.FAILED, Refusal.UNANSWERED)

    at_gate(scenario, door_rules=replace(DOOR_RULES, answer_s=0.2))


def test_r65_a_fire_releases_the_door_whatever_was_ordered(at_gate):
    async def scenario(gate, desk):
        await desk.obeys(LOCKDOWN)
        gate.door.fire()
        await gate.until(lambda: desk.door.state().view == "fire", "the fire")
        assert await desk.obeys(LOCKDOWN) == Answer(Result.UNCHANGED)
        assert (gate.door.locked, desk.door.state().view) == (False, "fire")

    at_gate(scenario)


def test_r66_in_a_lockdown_by_order_leaving_is_free(at_gate):
    async def scenario(gate, desk):
        await desk.obeys(LOCKDOWN)
        await gate.until(lambda: desk.door.state().view == "lockdown", "the lockdown")
        gate.door.press_exit()
        assert not gate.door.locked
        gate.door.leave()
        assert gate.door.leaf_open

    at_gate(scenario)


def test_a_store_that_cannot_write_carries_nothing_out(at_gate):
    async def scenario(gate, desk):
        gate.store.orders._database._main.execute("DROP TABLE order_nonces")
        assert await desk.obeys(RELEASE) == Answer(Result.FAILED, Refusal.FAULT)
        assert (gate.door.locked, desk.records()) == (True, [])

    at_gate(scenario)


def test_r44_a_release_by_order_is_nobodys_passage(at_gate):
    """It stands as the staff's in the decisions: who may order could else tell a withheld count from it."""

    async def scenario(gate, desk):
        await desk.obeys(RELEASE)
        assert {method for method, *_ in desk.records()} == {"staff"}

    at_gate(scenario)

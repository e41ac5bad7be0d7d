"""A release on the word of the staff, at a gate at work (R53, R65 to R68; ADR 0023)."""

import asyncio
from dataclasses import replace

import pytest

from firmware_bridge.events import BridgeError
from gate.core import door_inputs as at_door
from gate.core.roles import AccountId, Program, Role, Staff
from gate.core.types import Reason
from gate.errors import RequestError, VaultError
from gate.office.door import DoorOffice
from gate.service import new_attempt
from gate.store.account.audit import Actor
from gate.web.staff.ports.door import CONFIRM_S
from tests.service.world import DOOR_RULES, world
from tests.tallies import counted

GUARD = Staff(AccountId("a" * 16), frozenset({Role.GUARD}))
OTHER = Staff(AccountId("b" * 16), frozenset({Role.GUARD}))


@pytest.fixture
def at_gate(tmp_path):
    """Run a scenario at a gate whose door answers, with the office over it."""

    def run(scenario, **options):
        async def play():
            async with world(tmp_path, **options) as gate:
                await gate.until(lambda: gate.doorkeeper.obstacle is not Reason.FAULT, "the door to answer")
                await scenario(gate, office_of(gate))

        asyncio.run(play())

    return run


def office_of(gate):
    return DoorOffice(
        clock=gate.doorkeeper._clock,
        store=gate.store,
        doorkeeper=gate.doorkeeper,
        hardware=gate.doorkeeper._hardware,
        new_attempt=new_attempt,
    )


def records(gate):
    sql = "SELECT method, granted, reason, outcome FROM decisions ORDER BY rowid"
    return gate.store.decisions._database.rows(sql)


def audited(gate):
    return [
        (each.actor, each.action) for each in gate.store.audit.entries() if each.action == "door-released"
    ]


async def releases(office, who=GUARD):
    await office.confirm(who, office.ask(who).word)


async def refused(asked):
    with pytest.raises(RequestError) as refusal:
        await asked
    return refusal.value.code


def test_asked_and_confirmed_the_door_opens_once_and_locks_by_itself(at_gate):
    async def scenario(gate, office):
        await releases(office)
        assert not gate.door.locked
        await gate.until(lambda: gate.door.locked, "the door to lock")
        assert records(gate) == [("staff", 1, "staff", "released")]

    at_gate(scenario, door_rules=replace(DOOR_RULES, release_s=0.5))


def test_r55_a_release_stands_in_the_audit_log_by_account(at_gate):
    async def scenario(gate, office):
        await releases(office)
        assert audited(gate) == [(GUARD.value, "door-released")]

    at_gate(scenario)


def test_a_program_is_named_by_its_token(at_gate):
    async def scenario(gate, office):
        await releases(office, Program("c" * 16, Role.GUARD))
        assert audited(gate) == [(f"token:{'c' * 16}", "door-released")]

    at_gate(scenario)


def test_r65_a_lockdown_holds_at_the_door_the_moment_it_is_begun_and_no_longer_than_it_lasts(at_gate):
    """The page that answers shows it: nothing between the order and the look lets time pass."""

    async def scenario(gate, office):
        office.lock_down(GUARD)
        begun = office.state()
        office.end_lockdown(GUARD)
        ended = office.state()
        assert (begun.view, begun.lockdown, begun.obstacle) == ("lockdown", True, Reason.DOOR_LOCKED)
        assert (ended.view, ended.lockdown, ended.obstacle) == ("locked", False, None)

    at_gate(scenario)


def test_asking_alone_opens_nothing(at_gate):
    async def scenario(gate, office):
        office.ask(GUARD)
        assert gate.door.locked
        assert records(gate) == []

    at_gate(scenario)


def test_the_word_of_the_form_is_good_once(at_gate):
    async def scenario(gate, office):
        word = office.ask(GUARD).word
        await office.confirm(GUARD, word)
        assert await refused(office.confirm(GUARD, word)) == "release-late"
        assert len(records(gate)) == 1

    at_gate(scenario)


def test_a_second_form_makes_the_first_void(at_gate):
    async def scenario(gate, office):
        first = office.ask(GUARD).word
        office.ask(GUARD)
        assert await refused(office.confirm(GUARD, first)) == "release-late"
        assert gate.door.locked

    at_gate(scenario)


def test_nobody_confirms_what_another_asked(at_gate):
    async def scenario(gate, office):
        word = office.ask(GUARD).word
        assert await refused(office.confirm(OTHER, word)) == "release-late"
        assert gate.door.locked

    at_gate(scenario)


def test_after_ten_seconds_the_question_is_void(at_gate):
    async def scenario(gate, office):
        word = office.ask(GUARD).word
        gate.clock.leap(CONFIRM_S)
        assert office.asked(GUARD) is None
        assert await refused(office.confirm(GUARD, word)) == "release-late"
        assert records(gate) == []

    at_gate(scenario)


def test_in_a_lockdown_nothing_is_released_and_nothing_recorded(at_gate):
    """Also where it was begun from the command line between the two steps, before the door heard of it."""

    async def scenario(gate, office):
        word = office.ask(GUARD).word
        gate.store.lockdown.begin(gate.clock.now(), Actor.INSTALLER)
        assert await refused(office.confirm(GUARD, word)) == "release-obstacle"
        await gate.until(lambda: gate.doorkeeper.door.lockdown, "the lockdown to be heeded")
        with pytest.raises(RequestError):
            office.ask(GUARD)
        assert (gate.door.locked, records(gate)) == (True, [])

    at_gate(scenario)


def test_a_lockdown_by_the_staff_is_audited_and_ended_by_the_staff(at_gate):
    async def scenario(gate, office):
        assert office.lock_down(GUARD)
        assert not office.lock_down(OTHER)
        await gate.until(lambda: office.state().lockdown, "the lockdown")
        assert office.state().obstacle is Reason.DOOR_LOCKED
        assert office.end_lockdown(OTHER)
        await gate.until(lambda: not office.state().lockdown, "its end")
        lines = [(each.actor, each.action) for each in gate.store.audit.entries()[-2:]]
        assert lines == [(GUARD.value, "lockdown-begun"), (OTHER.value, "lockdown-ended")]

    at_gate(scenario)


def test_a_lockdown_makes_what_waits_for_its_second_step_void(at_gate):
    async def scenario(gate, office):
        word = office.ask(GUARD).word
        office.lock_down(OTHER)
        office.end_lockdown(OTHER)
        assert await refused(office.confirm(GUARD, word)) == "release-late"

    at_gate(scenario)


def test_while_the_other_door_is_open_nothing_is_released(at_gate):
    async def scenario(gate, office):
        await gate.until(lambda: office.state().obstacle is Reason.INTERLOCKED, "the interlock")
        with pytest.raises(RequestError) as refusal:
            office.ask(GUARD)
        assert refusal.value.code == "release-obstacle"

    at_gate(scenario, door_rules=replace(DOOR_RULES, interlocked=True))


def test_r68_a_door_that_does_not_confirm_is_a_fault_and_is_recorded_so(at_gate):
    async def scenario(gate, office):
        gate.door.mute = True
        assert await refused(releases(office)) == "release-unanswered"
        assert records(gate) == [("staff", 1, "staff", "fault")]

    at_gate(scenario, door_rules=replace(DOOR_RULES, answer_s=0.05))


def test_r68_a_driver_that_throws_releases_nothing(at_gate):
    async def scenario(gate, office):
        word = office.ask(GUARD).word

        def throw(*, seconds):
            raise BridgeError("The cable is out.")

        gate.door.release = throw
        assert await refused(office.confirm(GUARD, word)) == "release-unanswered"
        assert records(gate) == [("staff", 1, "staff", "fault")]

    at_gate(scenario)


def test_a_release_that_cannot_be_recorded_does_not_happen(at_gate, tmp_path):
    async def scenario(gate, office):
        word = office.ask(GUARD).word
        gate.store.decisions._database._main.execute("DROP TABLE decisions")
        with pytest.raises(VaultError):
            await office.confirm(GUARD, word)
        assert gate.door.locked

    at_gate(scenario)


def test_r44_a_release_by_staff_is_counted_in_no_hour(at_gate):
    """Else who may release could add four and tell a withheld three from a shown seven."""

    async def scenario(gate, office):
        await releases(office)
        assert counted(gate.store) == {}

    at_gate(scenario)


def test_r65_no_run_of_releases_holds_the_strike(at_gate):
    """The door machine bounds the staff as it bounds cards: one more while the strike is free, and no third."""

    async def scenario(gate, office):
        asked, real = [], gate.door.release

        def release(*, seconds):
            asked.append(seconds)
            real(seconds=seconds)

        gate.door.release = release
        for _ in range(6):
            await releases(office)
        assert len(asked) == 2

    at_gate(scenario)


def test_a_visitor_at_the_gate_is_not_answered_by_the_release_of_the_staff(at_gate):
    async def scenario(gate, office):
        phases = gate.service.gate.phase
        await releases(office)
        assert type(gate.service.gate.phase) is type(phases)
        assert gate.doorkeeper._by_staff == {}

    at_gate(scenario)


def test_the_state_says_what_a_guard_needs_to_see(at_gate):
    async def scenario(gate, office):
        state = office.state()
        assert (state.view, state.locked, state.declared, state.obstacle) == (
            "locked",
            True,
            "fail-secure",
            None,
        )
        gate.doorkeeper.take(at_door.ControllerLost())
        lost = office.state()
        assert (lost.view, lost.obstacle) == ("lost", Reason.FAULT)
        assert lost.locked

    at_gate(scenario)

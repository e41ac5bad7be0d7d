"""Faults that come while the door is released, or that take host, line or controller away: firmware logic and door core."""

import pytest

from firmware_bridge.mcu import contacts, wire
from firmware_bridge.mcu.door_logic import DoorLogic
from gate.core import door_effects as do
from gate.core.alarms import Alarm
from gate.core.door import Declared, alarms
from gate.core.types import Reason
from tests.faults.world import LEASE_MS, MISSED_AFTER_S, World

RELEASE_S = 5.0
both = pytest.mark.parametrize("declared", Declared)


@pytest.fixture
def door(declared):
    """A door a second into its release."""
    world = World(declared)
    world.release()
    world.wait(1)
    assert world.unlocked
    assert reports(world) == [True]
    return world


def reports(world):
    return [each.released for each in world.effects if isinstance(each, do.Report)]


def as_declared(world):
    return world.unlocked == (world.lock is Declared.FAIL_SAFE)


@both
@pytest.mark.fault("host-hung-mid-unlock")
def test_a_host_that_hangs_leaves_the_end_of_the_release_to_the_controller(door):
    door.host = False
    door.wait(RELEASE_S - 1 + 0.1)
    assert not door.unlocked or door.logic.silent
    door.wait(LEASE_MS / 1000)
    assert as_declared(door)
    assert door.leaves()


@both
@pytest.mark.fault("host-hung-mid-unlock")
def test_a_host_that_comes_back_takes_the_door_into_use_again(door):
    door.host = False
    door.wait(60)
    door.host = True
    door.wait(1.5)
    assert not door.unlocked
    assert door.obstacle is None
    # A fail-safe door stood free for a minute meanwhile: that was said, and is over.
    assert set(door.raised) <= {Alarm.UNLOCKED}
    assert not alarms(door.door)


@both
@pytest.mark.fault("cable-pulled-mid-unlock")
def test_a_pulled_cable_ends_in_the_declared_state_with_one_alarm_that_ends_with_the_cable(door):
    door.cable = False
    door.wait(60)
    assert as_declared(door)
    assert door.obstacle is Reason.FAULT
    assert door.raised == [Alarm.CONTROLLER_LOST]
    door.cable = True
    door.wait(1)
    assert not door.unlocked
    assert door.obstacle is None
    assert door.effects.count(do.Clear(Alarm.CONTROLLER_LOST)) == 1


@both
@pytest.mark.fault("cable-pulled-mid-unlock")
def test_who_waits_for_a_release_when_the_cable_goes_is_told_no(declared):
    world = World(declared)
    world.cable = False
    world.release()
    world.wait(MISSED_AFTER_S + 0.1)
    assert reports(world) == [False]
    world.cable = True
    world.wait(10)
    assert not world.unlocked
    assert reports(world) == [False]


@both
@pytest.mark.fault("controller-reset-mid-unlock")
def test_a_controller_that_starts_again_releases_nothing_until_a_new_card(door):
    door.power = False
    door.wait(2)
    door.power = True
    door.reset()
    door.wait(0.5)
    assert not door.unlocked
    assert len([each for each in door.effects if isinstance(each, do.Release)]) == 1
    door.release()
    door.wait(0.5)
    assert door.unlocked


@both
@pytest.mark.fault("controller-dead")
def test_r67_without_any_current_the_lock_is_as_it_was_built(door):
    door.power = False
    assert as_declared(door)
    door.wait(MISSED_AFTER_S + 0.1)
    assert door.obstacle is Reason.FAULT


@both
@pytest.mark.fault("fire-while-host-hangs")
def test_r65_fire_frees_the_lock_while_the_host_hangs_and_the_host_learns_of_it_later(declared):
    world = World(declared)
    world.host = False
    world.contact(wire.FIRE_ON)
    world.controller_step()
    world.controller_step()
    assert world.unlocked
    world.wait(60)
    assert world.unlocked
    world.host = True
    world.wait(0.1)
    assert world.raised == [Alarm.FIRE]


@both
@pytest.mark.fault("fire-wire-cut")
def test_r65_a_cut_fire_wire_reads_as_fire(declared):
    logic = DoorLogic(wire.FAIL_SAFE if declared is Declared.FAIL_SAFE else wire.FAIL_SECURE)
    logic.step(0, contacts.asserted(contacts.at_rest()))
    logic.step(10, contacts.asserted(contacts.at_rest() | contacts.FIRE))
    assert logic.free


@both
@pytest.mark.fault("delays")
def test_a_late_answer_opens_and_one_that_comes_too_late_is_a_no(declared):
    late, too_late = World(declared), World(declared)
    late.delay_s, too_late.delay_s = 0.5, 2.0
    for world in (late, too_late):
        world.release()
        world.wait(3)
    assert reports(late) == [True]
    assert reports(too_late) == [False]
    assert not too_late.raised


@both
def test_a_frame_lost_on_the_line_answers_no_and_the_next_card_opens(declared):
    world = World(declared)
    world.frames = False
    world.release()
    world.wait(MISSED_AFTER_S - 0.2)
    world.frames = True
    world.wait(1)
    assert reports(world) == [False]
    world.release()
    world.wait(0.5)
    assert world.unlocked

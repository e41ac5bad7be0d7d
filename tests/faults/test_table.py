"""Every fault at the door: what stands in docs/door-faults.md, and what holds in all of them (R65 to R68)."""

import ast

import pytest

from firmware_bridge.mcu import wire
from gate.core import door_effects as do
from gate.core.alarms import Alarm
from gate.core.door import Declared, Lock, lock
from gate.core.faults import ANSWERS, Fault
from tests import door_faults as table

WITHOUT_CONTROLLER = {Fault.CONTROLLER_DEAD, Fault.NOT_PAIRED}
"""Here a fail-secure lock has no current whatever is pressed: the handle opens from inside, as it was built to."""

worlds = pytest.mark.parametrize(
    ("fault", "declared"),
    [(fault, declared) for fault in Fault for declared in Declared],
    ids=lambda each: each.value,
)


def test_the_document_says_what_the_door_does():
    assert table.DOCUMENT.read_text(encoding="utf-8") == table.document(), "run make docs"


def test_every_fault_has_an_answer():
    assert set(ANSWERS) == set(Fault)


def test_every_fault_is_injected_by_a_test():
    missing = {str(fault) for fault in Fault} - set(table.injected())
    assert not missing, f"mark a test with @pytest.mark.fault for: {', '.join(sorted(missing))}"


def test_no_test_injects_a_fault_that_the_table_does_not_know():
    assert set(table.injected()) <= {str(fault) for fault in Fault}


def test_what_the_table_says_is_logged_is_logged_somewhere():
    said = set()
    for path in (table.PROJECT / "gate").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log."):
                said |= {each.value for each in node.args if isinstance(each, ast.Constant)}
    assert {event for answer in ANSWERS.values() for event in table.logged(answer)} <= said


def test_what_the_shell_is_said_to_raise_is_an_alarm():
    assert {answer.alarm for answer in ANSWERS.values() if answer.alarm} <= set(Alarm)


@worlds
def test_r67_the_host_believes_of_the_lock_what_is_so(fault, declared):
    world = table.world_of(fault, declared)
    if world.host and fault is not Fault.DECLARES_OTHERWISE:
        assert (lock(world.door, world.rules) is Lock.UNLOCKED) == world.unlocked


@worlds
def test_r66_whatever_happened_people_leave(fault, declared):
    world = table.world_of(fault, declared)
    by_handle = fault in WITHOUT_CONTROLLER and world.lock is Declared.FAIL_SECURE
    assert world.unlocked or world.leaves() or by_handle


@worlds
def test_r65_whatever_happened_fire_frees_the_door_within_one_round_of_the_controller(fault, declared):
    world = table.world_of(fault, declared)
    world.contact(wire.FIRE_ON)
    world.controller_step()
    assert world.unlocked or (fault in WITHOUT_CONTROLLER and world.lock is Declared.FAIL_SECURE)


@worlds
def test_r68_after_any_fault_no_release_outlasts_it_and_none_is_asked_twice(fault, declared):
    world = table.world_of(fault, declared)
    asked = [each for each in world.effects if isinstance(each, do.Release)]
    told = [each for each in world.effects if isinstance(each, do.Report)]
    assert len(asked) <= 1
    assert len(told) == len(asked) or (not told and not world.host)
    as_declared = (world.logic.silent or not world.power) and world.lock is Declared.FAIL_SAFE
    leaving = world.logic.contacts.seen & (wire.FIRE_ON | wire.EXIT_PRESSED)
    assert not world.unlocked or as_declared or leaving

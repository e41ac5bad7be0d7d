"""How the door is meant to stand, as the outside may know it (R44)."""

import itertools
from dataclasses import replace

import pytest

from gate.core.alarms import LOCAL, Alarm, leaves
from gate.core.door import Declared, Door, DoorRules, Leaf, Link
from gate.core.door_inputs import DoorHours
from gate.core.door_mode import DoorMode, door_mode

RULES = DoorRules(declared=Declared.FAIL_SECURE, release_s=5.0, may_stand_open=True)
UP = Door(link=Link.UP)


@pytest.mark.parametrize(
    ("door", "mode"),
    [
        (UP, DoorMode.CONTROLLED),
        (replace(UP, lockdown=True), DoorMode.LOCKDOWN),
        (replace(UP, hours=DoorHours.ALWAYS_LOCKED), DoorMode.ALWAYS_LOCKED),
        (replace(UP, hours=DoorHours.ALWAYS_OPEN), DoorMode.STANDING_OPEN),
        (replace(UP, hours=DoorHours.ALWAYS_OPEN, lockdown=True), DoorMode.LOCKDOWN),
        (Door(), DoorMode.LOST),
        (replace(UP, link=Link.LOST, lockdown=True), DoorMode.LOST),
    ],
)
def test_the_mode_is_what_people_ordered(door, mode):
    assert door_mode(door, RULES) is mode


def test_a_door_that_may_not_stand_open_is_not_said_to():
    door = replace(UP, hours=DoorHours.ALWAYS_OPEN)
    assert door_mode(door, replace(RULES, may_stand_open=False)) is DoorMode.CONTROLLED


def test_r44_nothing_that_moves_with_a_passage_moves_the_mode():
    for hours, lockdown, interlocked in itertools.product(DoorHours, (False, True), (False, True)):
        door, rules = replace(UP, hours=hours, lockdown=lockdown), replace(RULES, interlocked=interlocked)
        moved = {
            door_mode(replace(door, strike_free=free, leaf=leaf, other=other, held=held, forced=held), rules)
            for free, leaf, other, held in itertools.product((False, True), Leaf, Leaf, (False, True))
        }
        assert moved == {door_mode(door, rules)}


def test_r36_duress_and_passback_are_the_only_alarms_that_stay():
    assert {each for each in Alarm if not leaves(each)} == LOCAL == {Alarm.DURESS, Alarm.PASSBACK}

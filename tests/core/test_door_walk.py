"""What holds of every transition of the door's state machine."""

import math
from dataclasses import replace

import pytest

from gate.core import door_effects as do
from gate.core import door_inputs as on
from gate.core.alarms import Alarm
from gate.core.door import (
    DoorView,
    Leaf,
    Link,
    Lock,
    advance,
    alarms,
    deadline,
    entry_obstacle,
    lock,
    look,
)
from gate.core.door_effects import Standing
from gate.core.door_inputs import DoorHours
from gate.core.types import Reason
from tests.core.doors import INERT, INPUTS, OF_THE_OTHER, WALKED, walk
from tests.core.walked import walked

INTERLOCKED = replace(WALKED, interlocked=True, has_leaf=False)
"""Leaf and interlock touch each other nowhere: one walk with a leaf, one with another door."""


@pytest.fixture(scope="module")
def by_itself():
    return walked(walk(WALKED, INPUTS))


@pytest.fixture(scope="module")
def with_another():
    return walked(walk(INTERLOCKED, [*INPUTS, *OF_THE_OTHER], times=(0.0,)))


@pytest.fixture(scope="module")
def passed(by_itself, with_another):
    return [*by_itself, *with_another]


def of(step, kind):
    return [each for each in step.effects if isinstance(each, kind)]


def test_every_view_is_reached_but_those_of_a_case(passed):
    views = {look(step.after, step.rules) for step in passed}
    assert views == set(DoorView) - {DoorView.TAMPER}


def test_r68_a_release_is_asked_only_for_an_attempt_while_nothing_stands_against_entry(passed):
    releases = 0
    for step in passed:
        for release in of(step, do.Release):
            releases += 1
            assert step.event == on.ReleaseAsked(release.attempt)
            assert entry_obstacle(step.before, step.rules) is None
            assert step.before.link is Link.UP
            assert not step.before.lockdown
            assert not step.before.fire
            assert release.seconds == step.rules.release_s
    assert releases > 0


def test_every_release_asked_is_reported_exactly_once(passed):
    for step in passed:
        asked = [each.attempt for each in step.before.asked]
        if isinstance(step.event, on.ReleaseAsked):
            asked.append(step.event.attempt)
        reported = [each.attempt for each in of(step, do.Report)]
        assert sorted([*reported, *(each.attempt for each in step.after.asked)]) == sorted(asked)


def test_time_alone_answers_every_release_and_never_with_yes(passed):
    for door, rules in {(step.before, step.rules) for step in passed if step.before.asked}:
        waiting, now, ticks = door, 0.0, 0
        while waiting.asked:
            now, ticks = max(now, deadline(waiting)), ticks + 1
            waiting, effects = advance(waiting, on.Tick(), now, rules)
            assert not any(isinstance(each, do.Report) and each.released for each in effects)
        assert ticks <= 5


def test_a_strike_that_is_free_is_asked_at_most_once_more_before_it_locks(passed):
    """A card held to the reader must not hold the door open; but one that is free for too long may not be so at all."""
    bounded = 0
    for step in passed:
        if of(step, do.Release) and step.before.strike_free:
            assert not step.before.asked_while_free or step.before.unlocked
            assert step.after.asked_while_free
        if step.before.asked_while_free and not step.after.asked_while_free:
            bounded += 1
            assert not step.after.strike_free
    assert bounded > 0


def test_unlocked_is_raised_by_time_alone_and_lasts_until_the_door_is_locked_or_meant_to_be_open(passed):
    raised = 0
    for step in passed:
        meant = step.after.fire or step.after.told is Standing.OPEN
        if do.Raise(Alarm.UNLOCKED) in step.effects:
            raised += 1
            assert isinstance(step.event, on.Tick)
        if step.after.unlocked:
            assert (step.after.strike_free and not meant) or step.after.link is Link.LOST
        elif step.before.unlocked:
            assert meant or not step.after.strike_free
        assert (step.after.unlocked_at < math.inf) == (
            step.after.strike_free and not meant and not step.after.unlocked
        )
    assert raised > 0


def test_yes_is_said_only_when_the_strike_is_free_or_fire_holds_the_door_open(passed):
    for step in passed:
        if any(report.released for report in of(step, do.Report)):
            free = isinstance(step.event, on.ReleaseAsked) and step.before.strike_free
            assert isinstance(step.event, on.StrikeReleased) or step.after.fire or free
            assert lock(step.after, step.rules) is Lock.UNLOCKED


def test_r65_fire_is_shown_before_everything_and_the_host_says_nothing_to_that_door(passed):
    for step in passed:
        if step.after.fire:
            assert look(step.after, step.rules) is DoorView.FIRE
            assert lock(step.after, step.rules) is Lock.UNLOCKED
            assert not of(step, do.Release | do.Stand)


def test_alarms_begin_and_end_by_turns(passed):
    for step in passed:
        was, now = alarms(step.before), alarms(step.after)
        assert {each.alarm for each in of(step, do.Raise)} == now - was
        assert {each.alarm for each in of(step, do.Clear)} == was - now
        assert len(of(step, do.Raise | do.Clear)) == len(now ^ was)


def test_standing_open_is_asked_only_by_the_timetable_and_against_nothing(passed):
    asked = 0
    for step in passed:
        if any(each.standing is Standing.OPEN for each in of(step, do.Stand)):
            asked += 1
            door = step.after
            assert door.hours is DoorHours.ALWAYS_OPEN
            assert not door.lockdown
            assert not door.fire
            assert door.link is Link.UP
            assert door.other is Leaf.CLOSED or not step.rules.interlocked
    assert asked > 0


def test_standing_locked_is_asked_only_in_a_lockdown_or_by_the_timetable(passed):
    for step in passed:
        if any(each.standing is Standing.LOCKED for each in of(step, do.Stand)):
            assert step.after.lockdown or step.after.hours is DoorHours.ALWAYS_LOCKED


def test_what_the_controller_is_told_is_what_holds_and_is_told_again_before_it_lapses(passed):
    for step in passed:
        door = step.after
        if door.link is not Link.UP or door.fire:
            assert door.told is None
            continue
        shut = door.lockdown or door.hours is DoorHours.ALWAYS_LOCKED
        assert (door.told is Standing.LOCKED) == shut
        if door.told is not Standing.NORMAL:
            assert step.now < door.renew_at <= step.now + step.rules.renew_s < step.now + step.rules.lease_s


def test_r68_a_door_not_heard_from_lets_nobody_in_and_is_told_nothing(passed):
    for step in passed:
        if step.after.link is not Link.UP:
            assert entry_obstacle(step.after, step.rules) is Reason.FAULT
            assert not of(step, do.Release | do.Stand)


def test_losing_the_controller_forgets_what_lets_in_and_ends_no_alarm(passed):
    for step in passed:
        if isinstance(step.event, on.ControllerLost):
            door = step.after
            assert (door.leaf, door.other, door.strike_free, door.asked) == (
                Leaf.UNKNOWN,
                Leaf.UNKNOWN,
                False,
                (),
            )
            assert not of(step, do.Clear)
            assert not any(report.released for report in of(step, do.Report))


def test_forced_begins_only_with_a_leaf_that_leaves_its_frame_while_nothing_frees_it(passed):
    forced = 0
    for step in passed:
        if do.Raise(Alarm.FORCED) in step.effects:
            forced += 1
            assert isinstance(step.event, on.LeafOpened)
            assert step.before.leaf is Leaf.CLOSED
            assert lock(step.before, step.rules) is Lock.LOCKED
            assert not step.before.asked
            assert step.now >= step.before.excused_until
    assert forced > 0


def test_held_begins_only_with_time_while_the_leaf_is_open_and_the_lock_engaged(passed):
    held = 0
    for step in passed:
        if do.Raise(Alarm.HELD) in step.effects:
            held += 1
            assert isinstance(step.event, on.Tick)
            assert step.after.leaf is Leaf.OPEN
            assert lock(step.after, step.rules) is Lock.LOCKED or step.after.unlocked
            assert not step.after.forced
    assert held > 0


def test_a_closed_leaf_is_neither_forced_nor_held(passed):
    for step in passed:
        if step.after.leaf is Leaf.CLOSED:
            assert not alarms(step.after) & {Alarm.FORCED, Alarm.HELD}


def test_r66_an_exit_request_asks_nothing_of_anybody_and_raises_no_alarm(passed):
    for step in passed:
        if isinstance(step.event, on.ExitRequested):
            assert not of(step, do.Release | do.Report | do.Raise)
            assert all(each.standing is step.before.told for each in of(step, do.Stand))


def test_a_lockdown_refuses_whatever_else_holds_but_fire(passed):
    for step in passed:
        door = step.after
        if door.lockdown and door.link is Link.UP and not door.fire:
            assert entry_obstacle(door, step.rules) is Reason.DOOR_LOCKED


def test_an_interlocked_door_lets_in_only_while_the_other_is_known_closed(with_another):
    for step in with_another:
        if entry_obstacle(step.after, step.rules) is None and not step.after.fire:
            assert step.after.other is Leaf.CLOSED


def test_a_door_without_a_leaf_contact_is_never_forced_nor_held(with_another):
    for step in with_another:
        assert not alarms(step.after) & {Alarm.FORCED, Alarm.HELD}


def test_after_a_tick_the_next_deadline_lies_ahead(passed):
    for step in passed:
        if isinstance(step.event, on.Tick):
            due = deadline(step.after)
            assert due is None or (math.isfinite(due) and due > step.now)


def test_case_and_supply_raise_their_alarm_and_change_nothing_else(with_another):
    """R02: a tampered case or a failed supply keeps no card out; face is locked elsewhere (R60)."""
    doors = {step.before for step in with_another}
    for door in doors:
        for event in INERT:
            idle, usual = advance(door, on.HoursSay(door.hours), 0.0, INTERLOCKED)
            after, effects = advance(door, event, 0.0, INTERLOCKED)
            assert replace(after, case_open=False, power_failed=False) == idle
            assert set(effects) - set(usual) <= {do.Raise(Alarm.TAMPER), do.Raise(Alarm.POWER)}


def test_an_open_case_and_a_failed_supply_change_no_other_answer(with_another):
    for step in with_another:
        if step.now == 0.0:
            damaged = replace(step.before, case_open=True, power_failed=True)
            after, effects = advance(damaged, step.event, step.now, step.rules)
            assert after == replace(step.after, case_open=True, power_failed=True)
            assert effects == step.effects


def test_r66_r68_there_is_no_effect_that_locks_against_exit_or_fire():
    """By construction: the host can ask for a release and for a standing with an end, and tell people; that is all."""
    assert set(do.DoorEffect.__args__) == {do.Release, do.Stand, do.Report, do.Raise, do.Clear}
    assert set(Standing) == {Standing.NORMAL, Standing.OPEN, Standing.LOCKED}

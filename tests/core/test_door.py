"""How single doors run: releases, break-ins, fire, lockdown, timetable, interlock, a lost controller."""

from dataclasses import replace

import pytest

from gate.core import door_effects as do
from gate.core import door_inputs as on
from gate.core.alarms import Alarm
from gate.core.door import Declared, Door, DoorView, Lock, deadline, entry_obstacle, lock, look
from gate.core.door_effects import Standing
from gate.core.door_inputs import DoorHours
from gate.core.types import AttemptId, Reason
from tests.core.doors import FIRST, RULES, SECOND, Desk

FREE_S = max(RULES.release_s, RULES.exit_s) + RULES.unlocked_margin_s


def test_a_release_runs_from_asking_to_the_lock():
    desk = Desk()(on.ReleaseAsked(FIRST))
    assert desk.effects == [do.Release(FIRST, RULES.release_s)]
    assert look(desk.door, RULES) is DoorView.RELEASING
    desk(on.StrikeReleased())(on.LeafOpened())
    assert desk.effects[1:] == [do.Report(FIRST, released=True)]
    assert look(desk.door, RULES) is DoorView.OPEN
    desk(on.LeafClosed())(on.StrikeLocked())
    assert look(desk.door, RULES) is DoorView.LOCKED
    assert not desk.alarms


def test_two_releases_in_a_row_are_answered_each_in_the_order_they_were_asked():
    desk = Desk()(on.ReleaseAsked(FIRST))(on.ReleaseAsked(SECOND))(on.StrikeReleased())(on.StrikeReleased())
    assert desk.of(do.Report) == [do.Report(FIRST, released=True), do.Report(SECOND, released=True)]


@pytest.mark.fault("release-unconfirmed")
def test_a_release_never_confirmed_is_reported_as_none():
    desk = Desk()(on.ReleaseAsked(FIRST)).wait(RULES.answer_s - 0.1)
    assert desk.of(do.Report) == []
    assert desk.wait(0.2).of(do.Report) == [do.Report(FIRST, released=False)]


@pytest.mark.fault("loop-stalled")
def test_an_answer_that_waited_in_a_stalled_loop_is_an_answer():
    desk = Desk()(on.ReleaseAsked(FIRST))(on.Tick(), after=20)(on.StrikeReleased())
    assert desk.of(do.Report) == [do.Report(FIRST, released=True)]


@pytest.mark.fault("loop-stalled")
def test_after_asking_a_tick_is_due_at_once():
    assert deadline(Desk()(on.ReleaseAsked(FIRST)).door) < 0


def test_a_release_the_driver_cannot_deliver_is_reported_at_once_and_once():
    desk = Desk()(on.ReleaseAsked(FIRST))(on.ReleaseAsked(SECOND))(on.ReleaseFailed(SECOND))
    assert desk.of(do.Report) == [do.Report(SECOND, released=False)]
    desk(on.ReleaseFailed(SECOND))
    assert desk.of(do.Report) == [do.Report(SECOND, released=False)]


def test_no_more_releases_wait_than_there_may():
    desk = Desk()
    for number in range(RULES.pending_at_most + 1):
        desk(on.ReleaseAsked(AttemptId(str(number))))
    assert len(desk.of(do.Release)) == RULES.pending_at_most
    assert desk.of(do.Report) == [do.Report(AttemptId(str(RULES.pending_at_most)), released=False)]


@pytest.mark.fault("forced")
def test_a_leaf_that_opens_while_locked_is_forced_until_it_is_closed():
    desk = Desk()(on.LeafOpened())
    assert desk.effects == [do.Raise(Alarm.FORCED)]
    assert look(desk.door, RULES) is DoorView.FORCED
    desk.wait(RULES.held_after_s + 1)
    assert desk.alarms == {Alarm.FORCED}
    desk(on.LeafClosed())
    assert desk.effects[1:] == [do.Clear(Alarm.FORCED)]


def test_r66_who_leaves_is_no_burglar():
    assert not Desk()(on.ExitRequested())(on.LeafOpened(), after=RULES.exit_s - 0.1).alarms
    assert Desk()(on.ExitRequested())(on.LeafOpened(), after=RULES.exit_s).alarms == {Alarm.FORCED}


def test_a_leaf_that_opens_as_the_strike_locks_is_not_forced():
    desk = Desk()(on.ReleaseAsked(FIRST))(on.StrikeReleased())(on.StrikeLocked(), after=20)
    assert not desk(on.LeafOpened(), after=RULES.settle_s - 0.1).alarms


def test_after_a_release_was_used_up_the_door_is_guarded_again():
    desk = Desk()(on.ReleaseAsked(FIRST))(on.StrikeReleased())(on.StrikeLocked(), after=20)
    assert desk(on.LeafOpened(), after=RULES.settle_s).alarms == {Alarm.FORCED}


def test_who_opens_after_a_release_whose_answer_was_lost_is_no_burglar():
    waiting = Desk()(on.ReleaseAsked(FIRST))(on.LeafOpened(), after=60)
    given_up = Desk()(on.ReleaseAsked(FIRST)).wait(RULES.answer_s + 0.2)(on.LeafOpened())
    assert not waiting.alarms
    assert given_up.of(do.Report) == [do.Report(FIRST, released=False)]
    assert not given_up.alarms


def test_without_an_exit_contact_nobody_who_leaves_by_the_handle_is_called_a_burglar():
    desk = Desk(replace(RULES, has_exit_contact=False))(on.LeafOpened())
    assert not desk.alarms
    assert desk.wait(RULES.held_after_s + 0.1).alarms == {Alarm.HELD}


@pytest.mark.fault("held")
def test_a_leaf_open_too_long_after_the_lock_engaged_is_held_until_it_is_closed():
    desk = Desk()(on.ReleaseAsked(FIRST))(on.StrikeReleased())(on.LeafOpened()).wait(FREE_S - 1)
    assert not desk.alarms
    desk(on.StrikeLocked()).wait(RULES.held_after_s - 0.1)
    assert not desk.alarms
    assert desk.wait(0.2).alarms == {Alarm.HELD}
    assert look(desk.door, RULES) is DoorView.HELD
    assert desk(on.ReleaseAsked(SECOND))(on.StrikeReleased()).alarms == {Alarm.HELD}
    assert not desk(on.LeafClosed()).alarms


@pytest.mark.fault("exit-held")
def test_a_strike_that_stays_free_is_an_alarm_until_it_locks():
    desk = Desk()(on.ExitRequested())(on.StrikeReleased()).wait(FREE_S - 0.1)
    assert not desk.alarms
    assert desk.wait(0.2).alarms == {Alarm.UNLOCKED}
    assert look(desk.door, RULES) is DoorView.UNLOCKED
    assert entry_obstacle(desk.door, RULES) is None
    assert not desk(on.StrikeLocked()).alarms


@pytest.mark.fault("exit-held")
def test_a_leaf_that_stands_open_in_a_strike_free_for_too_long_is_held_after_its_time():
    desk = Desk()(on.ExitRequested())(on.StrikeReleased())(on.LeafOpened()).wait(FREE_S + 0.1)
    assert desk.wait(RULES.held_after_s - 0.2).alarms == {Alarm.UNLOCKED}
    assert desk.wait(0.4).alarms == {Alarm.UNLOCKED, Alarm.HELD}


def test_people_who_leave_one_after_the_other_raise_no_alarm():
    desk = Desk()(on.ExitRequested())(on.StrikeReleased())
    for _ in range(10):
        desk.wait(RULES.exit_s)(on.ExitRequested())
    assert not desk.alarms


def test_a_report_said_again_is_no_new_release():
    desk = Desk()(on.ExitRequested())(on.StrikeReleased())
    for _ in range(10):
        desk.wait(FREE_S / 10)(on.StrikeReleased())
    assert desk.wait(0.1).alarms == {Alarm.UNLOCKED}


def test_a_strike_free_in_a_fire_or_by_its_hours_is_meant_to_be():
    rules = replace(RULES, may_stand_open=True)
    for event in (on.FireStarted(), on.HoursSay(DoorHours.ALWAYS_OPEN)):
        desk = Desk(rules)(event)(on.StrikeReleased()).wait(600)
        assert Alarm.UNLOCKED not in desk.alarms
        late = Desk(rules)(on.StrikeReleased()).wait(FREE_S + 0.1)(event)
        assert Alarm.UNLOCKED not in late.alarms


def test_a_card_held_to_the_reader_keeps_no_door_open_and_everybody_is_told_the_truth():
    desk = Desk()(on.ReleaseAsked(FIRST))(on.StrikeReleased())
    for number in range(5):
        desk(on.ReleaseAsked(AttemptId(str(number))), after=0.5)
    desk(on.StrikeReleased())
    assert len(desk.of(do.Release)) == 2
    assert {(each.attempt, each.released) for each in desk.of(do.Report)} == {
        (name, True) for name in (FIRST, *"01234")
    }
    desk(on.StrikeLocked(), after=2 * RULES.release_s)(on.ReleaseAsked(SECOND))
    assert len(desk.of(do.Release)) == 3


def test_a_strike_free_for_too_long_is_asked_all_the_same():
    """The report that it locked may be what was lost: nobody may stand before a locked door that is said to be free."""
    desk = Desk()(on.StrikeReleased())(on.ReleaseAsked(FIRST))(on.StrikeReleased()).wait(FREE_S + 0.1)
    asked = len(desk.of(do.Release))
    desk(on.ReleaseAsked(SECOND))
    assert len(desk.of(do.Release)) == asked + 1


def test_a_leaf_found_open_when_the_controller_comes_back_is_not_forced_but_may_be_held():
    desk = Desk(new=True)(on.ControllerBack())(on.LeafOpened())
    assert not desk.alarms
    assert desk.wait(RULES.held_after_s + 0.1).alarms == {Alarm.HELD}


@pytest.mark.fault("fire")
def test_r65_fire_holds_the_door_open_through_a_lockdown_and_answers_who_waits():
    desk = Desk()(on.ReleaseAsked(FIRST))(on.LockdownSet(on=True))(on.FireStarted())
    assert desk.of(do.Report) == [do.Report(FIRST, released=True)]
    assert entry_obstacle(desk.door, RULES) is None
    assert desk(on.ReleaseAsked(SECOND)).effects[-1] == do.Report(SECOND, released=True)
    assert len(desk.of(do.Release)) == 1
    assert lock(desk.door, RULES) is Lock.UNLOCKED
    assert desk(on.LeafOpened()).wait(600).alarms == {Alarm.FIRE}


@pytest.mark.fault("fire")
def test_after_a_fire_the_lockdown_is_told_anew_at_once_and_an_open_leaf_is_held():
    desk = Desk()(on.LockdownSet(on=True))(on.FireStarted())(on.LeafOpened()).wait(60)
    before = len(desk.of(do.Stand))
    desk(on.FireOver())
    assert desk.of(do.Stand)[before:] == [do.Stand(Standing.LOCKED, RULES.lease_s)]
    assert desk.wait(RULES.held_after_s + 0.1).alarms == {Alarm.HELD}


def test_a_held_leaf_is_none_in_a_fire_and_none_in_the_hours_of_standing_open():
    rules = replace(RULES, may_stand_open=True)
    for event in (on.FireStarted(), on.HoursSay(DoorHours.ALWAYS_OPEN)):
        desk = Desk(rules)(on.ExitRequested())(on.LeafOpened()).wait(RULES.held_after_s + 0.1)
        assert Alarm.HELD in desk.alarms
        assert Alarm.HELD not in desk(event).alarms


@pytest.mark.parametrize("event", [on.LockdownSet(on=True), on.HoursSay(DoorHours.ALWAYS_LOCKED)])
def test_a_door_locked_for_all_asks_for_no_release_and_renews_its_standing(event):
    desk = Desk()(event)(on.ReleaseAsked(FIRST)).wait(3 * RULES.renew_s + 0.2)
    assert desk.of(do.Release) == []
    assert desk.of(do.Report) == [do.Report(FIRST, released=False)]
    assert desk.of(do.Stand) == [do.Stand(Standing.LOCKED, RULES.lease_s)] * 4
    assert entry_obstacle(desk.door, RULES) is Reason.DOOR_LOCKED


def test_a_door_stands_open_in_its_hours_until_a_lockdown_ends_it_at_once():
    rules = replace(RULES, may_stand_open=True)
    desk = Desk(rules)(on.HoursSay(DoorHours.ALWAYS_OPEN))
    assert desk.effects == [do.Stand(Standing.OPEN, RULES.lease_s)]
    assert look(desk.door, rules) is DoorView.ALWAYS_OPEN
    assert not desk(on.LeafOpened()).alarms
    desk(on.LeafClosed())(on.LockdownSet(on=True))
    assert desk.effects[-1] == do.Stand(Standing.LOCKED, RULES.lease_s)
    assert desk(on.LeafOpened(), after=RULES.settle_s).alarms == {Alarm.FORCED}


@pytest.mark.fault("clock-jumps")
def test_a_timetable_that_is_not_believed_any_more_ends_standing_open_at_once():
    desk = Desk(replace(RULES, may_stand_open=True))(on.HoursSay(DoorHours.ALWAYS_OPEN))
    assert desk(on.HoursSay(DoorHours.NORMAL)).effects[-1] == do.Stand(Standing.NORMAL, RULES.lease_s)
    assert desk.wait(60).effects[-1] == do.Stand(Standing.NORMAL, RULES.lease_s)
    assert deadline(desk.door) is None


def test_a_door_that_may_not_stand_open_does_not():
    desk = Desk()(on.HoursSay(DoorHours.ALWAYS_OPEN))
    assert desk.effects == []
    assert look(desk.door, RULES) is DoorView.LOCKED


@pytest.mark.fault("other-door-unknown")
def test_an_interlocked_door_stays_shut_while_the_other_is_open_or_unknown():
    rules = replace(RULES, interlocked=True, may_stand_open=True)
    desk = Desk(rules)(on.HoursSay(DoorHours.ALWAYS_OPEN))(on.OtherDoorOpened())(on.ReleaseAsked(FIRST))
    assert desk.of(do.Stand)[-1].standing is Standing.NORMAL
    assert desk.effects[-1] == do.Report(FIRST, released=False)
    assert entry_obstacle(desk.door, rules) is Reason.INTERLOCKED
    desk(on.OtherDoorClosed())
    assert desk.of(do.Stand)[-1].standing is Standing.OPEN
    unheard = Desk(rules, new=True)(on.ControllerBack())
    assert entry_obstacle(unheard.door, rules) is Reason.INTERLOCKED
    assert look(unheard.door, rules) is DoorView.INTERLOCKED


@pytest.mark.fault("controller-lost")
def test_a_lost_controller_answers_who_waits_and_keeps_the_alarms():
    desk = Desk()(on.CaseOpened())(on.LeafOpened())(on.ReleaseAsked(FIRST))(on.ControllerLost())
    assert desk.of(do.Report) == [do.Report(FIRST, released=False)]
    assert desk.alarms == {Alarm.TAMPER, Alarm.FORCED, Alarm.CONTROLLER_LOST}
    assert look(desk.door, RULES) is DoorView.LOST
    assert desk(on.ControllerBack())(on.LeafClosed()).alarms == {Alarm.TAMPER}


@pytest.mark.fault("controller-lost")
@pytest.mark.parametrize(
    ("declared", "state"), [(Declared.FAIL_SAFE, Lock.UNLOCKED), (Declared.FAIL_SECURE, Lock.LOCKED)]
)
def test_r67_a_door_not_heard_from_is_taken_to_be_as_declared(declared, state):
    rules = replace(RULES, declared=declared)
    assert lock(Desk(rules)(on.ControllerLost()).door, rules) is state
    assert lock(Desk(rules).door, rules) is Lock.LOCKED


@pytest.mark.fault("controller-lost")
def test_a_controller_that_is_back_must_say_anew_that_it_burns_and_the_case_stays_open_till_it_is_closed():
    desk = Desk()(on.FireStarted())(on.CaseOpened())(on.ControllerLost())
    assert desk.alarms == {Alarm.FIRE, Alarm.TAMPER, Alarm.CONTROLLER_LOST}
    assert desk(on.ControllerBack()).alarms == {Alarm.TAMPER}
    assert Alarm.FIRE in desk(on.FireStarted()).alarms


def test_what_the_lock_did_while_nobody_heard_it_makes_no_burglar_of_who_opens_now():
    desk = Desk()(on.ControllerLost())(on.ControllerBack(), after=60)(on.LeafClosed())
    assert not desk(on.LeafOpened(), after=RULES.exit_s - 0.1).alarms


def test_a_controller_that_says_twice_that_it_is_back_keeps_what_it_said():
    desk = Desk()(on.FireStarted())(on.ControllerBack())
    assert desk.alarms == {Alarm.FIRE}


def test_a_new_door_knows_nothing_raises_nothing_and_lets_nobody_in():
    desk = Desk(new=True)(on.ReleaseAsked(FIRST))
    assert desk.effects == [do.Report(FIRST, released=False)]
    assert look(Door(), RULES) is DoorView.LOST
    assert deadline(Door()) is None


@pytest.mark.fault("case-opened")
@pytest.mark.fault("power-failed")
def test_an_opened_case_and_a_failed_supply_alarm_and_keep_no_card_out():
    desk = Desk()(on.CaseOpened())(on.PowerFailed())
    assert desk.effects == [do.Raise(Alarm.TAMPER), do.Raise(Alarm.POWER)]
    assert look(desk.door, RULES) is DoorView.TAMPER
    assert entry_obstacle(desk.door, RULES) is None
    desk(on.CaseClosed())(on.PowerBack())
    assert not desk.alarms

"""What host and controller make of each other over time, against the board's own end, in a time that tests pass."""

import pytest

from firmware_bridge.drivers import Signal, Standing
from firmware_bridge.events import (
    BridgeError,
    CardRead,
    CaseClosed,
    CaseOpened,
    DeviceBack,
    DeviceLost,
    FireOver,
    FireStarted,
    KeyPressed,
    LeafClosed,
    LeafOpened,
    Nonsense,
    OtherDoorClosed,
    OtherDoorOpened,
    PowerBack,
    PowerFailed,
    StrikeLocked,
    StrikeReleased,
)
from firmware_bridge.link.conversation import Trouble
from firmware_bridge.mcu import wire
from tests.bridge.link.boxes import KEY, OTHER_KEY, Box
from tests.bridge.link.talks import AT_REST, Desk, met


@pytest.fixture
def desk():
    return met()


def test_a_controller_that_proves_itself_is_healthy_within_a_fifth_of_a_second(desk):
    assert desk.talk.healthy


def test_only_fitted_inputs_are_told(desk):
    box = Box()
    box.fitted = wire.LEAF_OPEN
    desk = Desk(box)
    desk.wait(0.2)
    assert desk.heard == [LeafClosed()]


@pytest.mark.parametrize(
    ("bit", "on", "off"),
    [
        (wire.LEAF_OPEN, LeafOpened(), LeafClosed()),
        (wire.FIRE_ON, FireStarted(), FireOver()),
        (wire.CASE_OPEN, CaseOpened(), CaseClosed()),
        (wire.POWER_FAILED, PowerFailed(), PowerBack()),
        (wire.OTHER_OPEN, OtherDoorOpened(), OtherDoorClosed()),
        (wire.STRIKE_FREE, StrikeReleased(), StrikeLocked()),
    ],
)
def test_each_change_is_told_once_however_often_the_state_is(desk, bit, on, off):
    desk.box.set(bit)
    desk.wait(2)
    assert desk.news() == [on]
    desk.box.set(bit, on=False)
    desk.wait(2)
    assert desk.news() == [off]


def test_a_change_whose_frame_was_lost_is_told_by_the_next_state(desk):
    desk.carries = False
    desk.box.set(wire.LEAF_OPEN)
    desk.exchange()
    desk.carries = True
    desk.wait(0.6)
    assert desk.news() == [LeafOpened()]


def test_beats_go_out_every_second_with_a_lease_of_five(desk):
    desk.box.beats.clear()
    desk.wait(10)
    assert set(desk.box.beats) == {(wire.STAND_NORMAL, 5000)}
    assert len(desk.box.beats) in (9, 10)


def test_a_host_that_hangs_says_nothing_more(desk):
    """R67: whatever the controller says, also after a reset of its own, the host's loop alone makes it beat."""
    desk.host_lives = False
    desk.box.beats.clear()
    desk.wait(3)
    desk.box.reset()
    desk.wait(3)
    assert (desk.box.beats, desk.box.link.established) == ([], False)


def test_a_release_is_confirmed_once(desk):
    desk.talk.release(3, desk.now)
    desk.wait(3)
    assert [ms for _, ms in desk.box.releases] == [3000]
    assert desk.news() == [StrikeReleased()]


def test_a_release_is_bounded_before_it_is_asked(desk):
    desk.talk.release(3600, desk.now)
    desk.exchange()
    assert [ms for _, ms in desk.box.releases] == [7000]


def test_a_confirmation_that_was_lost_is_made_good_by_the_state(desk):
    desk.box.mute_released = True
    desk.talk.release(3, desk.now)
    desk.wait(0.6)
    assert desk.news() == [StrikeReleased()]


def test_each_of_two_releases_is_confirmed_and_one_lock_ends_both(desk):
    desk.talk.release(3, desk.now)
    desk.exchange()
    desk.talk.release(3, desk.now)
    desk.exchange()
    desk.box.bits &= ~wire.STRIKE_FREE
    desk.say(wire.LOCKED, wire.pack_locked(1))
    desk.wait(1)
    assert desk.news() == [StrikeReleased(), StrikeReleased(), StrikeLocked()]


def test_a_release_that_is_refused_is_never_confirmed(desk):
    desk.box.refuses = wire.WHY_STANDING
    desk.talk.release(3, desk.now)
    desk.wait(2)
    assert desk.news() == []


def test_a_confirmation_of_what_was_not_asked_is_not_told(desk):
    desk.say(wire.RELEASED, wire.pack_released(77))
    assert desk.news() == []


def test_a_confirmation_that_comes_after_more_than_a_second_is_not_told(desk):
    desk.box.refuses = wire.WHY_FAULT
    desk.talk.release(3, desk.now)
    desk.talk.take()  # lost on its way
    desk.wait(1.1)
    desk.say(wire.RELEASED, wire.pack_released(1))
    assert desk.news() == []


def test_the_release_of_an_earlier_host_confirms_none_of_this_one():
    box = Box()
    box.last_release = 1
    desk = Desk(box)
    desk.wait(0.2)
    desk.news()
    desk.talk.release(3, desk.now)
    desk.talk.take()  # lost on its way
    desk.wait(0.9)
    assert desk.news() == []


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_a_release_or_a_standing_of_no_time_is_refused(desk, seconds):
    with pytest.raises(BridgeError, match="more than zero seconds"):
        desk.talk.release(seconds, desk.now)
    with pytest.raises(BridgeError, match="more than zero seconds"):
        desk.talk.stand(Standing.OPEN, seconds, desk.now)


def test_a_door_that_stands_locked_is_not_asked_for_a_release(desk):
    desk.talk.stand(Standing.LOCKED, 5, desk.now)
    with pytest.raises(BridgeError, match="lockdown"):
        desk.talk.release(3, desk.now)
    desk.wait(1)
    assert desk.box.releases == []


def test_a_standing_is_told_at_once_and_ends_by_itself(desk):
    desk.box.beats.clear()
    desk.talk.stand(Standing.OPEN, 2, desk.now)
    desk.exchange()
    assert desk.box.beats == [(wire.STAND_OPEN, 2200)]
    desk.wait(2.1)
    assert desk.box.beats[-1] == (wire.STAND_NORMAL, 5000)


def test_no_standing_is_leased_for_longer_than_it_was_asked_for(desk):
    desk.talk.stand(Standing.OPEN, 10, desk.now)
    began = desk.now
    for _ in range(9):
        desk.wait(1)
        standing, lease_ms = desk.box.beats[-1]
        if standing == wire.STAND_OPEN:
            assert lease_ms <= min(5000, (10 - (desk.now - began)) * 1000 + 1300)


def test_a_lost_controller_is_told_once_and_once_when_it_is_back(desk):
    desk.carries = False
    desk.wait(10)
    assert (desk.news(), desk.talk.healthy) == ([DeviceLost()], False)
    desk.carries = True
    desk.wait(1)
    assert desk.news() == [DeviceBack(), *AT_REST]


def test_a_controller_is_lost_after_a_second_and_a_half(desk):
    desk.wait(0.5)
    desk.carries = False
    desk.wait(0.9)
    assert desk.talk.healthy
    desk.wait(0.7)
    assert not desk.talk.healthy


def test_nothing_can_be_asked_of_a_lost_controller(desk):
    desk.carries = False
    desk.wait(3)
    with pytest.raises(BridgeError, match="Check its cable"):
        desk.talk.release(1, desk.now)


def test_a_reset_is_told_as_lost_and_back_once_each(desk):
    desk.box.reset()
    desk.wait(2)
    assert desk.news() == [DeviceLost(), DeviceBack(), *AT_REST]


def test_a_release_cut_short_by_a_reset_is_told_as_locked_and_never_asked_again(desk):
    """R68: a controller reset mid-unlock ends in its declared state, and the host repeats nothing."""
    desk.talk.release(5, desk.now)
    desk.wait(0.1)
    desk.box.reset()
    desk.wait(5)
    assert desk.news() == [StrikeReleased(), DeviceLost(), DeviceBack(), *AT_REST, StrikeLocked()]
    assert len(desk.box.releases) == 1


def test_a_release_asked_before_a_loss_is_confirmed_no_more(desk):
    desk.talk.release(1, desk.now)
    desk.box.hear(desk.talk.take(), int(desk.now * 1000))
    desk.box.link.take()  # its answer is lost, and the strike has locked again meanwhile
    desk.box.bits = 0
    assert desk.talk.lose() == [DeviceLost()]
    desk.wait(0.6)
    assert desk.news() == [DeviceBack(), *AT_REST]


def test_a_release_that_a_dead_line_swallowed_is_never_sent_later(desk):
    desk.carries = False
    desk.talk.release(5, desk.now)
    desk.wait(5)
    desk.carries = True
    desk.wait(5)
    assert desk.box.releases == []


def test_a_burst_becomes_a_card_or_a_key(desk):
    desk.say(wire.BURST, wire.pack_burst(4, 11))
    desk.say(wire.BURST, wire.pack_burst(32, 0xCAFE))
    assert desk.news() == [KeyPressed("#"), CardRead(32, 0xCAFE)]


def test_nonsense_of_every_kind_is_told_at_most_once_a_second(desk):
    for _ in range(30):
        desk.say(wire.BURST, wire.pack_burst(3, 1))
        desk.say(wire.NONSENSE, wire.pack_nonsense(9))
        desk.exchange(noise=b"\x00noise\x00")
        desk.step()
    assert 1 <= desk.news().count(Nonsense()) <= 2


def test_the_light_is_asked_for_what_is_shown(desk):
    for signal in Signal:
        desk.talk.show(signal, desk.now)
    desk.exchange()
    assert desk.box.shown == [wire.SHOW_READY, wire.SHOW_WAIT, wire.SHOW_GRANTED, wire.SHOW_REFUSED]


@pytest.mark.fault("declares-otherwise")
@pytest.mark.parametrize(
    ("box", "trouble"),
    [
        (Box(None), Trouble.UNPAIRED),
        (Box(OTHER_KEY), Trouble.OTHER_KEY),
        (Box(declared=wire.FAIL_SAFE), Trouble.DECLARED_OTHERWISE),
        (Box(opens=1), Trouble.STANDS_OTHERWISE),
    ],
    ids=["unpaired", "another key", "declared otherwise", "may stand open"],
)
def test_a_controller_that_does_not_fit_gets_no_session_and_a_reason(box, trouble):
    """R67: a controller that is declared otherwise is never spoken to, so it stands as it is declared."""
    desk = Desk(box)
    desk.wait(3)
    assert (desk.talk.healthy, desk.talk.trouble, box.beats, desk.heard.count(DeviceBack())) == (
        False,
        trouble,
        [],
        0,
    )


def test_a_controller_that_may_not_what_the_settings_say_is_named_with_both_remedies():
    desk = Desk(may_stand_open=True)
    desk.wait(3)
    assert (desk.talk.healthy, desk.talk.trouble) == (False, Trouble.STANDS_OTHERWISE)
    assert {"may_stand_open", "door"} <= set(desk.talk.trouble.value.split())
    assert "gate door pair" in desk.talk.trouble.value


def test_a_controller_that_may_what_the_settings_say_is_healthy():
    desk = Desk(Box(opens=1), may_stand_open=True)
    desk.wait(0.2)
    assert desk.talk.healthy


def test_a_controller_that_comes_back_as_another_doors_is_lost(desk):
    desk.box.kept = (KEY, wire.FAIL_SAFE, 7000, 0)
    desk.box.reset()
    desk.wait(2)
    assert desk.news() == [DeviceLost()]
    assert desk.talk.trouble is Trouble.DECLARED_OTHERWISE


def test_forged_hints_cost_nothing(desk):
    for kind, payload in ((wire.NO_SESSION, b""), (wire.UNPAIRED, b"\x01"), (wire.NO_VERSION, b"\x02\x03")):
        for _ in range(40):
            desk.exchange(noise=wire.frame(0, kind, 0, payload, None, b"C"))
            desk.step()
    assert desk.talk.healthy
    assert desk.news() == []


def test_a_session_is_renewed_before_its_counter_is_used_up(desk):
    desk.talk._session._session.sent = wire.MAX_COUNTER - 10
    desk.box.link._session.heard = wire.MAX_COUNTER - 10
    desk.wait(5)
    assert desk.talk.healthy
    assert desk.talk._session._session.sent < 100
    assert desk.news() == []

"""What host and controller make of each other over time, against the board's own end, in a time that tests pass."""

import os

import pytest

from firmware_bridge.drivers import Declared, Signal, Standing
from firmware_bridge.events import (
    BridgeError,
    CardRead,
    CaseClosed,
    CaseOpened,
    DeviceBack,
    DeviceLost,
    ExitRequested,
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
from firmware_bridge.link.conversation import Conversation, Trouble
from firmware_bridge.mcu import wire
from tests.bridge.link.boxes import KEY, OTHER_KEY, Box

AT_REST = [FireOver(), LeafClosed(), CaseClosed(), PowerBack(), OtherDoorClosed()]


class Desk:
    """A conversation and a box, twenty steps a second."""

    def __init__(self, box=None, declared=Declared.FAIL_SECURE, *, may_stand_open=False):
        self.box = box or Box()
        self.talk = Conversation(KEY, declared, lambda: os.urandom(16), may_stand_open=may_stand_open)
        self.now = 0.0
        self.told_at = 0.0
        self.heard = []
        self.carries = True
        self.host_lives = True

    def step(self):
        self.now += 0.05
        if self.host_lives:
            self.heard += self.talk.tick(self.now)
        self.exchange()

    def exchange(self, noise=b""):
        said = self.talk.take()
        self.box.hear(said if self.carries else b"", int(self.now * 1000))
        if self.now - self.told_at >= 0.5:
            self.told_at = self.now
            self.box.tell()
        answer = self.box.link.take()
        self.heard += self.talk.receive(noise + (answer if self.carries else b""), self.now)

    def wait(self, seconds):
        for _ in range(round(seconds / 0.05)):
            self.step()

    def say(self, kind, payload):
        """Have the box say one thing, and the host hear it."""
        self.box.link.feed(b"", int(self.now * 1000))
        self.box.link.send(kind, payload)
        self.exchange()

    def news(self):
        """What was heard since the last time."""
        news, self.heard = self.heard, []
        return news


@pytest.fixture
def desk():
    desk = Desk()
    desk.wait(0.2)
    assert desk.news() == AT_REST
    return desk


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


def test_an_exit_is_told_once_also_when_its_own_frame_was_lost(desk):
    desk.box.exits = 1
    desk.say(wire.EXIT, wire.pack_exit(1))
    desk.wait(1)
    assert desk.news() == [ExitRequested()]
    desk.box.exits = 2
    desk.wait(1)
    assert desk.news() == [ExitRequested()]


def test_a_controller_that_counts_exits_anew_tells_of_none(desk):
    desk.box.exits = 3
    desk.wait(1)
    desk.news()
    desk.box.reset()
    desk.wait(2)
    assert ExitRequested() not in desk.news()


def test_a_button_held_for_ever_is_one_request_and_the_strike_is_told_free_for_as_long(desk):
    """R66: what comes of it, an alarm for a strike that stays free, is the door core's."""
    desk.box.exits = 1
    desk.box.set(wire.EXIT_PRESSED | wire.STRIKE_FREE)
    desk.wait(60)
    assert desk.news() == [ExitRequested(), StrikeReleased()]
    desk.box.set(wire.EXIT_PRESSED | wire.STRIKE_FREE, on=False)
    desk.wait(1)
    assert desk.news() == [StrikeLocked()]


def test_each_new_press_is_told_while_the_strike_is_still_free(desk):
    desk.box.set(wire.STRIKE_FREE)
    for desk.box.exits in (1, 2, 3):
        desk.box.tell()
        desk.wait(1)
    assert desk.news() == [StrikeReleased(), *[ExitRequested()] * 3]


def test_a_button_held_when_the_controller_is_met_is_a_request():
    """R66: else the leaf that moves by it would be taken for forced."""
    box = Box()
    box.exits = 7
    box.bits = wire.EXIT_PRESSED | wire.STRIKE_FREE
    desk = Desk(box)
    desk.wait(3)
    assert desk.heard == [ExitRequested(), StrikeReleased(), *AT_REST]


def test_a_strike_that_is_still_free_after_a_loss_is_told_anew(desk):
    """The gate took it for locked when it lost the controller."""
    desk.box.set(wire.STRIKE_FREE)
    desk.wait(1)
    desk.carries = False
    desk.wait(3)
    desk.carries = True
    desk.wait(1)
    assert desk.news() == [StrikeReleased(), DeviceLost(), DeviceBack(), StrikeReleased(), *AT_REST]


def test_an_exit_is_told_before_the_leaf_that_moved_by_it(desk):
    """Else the door would be taken for forced."""
    desk.box.exits = 1
    desk.box.bits = wire.STRIKE_FREE | wire.LEAF_OPEN
    desk.wait(0.6)
    assert desk.news() == [ExitRequested(), StrikeReleased(), LeafOpened()]


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

"""Exit requests and a strike that is free, as the host hears of them: each press, and the strike as it is (R66)."""

import pytest

from firmware_bridge.events import (
    DeviceBack,
    DeviceLost,
    ExitRequested,
    LeafOpened,
    StrikeLocked,
    StrikeReleased,
)
from firmware_bridge.mcu import wire
from tests.bridge.link.boxes import Box
from tests.bridge.link.talks import AT_REST, Desk, met


@pytest.fixture
def desk():
    return met()


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

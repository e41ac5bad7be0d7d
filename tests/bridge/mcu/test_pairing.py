"""Pairing takes a hand on the button, once, within ten minutes; and all of it or nothing (R52)."""

import pytest

from firmware_bridge.mcu import wire
from firmware_bridge.mcu.controller import PAIRING_MS
from tests.bridge.mcu.desk import KEY, Desk

NEW_KEY = bytes(range(32, 64))


def test_an_unpaired_controller_takes_no_key_while_its_window_is_shut():
    """R52."""
    desk = Desk(paired=False)
    desk.run(20, desk.host.pair(NEW_KEY, wire.FAIL_SECURE, 5000))
    assert desk.box.kept is None
    assert desk.bodies(wire.NOT_PAIRED)[0][-1] == wire.WHY_WINDOW
    desk.close()


def press_pairing_button(desk):
    desk.box.world.button_pressed = True
    desk.run(100)
    desk.box.world.button_pressed = False
    desk.run(100)


def test_the_button_opens_the_window_for_one_pairing():
    """R52."""
    desk = Desk(paired=False)
    press_pairing_button(desk)
    desk.run(20, desk.host.pair(NEW_KEY, wire.FAIL_SECURE, 5000))
    assert desk.box.kept == (NEW_KEY, wire.FAIL_SECURE, 5000, 0)
    desk.run(20, desk.host.pair(KEY, wire.FAIL_SAFE, 5000))
    assert desk.box.kept == (NEW_KEY, wire.FAIL_SECURE, 5000, 0)
    desk.host.key = NEW_KEY
    desk.connect()
    desk.say(desk.host.release(3000))
    assert not desk.locked
    desk.close()


def test_the_window_closes_by_itself_after_ten_minutes():
    """R52."""
    desk = Desk(paired=False, round_ms=50)
    press_pairing_button(desk)
    desk.run(PAIRING_MS - 1000)
    desk.run(100, desk.host.hello())
    assert desk.bodies(wire.UNPAIRED)[-1] == b"\x01"
    desk.run(1000)
    desk.run(100, desk.host.pair(NEW_KEY, wire.FAIL_SECURE, 5000))
    assert desk.box.kept is None
    desk.close()


def test_a_pairing_that_cannot_be_kept_changes_nothing():
    desk = Desk().connect()
    press_pairing_button(desk)
    desk.box.store_fails = True
    desk.run(20, desk.host.pair(NEW_KEY, wire.FAIL_SAFE, 5000))
    assert desk.bodies(wire.NOT_PAIRED)[0][-1] == wire.WHY_STORE
    assert desk.box.kept[0] == KEY
    desk.say(desk.host.release(3000))
    assert not desk.locked
    desk.close()


@pytest.mark.parametrize("opens", [0, 1])
def test_whether_a_door_may_stand_open_is_said_by_whoever_presses_the_button_and_by_nobody_else(opens):
    """R68: a pairing says it, the flash keeps it, and the challenge tells it to the host."""
    desk = Desk(paired=False, opens=1 - opens)
    press_pairing_button(desk)
    desk.run(20, desk.host.pair(NEW_KEY, wire.FAIL_SECURE, 5000, opens))
    assert desk.box.kept == (NEW_KEY, wire.FAIL_SECURE, 5000, opens)
    desk.host.key = NEW_KEY
    for _ in range(2):
        desk.standing = wire.STAND_OPEN
        desk.connect()
        assert (desk.bodies(wire.CHALLENGE)[-1][23], desk.locked) == (opens, not opens)
        desk.box.reset()
        desk.run(1000)
    desk.close()


def test_pairing_anew_takes_back_the_old_host_s_word():
    desk = Desk(opens=1).connect()
    desk.standing = wire.STAND_OPEN
    desk.beat()
    press_pairing_button(desk)
    desk.beating = False
    desk.run(20, desk.host.pair(NEW_KEY, wire.FAIL_SECURE, 5000))
    assert desk.locked
    desk.close()

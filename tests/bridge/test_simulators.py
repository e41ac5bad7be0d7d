"""The simulated door has the physics of a real one: it times itself, is bounded, and never holds anyone in."""

import pytest

from firmware_bridge.drivers import MAX_RELEASE_S
from firmware_bridge.events import (
    BridgeError,
    CardRead,
    DeviceBack,
    DeviceLost,
    KeyPressed,
    LeafClosed,
    LeafOpened,
    StrikeLocked,
    StrikeReleased,
)
from firmware_bridge.simulators import EXIT_S, REST_S, SimulatedDoor, SimulatedReader


@pytest.fixture
def heard():
    return []


@pytest.fixture
def door(heard):
    door = SimulatedDoor()
    door.open(heard.append)
    door.poll(100.0)
    heard.clear()  # that the leaf is shut
    return door


@pytest.fixture
def reader(heard):
    reader = SimulatedReader()
    reader.open(heard.append)
    return reader


def test_the_strike_locks_again_by_itself(door, heard):
    door.release(seconds=3)
    door.poll(102.9)
    assert not door.locked
    door.poll(103.0)
    assert door.locked
    assert heard == [StrikeReleased(), StrikeLocked()]


def test_the_controller_bounds_what_the_host_asks(door):
    door.release(seconds=3600)
    door.poll(100 + MAX_RELEASE_S)
    assert door.locked


def test_releases_again_and_again_are_cut_and_the_strike_rests(door):
    """R68: as the firmware does; the host cannot hold a strike by many short releases either."""
    for tenths in range(1000, 1000 + int(10 * MAX_RELEASE_S), 3):
        door.poll(tenths / 10)
        door.release(seconds=5)
    door.poll(100 + MAX_RELEASE_S)
    assert door.locked
    with pytest.raises(BridgeError, match="rests"):
        door.release(seconds=5)
    door.poll(100 + MAX_RELEASE_S + REST_S)
    door.release(seconds=5)
    assert not door.locked


def test_a_short_release_does_not_shorten_a_longer_one(door):
    door.release(seconds=5)
    door.release(seconds=1)
    door.poll(104.9)
    assert not door.locked


def test_r66_the_exit_button_opens_while_the_strike_rests_from_releases(door):
    door.release(seconds=MAX_RELEASE_S)
    door.poll(100 + MAX_RELEASE_S)
    door.press_exit()
    assert not door.locked
    door.poll(100 + MAX_RELEASE_S + EXIT_S)
    assert door.locked


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_a_release_of_no_time_or_no_number_is_refused(door, seconds):
    with pytest.raises(BridgeError):
        door.release(seconds=seconds)
    assert door.locked


def test_a_locked_door_does_not_give_way_from_outside(door):
    assert not door.push()
    assert not door.leaf_open


def test_a_released_door_opens_and_falls_shut(door, heard):
    door.release(seconds=3)
    assert door.push()
    door.shut()
    assert heard == [StrikeReleased(), LeafOpened(), LeafClosed()]


def test_r66_the_inside_handle_opens_locked_unplugged_and_closed(door):
    door.unplug()
    door.close()
    door.leave()
    assert door.leaf_open


def test_a_cable_pulled_while_released_still_locks_in_time(door, heard):
    door.release(seconds=3)
    door.unplug()
    door.poll(103.0)
    assert door.locked
    assert heard == [StrikeReleased(), DeviceLost()]


def test_an_unplugged_door_refuses_a_release_with_the_remedy(door):
    door.unplug()
    with pytest.raises(BridgeError, match="cable"):
        door.release(seconds=3)


def test_cards_and_keys_are_reported_as_they_come(reader, heard):
    reader.present(451)
    reader.press("12#")
    assert heard == [CardRead(26, 451), KeyPressed("1"), KeyPressed("2"), KeyPressed("#")]


def test_a_key_the_pad_does_not_have_is_refused_and_nothing_is_typed(reader, heard):
    with pytest.raises(BridgeError, match="no key"):
        reader.press("12A")
    assert heard == []


def test_an_unplugged_reader_says_so_once_and_hears_nothing(reader, heard):
    reader.unplug()
    reader.unplug()
    reader.present(451)
    reader.plug()
    assert heard == [DeviceLost(), DeviceBack()]


def test_no_event_shows_a_card_or_a_key_when_printed(reader, heard):
    reader.present(12345)
    reader.press("7")
    assert "12345" not in repr(heard)
    assert "7" not in repr(heard[-1])

"""What every driver in the registry owes, whatever the device."""

import pytest

from firmware_bridge.registry import DOORS, READERS

DRIVERS = [*READERS.items(), *DOORS.items()]


@pytest.fixture(params=[make for _, make in DRIVERS], ids=[name for name, _ in DRIVERS])
def driver(request):
    driver = request.param()
    yield driver
    driver.close()


def test_a_driver_is_healthy_exactly_while_open(driver):
    assert not driver.healthy
    driver.open(lambda _: None)
    assert driver.healthy
    driver.close()
    assert not driver.healthy


def test_a_driver_can_be_closed_twice_and_opened_again(driver):
    driver.open(lambda _: None)
    driver.close()
    driver.close()
    driver.open(lambda _: None)
    assert driver.healthy


def test_a_driver_can_be_polled_before_it_is_open_and_after_it_is_closed(driver):
    driver.poll(1.0)
    driver.open(lambda _: None)
    driver.poll(2.0)
    driver.close()
    driver.poll(3.0)
    assert not driver.healthy


def test_a_closed_driver_reports_nothing(driver):
    heard = []
    driver.open(heard.append)
    driver.close()
    driver.poll(10.0)
    assert heard == []


@pytest.mark.parametrize("make", DOORS.values(), ids=DOORS.keys())
def test_a_door_confirms_each_release_and_locks_by_itself(make):
    heard = []
    door = make()
    door.open(heard.append)
    door.poll(0.0)
    door.release(seconds=2)
    door.release(seconds=2)
    door.poll(100.0)
    assert [type(event).__name__ for event in heard] == ["StrikeReleased", "StrikeReleased", "StrikeLocked"]

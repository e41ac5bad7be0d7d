"""What every driver in the registry owes, whatever the device."""

from contextlib import suppress
from itertools import count

import pytest

from firmware_bridge.drivers import MAX_RELEASE_S, Profile, Signal, Standing
from firmware_bridge.events import (
    BridgeError,
    DeviceBack,
    DeviceLost,
    KeyPressed,
    StrikeLocked,
    StrikeReleased,
)
from firmware_bridge.registry import DOORS, READERS
from tests.contract.desks import DOORS_MORE, DOORS_ON_DESKS, READERS_MORE, READERS_ON_DESKS

READER_BENCHES = {**READERS_ON_DESKS, **READERS_MORE}
DOOR_BENCHES = {**DOORS_ON_DESKS, **DOORS_MORE}

ALL = [
    *(pytest.param(make, id=f"{name}-reader") for name, make in READER_BENCHES.items()),
    *(pytest.param(make, id=f"{name}-door") for name, make in DOOR_BENCHES.items()),
]


@pytest.fixture(params=ALL)
def bench(request):
    with request.param() as bench:
        yield bench


@pytest.fixture(params=READER_BENCHES.values(), ids=READER_BENCHES)
def reader(request):
    with request.param() as bench:
        bench.open()
        assert bench.wait(lambda: bench.driver.healthy)
        yield bench


@pytest.fixture(params=DOOR_BENCHES.values(), ids=DOOR_BENCHES)
def door(request):
    with request.param() as bench:
        bench.open()
        assert bench.wait(lambda: bench.driver.healthy)
        yield bench


def test_every_driver_of_the_registry_stands_on_a_bench():
    assert set(READERS) == set(READERS_ON_DESKS)
    assert set(DOORS) == set(DOORS_ON_DESKS)


def test_a_driver_is_healthy_only_while_open(bench):
    assert not bench.driver.healthy
    bench.open()
    assert bench.wait(lambda: bench.driver.healthy)
    bench.driver.close()
    assert not bench.driver.healthy


def test_a_driver_can_be_closed_twice_and_opened_again(bench):
    bench.open()
    bench.driver.close()
    bench.driver.close()
    bench.open()
    assert bench.wait(lambda: bench.driver.healthy)


def test_a_driver_can_be_polled_before_it_is_open_and_after_it_is_closed(bench):
    bench.driver.poll(1.0)
    bench.open()
    bench.driver.close()
    bench.driver.poll(3.0)
    assert not bench.driver.healthy


def test_a_closed_driver_reports_nothing(bench):
    bench.open()
    bench.wait(lambda: bench.driver.healthy)
    bench.driver.close()
    before = list(bench.heard)
    if bench.present:
        bench.present()
    bench.driver.poll(10.0)
    assert bench.heard == before


def test_a_lost_device_is_told_once_and_once_when_it_is_back(bench):
    if bench.cut is None:
        pytest.skip("this device has no cable to cut")
    bench.open()
    assert bench.wait(lambda: bench.driver.healthy)
    bench.cut()
    assert bench.hear(DeviceLost)
    assert not bench.driver.healthy
    bench.mend()
    assert bench.hear(DeviceBack)
    assert bench.wait(lambda: bench.driver.healthy)
    kinds = [type(event) for event in bench.heard if isinstance(event, DeviceLost | DeviceBack)]
    assert kinds == [DeviceLost, DeviceBack]


def test_a_card_is_reported_as_it_is(reader):
    if reader.present is None:
        pytest.skip("this device reads no cards")
    card = reader.present()
    assert reader.wait(lambda: card in reader.heard)


def test_each_key_is_reported_in_its_turn(reader):
    if reader.press is None:
        pytest.skip("this device has no keys")
    for key in "120#*":
        reader.press(key)
        assert reader.hear(KeyPressed, times="120#*".index(key) + 1)
    assert [event.key for event in reader.heard if isinstance(event, KeyPressed)] == list("120#*")


def test_a_reader_says_what_a_card_is_worth_there(reader):
    assert isinstance(reader.driver.profile, Profile)


def test_a_reader_says_whether_a_cut_cable_is_noticed(reader):
    assert isinstance(reader.driver.supervised, bool)


def test_a_light_never_costs_a_passage(reader):
    for signal in Signal:
        reader.driver.show(signal)
    reader.driver.close()
    reader.driver.show(Signal.GRANTED)  # closed: nothing happens, and nothing is raised


def test_nonsense_on_the_line_is_survived(reader):
    if reader.babble is None:
        pytest.skip("this line cannot be spoken on from outside")
    for _ in range(20):
        reader.babble()
    if reader.present is None:
        assert reader.wait(lambda: reader.driver.healthy)
    else:
        assert reader.wait(lambda: reader.present() in reader.heard)


def test_a_door_confirms_each_release_and_locks_by_itself(door):
    door.driver.release(seconds=0.5)
    assert door.hear(StrikeReleased)
    assert door.hear(StrikeLocked)
    door.driver.release(seconds=0.5)
    assert door.hear(StrikeReleased, times=2)
    assert door.hear(StrikeLocked, times=2)


@pytest.mark.slow
def test_no_release_outlasts_the_controllers_own_maximum(door):
    door.driver.release(seconds=3600)
    assert door.hear(StrikeReleased)
    assert door.hear(StrikeLocked), f"R68: not locked again within {MAX_RELEASE_S} s"


@pytest.mark.parametrize(
    "make",
    [
        # The others need MAX_RELEASE_S of real time.
        pytest.param(make, id=name, marks=[] if name in {"simulated", "gpio"} else pytest.mark.slow)
        for name, make in DOOR_BENCHES.items()
    ],
)
def test_releases_asked_for_again_and_again_cannot_hold_the_strike(make):
    """R68: the host cannot hold a strike open, neither by one release nor by many."""
    with make() as door:
        door.open()
        assert door.wait(lambda: door.driver.healthy)
        steps = count()

        def locks_though_asked_again():
            if next(steps) % 6 == 0:  # every 0.3 s of a desk's time
                with suppress(BridgeError):
                    door.driver.release(seconds=5)
            return any(isinstance(event, StrikeLocked) for event in door.heard)

        assert door.wait(locks_though_asked_again)
        assert any(isinstance(event, StrikeReleased) for event in door.heard)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_a_release_of_no_time_or_no_number_is_refused(door, seconds):
    with pytest.raises(BridgeError):
        door.driver.release(seconds=seconds)


def test_a_door_that_stands_locked_refuses_a_release_or_never_confirms_it(door):
    door.driver.stand(Standing.LOCKED, seconds=5)
    before = sum(isinstance(event, StrikeReleased) for event in door.heard)
    try:
        door.driver.release(seconds=0.5)
    except BridgeError:
        return
    assert not door.wait(lambda: sum(isinstance(event, StrikeReleased) for event in door.heard) > before)


def test_a_closed_door_takes_no_release(door):
    door.driver.close()
    with pytest.raises(BridgeError):
        door.driver.release(seconds=1)

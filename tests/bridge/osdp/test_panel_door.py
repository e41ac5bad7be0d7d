"""The strike behind an OSDP output, against libosdp's own device side over a pseudo terminal."""

import time
from contextlib import closing

import pytest

from firmware_bridge.drivers import MAX_RELEASE_S, Declared, Signal, Standing
from firmware_bridge.events import (
    BridgeError,
    DeviceLost,
    StrikeLocked,
    StrikeReleased,
)
from firmware_bridge.osdp.options import OsdpOptions
from firmware_bridge.osdp.panel import OsdpPanel
from firmware_bridge.osdp.peripheral import SimulatedOsdpReader
from firmware_bridge.osdp.session import Command, Session
from tests.bridge.osdp.desks import KEY, desk

OUTPUT, LED, BUZZER = 1, 2, 3


def test_r68_the_device_times_the_strike_itself_and_locks_without_the_gate(there):
    there.panel.door.release(seconds=0.5)
    assert there.wait(lambda: there.device.released)
    there.panel.door.close()
    there.panel.reader.close()
    assert there.wait(lambda: not there.device.released, seconds=1)


def test_a_release_is_confirmed_and_its_end_told(there):
    there.panel.door.release(seconds=0.3)
    assert there.wait(lambda: there.at_door[2:] == [StrikeReleased(), StrikeLocked()])


def test_r68_a_release_is_bounded(there):
    there.panel.door.release(seconds=3600)
    assert there.wait(lambda: OUTPUT in there.device.shown)
    assert there.device.commands[-1]["timer_count"] == MAX_RELEASE_S * 10


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_a_release_of_no_time_or_no_number_is_refused(there, seconds):
    with pytest.raises(BridgeError):
        there.panel.door.release(seconds=seconds)


def test_a_door_that_stands_locked_refuses_releases_until_it_does_not(there):
    there.panel.door.stand(Standing.LOCKED, seconds=5)
    with pytest.raises(BridgeError, match="stands locked"):
        there.panel.door.release(seconds=1)
    there.panel.door.stand(Standing.NORMAL, seconds=5)
    there.panel.door.release(seconds=0.2)
    assert there.wait(lambda: StrikeReleased() in there.at_door)


def test_locking_ends_a_release_that_runs(there):
    there.panel.door.release(seconds=5)
    assert there.wait(lambda: there.device.released)
    there.panel.door.stand(Standing.LOCKED, seconds=5)
    assert there.wait(lambda: not there.device.released and StrikeLocked() in there.at_door, seconds=1)


def test_r67_a_door_that_stands_open_locks_by_itself_unless_asked_again(there):
    there.panel.door.stand(Standing.OPEN, seconds=0.5)
    assert there.wait(lambda: there.device.released)
    assert there.wait(lambda: not there.device.released, seconds=1)
    assert there.wait(lambda: there.at_door[2:] == [StrikeReleased(), StrikeLocked()])


def test_a_release_does_not_shorten_a_door_that_stands_open(there):
    there.panel.door.stand(Standing.OPEN, seconds=5)
    there.panel.door.release(seconds=0.5)
    assert there.wait(lambda: there.device.shown.count(OUTPUT) == 2)
    assert there.device.commands[-1]["timer_count"] > 40


def test_r67_an_output_serves_no_fail_safe_door():
    with desk() as there:
        door = OsdpPanel(OsdpOptions(there.device.port), KEY, Declared.FAIL_SAFE).door
        with pytest.raises(BridgeError, match="fail-safe"):
            door.open(lambda _: None)


def test_a_light_told_before_a_release_waits_behind_it():
    """R02: at 9600 baud the answer to a light would keep the door shut for another 60 ms."""
    with closing(SimulatedOsdpReader(KEY)) as device:
        session = Session(OsdpOptions(device.port), KEY, tell=lambda _: None)
        until = time.monotonic() + 10
        light = {"reader": 0, "led_number": 0, "control_code": 1, "temporary": False}
        light |= {"on_color": 1, "off_color": 1, "on_count": 1, "off_count": 1}
        strike = {"command": OUTPUT, "output_no": 0, "control_code": 5, "timer_count": 1}
        session.ask(Command(light | {"command": LED}, until))
        session.ask(Command(strike, until, frees_s=0.1))
        while len(device.shown) < 2 and time.monotonic() < until:
            session.step()
        session.close()
        assert device.shown == [OUTPUT, LED]


def test_a_thousand_signals_never_delay_a_release(there):
    for signal in [*Signal] * 250:
        there.panel.reader.show(signal)
    assert len(there.panel._session._waiting) <= 2
    there.panel.door.release(seconds=0.5)
    assert there.wait(lambda: there.device.released, seconds=1)


def test_r68_a_release_that_the_line_swallowed_is_never_carried_out_late(there):
    there.device.cut()
    there.panel.door.release(seconds=5)
    there.pass_time(0.9)
    there.device.mend()
    there.pass_time(1.0)
    assert OUTPUT not in there.device.shown
    assert StrikeReleased() not in there.at_door


def test_of_a_strike_behind_a_lost_line_nothing_is_claimed(there):
    there.panel.door.release(seconds=5)  # well after the loss is told
    assert there.wait(lambda: StrikeReleased() in there.at_door)
    there.device.cut()
    assert there.wait(lambda: DeviceLost() in there.at_door)
    assert there.wait(lambda: not there.device.released)
    there.pass_time(0.5)
    assert there.at_door[2:] == [StrikeReleased(), DeviceLost()]


def test_a_release_over_a_lost_line_is_refused_with_the_remedy(there):
    there.device.cut()
    assert there.wait(lambda: DeviceLost() in there.at_door)
    with pytest.raises(BridgeError, match="Check its power"):
        there.panel.door.release(seconds=1)

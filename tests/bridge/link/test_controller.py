"""The driver over a real pty, against the board's own end of the link, in real time."""

import termios
import threading
import time
from pathlib import Path

import pytest

from firmware_bridge.drivers import Declared, Profile, Signal, Standing
from firmware_bridge.events import (
    BridgeError,
    CardRead,
    CaseOpened,
    DeviceBack,
    DeviceLost,
    LeafClosed,
    LeafOpened,
    Nonsense,
    StrikeLocked,
    StrikeReleased,
)
from firmware_bridge.link.controller import Controller, ControllerOptions
from firmware_bridge.mcu import wire
from tests.bridge.link.boxes import KEY, OTHER_KEY, Box, cable


class Bed:
    """A controller's two faces, polled by hand."""

    def __init__(self, cable, key=KEY, declared=Declared.FAIL_SECURE):
        self.cable = cable
        self.controller = Controller(ControllerOptions(str(cable.port)), key, declared)
        self.at_door = []
        self.at_reader = []

    def open(self):
        self.controller.door.open(self.at_door.append)
        self.controller.reader.open(self.at_reader.append)
        assert self.wait(lambda: self.controller.door.healthy)

    def wait(self, until, seconds=8.0):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.controller.door.poll(time.monotonic())
            self.controller.reader.poll(time.monotonic())
            if until():
                return True
            time.sleep(0.005)
        return False

    def close(self):
        self.controller.door.close()
        self.controller.reader.close()


@pytest.fixture
def bed():
    with cable() as line:
        bed = Bed(line)
        yield bed
        bed.close()


@pytest.fixture
def open_bed(bed):
    bed.open()
    bed.at_door.clear()
    return bed


def test_the_door_says_how_it_is_to_each_face_that_opens_later(open_bed):
    open_bed.controller.door.close()
    heard = []
    open_bed.controller.door.open(heard.append)
    assert LeafClosed() in heard


@pytest.mark.alone
def test_events_arrive_without_a_poll(open_bed):
    """Card to strike has 50 ms, which is one poll."""
    began = time.monotonic()
    open_bed.cable.do(lambda box: box.link.send(wire.BURST, wire.pack_burst(32, 7)))
    while not open_bed.at_reader and time.monotonic() - began < 5:
        time.sleep(0.0005)
    assert open_bed.at_reader == [CardRead(32, 7)]
    assert time.monotonic() - began < 0.05


def test_the_door_hears_no_cards_and_the_reader_no_leaf(open_bed):
    open_bed.cable.do(lambda box: box.link.send(wire.BURST, wire.pack_burst(32, 7)))
    open_bed.cable.do(lambda box: box.set(wire.LEAF_OPEN))
    assert open_bed.wait(lambda: open_bed.at_door and open_bed.at_reader)
    assert (open_bed.at_door, open_bed.at_reader) == ([LeafOpened()], [CardRead(32, 7)])


def test_a_reader_alone_on_its_line_tells_of_the_case(bed):
    bed.controller.reader.open(bed.at_reader.append)
    assert bed.wait(lambda: bed.controller.reader.healthy)
    bed.cable.do(lambda box: box.set(wire.CASE_OPEN))
    assert bed.wait(lambda: CaseOpened() in bed.at_reader)
    assert LeafClosed() not in bed.at_reader


def test_a_release_reaches_the_strike_and_its_end_is_told(open_bed):
    open_bed.controller.door.release(seconds=2)
    assert open_bed.wait(lambda: StrikeReleased() in open_bed.at_door)
    open_bed.cable.do(lambda box: box.set(wire.STRIKE_FREE, on=False))
    assert open_bed.wait(lambda: open_bed.at_door == [StrikeReleased(), StrikeLocked()])


def _open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_port_that_vanishes_and_returns_is_told_once_each(open_bed):
    files = _open_files()
    open_bed.cable.unplug()
    assert open_bed.wait(lambda: DeviceLost() in open_bed.at_door)
    with pytest.raises(BridgeError):
        open_bed.controller.door.release(seconds=1)
    open_bed.cable.plug()
    assert open_bed.wait(lambda: DeviceBack() in open_bed.at_door)
    assert [event for event in open_bed.at_reader if isinstance(event, DeviceLost | DeviceBack)] == [
        DeviceLost(),
        DeviceBack(),
    ]
    assert open_bed.cable.box.releases == []
    assert _open_files() == files


def test_noise_on_the_line_is_survived_and_told(open_bed):
    for _ in range(50):
        open_bed.cable.inject(b"\x00\xff\x17noise\x00" * 10)
    assert open_bed.wait(lambda: open_bed.at_reader == [Nonsense()])
    assert open_bed.controller.healthy
    assert open_bed.controller.dropped.broken > 0


def test_the_light_and_the_standing_reach_the_controller(open_bed):
    open_bed.controller.reader.show(Signal.GRANTED)
    open_bed.controller.door.stand(Standing.OPEN, seconds=10)
    box = open_bed.cable.box
    assert open_bed.wait(lambda: box.shown == [wire.SHOW_GRANTED] and box.beats[-1][0] == wire.STAND_OPEN)


def test_a_card_on_the_controllers_wires_can_be_copied(bed):
    assert bed.controller.reader.profile is Profile.UID_ONLY


def test_a_cut_cable_behind_the_controller_is_not_noticed(bed):
    """Wiegand says nothing while nobody comes."""
    assert not bed.controller.reader.supervised


def test_a_strike_that_is_free_already_is_told_to_a_door_that_opens_later(open_bed):
    open_bed.controller.door.close()
    open_bed.cable.do(lambda box: box.set(wire.STRIKE_FREE))
    assert open_bed.wait(lambda: open_bed.controller._conversation.present()[0] == StrikeReleased())
    heard = []
    open_bed.controller.door.open(heard.append)
    assert heard[0] == StrikeReleased()


def test_an_event_nobody_can_take_costs_the_line_once_and_it_is_opened_anew(bed):
    """The line's thread outlives what it was not made for: a device lost and back, and not one that is dead for ever."""

    def take(event):
        bed.at_reader.append(event)
        if event == CardRead(32, 7) and bed.at_reader.count(event) == 1:
            raise KeyError

    bed.controller.door.open(bed.at_door.append)
    bed.controller.reader.open(take)
    assert bed.wait(lambda: bed.controller.healthy)
    bed.cable.do(lambda box: box.link.send(wire.BURST, wire.pack_burst(32, 7)))
    assert bed.wait(lambda: DeviceBack() in bed.at_door)
    (lost,) = [event for event in bed.at_door if isinstance(event, DeviceLost)]
    assert "KeyError" in lost.cause
    bed.cable.do(lambda box: box.link.send(wire.BURST, wire.pack_burst(32, 7)))
    assert bed.wait(lambda: bed.at_reader.count(CardRead(32, 7)) == 2)


def test_a_port_whose_settings_cannot_be_made_is_one_that_cannot_be_opened(bed, monkeypatch):
    """pyserial lets termios.error pass, which is no OSError: so it comes while a plug still moves."""
    moving = termios.error(5, "Input/output error")
    made = termios.tcsetattr
    tries = []

    def tcsetattr(*how):
        tries.append(how)
        if len(tries) <= 2:
            raise moving
        return made(*how)

    monkeypatch.setattr(termios, "tcsetattr", tcsetattr)
    with pytest.raises(BridgeError, match="cannot be opened"):
        bed.controller.door.open(bed.at_door.append)
    files = _open_files()
    with pytest.raises(BridgeError, match="cannot be opened"):
        bed.controller.door.open(bed.at_door.append)
    assert _open_files() == files
    bed.open()


def test_the_port_is_free_again_after_the_last_face_closed(open_bed):
    open_bed.controller.door.close()
    assert open_bed.controller.reader.healthy
    open_bed.controller.reader.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "controller-line"]
    other = Bed(open_bed.cable)
    other.open()
    other.close()


def test_a_second_program_is_kept_off_the_port(open_bed):
    with pytest.raises(BridgeError, match="no other program"):
        Bed(open_bed.cable).open()


def test_a_port_that_is_not_there_is_named_with_what_to_look_at():
    controller = Controller(ControllerOptions("/dev/no-such-port"), KEY, Declared.FAIL_SAFE)
    with pytest.raises(BridgeError, match="/dev/no-such-port cannot be opened"):
        controller.door.open(lambda _: None)


def test_without_a_key_nothing_is_opened(bed):
    with pytest.raises(BridgeError, match="gate door pair"):
        Bed(bed.cable, key=None).open()


def test_a_controller_that_does_not_fit_is_named_with_what_to_do():
    with cable(Box(OTHER_KEY)) as line:
        bed = Bed(line)
        bed.controller.door.open(bed.at_door.append)
        with pytest.raises(BridgeError, match=r"paired with another key.*gate door pair"):
            bed.wait(lambda: False, seconds=4)
        bed.close()
        assert bed.at_door == []


def test_a_line_that_takes_nothing_refuses_a_release_at_once(open_bed):
    """R68: nothing is kept for later, and nobody waits."""

    def asks_for_ever():
        for _ in range(10_000):
            open_bed.controller.door.release(seconds=1)

    with open_bed.cable.lock:  # the far end reads no more
        began = time.monotonic()
        with pytest.raises(BridgeError, match="takes nothing"):
            asks_for_ever()
        assert time.monotonic() - began < 2
    assert open_bed.wait(lambda: open_bed.controller.healthy)

"""A Wiegand reader at pins, on a made-up chip that models levels, owners and edges."""

import dataclasses
import time

import pytest

from firmware_bridge.drivers import Profile, Signal
from firmware_bridge.events import (
    BridgeError,
    CardRead,
    DeviceBack,
    DeviceLost,
    KeyPressed,
    Nonsense,
)
from firmware_bridge.gpio import WiegandGpio, WiegandGpioOptions
from firmware_bridge.gpio.lines import EDGES_KEPT, Input, Output, take_lines
from tests.bridge.pins import LABEL, Chip, ReaderDesk, holds


@pytest.fixture
def reader():
    desk = ReaderDesk()
    desk.driver.open(desk.heard.append)
    assert holds(lambda: desk.driver.healthy)
    yield desk
    desk.driver.close()


def test_cards_and_keys_arrive_in_their_order(reader):
    first, second = CardRead(26, 40451), CardRead(37, 1 << 34)
    reader.present(first)
    reader.press("12#")
    reader.present(second)
    assert holds(lambda: len(reader.heard) == 5)
    assert reader.heard == [first, *map(KeyPressed, "12#"), second]


@pytest.mark.alone
def test_a_card_is_told_within_50_ms_of_its_last_bit(reader):
    """R03: the gap that ends a burst is most of what a card costs at pins. The best of three: this machine is shared."""
    took = []
    for place in range(3):
        reader.present()
        start = time.monotonic()
        assert holds(lambda place=place: len(reader.heard) > place)
        took.append(time.monotonic() - start)
    assert min(took) < 0.05


def test_a_card_is_only_a_number_here(reader):
    assert reader.driver.profile is Profile.UID_ONLY


def test_wrong_bits_are_nonsense_told_once_a_second_however_many_came(reader):
    for _ in range(50):
        reader.burst(26, 5)
    card = reader.present()
    assert holds(lambda: card in reader.heard)
    assert reader.heard == [Nonsense(), card]


def test_edges_the_kernel_threw_away_spoil_the_frame_and_not_the_next(reader):
    lines = [5] * (2 * EDGES_KEPT)
    reader.chip.pulses(lines)
    card = reader.present()
    assert holds(lambda: card in reader.heard)
    assert set(reader.heard) == {Nonsense(), card}


def test_a_hole_in_the_middle_of_a_frame_makes_no_shorter_card(reader):
    """R68: 27 bits with one lost are not a card of 26 bits."""
    held = reader.chip._held[0]
    with held._news:
        for place in range(33):
            reader.chip.pulses([6 if place % 2 else 5])
        stamps = [edge.at_ns for edge in held._queue]
        held._queue = [
            dataclasses.replace(edge, at_ns=stamps[0] + place * 200_000)
            for place, edge in enumerate(held._queue)
            if place != 16
        ]
        held._news.notify_all()
    assert holds(lambda: reader.heard)
    assert reader.heard == [Nonsense()]


def test_a_data_line_held_low_is_a_lost_reader_and_a_back_one_when_it_rests(reader):
    reader.ground()
    assert holds(lambda: reader.heard[-1:] == [DeviceLost()])
    assert not reader.driver.healthy
    reader.ground(low=False)
    assert holds(lambda: reader.heard[-2:] == [DeviceLost(), DeviceBack()])
    card = reader.present()
    assert holds(lambda: card in reader.heard)


def test_a_reader_with_a_line_held_low_does_not_open():
    desk = ReaderDesk()
    desk.ground()
    desk.driver.open(desk.heard.append)
    assert holds(lambda: desk.heard == [DeviceLost()])
    assert "held low" in desk.heard[0].cause
    assert not desk.driver.healthy
    assert not desk.chip._held
    desk.driver.close()


def test_a_chip_taken_away_is_told_once_and_once_when_back(reader):
    reader.chip.unplug()
    assert holds(lambda: reader.heard == [DeviceLost()])
    reader.chip.plug()
    assert holds(lambda: reader.heard == [DeviceLost(), DeviceBack()])


def test_lines_have_one_owner(reader):
    assert holds(lambda: reader.driver.healthy)
    second, heard = WiegandGpio(reader.options, take=reader.chip.take), []
    second.open(heard.append)
    assert holds(lambda: heard == [DeviceLost()])
    assert "gpioinfo" in heard[0].cause
    assert not second.healthy
    second.close()


def test_two_wires_on_one_line_are_refused():
    with pytest.raises(BridgeError, match="same line"):
        WiegandGpio(WiegandGpioOptions(LABEL, 5, 5))


def test_a_frame_length_the_site_knows_is_checked_for_its_parity():
    desk = ReaderDesk(options=WiegandGpioOptions(LABEL, 5, 6, parity_bits=(32,)))
    desk.driver.open(desk.heard.append)
    assert holds(lambda: desk.driver.healthy)
    desk.burst(32, 0xDEADBEEF)
    assert holds(lambda: desk.heard)
    desk.driver.close()
    assert desk.heard == [Nonsense()]


def test_granted_lights_and_refused_beeps_for_their_time():
    desk = ReaderDesk(options=WiegandGpioOptions(LABEL, 5, 6, light_line=7, beeper_line=8))
    desk.driver.open(desk.heard.append)
    assert holds(lambda: desk.driver.healthy)
    assert desk.chip.driven == {7: True, 8: True}, "high is off"
    desk.driver.show(Signal.GRANTED)
    desk.driver.show(Signal.REFUSED)
    assert desk.chip.driven == {7: False, 8: False}
    desk.driver.poll(10.0)
    desk.driver.poll(10.6)
    assert desk.chip.driven == {7: False, 8: True}
    desk.driver.poll(12.1)
    assert desk.chip.driven == {7: True, 8: True}
    desk.driver.show(Signal.GRANTED)
    desk.driver.close()
    assert holds(lambda: desk.chip.driven == {7: True, 8: True})
    assert holds(lambda: not desk.chip._held)


def test_lights_that_cannot_be_had_leave_the_reader_as_it_is():
    chip = Chip()
    chip.take(LABEL, [Output(7, active_low=True)])
    desk = ReaderDesk(chip, options=WiegandGpioOptions(LABEL, 5, 6, light_line=7))
    desk.driver.open(desk.heard.append)
    assert holds(lambda: desk.driver.healthy)
    desk.driver.show(Signal.GRANTED)
    assert desk.driver.healthy
    desk.driver.close()


def test_a_chip_that_is_not_there_is_refused_by_its_label():
    """The real library, on a machine whose chips have other labels or which has none."""
    with pytest.raises(BridgeError, match=r"No GPIO chip has the label nowhere. Name one that is there"):
        take_lines("nowhere", [Input(1, active_low=True)])


def test_a_fault_of_our_own_in_the_thread_is_a_lost_device_that_comes_back(reader):
    """R68: a reader whose thread failed is not healthy, face may not lean on it (R01), and cards go on after it (R02)."""
    reader.chip._held[0].edges = lambda _: 1 / 0
    assert holds(lambda: reader.heard == [DeviceLost()])
    assert not reader.driver.healthy
    assert holds(lambda: reader.heard == [DeviceLost(), DeviceBack()])
    card = reader.present()
    assert holds(lambda: card in reader.heard)


def test_a_cut_cable_is_not_noticed_here_and_the_reader_says_so():
    assert not ReaderDesk().driver.supervised

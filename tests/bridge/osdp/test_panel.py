"""The OSDP driver against libosdp's own device side over a pseudo terminal, secure channel and all."""

import gc
import termios
import threading
import time
import tracemalloc
from pathlib import Path

import pytest

from firmware_bridge.drivers import Signal
from firmware_bridge.events import (
    BridgeError,
    CardRead,
    CaseClosed,
    CaseOpened,
    DeviceBack,
    DeviceLost,
    KeyPressed,
    Nonsense,
    PowerBack,
    PowerFailed,
    StrikeReleased,
)
from firmware_bridge.osdp.options import OsdpOptions
from firmware_bridge.osdp.panel import OsdpPanel
from firmware_bridge.osdp.session import LOST_S
from tests.bridge.osdp.desks import KEY, desk
from tests.bridge.pins import ReaderDesk

OUTPUT, LED, BUZZER = 1, 2, 3


@pytest.mark.parametrize("bits", [26, 34, 37])
def test_a_card_is_reported_bit_for_bit(there, bits):
    value = (1 << (bits - 3)) | 0x2468
    there.device.present(value, bits)
    assert there.wait(lambda: there.at_reader == [CardRead(bits, value)])


def test_one_card_has_one_number_over_osdp_and_at_pins(there):
    """R03: a card given out at one reader of a site opens at every other."""
    at_pins = ReaderDesk()
    at_pins.driver.open(at_pins.heard.append)
    assert there.wait(lambda: at_pins.driver.healthy)
    at_pins.present(CardRead(26, 40451))
    there.device.present(40451)
    assert there.wait(lambda: at_pins.heard and there.at_reader)
    at_pins.driver.close()
    assert at_pins.heard == there.at_reader == [CardRead(26, 40451)]


def test_a_repeated_card_is_passed_on_each_time(there):
    there.device.present(7)
    there.device.present(7)
    assert there.wait(lambda: there.at_reader == [CardRead(26, 7)] * 2)


def test_keys_are_reported_in_their_order(there):
    there.device.press("1203#*")
    assert there.wait(lambda: there.at_reader == [KeyPressed(key) for key in "1203#*"])


def test_r60_an_opened_case_is_told_and_its_closing(there):
    there.device.tamper(on=True)
    assert there.wait(lambda: CaseOpened() in there.at_door)
    there.device.tamper(on=False)
    assert there.wait(lambda: there.at_reader == [CaseOpened(), CaseClosed()])


def test_a_failed_supply_is_told_and_its_return(there):
    there.device.power(failed=True)
    assert there.wait(lambda: PowerFailed() in there.at_door)
    there.device.power(failed=False)
    assert there.wait(lambda: there.at_reader == [PowerFailed(), PowerBack()])


def test_a_case_that_was_open_before_is_told_once_connected():
    with desk() as there:
        there.device.tamper(on=True)
        there.open()
        assert there.wait(lambda: CaseOpened() in there.at_reader and CaseOpened() in there.at_door)


def test_a_face_that_opens_later_is_told_how_things_are(there):
    there.panel.door.close()
    there.at_door.clear()
    there.panel.door.open(there.at_door.append)
    assert there.at_door == [CaseClosed(), PowerBack()]


def test_light_and_buzzer_answer(there):
    there.panel.reader.show(Signal.REFUSED)
    assert there.wait(lambda: {LED, BUZZER} <= set(there.device.shown))


@pytest.mark.fault("reader-lost")
def test_a_lost_line_is_told_once_and_once_when_it_is_back(there):
    there.device.cut()
    assert there.wait(lambda: DeviceLost() in there.at_reader, seconds=LOST_S + 1)
    assert not there.panel.reader.healthy
    there.device.mend()
    mended = time.monotonic()
    assert there.wait(lambda: DeviceBack() in there.at_reader)
    assert time.monotonic() - mended < 10  # libosdp by itself would let minutes pass before it looks again
    assert [each for each in there.at_door[2:] if isinstance(each, DeviceLost | DeviceBack)] == [
        DeviceLost(),
        DeviceBack(),
    ]


def test_a_device_that_restarts_is_taken_up_again_and_asked_how_it_is(there):
    there.device.tamper(on=True)
    assert there.wait(lambda: CaseOpened() in there.at_door)
    there.device.restart(key=KEY)
    there.device._tampered = False
    assert there.wait(lambda: there.at_door.count(CaseClosed()) == 2)
    assert DeviceLost() not in there.at_door
    # What it said in between may be lost: an entry with a key missing must cost nobody a try.
    assert Nonsense() in there.at_reader


@pytest.mark.fault("wrong-key")
def test_a_wrong_key_never_gets_healthy_and_says_what_to_do():
    with desk(bytes(16)) as there:
        there.open()
        assert there.wait(lambda: there.at_reader == [DeviceLost()])
        assert "gate reader pair" in there.panel.reader.trouble
        there.device.present(7)
        there.pass_time(1.0)
        assert there.at_reader == [DeviceLost()]
        assert not there.panel.reader.healthy


def test_a_device_that_speaks_only_in_the_clear_is_refused():
    with desk(secure=False) as there:
        there.open()
        assert there.wait(lambda: there.at_reader == [DeviceLost()])
        assert "secure channel" in there.panel.reader.trouble
        assert not there.panel.reader.healthy


def test_r52_the_factorys_key_is_refused_outside_install_mode():
    with desk(None) as there:
        there.open()
        assert there.wait(lambda: there.at_reader == [DeviceLost()])
        there.device.present(7)
        there.pass_time(0.5)
        assert there.device.key is None
        assert there.at_reader == [DeviceLost()]


@pytest.mark.fault("not-paired")
def test_a_device_that_is_not_paired_is_not_opened():
    with desk(panel_key=None) as there, pytest.raises(BridgeError, match="gate reader pair"):
        there.panel.reader.open(lambda _: None)


def test_a_port_that_is_not_there_is_refused_with_the_remedy():
    with pytest.raises(BridgeError, match="Check the adapter"):
        OsdpPanel(OsdpOptions("/dev/ttyNOWHERE"), KEY).reader.open(lambda _: None)


def test_a_port_in_use_is_refused_with_the_remedy(there):
    with pytest.raises(BridgeError, match="in use"):
        OsdpPanel(OsdpOptions(there.device.port), KEY).reader.open(lambda _: None)


def test_either_face_works_alone_and_the_line_ends_with_the_last():
    with desk() as there:
        there.panel.door.open(there.at_door.append)
        there.panel.reader.open(there.at_reader.append)
        there.panel.reader.close()
        assert there.wait(lambda: there.panel.door.healthy)
        there.device.present(7)
        there.panel.door.release(seconds=0.2)
        assert there.wait(lambda: StrikeReleased() in there.at_door)
        assert there.at_reader == []
        there.panel.door.close()
        assert "osdp" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.fault("reader-lost")
def test_a_fault_that_nobody_foresaw_is_a_lost_device_that_comes_back(there):
    """R02: one fault of a library must not cost the cards until somebody starts the gate anew."""
    there.panel._session._line.answer = lambda _: 1 / 0
    assert there.wait(lambda: there.at_reader == [DeviceLost(), DeviceBack()])
    assert "ZeroDivisionError" in there.at_reader[0].cause
    there.device.present(7)
    assert there.wait(lambda: there.at_reader[2:] == [CardRead(26, 7)])
    there.panel.door.release(seconds=0.2)
    assert there.wait(lambda: StrikeReleased() in there.at_door)


def test_an_ear_that_fails_does_not_end_the_thread():
    with desk() as there:
        told = []

        def hear(event):
            told.append(event)
            if isinstance(event, CardRead | DeviceLost):
                raise ZeroDivisionError

        there.panel.reader.open(hear)
        assert there.wait(lambda: there.panel.reader.healthy)
        there.device.present(7)
        assert there.wait(lambda: told == [CardRead(26, 7), DeviceLost(), DeviceBack()])


def test_an_adapter_plugged_in_again_whose_plug_still_moves_is_tried_again(monkeypatch):
    """R02: what termios raises then is no OSError, and pyserial passes it on as it is."""
    real, failed = termios.tcsetattr, []
    with desk() as there:
        there.up()

        def once(*asked):
            if not failed:
                failed.append(asked)
                raise termios.error(5, "Input/output error")
            return real(*asked)

        monkeypatch.setattr(termios, "tcsetattr", once)
        there.panel._session._line.broken = True  # as a read that fails leaves it
        assert there.wait(lambda: failed)
        assert there.wait(lambda: {Nonsense(), DeviceBack()} & set(there.at_reader)), "not set up anew"
        there.device.present(7)
        assert there.wait(lambda: CardRead(26, 7) in there.at_reader)


@pytest.mark.parametrize("error", [termios.error(5, "Input/output error"), OSError(5, "Input/output error")])
def test_a_port_that_fails_as_it_is_opened_is_refused_with_the_remedy(monkeypatch, error):
    with desk() as there:

        def fails(*_):
            raise error

        monkeypatch.setattr(termios, "tcsetattr", fails)
        with pytest.raises(BridgeError, match="Check the adapter"):
            there.panel.reader.open(lambda _: None)


@pytest.mark.alone
def test_a_thread_that_hangs_is_a_lost_device_told_once_and_costs_the_loop_nothing(there):
    """R01, R68: nobody listens to the reader; and what it hears once it wakes is old."""
    wakes, wait = threading.Event(), there.panel._session._line.wait

    def hang(seconds, *, for_reply):
        wakes.wait()
        return wait(seconds, for_reply=for_reply)

    there.panel._session._line.wait = hang
    there.device.present(7)
    assert there.wait(lambda: not there.panel.reader.healthy)
    for _ in range(3):
        there.panel.reader.poll(0.0)
    assert there.at_reader == [DeviceLost()]
    assert "hangs" in there.panel.trouble
    with pytest.raises(BridgeError, match="hangs"):
        there.panel.door.release(seconds=1)
    began = time.monotonic()
    there.panel.reader.close()
    there.panel.door.close()
    assert time.monotonic() - began < 0.1
    wakes.set()
    assert there.wait(lambda: "osdp" not in {thread.name for thread in threading.enumerate()})
    assert there.at_reader == [DeviceLost()]


def test_a_device_that_hung_and_wakes_is_back_and_its_old_card_is_not_told(there):
    """R68: whoever held the card there is gone."""
    wakes, line = threading.Event(), there.panel._session._line
    there.device.present(7)

    def hang(seconds, *, for_reply):
        wakes.wait()
        return type(line).wait(line, seconds, for_reply=for_reply)

    there.at_reader.clear()
    line.wait = hang
    assert there.wait(lambda: not there.panel.reader.healthy)
    wakes.set()
    assert there.wait(lambda: DeviceBack() in there.at_reader)
    assert [each for each in there.at_reader if isinstance(each, DeviceLost)] == [DeviceLost()]
    assert there.panel.reader.healthy


def test_a_reader_on_this_line_is_noticed_when_it_is_gone():
    assert OsdpPanel(OsdpOptions("/dev/null"), KEY).reader.supervised


def opened(there):
    there.open()


def up(there):
    there.up()


def lost(there):
    there.up()
    there.device.cut()
    assert there.wait(lambda: DeviceLost() in there.at_door)


def releasing(there):
    there.up()
    there.panel.door.release(seconds=1)


def pulled(there):
    there.up()
    there.device.close()
    assert there.wait(lambda: DeviceLost() in there.at_door)


@pytest.mark.parametrize("state", [opened, up, lost, releasing, pulled])
def test_closing_leaves_no_thread_and_no_file_in_any_state(state):
    def held():
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    gc.collect()
    before = held()
    with desk() as there:
        state(there)
    assert held() == before


def test_r35_events_leave_nothing_behind_in_memory(there):
    """libosdp's binding leaks the dict of each event; what a stuck key would fill the memory with is let go."""

    def held_by_the_session():
        gc.collect()
        traces = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, "*/osdp/session.py")])
        return sum(each.count for each in traces.statistics("filename"))

    tracemalloc.start()
    try:
        held = []
        for _ in range(5):  # Python keeps the first hundred or two dicts that were let go, for later
            there.at_reader.clear()
            there.device.press("1234567890" * 5)
            assert there.wait(lambda: len(there.at_reader) == 50)
            held.append(held_by_the_session())
        assert held[4] < held[2] + 50
    finally:
        tracemalloc.stop()


def test_nothing_of_a_closed_face_is_reported(there):
    there.panel.reader.close()
    there.device.present(7)
    there.pass_time(0.2)
    assert there.at_reader == []

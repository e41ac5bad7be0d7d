"""The board's own file, on pins and flash that a laptop has: safe before anything else, and whole or not at all."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from firmware_bridge.mcu import wire
from firmware_bridge.mcu.board import (
    CONTACT_PINS,
    DATA_PINS,
    LAMP_PINS,
    LINE_PINS,
    LOCK_PIN,
    WATCHDOG_MS,
    Board,
    Flash,
    boot_reason,
)
from firmware_bridge.mcu.burst import edge
from firmware_bridge.mcu.contacts import ALL, EXIT, at_rest
from firmware_bridge.mcu.main import run
from firmware_bridge.mcu_sim.virtual import WATCHDOG_MS as SIMULATED_WATCHDOG_MS
from tests.bridge.mcu.desk import KEY, Host

KEPT = (KEY, wire.FAIL_SECURE, 5000, 0)


class Pin:
    """A pin that remembers what was done to it; inputs read what `levels` says."""

    OUT, IN, PULL_UP, IRQ_FALLING = "out", "in", "up", "falling"

    def __init__(self, chip, number, mode=None, pull=None, *, value=None):
        self.chip, self.number, self.pull = chip, number, pull
        if mode == Pin.OUT:
            self.value(value)

    def value(self, level=None):
        if level is None:
            return self.chip.levels.get(self.number, 1)
        self.chip.done.append((self.number, level))
        self.chip.outputs[self.number] = level
        return None

    def irq(self, handler, trigger, *, hard):
        assert (trigger, hard) == (Pin.IRQ_FALLING, True)
        self.chip.handlers[self.number] = handler


class Chip:
    """The module `machine` of one board."""

    PWRON_RESET, WDT_RESET = 1, 3

    def __init__(self, cause=1):
        self.done, self.outputs, self.levels, self.handlers = [], {}, {}, {}
        self.cause = cause
        self.fed = 0
        self.coming, self.gone, self.room = b"", b"", 1 << 20
        chip = self

        def pin(*args, **named):
            return Pin(chip, *args, **named)

        for name in ("OUT", "IN", "PULL_UP", "IRQ_FALLING"):
            setattr(pin, name, getattr(Pin, name))
        self.Pin = pin

    def reset_cause(self):
        return self.cause

    def WDT(self, *, timeout):  # noqa: N802 - as MicroPython names it
        self.done.append(("watchdog", timeout))
        return self

    def feed(self):
        self.fed += 1

    def UART(self, _number, **_named):  # noqa: N802 - as MicroPython names it
        return self

    def any(self):
        return len(self.coming)

    def read(self, count):
        taken, self.coming = self.coming[:count], self.coming[count:]
        return taken

    def write(self, data):
        self.gone += data[: self.room]
        return len(data[: self.room])

    def at_rest(self):
        for bit, number in CONTACT_PINS:
            self.levels[number] = 1 if at_rest() & bit else 0
        return self


class Clock:
    """A board's `time`, that stops the board after some rounds."""

    def __init__(self, rounds, each=lambda: None):
        self.now, self.rounds, self.each = 0, rounds, each

    def ticks_ms(self):
        return self.now

    def sleep_ms(self, _ms):
        self.each()
        self.now += 5
        self.rounds -= 1
        if self.rounds <= 0:
            raise KeyboardInterrupt


def boot(chip, folder, rounds=10, each=lambda: None):
    with pytest.raises(KeyboardInterrupt):
        run(chip, Clock(rounds, each), os, f"{folder}/")


def test_the_lock_s_current_is_off_before_anything_else_is_done(tmp_path):
    """R67."""
    chip = Chip().at_rest()
    boot(chip, tmp_path)
    assert chip.done[0] == (LOCK_PIN, 0)
    assert chip.done[1] == ("watchdog", WATCHDOG_MS)


def test_the_watchdog_is_fed_once_a_round(tmp_path):
    chip = Chip().at_rest()
    boot(chip, tmp_path, rounds=10)
    assert chip.fed == 10


def test_the_simulator_s_watchdog_is_the_board_s():
    assert SIMULATED_WATCHDOG_MS == WATCHDOG_MS


def test_a_fault_in_the_rounds_takes_the_current_off_and_feeds_nothing_more(tmp_path):
    """R67, R68."""
    Flash(os, f"{tmp_path}/").save(KEPT)
    chip = Chip().at_rest()
    pressed = dict(CONTACT_PINS)[EXIT]
    seen = []

    def each():
        chip.levels[pressed] = 0
        seen.append(chip.outputs[LOCK_PIN])

    boot(chip, tmp_path, rounds=10, each=each)
    assert 1 in seen
    assert chip.outputs[LOCK_PIN] == 0


def test_no_pin_has_two_uses():
    numbers = [LOCK_PIN, *DATA_PINS, *LINE_PINS, *(number for _, number in LAMP_PINS + CONTACT_PINS)]
    assert len(set(numbers)) == len(numbers)


def test_the_wiring_guide_names_every_pin():
    guide = (Path(__file__).parents[3] / "deploy" / "controller" / "README.md").read_text()
    named = (
        *(("GP15", "MOSFET"), ("GP6", "door contact"), ("GP7", "fire"), ("GP8", "case"), ("GP9", "supply")),
        *(("GP10", "other door"), ("GP11", "exit button"), ("GP12", "pairing button")),
    )
    assert [int(pin[2:]) for pin, _ in named] == [LOCK_PIN, *(number for _, number in CONTACT_PINS)]
    for pin, what in named:
        assert f"| {pin} | {what}" in guide


def test_every_contact_is_read_from_its_pin_and_pulled_up():
    chip = Chip()
    board = Board(chip, Clock(1).ticks_ms, chip.Pin(LOCK_PIN, Pin.OUT, value=0))
    assert board.levels() == ALL
    for bit, number in CONTACT_PINS:
        chip.levels = {number: 0}
        assert board.levels() == ALL & ~bit


def test_pulses_on_the_data_lines_come_out_as_edges():
    chip = Chip()
    board = Board(chip, Clock(1).ticks_ms, chip.Pin(LOCK_PIN, Pin.OUT, value=0))
    for line in (1, 0, 1):
        chip.handlers[DATA_PINS[line]](None)
    assert board.edges() == ([edge(1, 0), edge(0, 0), edge(1, 0)], False)


def test_a_line_that_takes_little_gets_the_rest_later():
    chip = Chip()
    chip.room = 4
    board = Board(chip, Clock(1).ticks_ms, chip.Pin(LOCK_PIN, Pin.OUT, value=0))
    assert not board.say(b"0123456789")
    assert not board.say(b"")
    assert board.say(b"")
    assert chip.gone == b"0123456789"


def test_a_paired_board_talks_to_its_host(tmp_path):
    Flash(os, f"{tmp_path}/").save(KEPT)
    chip, host, told = Chip().at_rest(), Host(), []
    chip.coming = host.hello()

    def each():
        for kind, body in host.hear(chip.gone):
            told.append((kind, body))
            if kind == wire.CHALLENGE:
                chip.coming += host.beat() + host.release(1000)
        chip.gone = b""

    boot(chip, tmp_path, rounds=20, each=each)
    assert (wire.RELEASED, b"\x07\x00") in told
    assert (LOCK_PIN, 1) in chip.done


def test_a_pairing_comes_back_from_flash(tmp_path):
    flash = Flash(os, f"{tmp_path}/")
    flash.save(KEPT)
    flash.save((KEY[::-1], wire.FAIL_SAFE, 7000, 1))
    assert flash.load() == (KEY[::-1], wire.FAIL_SAFE, 7000, 1)


def test_flash_without_a_pairing_is_unpaired(tmp_path):
    assert Flash(os, f"{tmp_path}/").load() is None


@pytest.mark.parametrize("size", [0, 1, 35, 37])
def test_a_pairing_that_is_not_whole_is_none(tmp_path, size):
    (tmp_path / "pairing.bin").write_bytes(bytes([1]) * size)
    assert Flash(os, f"{tmp_path}/").load() is None


def test_a_pairing_that_declares_nothing_is_none(tmp_path):
    """R67: there is no default."""
    (tmp_path / "pairing.bin").write_bytes(bytes(36))
    assert Flash(os, f"{tmp_path}/").load() is None


def test_a_pairing_that_neither_permits_nor_forbids_is_none(tmp_path):
    flash = Flash(os, f"{tmp_path}/")
    flash.save((KEY, wire.FAIL_SAFE, 7000, 2))
    assert flash.load() is None


def test_a_save_that_breaks_off_leaves_the_old_pairing(tmp_path):
    Flash(os, f"{tmp_path}/").save(KEPT)

    def fails(*names):
        raise OSError(28, "no space")

    with pytest.raises(OSError, match="no space"):
        Flash(SimpleNamespace(rename=fails), f"{tmp_path}/").save((KEY, wire.FAIL_SAFE, 1000, 0))
    assert Flash(os, f"{tmp_path}/").load() == KEPT


@pytest.mark.parametrize(
    ("cause", "reason"), [(1, wire.BOOT_POWER), (3, wire.BOOT_WATCHDOG), (9, wire.BOOT_UNKNOWN)]
)
def test_the_board_says_why_it_started(cause, reason):
    assert boot_reason(Chip(cause)) == reason

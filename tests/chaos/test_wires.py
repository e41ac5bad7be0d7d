"""Real lines cut and hosts killed: the shipped reader and controller drivers on pseudo terminals, the controller's firmware
behind one, and the real service between them. The way out is free at every moment, the host dead or alive (R65, R66).
"""

from __future__ import annotations

import io
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager, redirect_stdout

import pytest

from firmware_bridge.mcu_sim.pty_device import SimulatedController
from gate.commands.door import door_pair
from gate.commands.reader import reader_pair
from gate.demo.doors.wires import CARD, move_in, wires
from gate.settings import PROJECT
from tests.canary_gate import until

pytestmark = [pytest.mark.slow, pytest.mark.alone]

EXIT_S = 10.0
CARD_S = 90.0
AGAIN_S = 2.0
SEEDS = 1


class Wired:
    """``gate run`` between two lines, with hands at both of their far ends."""

    def __init__(self, there, folder):
        self.reader, self.box, self.config = there.reader, there.box, there.config
        self.database = folder / "data" / "gate.sqlite3"
        self.log = (folder / "log").open("ab")
        self.held = 0
        self.start()

    def start(self):
        command = [sys.executable, "-m", "gate.cli", "run", "--config", self.config]
        environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=environment)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def opens_by_card(self, hand):
        """Hold the card there until the lock is free, and wait until it holds again."""
        due = time.monotonic() + CARD_S
        while self.box.locked:
            assert time.monotonic() < due, f"no card opened within {CARD_S:g} s"
            self.held += 1
            hand(CARD)
            again = time.monotonic() + AGAIN_S
            while self.box.locked and time.monotonic() < again:
                time.sleep(0.005)
        until(lambda: self.box.locked, "the lock to hold")

    def exit_is_free(self):
        """Press the button inside, whatever the host does, and light a fire: the lock is free, by the controller alone."""
        until(lambda: self.box.locked, "the lock to hold", EXIT_S)
        until(self._pressed, "the exit button to free the lock", EXIT_S)
        until(lambda: self.box.locked, "the exit to be over", EXIT_S)
        self.box.fire(True)
        until(lambda: not self.box.locked, "the fire to free the lock", EXIT_S)
        self.box.fire(False)
        until(lambda: self.box.locked, "the fire to be over", EXIT_S)

    def _pressed(self):
        """Press the exit button as a person does who finds the door shut: again. A board that was reset takes a moment."""
        if self.box.locked:
            self.box.press_exit()
            time.sleep(0.2)
        return not self.box.locked

    def granted(self):
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            return database.execute("SELECT count(*) FROM decisions WHERE granted").fetchone()[0]


@contextmanager
def host_killed(gate):
    gate.held += 1
    gate.box.present(CARD)  # it dies with a card on its way
    gate.kill()
    yield
    gate.start()


@contextmanager
def host_hung(gate):
    gate.process.send_signal(signal.SIGSTOP)
    yield
    gate.process.send_signal(signal.SIGCONT)


@contextmanager
def controllers_line_silent(gate):
    gate.box.hush(True)
    yield
    gate.box.hush(False)


@contextmanager
def controllers_cable_pulled(gate):
    gate.box.pull()
    yield
    gate.box.plug()


@contextmanager
def controller_reset(gate):
    gate.box.reset()
    yield


@contextmanager
def readers_line_cut(gate):
    gate.reader.cut()
    yield
    gate.reader.mend()


FAULTS = (
    host_killed,
    host_hung,
    controllers_line_silent,
    controllers_cable_pulled,
    controller_reset,
    readers_line_cut,
)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_r65_r66_exit_and_fire_free_the_door_through_every_cut_and_cards_come_back(tmp_path, seed):
    chance = random.Random(seed)
    with wires(tmp_path, controller=SimulatedController) as there:
        move_in(there.settings)
        there.box.pair_button()
        with redirect_stdout(io.StringIO()):
            reader_pair(there.config)
            door_pair(there.config)
        gate = Wired(there, tmp_path)
        try:
            gate.opens_by_card(there.box.present)
            for fault in chance.sample(FAULTS, len(FAULTS)):
                with fault(gate):
                    gate.exit_is_free()
                gate.opens_by_card(there.box.present)
                gate.opens_by_card(there.reader.present)
            assert 1 <= gate.granted() <= gate.held
        finally:
            gate.kill()
            gate.log.close()

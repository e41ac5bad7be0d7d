"""What the gate tells the system that keeps it: a real datagram socket listens, and the real service speaks."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gate.manager import Manager, manager_of, state_words

EXAMPLE = Path(__file__).parent.parent / "deploy" / "gate.example.toml"
PATIENCE_S = 60.0
PERIOD_S = 1.0
HANGS = """
import signal, threading
signal.signal(signal.SIGUSR1, lambda *_: threading.Event().wait())
"""


class Listening:
    """systemd's end of the socket."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)

    def next(self, patience_s=PATIENCE_S):
        """Give the next message, None when none comes in time."""
        self.socket.settimeout(patience_s)
        try:
            return self.socket.recv(4096).decode()
        except TimeoutError:
            return None

    def until(self, begins, patience_s=PATIENCE_S):
        """Give the first message that begins so."""
        due = time.monotonic() + patience_s
        while (left := due - time.monotonic()) > 0:
            told = self.next(left)
            if told is not None and told.startswith(begins):
                return told
        return None

    def waiting(self):
        """Give what came already."""
        self.socket.setblocking(False)
        told = []
        try:
            while True:
                told.append(self.socket.recv(4096).decode())
        except BlockingIOError:
            return told


@pytest.fixture
def system(tmp_path):
    listening = Listening(tmp_path / "notify")
    yield listening
    listening.socket.close()


@pytest.fixture
def made():
    """Make managers, each closed at the end."""
    kept = []

    def make(manager):
        kept.append(manager)
        return manager

    yield make
    for manager in kept:
        manager.stopping()


def test_the_first_turn_of_the_door_says_that_the_gate_serves_and_no_later_one(system, made):
    manager = made(Manager(system.path))
    assert system.waiting() == []
    for now in (0.0, 0.05, 100.0):
        manager.turned(now)
    assert system.waiting() == ["READY=1"]


def test_the_loop_says_that_it_lives_four_times_a_period(system, made):
    manager = made(Manager(system.path, watchdog_s=8.0))
    for step in range(161):  # eight seconds of turns
        manager.turned(1000.0 + step * 0.05)
    assert system.waiting() == ["READY=1"] + ["WATCHDOG=1"] * 5


def test_what_the_system_did_not_take_is_said_at_the_next_turn(tmp_path, made):
    manager = made(Manager(str(tmp_path / "notify"), watchdog_s=8.0))
    manager.turned(0.0)
    system = Listening(tmp_path / "notify")
    manager.turned(0.05)
    assert system.waiting() == ["READY=1", "WATCHDOG=1"]
    system.socket.close()


def test_a_system_that_takes_nothing_costs_the_door_no_time(system, made):
    manager = made(Manager(system.path, watchdog_s=0.001))
    for turn in range(5000):  # a full buffer would hold a waiting sender for good
        manager.turned(float(turn))
    assert len(system.waiting()) < 5000


def test_a_state_is_said_once_and_on_one_line(system, made):
    manager = made(Manager(system.path))
    for words in ("Face is offered.", "Face is offered.", "A\nREADY=1 b"):
        manager.say(words)
    assert system.waiting() == ["STATUS=Face is offered.", "STATUS=A READY=1 b"]


def test_an_abstract_address_is_reached(made):
    name = f"gate-test-{os.getpid()}"
    listening = Listening(f"\0{name}")
    made(Manager(f"@{name}")).turned(0.0)
    assert listening.waiting() == ["READY=1"]
    listening.socket.close()


def test_no_child_can_speak_for_the_door(system, made):
    environment = {
        "NOTIFY_SOCKET": system.path,
        "WATCHDOG_USEC": "8000000",
        "WATCHDOG_PID": str(os.getpid()),
        "A": "b",
    }
    made(manager_of(environment)).turned(0.0)
    assert environment == {"A": "b"}
    assert system.waiting() == ["READY=1", "WATCHDOG=1"]


@pytest.mark.parametrize(
    "odd",
    [
        {"WATCHDOG_PID": "1"},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "-1"},
        {"WATCHDOG_USEC": "²"},
        {"WATCHDOG_USEC": ""},
    ],
)
def test_a_watchdog_that_is_not_ours_or_no_number_is_not_fed(system, odd, made):
    environment = {"NOTIFY_SOCKET": system.path, "WATCHDOG_USEC": "8000000"} | odd
    made(manager_of(environment)).turned(0.0)
    assert system.waiting() == ["READY=1"]


@pytest.mark.parametrize("address", [{}, {"NOTIFY_SOCKET": "vsock:2:1234"}, {"NOTIFY_SOCKET": ""}])
def test_without_an_address_nobody_is_told(address, made):
    manager = made(manager_of(dict(address)))
    manager.turned(0.0)
    manager.say("a")
    manager.stopping()


def test_the_state_names_what_does_not_answer_and_why_there_is_no_face():
    assert state_words(reader=True, door=True, face_off=[]).endswith("Face is offered.")
    told = state_words(reader=False, door=False, face_off=["The screen is dark."])
    assert (
        told
        == "The card reader does not answer. The door does not answer. Face is not offered: The screen is dark."
    )


@pytest.fixture
def kept(system, tmp_path):
    """The real service under a system of the test's own, with a period of one second; SIGUSR1 hangs its loop."""
    (tmp_path / "sitecustomize.py").write_text(HANGS)
    text = (
        EXAMPLE.read_text()
        .replace("port = 8443", "port = 0")
        .replace("screen_port = 8080", "screen_port = 0")
    )
    text += f'\n[storage]\ndata_dir = "{tmp_path}/data"\nkeys_dir = "{tmp_path}/keys"\n'
    (tmp_path / "gate.toml").write_text(text)
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gate.cli", "run", "--config", tmp_path / "gate.toml"],
            env={
                **os.environ,
                "NOTIFY_SOCKET": system.path,
                "WATCHDOG_USEC": str(int(PERIOD_S * 1e6)),
                "PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}",
            },
            stdout=log,
            stderr=log,
        )
    yield process
    process.kill()
    process.wait()


def test_the_service_serves_lives_says_how_it_is_and_ends(system, kept):
    assert system.next() == "READY=1"
    heard = [system.next() for _ in range(6)]
    assert heard.count("WATCHDOG=1") >= 4
    told = next((each for each in heard if each.startswith("STATUS=")), None) or system.until("STATUS=")
    assert (
        told
        == "STATUS=The card reader answers. The door answers. Face is not offered: Face is switched off in the settings."
    )
    kept.send_signal(signal.SIGTERM)
    assert system.until("STOPPING=1") is not None
    assert kept.wait(PATIENCE_S) == 0


def test_a_loop_that_hangs_falls_silent_whatever_else_of_it_still_runs(system, kept):
    assert system.until("WATCHDOG=1") is not None
    kept.send_signal(signal.SIGUSR1)
    system.until("never", PERIOD_S / 2)  # what was said before it hung
    assert system.until("WATCHDOG=1", 2 * PERIOD_S) is None
    assert kept.poll() is None

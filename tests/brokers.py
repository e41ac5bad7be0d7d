"""Real brokers for the tests: mosquitto where it is installed, and the one that ships with the gate."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from gate.publish.embedded import embedded_broker
from gate.publish.link import BrokerSettings

HOST = "127.0.0.1"
USER = "north"
PASSWORD = "correct horse battery staple"
END_S = 60.0
"""How long a broker may take to end."""
_MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def require_mosquitto() -> None:
    if _MOSQUITTO is None:
        if os.environ.get("CI") == "true":
            pytest.fail("mosquitto is missing: CI must run these tests")
        pytest.skip("mosquitto is not installed (Debian: apt-get install mosquitto)")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def write_passwords(directory: Path, **users: str) -> Path:
    require_mosquitto()
    path = directory / "passwords"
    for name, password in users.items():
        made = ["-c"] if not path.exists() else []
        subprocess.run(
            ["mosquitto_passwd", *made, "-b", path, name, password], check=True, capture_output=True
        )
    return path


class Mosquitto:
    """One mosquitto with a configuration of the test's own; can be killed and started again on the same port."""

    def __init__(self, directory: Path, config: str) -> None:
        require_mosquitto()
        self._config = directory / "mosquitto.conf"
        # Started by root it would drop to a user of its own, who cannot read the test's files.
        self._config.write_text(f"{config}\nuser {getpass.getuser()}\nlog_dest stderr\n", encoding="utf-8")

    def start(self) -> None:
        self._process = subprocess.Popen(
            [_MOSQUITTO, "-c", self._config], stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
        )
        for line in self._process.stderr:  # its own word that it listens, so nothing has to poll or sleep
            if "running" in line:
                break
        else:
            pytest.fail("mosquitto did not start")
        self._told: list[str] = []
        # Read on: with its pipe full, it would answer nobody.
        self._reading = threading.Thread(target=self._told.extend, args=(self._process.stderr,), daemon=True)
        self._reading.start()

    def freeze(self) -> None:
        """Leave the sockets open and answer nothing, as a broker that hangs does."""
        self._process.send_signal(signal.SIGSTOP)

    def end(self) -> None:
        """Shut it down in good order: it writes down what it holds."""
        self._process.terminate()
        self._is_over()

    def stop(self) -> None:
        self._process.kill()
        self._is_over()

    def _is_over(self) -> None:
        self._process.wait(END_S)
        self._reading.join()
        self._process.stderr.close()
        self.said = "".join(self._told)


@contextmanager
def running(mosquitto: Mosquitto) -> Iterator[Mosquitto]:
    mosquitto.start()
    try:
        yield mosquitto
    finally:
        mosquitto.stop()


def mosquitto_on(directory: Path, port: int, *, extra: str = "") -> Mosquitto:
    """A mosquitto on loopback that knows USER. No persistence: a restart forgets what it had."""
    passwords = write_passwords(directory, **{USER: PASSWORD})
    return Mosquitto(
        directory,
        f"listener {port} {HOST}\nallow_anonymous false\npassword_file {passwords}\n"
        f"max_queued_messages 100000\n{extra}",
    )


@contextmanager
def mosquitto_broker(directory: Path) -> Iterator[BrokerSettings]:
    port = free_port()
    with running(mosquitto_on(directory, port)):
        yield BrokerSettings(HOST, port, username=USER, password=PASSWORD)


@contextmanager
def _embedded(_directory: Path) -> Iterator[BrokerSettings]:
    with embedded_broker() as settings:
        yield settings


BROKERS: dict[str, Callable[[Path], AbstractContextManager[BrokerSettings]]] = {
    "embedded": _embedded,
    "mosquitto": mosquitto_broker,
}

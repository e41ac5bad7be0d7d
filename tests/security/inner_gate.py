"""What runs in the inner network: a whole gate that serves, or, to see that the listener hears, calls that no gate makes.

python -m tests.security.inner_gate (gate FOLDER | calls)
"""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

from tests.security.two_networks import BROKER_PORT, OUTER, enter_inner

PATIENCE_S = 60
SCREEN_PORT, PAGES_PORT = 8080, 8443
LISTENED_S = 20
"""ONNX Runtime that may report looks its maker up within so long after a network was loaded."""
LOADS = f"""
import time
from gate.settings import PROJECT
from gate.vision.manifest import manifest_for
from gate.vision.sessions import open_session

kept = open_session(manifest_for(PROJECT / "models", "detect"), PROJECT / "models")
time.sleep({LISTENED_S})
"""
"""What gate models, gate evaluate and gate bench do, outside the vision child's confinement."""
SILENCED_BY = ("CI", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS")
"""What keeps ONNX Runtime quiet by itself: under it this would hear nothing of a gate that lets it report."""


def until(holds) -> None:
    """Wait until *holds* is true; TimeoutError otherwise."""
    due = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > due:
            raise TimeoutError(holds.__name__)
        time.sleep(0.05)


def serve(folder: Path) -> None:
    """Run the gate of *folder*: its pages answer, its vision process is ready, its broker hears it, and a card opens."""
    said = folder / "said"
    environment = {name: value for name, value in os.environ.items() if name not in SILENCED_BY}
    environment |= {"HOME": str(folder), "CREDENTIALS_DIRECTORY": str(folder / "credentials")}
    loading = subprocess.Popen([sys.executable, "-c", LOADS], env=environment)
    with said.open("w") as file:
        gate = subprocess.Popen(
            [sys.executable, "-m", "gate.cli", "run", "--config", folder / "gate.toml"],
            stdout=file,
            stderr=file,
            env=environment,
        )

    def answers() -> bool:
        with suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{SCREEN_PORT}/static/icon.svg", timeout=2).close()
            return True
        return False

    try:
        until(answers)
        until(lambda: "broker_up" in said.read_text() and "vision_ready" in said.read_text())
        form = urllib.request.Request(f"http://127.0.0.1:{SCREEN_PORT}/sim/card", data=b"value=40451")
        with suppress(urllib.error.HTTPError):
            urllib.request.urlopen(form, timeout=10).close()
        until(lambda: "attempt" in said.read_text())
        look_in(folder, environment)
        assert loading.wait(PATIENCE_S) == 0
    finally:
        loading.kill()
        gate.terminate()
        gate.wait(20)
        print(said.read_text())


def look_in(folder: Path, environment: dict[str, str]) -> None:
    """Do what staff do besides: open the pages over TLS, have the gate check itself, and ask its doctor."""
    authority_unknown = ssl._create_unverified_context()  # only what leaves is asked here, not who answers
    for page in ("/staff/sign-in", "/notice", "/trust"):
        with suppress(urllib.error.HTTPError):
            urllib.request.urlopen(
                f"https://127.0.0.1:{PAGES_PORT}{page}", context=authority_unknown, timeout=10
            ).close()
    for command in ("check", "doctor"):
        done = subprocess.run(
            [sys.executable, "-m", "gate.cli", command, "--config", folder / "gate.toml"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        print(f"{command}: {len(done.stdout.splitlines())} lines")


def call() -> None:
    """Do what a careless library would: look a name up, send a report, call home over TCP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as packet:
        packet.sendto(b"who is", ("192.0.2.53", 53))
    with socket.socket() as connection, suppress(OSError):
        connection.settimeout(0.3)
        connection.connect(("198.51.100.7", 443))
    with socket.socket() as connection, suppress(OSError):
        connection.settimeout(0.3)
        connection.connect((OUTER, BROKER_PORT))


if __name__ == "__main__":
    print("in", flush=True)
    enter_inner()
    if sys.argv[1] == "gate":
        serve(Path(sys.argv[2]))
    else:
        call()

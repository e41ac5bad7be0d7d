"""A whole gate as processes of its own, prepared as an operator would and then reached only from outside."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from gate.settings import PROJECT

PATIENCE_S = 30.0
LOOK_S = 0.02
PROGRAM = (sys.executable, "-m", "gate.cli")
GATE_ID = "east-gate"
_SETTINGS = """
[site]
gate_id = "{gate}"
controller = "Lakeside Homes"
contact = "+86 10 5555 0100"
officer = "privacy@lakeside.example"
time_zone = "Asia/Shanghai"
[camera]
driver = "simulated"
[reader]
driver = "simulated"
[door]
driver = "simulated"
declared = "fail-secure"
release_s = 3.0
[face]
enabled = true
[face.under_14]
enabled = true
[web]
port = {port}
screen_port = {screen_port}
public_url = "https://localhost:{port}"
[storage]
data_dir = "{folder}/data"
keys_dir = "{folder}/keys"
[backup]
folder = "{folder}/backups"
"""


def until(holds: Callable[[], object], what: str, patience: float = PATIENCE_S):
    """Wait until *holds* gives something true, and give that; AssertionError names *what* was waited for."""
    due = time.monotonic() + patience
    while not (found := holds()):
        assert time.monotonic() < due, f"waited {patience:g} s for {what}"
        time.sleep(LOOK_S)
    return found


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@dataclass(slots=True)
class House:
    """The folders of one gate, its command line, and its process while it serves."""

    folder: Path
    port: int = 0
    screen_port: int = 0
    settled: Any = None
    """What was prepared there, by tests.pages.settled."""
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Lay out the folders and write the settings."""
        self.port, self.screen_port = _free_ports(2)
        for name in ("home", "temporary", "backups"):
            (self.folder / name).mkdir(mode=0o700)
        values = {"folder": self.folder, "port": self.port, "screen_port": self.screen_port}
        self.config.write_text(_SETTINGS.format(gate=GATE_ID, **values))

    @property
    def config(self) -> Path:
        """Give the settings file."""
        return self.folder / "gate.toml"

    @property
    def url(self) -> str:
        """Give the origin of the pages; a passkey needs a name, not an address."""
        return f"https://localhost:{self.port}"

    @property
    def screen_url(self) -> str:
        """Give the origin of the gate's own screen."""
        return f"http://127.0.0.1:{self.screen_port}"

    @property
    def said(self) -> str:
        """Give all that the gate said so far."""
        return (self.folder / "said").read_text()

    def command(self, *arguments: str, typed: str = "", configured: bool = True) -> str:
        """Run one command of the gate to its end, beside the gate; give what it printed."""
        config = ["--config", str(self.config)] if configured else []
        done = subprocess.run(
            [*PROGRAM, *arguments, *config],
            input=typed,
            text=True,
            capture_output=True,
            timeout=PATIENCE_S,
            env=self._environment(),
            cwd=self.folder,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout

    def start(self) -> None:
        """Start to serve; returns when the pages answer."""
        with (self.folder / "said").open("a") as said:
            self._process = subprocess.Popen(
                [*PROGRAM, "run", "--config", str(self.config)],
                stdout=said,
                stderr=said,
                env=self._environment(),
                cwd=self.folder,
            )
        until(self._answers, "the pages to answer")

    def stop(self) -> None:
        """End it in good order; a second time is fine."""
        if self._process is not None:
            self._process.terminate()
            assert self._process.wait(PATIENCE_S) == 0, self.said
            self._process = None

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(PATIENCE_S)
        self._process = None

    def authority(self) -> bytes:
        """Give the certificate of the gate's own authority, as anybody can fetch it."""
        answer = httpx.get(f"{self.url}/trust/ca.crt", verify=False)
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.content

    def simulate(self, device: str, **values: object) -> None:
        """Do something to a simulated device: card value=, keys keys=, scene name=, deed name=, code text=."""
        answer = httpx.post(f"{self.screen_url}/sim/{device}", data={k: str(v) for k, v in values.items()})
        assert answer.status_code == httpx.codes.SEE_OTHER, answer.text

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.said
        try:
            for url in (self.url, self.screen_url):
                httpx.get(f"{url}/static/icon.svg", verify=False, timeout=2).raise_for_status()
        except httpx.HTTPError:
            return False
        return True

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "temporary"),
            "PYTHONPATH": str(PROJECT),
            "PYTHONUTF8": "1",
        }

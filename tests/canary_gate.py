"""A whole gate as its own processes, in folders of its own, with everything it says and sends kept for the search."""

from __future__ import annotations

import os
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import paho.mqtt.client as mqtt

from gate.settings import PROJECT

GATE_ID = "canary"
PATIENCE_S = 30.0
LOOK_S = 0.01
_ETH_P_ALL = 3
_OUTGOING = 4
_SO_RCVBUFFORCE = 33
_SETTINGS = """
[site]
gate_id = "{gate}"
controller = "Garden Compound Ltd"
contact = "+86 10 5555 0100"
[camera]
{camera}
[reader]
driver = "simulated"
[door]
driver = "simulated"
release_s = 0.5
[face]
enabled = true
[web]
port = {port}
[storage]
data_dir = "{folder}/data"
keys_dir = "{folder}/keys"
[broker]
host = "127.0.0.1"
port = {broker_port}
{username}
"""


def until(holds: Callable[[], object], what: str, patience: float = PATIENCE_S):
    """Wait until *holds* gives something true, and give that; AssertionError names *what* was waited for."""
    due = time.monotonic() + patience
    while not (found := holds()):
        assert time.monotonic() < due, f"waited {patience:g} s for {what}"
        time.sleep(LOOK_S)
    return found


@contextmanager
def core_dumps_allowed() -> Iterator[None]:
    """Let every child write a core dump, so that only the product's own guard keeps it from doing so."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


class Site:
    """The folders of one gate. Everything in ``folder`` may have been written by it and is to be searched."""

    def __init__(self, folder: Path, broker, port: int) -> None:
        self.folder = folder
        self.port = port
        self._broker = broker
        self._said = 0
        names = ("temporary", "cwd", "home", "said", "exports", "backups", "captures", "credentials")
        for name in names:
            (folder / name).mkdir(mode=0o700)
        (folder / "credentials" / "broker-password").write_text(broker.password or "")
        self.config = folder / "gate.toml"
        self.use_camera('driver = "simulated"')
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "temporary"),
            "CREDENTIALS_DIRECTORY": str(folder / "credentials"),
            "PYTHONPATH": str(PROJECT),
            "PYTHONASYNCIODEBUG": "1",
            "PYTHONFAULTHANDLER": "1",
            "PYTHONUTF8": "1",
        }

    def use_camera(self, section: str) -> None:
        """Write the settings with another camera."""
        values = {"gate": GATE_ID, "folder": self.folder, "port": self.port, "broker_port": self._broker.port}
        login = f'username = "{self._broker.username}"' if self._broker.username else ""
        self.config.write_text(_SETTINGS.format(camera=section, username=login, **values))

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """Start ``gate`` with what it says in files."""
        self._said += 1
        said = self.folder / "said" / f"{self._said:02}-{arguments[0]}"
        with said.with_suffix(".out").open("w") as out, said.with_suffix(".err").open("w") as err:
            return subprocess.Popen(
                [sys.executable, "-m", "gate.cli", *map(str, arguments), "--config", str(self.config)],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                text=True,
                cwd=self.folder / "cwd",
                env=self.environment,
            )

    def command(self, *arguments: object, typed: str = "", code: int = 0) -> str:
        """Run ``gate`` to its end; give its standard output."""
        with self.start(*arguments) as process:
            said = self.said()
            process.communicate(typed, timeout=60)
        assert process.returncode == code, f"{arguments}: {said.with_suffix('.err').read_text()}"
        return said.with_suffix(".out").read_text()

    def said(self) -> Path:
        """Give the file, without its suffix, of what was started last."""
        return max((self.folder / "said").iterdir()).with_suffix("")

    def crash_while_asking(self, *arguments: object, asks: str) -> None:
        """Kill a command as a fault of its own would, once it *asks* with the store open."""
        with self.start(*arguments) as process:
            said = self.said().with_suffix(".err")
            until(lambda: asks in said.read_text(), f"{arguments} to ask")
            process.send_signal(signal.SIGABRT)
        assert process.returncode == -signal.SIGABRT


class Serving:
    """``gate run --debug`` at work, with a kiosk page that is kept visible."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.process = site.start("run", "--debug")
        self._log = site.said().with_suffix(".err")
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{site.port}", timeout=PATIENCE_S, trust_env=False)
        until(self._answers, "the pages")
        self.view = ""
        self._ends = threading.Event()
        self._page = threading.Thread(target=self._watch, daemon=True)
        self._page.start()

    def said(self) -> str:
        return self._log.read_text()

    def offers_face(self) -> bool:
        return 'class="headline good"' in self.http.get("/").text

    def post(self, path: str, **form: object) -> httpx.Response:
        answer = self.http.post(path, data=form)
        assert answer.status_code in {200, 204, 303, 422}, f"{path}: {answer.status_code}"
        return answer

    def rests(self) -> None:
        until(lambda: 'action="/kiosk/start"' in self.view, "the gate to rest")

    def at_reader(self, path: str, **form: object) -> bool:
        """Hold a card or press keys; tell whether the door opened."""
        self.rests()
        self.post(path, **form)
        return self._result()

    def by_face(self, scene: str | None) -> bool:
        """Come as *scene*, choose face, and tell whether the door opened."""
        self.choose_face(scene)
        return self._result()

    def choose_face(self, scene: str | None) -> None:
        """Come as *scene*, read the notice, choose face; the camera looks when this returns."""
        until(self.offers_face, "face to be offered")
        self.rests()
        if scene is not None:
            self.post("/sim/scene", name=scene)
        self.post("/kiosk/start")
        notice = until(lambda: re.search(r'data-attempt="(\w+)" data-version="([\d.]+)"', self.view), "the notice")
        self.post("/kiosk/shown", attempt=notice[1], notice=notice[2], page=self.token)
        until(lambda: 'value="face"' in self.view, "the choice")
        self.post("/kiosk/choose", attempt=notice[1], method="face")
        until(lambda: 'value="face"' not in self.view, "the camera")

    def look_into_camera(self, scene: str | None) -> None:
        """Choose face as *scene*, and return once the camera said something of its frames."""
        self.choose_face(scene)
        first = _heading(self.view)
        until(lambda: _heading(self.view) != first, "a hint")

    def vision(self) -> int:
        """Give the process id of the vision child."""
        children = children_of(self.process.pid)
        return until(lambda: next((each for each in children if b"gate.vision.worker" in _argv(each)), 0), "vision")

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send the gate a signal; give how it ended."""
        self._ends.set()
        self.process.send_signal(number)
        self.process.stdin.close()
        code = self.process.wait(timeout=30)
        self._page.join(timeout=10)
        self.http.close()
        return code

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.said()
        with suppress(httpx.TransportError):
            return self.http.get("/").status_code == httpx.codes.OK
        return False

    def _watch(self) -> None:
        """Ask for the view again and again, as the kiosk's script does."""
        with (
            suppress(httpx.TransportError),
            httpx.Client(base_url=self.http.base_url, timeout=PATIENCE_S, trust_env=False) as client,
        ):
            page = client.get("/kiosk").text
            self.token = re.search(r'data-page="([\w-]+)"', page)[1]
            number = "-1"
            while not self._ends.is_set():
                news = client.get("/kiosk/view", params={"after": number, "page": self.token}).json()
                if news["html"] is not None:
                    self.view, number = news["html"], str(news["number"])

    def _result(self) -> bool:
        shown = until(lambda: re.match(r'\s*<section class="stage (granted|refused)', self.view), "the answer")
        return shown[1] == "granted"


def _heading(view: str) -> str:
    found = re.search(r"<h1[^>]*>([^<]*)", view)
    return found[1] if found else ""


def children_of(process: int) -> list[int]:
    """Give all descendants of a process."""
    found: list[int] = []
    for listed in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, listed.read_text().split()):
                found += [child, *children_of(child)]
    return found


def _argv(process: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""


class ProcessWatch:
    """Notes the arguments and the environment of every process below this one into a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ends.set()
        self._thread.join()

    def _watch(self) -> None:
        seen: set[bytes] = set()
        with self._file.open("wb") as file:
            while not self._ends.wait(0.1):
                for child in children_of(os.getpid()):
                    with suppress(OSError):
                        shown = _argv(child) + b"\n" + Path(f"/proc/{child}/environ").read_bytes()
                        if shown not in seen:
                            seen.add(shown)
                            file.write(shown + b"\n")


class Wire:
    """Records what crosses the loopback interface to and from some ports, one file a port. Needs CAP_NET_RAW."""

    def __init__(self, files: dict[int, Path]) -> None:
        self._files = {port: path.open("wb") for port, path in files.items()}
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 64 << 20)
        self._socket.bind(("lo", _ETH_P_ALL))
        self._socket.settimeout(0.2)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._record, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ends.set()
        self._thread.join()
        _, self.dropped = struct.unpack("II", self._socket.getsockopt(263, 6, 8))  # SOL_PACKET, PACKET_STATISTICS
        self._socket.close()
        for file in self._files.values():
            file.close()

    def _record(self) -> None:
        while not self._ends.is_set():
            with suppress(TimeoutError):
                packet, address = self._socket.recvfrom(1 << 17)
                if address[2] == _OUTGOING:
                    self._keep(packet)

    def _keep(self, packet: bytes) -> None:
        """Write the payload of one TCP segment over IPv4; each direction goes on where its last one ended."""
        header = (packet[0] & 15) * 4
        if packet[0] >> 4 != 4 or packet[9] != socket.IPPROTO_TCP:
            return
        source, target = struct.unpack_from("!HH", packet, header)
        file = self._files.get(source) or self._files.get(target)
        start = header + (packet[header + 12] >> 4) * 4
        if file is not None:
            file.write(packet[start:])


class Subscriber:
    """Writes every MQTT message of a broker into a file."""

    def __init__(self, broker, file: Path) -> None:
        self._file = file.open("wb")
        self.heard = 0
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.username_pw_set(broker.username, broker.password)
        self._client.on_message = self._keep
        self._subscribed = threading.Event()
        self._client.on_connect = lambda *_: self._client.subscribe("#", qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.connect(broker.host, broker.port)

    def __enter__(self):
        self._client.loop_start()
        assert self._subscribed.wait(10), "the broker lets nobody listen"
        return self

    def __exit__(self, *_):
        self._client.disconnect()
        self._client.loop_stop()
        self._file.close()

    def _keep(self, _client, _data, message) -> None:
        properties = str(message.properties.json()).encode()
        self._file.write(b"\n".join([message.topic.encode(), message.payload, properties, b""]))
        self.heard += 1


def may_capture() -> bool:
    """Tell whether this process may listen on the loopback interface."""
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0).close()
    except OSError:
        return False
    return True

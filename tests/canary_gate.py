"""A whole gate as its own processes, in folders of its own, with everything it says and sends kept for the search."""

from __future__ import annotations

import itertools
import os
import re
import resource
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import httpx

from gate.settings import PROJECT
from tests.canary_wires import argv_of, children_of

GATE_ID = "canary"
PATIENCE_S = 30.0
LOOK_S = 0.01
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
declared = "fail-secure"
release_s = 0.5
[face]
enabled = true
[web]
port = {port}
screen_port = {screen_port}
[storage]
data_dir = "{folder}/data"
keys_dir = "{folder}/keys"
[broker]
host = "{broker_host}"
port = {broker_port}
{broker_more}
"""


def until(holds: Callable[[], object], what: str, patience: float = PATIENCE_S, *, every_s: float = LOOK_S):
    """Wait until *holds* gives something true, and give that; AssertionError names *what* was waited for."""
    due = time.monotonic() + patience
    while not (found := holds()):
        assert time.monotonic() < due, f"waited {patience:g} s for {what}"
        time.sleep(every_s)
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


@dataclass(frozen=True, slots=True)
class Started:
    """One command of the gate at work. errors: the file of its standard error."""

    process: subprocess.Popen[str]
    errors: Path

    def ends_well(self, typed: str = "") -> None:
        """Type what it asks for and wait for its end."""
        self.process.communicate(typed, timeout=60)
        assert self.process.returncode == 0, f"{self.process.args[3:]}: {self.errors.read_text()}"


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the staff, with what they sign in with, and a program's token that they made."""

    login: str
    password: str
    secret: str
    codes: list[str]
    token: str

    @property
    def typed(self) -> tuple[str, ...]:
        """Give all that must be found nowhere."""
        return self.password, self.secret, self.token, *self.codes


class Site:
    """The folders of one gate. Everything in ``folder`` may have been written by it and is to be searched."""

    def __init__(self, folder: Path, broker, port: int, screen_port: int) -> None:
        self.folder = folder
        self.port, self.screen_port = port, screen_port
        self.staff: Colleague | None = None
        self._broker = broker
        self._numbers = itertools.count(1)
        self._started: list[subprocess.Popen[str]] = []
        self.at_end = ExitStack()
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
        broker = self._broker
        more = [f'username = "{broker.username}"'] if broker.username else []
        more += [f'ca_file = "{broker.tls.ca_file}"'] if broker.tls else []
        ports = {"port": self.port, "screen_port": self.screen_port, "broker_port": broker.port}
        values = {"gate": GATE_ID, "folder": self.folder, "broker_host": broker.host, **ports}
        self.config.write_text(_SETTINGS.format(camera=section, broker_more="\n".join(more), **values))

    def start(self, *arguments: object, configured: bool = True) -> Started:
        """Start ``gate`` with what it says in files; not *configured*: a command that works without a gate."""
        config = ["--config", str(self.config)] if configured else []
        said = self.folder / "said" / f"{next(self._numbers):02}-{arguments[0]}"
        with said.with_suffix(".out").open("w") as out, said.with_suffix(".err").open("w") as err:
            process = subprocess.Popen(
                [sys.executable, "-m", "gate.cli", *map(str, arguments), *config],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                text=True,
                cwd=self.folder / "cwd",
                env=self.environment,
            )
        self._started.append(process)
        return Started(process, said.with_suffix(".err"))

    def command(self, *arguments: object, typed: str = "", configured: bool = True) -> None:
        """Run ``gate`` to its end; it must say that all is well."""
        self.start(*arguments, configured=configured).ends_well(typed)

    def crash_while_asking(self, *arguments: object, asks: str) -> None:
        """Kill a command as a fault of its own would, once it *asks* with the store open."""
        command = self.start(*arguments)
        until(lambda: asks in command.errors.read_text(), f"{arguments} to ask")
        command.process.send_signal(signal.SIGABRT)
        assert command.process.wait(timeout=PATIENCE_S) == -signal.SIGABRT

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.at_end.close()
        for process in self._started:
            process.kill()
            process.wait()
            process.stdin.close()


class Serving:
    """``gate run --debug`` at work, with a kiosk page that is kept visible."""

    start_patience_s = PATIENCE_S
    connects_again = 0

    def __init__(self, site: Site) -> None:
        self.site = site
        started = site.start("run", "--debug")
        self.process, self._log = started.process, started.errors
        plain = f"http://127.0.0.1:{site.screen_port}"
        self.screen = httpx.Client(base_url=plain, timeout=PATIENCE_S, trust_env=False)
        site.at_end.callback(self.screen.close)
        until(self._answers, "the pages", self.start_patience_s)
        self.http = httpx.Client(
            base_url=f"https://127.0.0.1:{site.port}",
            transport=httpx.HTTPTransport(verify=_trusting(site.port), retries=self.connects_again),
            timeout=PATIENCE_S,
            trust_env=False,
        )
        site.at_end.callback(self.http.close)
        self.view = ""
        self._ends = threading.Event()
        self._page = threading.Thread(target=self._watch, daemon=True)
        self._page.start()

    def said(self) -> str:
        return self._log.read_text()

    def offers_face(self) -> bool:
        assert self.site.staff is not None
        answer = self.http.get("/api/v1/status", headers={"authorization": f"Bearer {self.site.staff.token}"})
        assert answer.status_code == HTTPStatus.OK, answer.status_code  # a clock that leapt ages the token
        return answer.json()["face_offered"]

    def sign_in(self) -> str:
        """Sign a manager in, with a recovery code; give the token of their forms."""
        staff = self.site.staff
        assert staff is not None
        self.post("/staff/sign-in", login=staff.login, password=staff.password, code=staff.codes.pop())
        return self.form_of("/staff/desk")

    def form_of(self, path: str) -> str:
        """Give the token that the forms of a page carry."""
        page = self.http.get(path)
        found = re.search(r'name="token" value="([\w-]+)"', page.text)
        assert found, f"{path}: {page.status_code}"
        return found[1]

    def post(self, path: str, **form: object) -> httpx.Response:
        client = self.screen if path.startswith(("/kiosk", "/sim")) else self.http
        answer = client.post(path, data=form)
        assert answer.status_code in {200, 204, 303, 422}, f"{path}: {answer.status_code}"
        return answer

    def rests(self) -> None:
        until(lambda: 'action="/kiosk/start"' in self.view, "the gate to rest")

    def at_reader(self, path: str, **form: object) -> bool:
        """Hold a card or press keys; tell whether the door opened."""
        before = len(self._attempts())
        self.post(path, **form)
        return self._result(before)

    def by_face(self, scene: str | None) -> bool:
        """Come as *scene*, choose face, and tell whether the door opened."""
        before = len(self._attempts())
        self.choose_face(scene)
        return self._result(before)

    def choose_face(self, scene: str | None) -> None:
        """Come as *scene*, read the notice, choose face; the camera looks when this returns."""
        until(self.offers_face, "face to be offered")
        self.rests()
        if scene is not None:
            self.post("/sim/scene", name=scene)
        self.post("/kiosk/start")
        notice = until(
            lambda: re.search(r'data-attempt="(\w+)" data-version="([\d.]+)"', self.view), "the notice"
        )
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

        def look() -> int:
            children = children_of(self.process.pid)
            return next((each for each in children if b"gate.vision.child" in argv_of(each)), 0)

        return until(look, "vision")

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send the gate a signal; give how it ended."""
        self._ends.set()
        self.process.send_signal(number)
        self.process.stdin.close()
        code = self.process.wait(timeout=30)
        self._page.join(timeout=10)
        self.http.close()
        self.screen.close()
        return code

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.said()
        with suppress(httpx.TransportError):
            return self.screen.get("/kiosk").status_code == httpx.codes.OK
        return False

    def _watch(self) -> None:
        """Ask for the view again and again, as the kiosk's script does."""
        with (
            suppress(httpx.TransportError),
            httpx.Client(base_url=self.screen.base_url, timeout=PATIENCE_S, trust_env=False) as client,
        ):
            page = client.get("/kiosk").text
            self.token = re.search(r'data-page="([\w-]+)"', page)[1]
            number = "-1"
            while not self._ends.is_set():
                news = client.get("/kiosk/view", params={"after": number, "page": self.token}).json()
                if news["html"] is not None:
                    self.view, number = news["html"], str(news["number"])

    def _attempts(self) -> list[str]:
        return re.findall(r"event=attempt method=\w+ granted=(\w+)", self.said())

    def _result(self, before: int) -> bool:
        return until(lambda: self._attempts()[before:], "the answer")[-1] == "true"


def _trusting(port: int) -> ssl.SSLContext:
    """Give what trusts the authority that the gate itself gives out, as somebody does who compared its fingerprint."""
    authority = httpx.get(f"https://127.0.0.1:{port}/trust/ca.crt", verify=False, timeout=PATIENCE_S)
    return ssl.create_default_context(cadata=authority.text)


def _heading(view: str) -> str:
    found = re.search(r"<h1[^>]*>([^<]*)", view)
    return found[1] if found else ""

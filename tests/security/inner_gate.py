"""What runs in the inner network: a whole gate that serves, or, to see that the listener hears, calls that no gate makes.

python -m tests.security.inner_gate (gate FOLDER | calls)
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

from gate.publish.link import BrokerSettings, TlsSettings
from tests.brokers import PASSWORD, USER
from tests.canary_gate import Serving, Site, until
from tests.chaos.base import CARD, TRIES, UNIT, enrol, move_in
from tests.security.two_networks import BROKER_PORT, OUTER, enter_inner

PATIENCE_S = 60
SCREEN_PORT, PAGES_PORT = 8080, 8443
FEW, MANY = 3, 10
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


def live(folder: Path) -> None:
    """Be a gate with its people: moved in, enrolled, opened to by card and by face, asked by a manager, backed up."""
    broker = BrokerSettings(OUTER, BROKER_PORT, USER, PASSWORD, TlsSettings(folder / "ca.crt"))
    (folder / "gate").mkdir()
    with Site(folder / "gate", broker, PAGES_PORT, SCREEN_PORT) as site:
        assert not set(SILENCED_BY) & set(site.environment)
        loading = subprocess.Popen([sys.executable, "-c", LOADS], env=site.environment)
        try:
            move_in(site)
            gate = Serving(site)
            until(lambda: "broker_up" in gate.said(), "the broker")
            enrol(gate, UNIT, "resident")
            assert any(gate.by_face("resident") for _ in range(TRIES)), "no visit by face opened"
            assert gate.at_reader("/sim/card", value=CARD), "no card opened"
            look_round(gate)
            site.command("backup", "make", site.folder / "backups")
            for command in ("check", "doctor"):
                looked = site.start(command)
                looked.process.communicate(
                    timeout=PATIENCE_S
                )  # either may find that a gate at a desk lacks something
                assert len(looked.errors.with_suffix(".out").read_text().splitlines()) > FEW, command
            assert loading.wait(PATIENCE_S) == 0
            assert gate.end() == 0
        finally:
            loading.kill()
    print("lived")


def look_round(gate: Serving) -> None:
    """Open every page that a manager is led to, and those for everybody."""
    gate.sign_in()
    overview = gate.http.get("/staff").text
    pages = {*re.findall(r'href="(/[\w/-]*)"', overview), "/notice", "/trust"}
    answers = {page: gate.http.get(page).status_code for page in sorted(pages)}
    assert sum(code == HTTPStatus.OK for code in answers.values()) > MANY, answers


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
        live(Path(sys.argv[2]))
    else:
        call()

"""R41: a gate at work opens connections to its broker and to nothing else; every packet that leaves it is heard."""

from __future__ import annotations

import getpass
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from gate.app import open_store
from gate.demo.operator import prepare_site
from gate.office.authority import make_authority, make_pages_certificate
from gate.settings import PROJECT, read_settings
from tests.brokers import require_mosquitto, write_passwords
from tests.security.inner_gate import SCREEN_PORT
from tests.security.two_networks import BROKER_PORT, OUTER
from tests.served import pem_of

PYTHON = (sys.executable, "-m")
CARD, WORD = 40451, "a word of the broker's"
SETTINGS = """
[site]
gate_id = "north"
controller = "Garden Compound Ltd"
contact = "+86 10 5555 0100"
[camera]
driver = "simulated"
[reader]
driver = "simulated"
[door]
driver = "simulated"
declared = "fail-secure"
[face]
enabled = true
[broker]
host = "{outer}"
port = {port}
username = "north"
ca_file = "{folder}/ca.crt"
[web]
port = 8443
screen_port = {screen_port}
[storage]
data_dir = "{folder}/data"
keys_dir = "{folder}/keys"
"""
MOSQUITTO = """
listener {port} {outer}
cafile {folder}/ca.crt
certfile {folder}/broker.crt
keyfile {folder}/broker.key
allow_anonymous false
password_file {folder}/passwords
user {user}
"""


@pytest.fixture(scope="module")
def outer():
    """Give the command that begins a network of its own; without the right to make one, the test says it is skipped."""
    if shutil.which("unshare") is None or (shutil.which("ip") or shutil.which("ip", path="/sbin")) is None:
        pytest.skip("unshare or ip is not installed (Debian: util-linux, iproute2)")
    for more in ((), ("--map-root-user",)):
        command = ["unshare", "--net", *more]
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            return command
    return pytest.skip("this user may not make a network namespace: run as root, or allow user namespaces")


def heard(outer, folder, *inside):
    """Run the inner program; give what it said and what was heard of it: protocol, address, port, how many packets."""
    done = subprocess.run(
        [
            *outer,
            *PYTHON,
            "tests.security.two_networks",
            folder,
            *PYTHON,
            "tests.security.inner_gate",
            *inside,
        ],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["ended"] == 0, told["said"] + done.stderr
    return told["said"], {tuple(each) for each in told["heard"]}


def test_the_listener_hears_names_looked_up_and_calls_to_anywhere(outer, tmp_path):
    _, packets = heard(outer, tmp_path, "calls")
    assert {each[:3] for each in packets} == {
        ("udp", "192.0.2.53", 53),
        ("tcp", "198.51.100.7", 443),
        ("tcp", OUTER, BROKER_PORT),
    }


def settle(folder):
    """Lay out a gate with one resident, and its broker with a certificate for its address."""
    require_mosquitto()
    at = datetime.now(UTC)
    authority = make_authority("site", [OUTER], at)
    broker = make_pages_certificate(authority, [OUTER], at)
    key = load_der_private_key(broker.key, None)
    (folder / "ca.crt").write_bytes(pem_of(authority.certificate))
    (folder / "broker.crt").write_bytes(pem_of(broker.certificate))
    (folder / "broker.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    write_passwords(folder, north=WORD)
    values = {"folder": folder, "outer": OUTER, "port": BROKER_PORT, "screen_port": SCREEN_PORT}
    (folder / "mosquitto.conf").write_text(MOSQUITTO.format(user=getpass.getuser(), **values))
    (folder / "gate.toml").write_text(SETTINGS.format(**values))
    (folder / "credentials").mkdir()
    (folder / "credentials" / "broker-password").write_text(WORD)
    settings = read_settings(folder / "gate.toml")
    with closing(open_store(settings)) as store:
        prepare_site(store, settings, at)
        person = store.people.add("1203", "Ada Chen", "")
        store.credentials.issue_card(person, f"26:{CARD}", at=at)


@pytest.mark.slow
@pytest.mark.models
def test_r41_a_gate_and_its_vision_process_call_their_broker_and_nobody_else(outer, tmp_path):
    settle(tmp_path)
    said, packets = heard(outer, tmp_path, "gate", str(tmp_path))
    assert "granted=true" in said
    looked = dict(re.findall(r"^(check|doctor): (\d+) lines$", said, re.MULTILINE))
    assert {name for name, lines in looked.items() if int(lines) > 3} == {"check", "doctor"}
    assert {each[:3] for each in packets} == {("tcp", OUTER, BROKER_PORT)}
    assert sum(each[3] for each in packets) > 10, "the broker heard nothing of the gate"

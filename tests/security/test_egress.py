"""R41: a gate at work opens connections to its broker and to nothing else; every packet that leaves it is heard."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from gate.office.authority import make_authority, make_pages_certificate
from gate.settings import PROJECT
from tests.brokers import PASSWORD, USER, require_mosquitto, write_passwords
from tests.security.two_networks import BROKER_PORT, OUTER
from tests.served import pem_of

PYTHON = (sys.executable, "-m")
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
        timeout=210,
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


def broker_of(folder):
    """Lay out the broker that the outer network serves, with a certificate for its address."""
    require_mosquitto()
    at = datetime.now(UTC)
    authority = make_authority("site", [OUTER], at)
    broker = make_pages_certificate(authority, [OUTER], at)
    key = load_der_private_key(broker.key, None)
    (folder / "ca.crt").write_bytes(pem_of(authority.certificate))
    (folder / "broker.crt").write_bytes(pem_of(broker.certificate))
    (folder / "broker.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    write_passwords(folder, **{USER: PASSWORD})
    values = {"folder": folder, "outer": OUTER, "port": BROKER_PORT, "user": getpass.getuser()}
    (folder / "mosquitto.conf").write_text(MOSQUITTO.format(**values))


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.models
@pytest.mark.portraits
def test_r41_a_gate_and_its_vision_process_call_their_broker_and_nobody_else(outer, tmp_path):
    """Residents moved in, one enrolled, card and face at the door, a manager on every page, a backup, check, doctor."""
    broker_of(tmp_path)
    said, packets = heard(outer, tmp_path, "gate", str(tmp_path))
    assert said.endswith("lived\n")
    assert {each[:3] for each in packets} == {("tcp", OUTER, BROKER_PORT)}
    assert sum(each[3] for each in packets) > 10, "the broker heard nothing of the gate"

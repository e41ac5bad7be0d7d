"""Factory reset (R59): keys first, then everything; damage is no hindrance, and a cut one is finished by the next."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from gate.errors import GateError
from gate.store.backup.backups import backups_in
from gate.store.backup.opening import LeftOut
from gate.store.backup.reset import reset
from gate.store.keyring.escrow import ESCROW_NAME
from gate.store.keyring.keys import Custody, MasterKey
from tests.store.devices import Device, files_in

FACE = b"\x01" * 512
DRIVER = """
import json, os, signal, sys
from pathlib import Path
from tests.store.devices import Device
from gate.store.backup.reset import reset
home, stick = Path(sys.argv[1]), Path(sys.argv[2])
steps = []
def run(device, hook):
    reset(device.data, device.place, stick, steps=hook)
first = Device(home / "gate").copied_to(home / "dry")
escrow = (stick / "escrow").read_bytes()
run(first, steps.append)
for number, step in enumerate(steps):
    (stick / "escrow").write_bytes(escrow)
    device = Device(home / "gate").copied_to(home / f"cut{number}")
    child = os.fork()
    if not child:
        left = iter(range(number, -1, -1))
        run(device, lambda _: next(left) or os.kill(os.getpid(), signal.SIGKILL))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
print(json.dumps(steps))
"""


@pytest.fixture
def device(tmp_path, stick):
    device = Device(tmp_path / "gate")
    device.enrol(device.add(), FACE)
    device.back_up(stick)
    return device


def run(device, stick=None):
    return reset(device.data, device.place, stick)


def names(device):
    return {path.name for path in files_in(device.home)}


def test_nothing_of_ours_is_left_in_either_folder(device):
    (device.data / "operating-point.json").write_text("signed with the key that goes")
    assert run(device).others == ()
    assert names(device) == set()


def test_the_next_start_is_a_new_gate_without_anybody(device):
    before = bytes(device.root().secret)
    run(device)
    with device.store() as store:
        assert store.people.list() == ()
    assert bytes(device.root().secret) != before


def test_keys_are_overwritten_and_not_just_unlinked(device):
    """R51: what still has the file open reads zeros."""
    opened = [path.open("rb") for path in device.keys.iterdir()] + [(device.data / "gate.sqlite3").open("rb")]
    run(device)
    for file in opened:
        with file:
            assert not any(file.read())


def test_what_is_not_ours_stays_and_is_named(device):
    mine = device.keys / "notes.txt"
    mine.write_text("call the locksmith")
    assert run(device).others == (mine,)
    assert mine.exists()


@pytest.mark.parametrize("damaged", ["gate.sqlite3", "gate-master-key", "epoch-1"])
def test_damage_is_no_hindrance(device, damaged):
    [path] = device.home.rglob(damaged)
    path.write_bytes(b"\xa5" * 100)
    run(device)
    assert names(device) == set()


def test_a_gate_that_was_never_started_is_reset_as_well(tmp_path):
    device = Device(tmp_path / "fresh")
    run(device)
    assert names(device) == set()


def test_a_running_gate_is_not_reset(device):
    with device.store(), pytest.raises(GateError) as caught:
        run(device)
    assert caught.value.code == "gate-running"


def test_the_backups_that_remain_open_no_face_even_with_the_root_key(device, stick, tmp_path):
    """The escrow goes with the keys; cards and people are still in the backups, under the printed shares."""
    root = MasterKey(bytearray(device.root().secret), Custody.FILE)
    assert run(device, stick).escrow is None
    assert backups_in(stick)
    restored = Device(tmp_path / "two").restore(stick, root)
    assert restored.left_out is LeftOut.ESCROW_MISSING
    assert restored.people == 1


def test_another_gates_escrow_stays_and_is_named(device, stick, tmp_path):
    other = Device(tmp_path / "other")
    other.add()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    other.back_up(elsewhere)
    assert run(device, elsewhere).escrow == elsewhere / ESCROW_NAME
    assert (elsewhere / ESCROW_NAME).exists()


def test_an_absent_medium_is_no_hindrance(device, tmp_path):
    assert run(device, tmp_path / "unplugged").escrow is None
    assert names(device) == set()


def test_a_credential_is_told_as_remaining(device, tmp_path):
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    place = replace(device.place, custody=Custody.CREDENTIAL, credentials_dir=credentials)
    assert reset(device.data, place, None).credential


def test_a_reset_cut_at_any_step_opens_nothing_once_keys_are_gone_and_the_next_one_ends_it(device, stick):
    """kill -9 at every step, then again: never a start with old data, and in the end nothing is left."""
    command = [sys.executable, "-c", DRIVER, str(device.home.parent), str(stick)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    steps = json.loads(done.stdout)
    assert len(steps) > 8
    for number, step in enumerate(steps):
        cut = Device(device.home.parent / f"cut{number}")
        if step != "root key" and (cut.data / "gate.sqlite3").exists():
            with pytest.raises(GateError) as caught, cut.store():
                pass
            assert caught.value.code == "key-missing", step
        run(cut, stick)
        assert names(cut) == set(), step
    assert not (stick / ESCROW_NAME).exists()

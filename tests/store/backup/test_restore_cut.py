"""kill -9 at every step of a restore: the old gate or the restored one, whole, never a mix (R51)."""

import json
import subprocess
import sys

import pytest

from tests.store.backup.restoring import FACE, OTHER, by_shares
from tests.store.devices import HOUR, NOON, Device, files_in

# One process that forks for each step: the child that restores is killed, and nothing else of it survives.
DRIVER = """
import json, os, signal, sys
from pathlib import Path
from tests.store.devices import Device
from gate.store.keyring.keys import Custody, MasterKey
home, stick, root = Path(sys.argv[1]), Path(sys.argv[2]), bytes.fromhex(sys.stdin.read())
how = {"root": MasterKey(bytearray(root), Custody.FILE)} if sys.argv[3] == "shares" else {}
steps = []
Device(home / "gate").copied_to(home / "dry").restore(stick, steps=steps.append, **how)
for number, step in enumerate(steps):
    device = Device(home / "gate").copied_to(home / f"cut{number}")
    child = os.fork()
    if not child:
        left = iter(range(number, -1, -1))
        device.restore(stick, steps=lambda _: next(left) or os.kill(os.getpid(), signal.SIGKILL), **how)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
print(json.dumps(steps))
"""


def cut_at_each_step(home, stick, root, way):
    command = [sys.executable, "-c", DRIVER, str(home), str(stick), way]
    done = subprocess.run(
        command, input=bytes(root.secret).hex(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {step: Device(home / f"cut{number}") for number, step in enumerate(json.loads(done.stdout))}


@pytest.fixture(scope="module")
def stick(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stick")
    folder.chmod(0o700)
    return folder


@pytest.fixture(scope="module")
def gate(tmp_path_factory, stick):
    """A gate with a backup, and a resident who came after it."""
    device = Device(tmp_path_factory.mktemp("cuts") / "gate")
    device.enrol(device.add("301", "26:1"), FACE)
    device.back_up(stick)
    device.enrol(device.add("303", "26:3"), OTHER)
    return device


def seen(device):
    """What tells the old gate from the restored one, read twice: opening must settle it for good."""
    looks = set()
    for _ in range(2):
        with device.store() as store:
            broken = store.audit.verify(NOON - 24 * HOUR), store.consents.verify()
            assert broken == (None, None)
            assert store._database.rows("PRAGMA integrity_check") == [("ok",)]
        looks.add((device.card_opens("26:1"), device.card_opens("26:3"), frozenset(device.faces())))
    assert not {path.name for path in device.home.rglob("*")} & {"restoring", "restored"}
    [look] = looks
    return look


OLD = (True, True, frozenset({FACE, OTHER}))
NEW = (True, False, frozenset({FACE}))


def test_a_kill_at_any_step_leaves_the_old_gate_or_the_restored_one(gate, stick):
    cuts = cut_at_each_step(gate.home.parent, stick, gate.root(), "own key")
    steps = list(cuts)
    until = steps.index("commit") + 1
    assert {step: seen(cuts[step]) for step in steps[:until]} == dict.fromkeys(steps[:until], OLD)
    assert {step: seen(cuts[step]) for step in steps[until:]} == dict.fromkeys(steps[until:], NEW)
    assert len(steps[until:]) > 5


def test_a_replacement_killed_at_any_step_is_empty_or_whole(gate, stick, tmp_path):
    (tmp_path / "gate").mkdir(mode=0o700)
    cuts = cut_at_each_step(tmp_path, stick, gate.root(), "shares")
    steps = list(cuts)
    until = steps.index("commit") + 1
    for step in steps[until:]:
        assert seen(cuts[step]) == NEW, step
    for step in steps[:until]:
        cuts[step].restore(stick, by_shares(gate.root()))
        assert seen(cuts[step]) == NEW, step


def test_a_gate_started_after_a_cut_replacement_has_nothing_of_the_other_ones_key(gate, stick, tmp_path):
    """What was staged and never counted is destroyed: such a gate is a new one, with a key of its own (R52)."""
    (tmp_path / "gate").mkdir(mode=0o700)
    cut = cut_at_each_step(tmp_path, stick, gate.root(), "shares")["commit"]
    secret = bytes(gate.root().secret)
    assert any(secret in content for content in files_in(cut.home).values())
    with cut.store():
        pass
    assert not any(secret in content for content in files_in(cut.home).values())

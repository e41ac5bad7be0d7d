"""The layers below a gate do what they say: unsynced writes are lost at a power cut, and a clock is set from outside."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tests.chaos.layers import WallClock, library
from tests.chaos.power import BLOCK, Disk


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return tmp_path_factory.mktemp("layers")


@pytest.fixture
def disk(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "old").write_bytes(b"1" * 2 * BLOCK)
    return Disk((root,), tmp_path / "kept")


def run(code, root, layers, environment):
    preload = {"LD_PRELOAD": ":".join(map(str, layers)), **environment}
    command = [sys.executable, "-S", "-c", "import os, sqlite3, sys, time\n" + code]
    done = subprocess.run(
        command, cwd=root, env={**os.environ, **preload}, check=True, capture_output=True, text=True
    )
    return done.stdout


def after_a_cut(disk, made, code, survives=0.0):
    (root,) = disk._roots
    run(code, root, [library("power", made)], disk.environment)
    disk.cut(random.Random(1), survives)
    return {path.name: path.read_bytes() for path in root.iterdir()}


WRITE = "f = open('old', 'r+b', 0); f.write(b'2' * 100);"
SYNC_FOLDER = "os.fsync(os.open('.', os.O_RDONLY))"


@pytest.mark.parametrize(
    ("code", "left"),
    [
        (WRITE, {"old": b"1"}),
        (WRITE + "os.fsync(f.fileno())", {"old": b"2"}),
        (WRITE + "os.fdatasync(f.fileno())", {"old": b"2"}),
        ("os.rename('old', 'new')", {"old": b"1"}),
        ("os.rename('old', 'new');" + SYNC_FOLDER, {"new": b"1"}),
        ("os.unlink('old')", {"old": b"1"}),
        ("os.unlink('old');" + SYNC_FOLDER, {}),
        ("open('new', 'wb').write(b'2');" + SYNC_FOLDER, {"new": b"", "old": b"1"}),
        ("os.truncate('old', 0)", {"old": b"1"}),
    ],
)
def test_a_power_cut_leaves_what_was_synced_and_nothing_else(disk, made, code, left):
    assert {name: content[:1] for name, content in after_a_cut(disk, made, code).items()} == left


def test_a_disk_may_have_kept_some_blocks_of_what_was_not_synced(disk, made):
    code = f"f = open('old', 'r+b', 0); f.write(b'2' * {64 * BLOCK})"
    blocks = after_a_cut(disk, made, code, survives=0.5)["old"]
    found = {blocks[at : at + 1] for at in range(0, len(blocks), BLOCK)}
    assert {b"2", b"1"} <= found


def test_a_cut_comes_in_the_middle_of_the_write_that_asked_for_a_sync(disk, made):
    disk.cut_at(1)
    code = "for n in b'234':\n f = open('old', 'r+b', 0); f.write(bytes([n])); os.fsync(f.fileno())"
    with pytest.raises(subprocess.CalledProcessError) as killed:
        run(code, disk._roots[0], [library("power", made)], disk.environment)
    assert killed.value.returncode == -signal.SIGKILL
    (old,) = disk._roots[0].iterdir()
    assert old.read_bytes()[:1] == b"3"
    disk.cut(random.Random(1), 0.0)
    assert old.read_bytes()[:1] == b"2"


DATABASE = """
c = sqlite3.connect('db', isolation_level=None)
c.execute('PRAGMA journal_mode = WAL'); c.execute('PRAGMA synchronous = FULL')
c.execute('CREATE TABLE t (n)')
os.fsync(os.open('.', os.O_RDONLY))
c.execute('PRAGMA synchronous = {}')
c.execute('INSERT INTO t VALUES (1)')
os._exit(0)
"""


@pytest.mark.parametrize(("synchronous", "left"), [("FULL", 1), ("OFF", 0)])
def test_the_layer_tells_a_database_that_syncs_from_one_that_does_not(disk, made, synchronous, left):
    after_a_cut(disk, made, DATABASE.format(synchronous))
    counted = "print(sqlite3.connect('db').execute('SELECT count(*) FROM t').fetchone()[0])"
    assert run(counted, disk._roots[0], [], {}) == f"{left}\n"


def test_a_process_takes_the_clock_that_is_set_and_its_own_patience_stays(tmp_path, made):
    clock = WallClock(tmp_path / "clock")
    clock.set(-3600.0)
    code = "print(time.time(), time.monotonic()); time.sleep(0.01); print(time.time(), time.monotonic())"
    wall, steady = map(float, run(code, tmp_path, [library("clock", made)], clock.environment).split()[:2])
    assert wall == pytest.approx(time.time() - 3600, abs=5)
    assert steady == pytest.approx(time.monotonic(), abs=5)


def test_a_clock_may_run_a_hundred_times_as_fast(tmp_path, made):
    clock = WallClock(tmp_path / "clock")
    clock.set(0.0, speed=100.0)
    began = time.monotonic()
    code = "time.sleep(0.05); print(time.time())"
    wall = float(run(code, tmp_path, [library("clock", made)], clock.environment))
    assert 5 <= wall - time.time() <= 100 * (time.monotonic() - began)

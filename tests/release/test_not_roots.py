"""An update runs as root over folders that are the gate's: links that a gate which was taken over put there lead root nowhere (R57)."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from gate.errors import VaultError
from gate.release import database
from gate.release.database import DATABASE_NAME, HEAD_NAME, Snapshot
from gate.release.place import DataPlace

NOBODY = 65534
MEMORY = Path("/dev/shm")
ROOTS = b"root's own"
PROJECT = Path(__file__).parents[2]
RECOVERY = PROJECT / "deploy" / "package" / "debian" / "gate-update-recover.service"
PUTS_BACK = """
import sys
from pathlib import Path
from gate.release import database
from gate.release.place import DataPlace
home = Path(sys.argv[1])
copy = database.Snapshot(home / "work" / "before")
database.put_back(DataPlace(home / "data", home / "keys"), copy)
database.destroy(copy)
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="root's rights are tried, and this is not root")


@dataclass(frozen=True, slots=True)
class Home:
    """A device: data and keys of the gate's account; work, and a file, of root's."""

    folder: Path

    @property
    def data(self):
        return DataPlace(self.folder / "data", self.folder / "keys")

    @property
    def snapshot(self):
        return Snapshot(self.folder / "work" / "before")

    @property
    def roots(self):
        return self.folder / "roots"

    def is_untouched(self):
        told = self.roots.stat()
        return (self.roots.read_bytes(), told.st_uid, told.st_mode & 0o777) == (ROOTS, 0, 0o640)


@pytest.fixture
def home(tmp_path):
    folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else tmp_path))
    folder.chmod(0o711)
    made = Home(folder)
    for each in made.data.data_dir, made.data.keys_dir:
        each.mkdir(mode=0o700)
        os.chown(each, NOBODY, NOBODY)
    make_database(made.data.data_dir / DATABASE_NAME)
    os.chown(made.data.data_dir / DATABASE_NAME, NOBODY, NOBODY)
    (made.data.keys_dir / HEAD_NAME).write_bytes(b"head")
    os.chown(made.data.keys_dir / HEAD_NAME, NOBODY, NOBODY)
    made.roots.write_bytes(ROOTS)
    made.roots.chmod(0o640)
    yield made
    shutil.rmtree(folder)


def make_database(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 7")
    path.chmod(0o600)


def put_back_with(rights, home):
    """Put the copy back, and destroy it, in a process whose root has no other *rights*; gives what it said."""
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    bounds = ",".join(["-all", *(f"+{each.removeprefix('CAP_').lower()}" for each in rights)])
    command = ["setpriv", "--bounding-set", bounds, sys.executable, "-c", PUTS_BACK, home.folder]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False).stderr


def test_the_unit_that_undoes_an_update_has_the_rights_that_this_takes_r51(home):
    database.take(home.data, home.snapshot)
    (home.data.data_dir / DATABASE_NAME).unlink()
    (home.folder / "seen").hardlink_to(home.snapshot.database)
    rights = re.search(r"^CapabilityBoundingSet=(.*)$", RECOVERY.read_text("utf-8"), re.MULTILINE)[1]
    assert put_back_with(rights.split(), home) == ""
    assert database.schema_of(home.data) == 7
    assert not home.snapshot.folder.exists()
    assert (home.folder / "seen").read_bytes().strip(b"\0") == b"", "it was removed without being overwritten"


def test_a_root_without_the_right_to_be_the_gate_says_so_and_changes_nothing(home):
    database.take(home.data, home.snapshot)
    said = put_back_with(["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER"], home)
    assert "VaultError" in said.splitlines()[-1]
    assert "CAP_SETUID" in said.splitlines()[-1]
    assert home.snapshot.database.exists()


def test_what_is_copied_and_put_back_is_the_gates_again(home):
    database.take(home.data, home.snapshot)
    (home.data.data_dir / DATABASE_NAME).unlink()
    database.put_back(home.data, home.snapshot)
    assert database.schema_of(home.data) == 7
    there = [home.data.data_dir / DATABASE_NAME, home.data.keys_dir / HEAD_NAME]
    assert [(path.stat().st_uid, path.stat().st_mode & 0o777) for path in there] == [(NOBODY, 0o600)] * 2
    assert (os.geteuid(), os.getegid()) == (0, 0)


def test_a_link_where_the_copy_is_put_back_gives_nothing_of_roots_away(home):
    database.take(home.data, home.snapshot)
    (home.data.data_dir / f".{DATABASE_NAME}.put-back").symlink_to(home.roots)
    with pytest.raises(VaultError):
        database.put_back(home.data, home.snapshot)
    assert home.is_untouched()


def test_a_link_in_the_place_of_the_database_hands_no_database_of_roots_over(home):
    make_database(home.folder / "roots.sqlite3")
    (home.data.data_dir / DATABASE_NAME).unlink()
    (home.data.data_dir / DATABASE_NAME).symlink_to(home.folder / "roots.sqlite3")
    with pytest.raises(VaultError):
        database.take(home.data, home.snapshot)
    with pytest.raises(VaultError):
        database.schema_of(home.data)


def test_a_link_in_the_place_of_the_audit_head_is_not_copied_from_root(home):
    (home.data.keys_dir / HEAD_NAME).unlink()
    (home.data.keys_dir / HEAD_NAME).symlink_to(home.roots)
    with pytest.raises(VaultError):
        database.take(home.data, home.snapshot)


def test_a_trial_that_leaves_a_link_has_root_overwrite_nothing(home):
    trial = Snapshot(home.folder / "trial")
    trial.folder.mkdir(mode=0o700)
    database.give(trial.folder, home.data)
    trial.database.symlink_to(home.roots)
    database.destroy(trial)
    assert home.is_untouched()
    assert not trial.folder.exists()


def test_a_copy_that_an_earlier_release_took_as_root_is_put_back(home):
    database.take(home.data, home.snapshot)
    for each in (home.snapshot.folder, *home.snapshot.folder.iterdir()):
        os.chown(each, 0, 0)
    database.put_back(home.data, home.snapshot)
    assert database.schema_of(home.data) == 7

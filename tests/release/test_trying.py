"""A release is tried with these settings and a copy of this database, never with the gate's own data or keys."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gate.errors import GateError, RequestError
from gate.release.looking import look
from gate.release.place import DataPlace, Installed, Version
from gate.release.trying import Trial
from gate.store.db import DATABASE_NAME, open_database, shipped_migrations

SETTINGS = """
[site]
gate_id = "north"
controller = "Garden Compound Ltd"
contact = "+86 10 5555 0100"
[reader]
driver = "simulated"
[door]
driver = "simulated"
declared = "fail-secure"
[storage]
data_dir = "{folder}/data"
keys_dir = "{folder}/keys"
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "gate.toml"
    path.write_text(SETTINGS.format(folder=tmp_path), encoding="utf-8")
    return path


def room_of(tmp_path):
    room = tmp_path / "room"
    room.mkdir(mode=0o700)
    return room


def test_a_look_makes_neither_data_nor_keys(config, tmp_path):
    assert look(config, room_of(tmp_path)) == {}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gate.toml", "room"]


def test_a_look_migrates_the_copy_and_nothing_else(config, tmp_path):
    room = room_of(tmp_path)
    open_database(room / DATABASE_NAME, shipped_migrations()[:-1]).close()
    look(config, room)
    with closing(sqlite3.connect(room / DATABASE_NAME)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(shipped_migrations()),)
    assert not (tmp_path / "data").exists()


def test_a_copy_that_cannot_be_migrated_speaks_against_the_release(config, tmp_path):
    room = room_of(tmp_path)
    (room / DATABASE_NAME).write_bytes(b"no database at all, but long enough to be read as one" * 100)
    with pytest.raises(GateError):
        look(config, room)


def finding(tmp_path, version, told):
    """Give a release whose look tells *told*: JSON, or None where it ends early."""
    folder = tmp_path / str(version)
    (folder / "bin").mkdir(parents=True)
    says = "exit 1" if told is None else f"[ -z \"$PYTHONPATH\" ] && echo '{json.dumps(told)}'"
    (folder / "bin" / "python").write_text(f"#!{shutil.which('sh')}\n{says}\n", encoding="utf-8")
    (folder / "bin" / "python").chmod(0o755)
    return Installed(version, 9, folder)


@pytest.mark.parametrize(
    ("before", "after", "fits"),
    [
        ({}, {}, True),
        ({"broker": "down"}, {"broker": "down"}, True),
        ({"broker": "down"}, {}, True),
        ({}, {"face": "a model is missing"}, False),
        ({"broker": "down"}, {"face": "a model is missing"}, False),
        ({}, None, False),
        (None, {}, True),
        (None, None, False),
    ],
)
def test_a_release_fits_that_finds_fault_with_nothing_the_old_one_is_content_with(
    tmp_path, before, after, fits
):
    data = DataPlace(tmp_path, tmp_path)
    trial = Trial(Path("/nowhere.toml"), data)
    old, new = finding(tmp_path, Version(0, 1, 0), before), finding(tmp_path, Version(0, 2, 0), after)
    if fits:
        trial(old, new, tmp_path)
        return
    with pytest.raises(RequestError) as refused:
        trial(old, new, tmp_path)
    assert refused.value.code == "release-unfit"


def test_a_release_under_trial_runs_its_own_code_and_not_whoever_tries_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/usr/share/gate/release/gate.whl")
    old, new = finding(tmp_path, Version(0, 1, 0), {}), finding(tmp_path, Version(0, 2, 0), {})
    Trial(Path("/nowhere.toml"), DataPlace(tmp_path, tmp_path))(old, new, tmp_path)

"""A power cut before any write of a start, an upgrade, an erasure or a rotation leaves a gate that opens, whole.

Cites R24, R50, R51. The kills are real: see tests/killing.py.
"""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from gate.store.db import open_database, shipped_migrations
from gate.store.keyring.custody import TPM_NAME
from gate.store.keyring.tpm import TpmShelf
from tests.chips import chip as software_chip
from tests.chips import need_chip
from tests.consents import give
from tests.killing import NOON, UNIT, keep, open_at, survives
from tests.notices import publish_notice

pytestmark = pytest.mark.slow

FACES = {UNIT: b"a" * 512, "302": b"b" * 512, "303": b"c" * 512}
FEWEST = 4
"""Fewer writes than this in any deed would mean that the counting broke."""


def killed_at_each_write(deed, base, out):
    """Give the folder after each kill."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.killing", deed, str(base), str(out)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    count = int(done.stdout)
    assert count >= FEWEST
    return [out / str(number) for number in range(count + 1)]


def enrolled_gate(folder, tcti=None):
    """Make a gate with three residents; give unit -> template."""
    store = open_at(folder, tcti=tcti)
    publish_notice(store, NOON)
    try:
        return {
            unit: give(store, store.people.add(unit, "Ann", ""), at=NOON, template=face).template
            for unit, face in FACES.items()
        }
    finally:
        store.close()


def epoch_files(folder):
    return {path.name for path in (folder / "keys").iterdir() if path.name.startswith("epoch-")}


def assert_whole(folder, store):
    """What holds of every gate at rest: one epoch, its secret alone, everything readable, nothing left over."""
    number = store.epochs.current.number
    gallery = store.templates.gallery(NOON)
    assert gallery.faulty == ()
    assert store._database.rows("SELECT DISTINCT epoch FROM templates") in ([], [(number,)])
    assert store._database.rows("PRAGMA integrity_check") == [("ok",)]
    assert not [path for path in (folder / "keys").iterdir() if path.name.endswith(".new")]
    return dict(gallery.templates)


@pytest.fixture
def base(tmp_path):
    return tmp_path / "base"


@pytest.fixture
def out(tmp_path):
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def test_a_cut_anywhere_in_a_rotation_leaves_every_survivor_under_one_epoch(base, out):
    templates = enrolled_gate(base)
    with closing(open_at(base)) as store:
        store._database.write(lambda c: c.execute("DELETE FROM templates WHERE id = ?", (templates[UNIT],)))
    survivors = {templates[unit]: FACES[unit] for unit in ("302", "303")}
    seen = set()
    for folder in killed_at_each_write("rotate", base, out):
        with closing(open_at(folder)) as store:
            assert assert_whole(folder, store) == survivors
            number = store.epochs.current.number
            assert epoch_files(folder) == {f"epoch-{number}"}
            assert store.rotation.due == (number == 1)
            seen.add(number)
            assert store.rotation.rotate_now(keep, NOON)
            assert assert_whole(folder, store) == survivors
            assert epoch_files(folder) == {f"epoch-{store.epochs.current.number}"}
    assert seen == {1, 2}, "some were cut before the change, some after it"


def test_a_cut_anywhere_in_a_withdrawal_leaves_template_and_consent_both_or_neither(base, out):
    templates = enrolled_gate(base)
    others = {templates[unit]: FACES[unit] for unit in ("302", "303")}
    seen = set()
    for folder in killed_at_each_write("erase", base, out):
        with closing(open_at(folder)) as store:
            found = assert_whole(folder, store)
            (consent,) = store.consents.of(store.people.find_by_unit(UNIT).id)
            withdrawn = consent.ended_at is not None
            assert found == others if withdrawn else found == others | {templates[UNIT]: FACES[UNIT]}
            assert store.rotation.due is withdrawn
            seen.add(withdrawn)
    assert seen == {True, False}


def test_a_withdrawal_that_was_cut_short_leaves_no_byte_of_the_template_after_the_next_start(base, out):
    templates = enrolled_gate(base)
    with closing(sqlite3.connect(base / "data" / "gate.sqlite3")) as connection:
        [erased] = connection.execute(
            "SELECT wrapped_key, sealed FROM templates WHERE id = ?", (templates[UNIT],)
        ).fetchall()
    checked = 0
    for folder in killed_at_each_write("erase", base, out):
        with closing(open_at(folder)) as store:
            if not store.rotation.due:
                continue
            files = b"".join(path.read_bytes() for path in (folder / "data").iterdir() if path.is_file())
            assert not any(part in files for part in erased)
            checked += 1
    assert checked


def test_a_cut_anywhere_in_a_first_start_leaves_a_gate_that_starts(base, out):
    base.mkdir()
    for folder in killed_at_each_write("start", base, out):
        with closing(open_at(folder)) as store:
            assert assert_whole(folder, store) == {}
            assert store.epochs.current.number == 1
            assert epoch_files(folder) == {"epoch-1"}


def test_a_cut_anywhere_in_a_migration_leaves_the_old_schema_or_the_new(base, out):
    with closing(open_at(base)) as store:
        check = store._database.rows("SELECT value FROM meta WHERE name = 'key-check'")[0][0]
    shutil.rmtree(base / "data")
    migrations = shipped_migrations()
    with closing(open_database(base / "data" / "gate.sqlite3", migrations[:1])) as old:
        old.execute("INSERT INTO meta VALUES ('key-check', ?)", (check,))
        old.execute("INSERT INTO meta VALUES ('epoch', 1)")
        old.execute("INSERT INTO consents VALUES ('c1', 's1', 'open-gate', '1.0', 'en', 1, 2, NULL, 'given')")
        old.execute("INSERT INTO templates VALUES ('t1', 'c1', 'm', 1, x'00', x'00', 1)")
    for folder in killed_at_each_write("start", base, out):
        with closing(sqlite3.connect(folder / "data" / "gate.sqlite3")) as connection:
            assert connection.execute("PRAGMA user_version").fetchone()[0] in range(1, len(migrations) + 1)
        with closing(open_at(folder)) as store:
            assert assert_whole(folder, store) == {}
            assert store._database.rows("PRAGMA user_version") == [(len(migrations),)]
            assert store._database.rows("SELECT id, state FROM consents") == [("c1", "invalidated")]


def test_a_cut_anywhere_in_a_rotation_with_a_tpm_leaves_every_survivor_under_one_epoch(tmp_path):
    """The chip loses its power too."""
    need_chip()
    with software_chip(tmp_path / "chip") as chip:
        seen, number, lived = set(), 0, False
        while not lived:
            folder = tmp_path / str(number)
            templates = enrolled_gate(folder, chip.tpm.tcti)
            lived = survives("rotate", folder, number, chip.tpm.tcti)
            chip.stop()
            chip.start()
            with closing(open_at(folder, tcti=chip.tpm.tcti)) as store:
                assert assert_whole(folder, store) == {templates[unit]: FACES[unit] for unit in FACES}
                present = store.epochs.current.number
                assert TpmShelf(chip.tpm).numbers() == {present}
                seen.add(present)
            assert {path.name for path in (folder / "keys").iterdir()} >= {TPM_NAME}
            number += 1
        assert seen == {1, 2}

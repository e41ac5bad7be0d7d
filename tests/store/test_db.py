"""How the database opens: private, durable, migrated whole or not at all, never guessed at."""

import fcntl
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from traceback import format_exception

import pytest

from gate.errors import VaultError
from gate.store import db
from gate.store.db import open_database, shipped_migrations, translated
from gate.store.folders import private_folder
from gate.store.overrides import read_overrides


@contextmanager
def locked(folder):
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(handle)


ONE = "CREATE TABLE one (a INTEGER) STRICT;"
TWO = "CREATE TABLE two (a INTEGER) STRICT; INSERT INTO one VALUES (1);"


def version(connection):
    return connection.execute("PRAGMA user_version").fetchone()[0]


def test_a_fresh_database_is_private_durable_and_erases(tmp_path):
    path = tmp_path / "data" / "gate.sqlite3"
    with closing(open_database(path)) as connection:
        pragmas = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        }
        assert path.stat().st_mode & 0o777 == 0o600
        assert (path.parent / "gate.sqlite3-wal").stat().st_mode & 0o777 == 0o600
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 1000,
    }
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_every_shipped_table_is_strict(tmp_path):
    with closing(open_database(tmp_path / "d" / "db")) as connection:
        tables = connection.execute(
            "SELECT name, strict FROM pragma_table_list WHERE schema = 'main'"
        ).fetchall()
    assert {name for name, strict in tables if not strict} == {"sqlite_schema"}
    assert len(tables) > 8


def test_migrations_run_once_and_in_order(tmp_path):
    path = tmp_path / "d" / "db"
    open_database(path, [ONE]).close()
    open_database(path, [ONE, TWO]).close()
    with closing(open_database(path, [ONE, TWO])) as connection:
        assert version(connection) == 2
        assert connection.execute("SELECT count(*) FROM one").fetchone() == (1,)


@pytest.mark.parametrize("broken", [TWO + "INSERT INTO nowhere VALUES (1);", TWO + "CREATE TABLE half ("])
def test_a_failed_migration_leaves_nothing_behind(tmp_path, broken):
    path = tmp_path / "d" / "db"
    open_database(path, [ONE]).close()
    with pytest.raises(VaultError):
        open_database(path, [ONE, broken])
    with closing(open_database(path, [ONE])) as connection:
        assert version(connection) == 1
        assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("one",)]
        assert connection.execute("SELECT count(*) FROM one").fetchone() == (0,)


def test_a_newer_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "d" / "db"
    open_database(path, [ONE, TWO]).close()
    before = path.read_bytes()
    with pytest.raises(
        VaultError, match=r"version 2, .* up to 1\. Install the gate that wrote it"
    ) as refusal:
        open_database(path, [ONE])
    assert refusal.value.code == "database-newer"
    assert path.read_bytes() == before


def test_a_database_is_opened_by_one_after_the_other(tmp_path, monkeypatch):
    """Of two connections that turn a new file's log on at once, SQLite refuses one, however long it may wait."""
    path = private_folder(tmp_path / "d") / "db"
    with ThreadPoolExecutor(1) as pool, locked(path.parent):
        opened = pool.submit(lambda: open_database(path).close())
        with pytest.raises(TimeoutError):
            opened.result(timeout=0.2)
        assert not path.exists() or path.stat().st_size == 0
    opened.result(timeout=60)
    monkeypatch.setattr(db, "OPENS_S", 0.0)
    with locked(path.parent), pytest.raises(VaultError) as refusal:
        open_database(path)
    assert refusal.value.code == "database-busy"


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "db"
    path.write_bytes(b"these are not the bytes you are looking for" * 100)
    with pytest.raises(VaultError, match="backup") as refusal:
        open_database(path)
    assert refusal.value.code == "database-corrupt"


def test_a_damaged_schema_that_is_no_text_is_damage_also_to_who_reads_before_the_store(tmp_path):
    path = tmp_path / "d" / "gate.sqlite3"
    with closing(open_database(path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_schema SET name = CAST(x'c9ff' AS TEXT), sql = CAST(x'c9ff' AS TEXT)"
        )
    with pytest.raises(VaultError) as refusal:
        open_database(path)
    assert refusal.value.code == "database-corrupt"
    assert read_overrides(path.parent) == {}


def test_a_damaged_page_is_found_at_open(tmp_path):
    path = tmp_path / "d" / "db"
    open_database(path).close()
    damaged = bytearray(path.read_bytes())
    damaged[4096:8192] = b"\xff" * 4096
    path.write_bytes(damaged)
    with pytest.raises(VaultError) as refusal:
        open_database(path)
    assert refusal.value.code == "database-corrupt"


def test_a_text_that_is_none_is_damage_and_its_bytes_are_told_to_nobody(tmp_path):
    with (
        closing(open_database(tmp_path / "data" / "gate.sqlite3")) as connection,
        pytest.raises(VaultError) as refusal,
        translated(),
    ):
        connection.execute("SELECT CAST(x'ff53656372657400' AS TEXT)").fetchall()
    assert refusal.value.code == "database-corrupt"
    assert "Secret" not in "".join(format_exception(refusal.value))


def test_a_folder_others_may_enter_is_refused_with_the_command_that_closes_it(tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    with pytest.raises(VaultError, match="chmod 700") as refusal:
        open_database(tmp_path / "open" / "db")
    assert refusal.value.code == "folder-open"


def test_a_path_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(VaultError) as refusal:
        open_database(tmp_path / "file" / "db")
    assert refusal.value.code == "folder-unusable"


def test_a_folder_in_the_database_place_is_refused(tmp_path):
    (tmp_path / "db").mkdir()
    with pytest.raises(VaultError) as refusal:
        open_database(tmp_path / "db")
    assert refusal.value.code == "database-io"


def test_a_database_somebody_keeps_locked_is_reported_as_busy(tmp_path):
    path = tmp_path / "d" / "db"
    with closing(open_database(path)) as holder, closing(open_database(path)) as other:
        holder.execute("BEGIN IMMEDIATE")
        other.execute("PRAGMA busy_timeout = 1")
        with pytest.raises(VaultError) as refusal, translated():
            other.execute("BEGIN IMMEDIATE")
    assert refusal.value.code == "database-busy"


def test_misuse_of_the_module_is_not_blamed_on_the_disk(tmp_path):
    connection = open_database(tmp_path / "d" / "db")
    connection.close()
    with pytest.raises(sqlite3.ProgrammingError), translated():
        connection.execute("SELECT 1")


def test_the_shipped_migrations_are_numbered_without_a_gap():
    from importlib.resources import files

    names = sorted(script.name for script in files("gate.store").joinpath("schema").iterdir())
    assert [name[:4] for name in names] == [f"{n:04}" for n in range(1, len(names) + 1)]
    assert len(shipped_migrations()) == len(names)

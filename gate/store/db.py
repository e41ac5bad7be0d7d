"""Opening the database: how it is set, how its schema grows, how its troubles are told."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path

from gate.errors import VaultError
from gate.store.folders import private_folder

DATABASE_NAME = "gate.sqlite3"
# The loop thread waits at most this long for the command line's short writes: well inside the 2 s of R03.
BUSY_MS = 1000
OPENS_S = 10.0
"""How long an opener waits for another, which may be migrating: on a slow card a second or two."""
# A small log: deleted bytes leave it sooner, and a nearly full disk holds it.
_LOG_PAGES = 256

_RESTORE = "Stop the gate, keep the file for analysis, and restore the last backup (gate restore)."
_CORRUPT = ("database-corrupt", "The database is damaged or is no database.", _RESTORE)
_BUSY = ("database-busy", "Another program keeps the database locked.", "End that program, then try again.")
_FULL = (
    "disk-full",
    "The disk that holds the database is full.",
    "Free some space; the gate takes it up again by itself.",
)
_TROUBLES = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR_SHMSIZE: _FULL,  # the index of the log could not grow
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_CORRUPT: _CORRUPT,
    sqlite3.SQLITE_NOTADB: _CORRUPT,
    sqlite3.SQLITE_READONLY: (
        "database-read-only",
        "The database cannot be written.",
        "Give the folder and its files to the gate's account, on a disk mounted for writing.",
    ),
    sqlite3.SQLITE_CONSTRAINT: (
        "record-refused",
        "A record breaks a rule of the database; nothing was written.",
        "Report it: the gate should not have tried.",
    ),
}
_OTHER = (
    "database-io",
    "The database cannot be read or written.",
    "Check the disk, then start the gate again.",
)


@contextmanager
def translated() -> Iterator[None]:
    """Turn every trouble SQLite reports inside the block into a VaultError, the cause chained."""
    try:
        yield
    except UnicodeDecodeError:  # what SQLite says of a damaged schema quotes it
        raise _no_text() from None
    except sqlite3.DatabaseError as error:
        code: int | None = getattr(error, "sqlite_errorcode", None)
        if code is not None:
            name, what, remedy = _TROUBLES.get(code) or _TROUBLES.get(code & 0xFF, _OTHER)
            raise VaultError(name, f"{what} (SQLite: {error.sqlite_errorname})", remedy=remedy) from error
        if isinstance(error, sqlite3.OperationalError):  # of the module's own: a text that is no UTF-8
            raise _no_text() from None
        raise  # the module itself complains of misuse: our fault, not the disk's


def _no_text() -> VaultError:
    name, what, remedy = _CORRUPT
    return VaultError(name, f"{what} (a text in it is none)", remedy=remedy)


def shipped_migrations() -> tuple[str, ...]:
    """Give the schema's migrations in order; the n-th one leads to version n. Raises nothing a user can meet."""
    scripts = sorted(files("gate.store").joinpath("schema").iterdir(), key=lambda script: script.name)
    return tuple(script.read_text(encoding="utf-8") for script in scripts if script.name.endswith(".sql"))


def open_database(path: Path, migrations: Sequence[str] | None = None) -> sqlite3.Connection:
    """Open or create the database at *path*, mode 0600 in a folder of mode 0700, at the newest schema.

    Transactions are begun by hand (``isolation_level=None``); the connection stays on its thread. Raises VaultError:
    ``database-newer``, ``database-corrupt``, ``disk-full``, ``folder-open`` and the like; a database of a newer gate
    is left untouched. migrations: the shipped ones unless a test brings its own.
    """
    private_folder(path.parent)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        path.chmod(0o600)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise VaultError(
            "database-io", f"{path} cannot be opened: {error.strerror}.", remedy=_OTHER[2]
        ) from error
    with _alone_in(folder), translated():
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            _prepare(connection, shipped_migrations() if migrations is None else migrations)
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def _alone_in(folder: int) -> Iterator[None]:
    """Open one after the other: of two that turn a new file's log on at once, SQLite refuses one without waiting.

    Closes the descriptor *folder*. Raises VaultError ``database-busy`` where another takes longer than a migration does.
    """
    due = time.monotonic() + OPENS_S
    try:
        while not _locked(folder):
            if time.monotonic() > due:
                raise VaultError(_BUSY[0], _BUSY[1], remedy=_BUSY[2])
            time.sleep(0.01)
        yield
    finally:
        os.close(folder)


def _locked(folder: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def open_beside(path: Path) -> sqlite3.Connection:
    """Open a database once more that ``open_database`` opened and this process still holds open, for another thread."""
    with translated():
        connection = sqlite3.connect(path, isolation_level=None)
        _set(connection)
    return connection


def _prepare(connection: sqlite3.Connection, migrations: Sequence[str]) -> None:
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    _refuse_newer(connection, len(migrations))
    if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        raise VaultError(_CORRUPT[0], _CORRUPT[1], remedy=_CORRUPT[2])
    connection.execute("PRAGMA journal_mode = WAL")
    _set(connection)
    while _migrate_once(connection, migrations):
        pass


def _set(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")


def _refuse_newer(connection: sqlite3.Connection, ours: int) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > ours:
        raise VaultError(
            "database-newer",
            f"The database has schema version {version}, this gate knows versions up to {ours}.",
            remedy="Install the gate that wrote it, or a newer one, or restore a backup from before the upgrade "
            "(gate restore).",
        )
    return version


def _migrate_once(connection: sqlite3.Connection, migrations: Sequence[str]) -> bool:
    """Apply the next migration whole or not at all; False when there is none. Two openers may race here."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _refuse_newer(connection, len(migrations))
        if version == len(migrations):
            connection.execute("ROLLBACK")
            return False
        for statement in _statements(migrations[version]):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version + 1}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return True


def _statements(script: str) -> Iterator[str]:
    """Split *script* at its statements' ends: executescript would commit the transaction we are in."""
    statement = ""
    for piece in script.split(";"):
        statement += piece + ";"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    yield statement.removesuffix(";")  # a comment, or a torn end, which fails where it should

"""The database before and after an update: copied while the gate stands still, put back whole.

A copy is as sealed as the original: it holds no key. It lies in a folder of its own for as long as an update may have
to be undone, and is destroyed then, so that nothing erased lives on in it (R51, R75).

An update runs as root, and these folders are the gate's own: whoever took the gate over may have put links there. So
root touches nothing in them; what is done there is done as the account that they belong to.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gate.errors import VaultError
from gate.release.place import DataPlace
from gate.wholefiles import sync_folder

DATABASE_NAME: Final = "gate.sqlite3"
HOLD_NAME: Final = "in-use"
HEAD_NAME: Final = "audit-head"
"""As gate/store names them; a test compares. Written again here, because the store needs the whole environment."""
_SIDE_FILES: Final = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The copy that an update keeps. folder: its own, made and destroyed with it."""

    folder: Path

    @property
    def database(self) -> Path:
        """Give the copied database."""
        return self.folder / DATABASE_NAME

    @property
    def head(self) -> Path:
        """Give the copied head of the audit log, without which the log would look cut off."""
        return self.folder / HEAD_NAME


def schema_of(data: DataPlace) -> int | None:
    """Give the version of the database's schema, None where no start made one yet. Raises VaultError ``database-io``."""
    path = data.data_dir / DATABASE_NAME
    with _as_owner(path.parent):
        if not path.exists():
            return None
    with (
        _as_owner(path.parent),
        _told(path),
        closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True)) as connection,
    ):
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        return version


def take(data: DataPlace, snapshot: Snapshot) -> None:
    """Copy the database while nobody uses it. Raises VaultError ``gate-running``, ``database-io``."""
    destroy(snapshot)
    snapshot.folder.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    snapshot.folder.mkdir(mode=0o700)
    give(snapshot.folder, data)
    with _as_owner(data.data_dir), _alone(data):
        copy_database(data.data_dir / DATABASE_NAME, snapshot.database)
        head = data.keys_dir / HEAD_NAME
        with _told(head):
            if head.exists():
                shutil.copy2(head, snapshot.head)
    sync_folder(snapshot.folder)


def give(folder: Path, data: DataPlace) -> None:
    """Let the gate's account work in *folder*, which nobody else could reach so far: its name stays root's."""
    owner = data.data_dir.stat()
    if folder.stat().st_uid != owner.st_uid:
        for each in (folder, *folder.iterdir()):
            os.chown(each, owner.st_uid, owner.st_gid, follow_symlinks=False)


def copy_database(source: Path, to: Path) -> None:
    """Copy a database as it stands at one moment, also beside a running gate. Raises VaultError ``database-io``.

    to: where the account that owns *source* may write.
    """
    with _as_owner(source.parent), _told(source):
        address = f"{source.resolve().as_uri()}?mode=rw"
        with (
            closing(sqlite3.connect(address, uri=True)) as original,
            closing(sqlite3.connect(to)) as copy,
        ):
            original.backup(copy)
        to.chmod(0o600)
        with to.open("rb") as file:
            os.fsync(file.fileno())


def put_back(data: DataPlace, snapshot: Snapshot) -> None:
    """Put the copy in the place of the database. May be interrupted anywhere and done again.

    Raises VaultError ``gate-running``, ``database-io``.
    """
    target = data.data_dir / DATABASE_NAME
    give(snapshot.folder, data)
    with _as_owner(data.data_dir), _alone(data), _told(target):
        _replace(snapshot.database, target)
        if snapshot.head.exists():
            _replace(snapshot.head, data.keys_dir / HEAD_NAME)


def destroy(snapshot: Snapshot) -> None:
    """Overwrite and remove the copy; none is fine."""
    with suppress(OSError, VaultError), _as_owner(snapshot.folder), snapshot.database.open("r+b") as file:
        left = snapshot.database.stat().st_size
        while left > 0:
            left -= file.write(bytes(min(left, 1 << 20)))
        os.fsync(file.fileno())
    shutil.rmtree(snapshot.folder, ignore_errors=True)


def _replace(source: Path, target: Path) -> None:
    fresh = target.with_name(f".{target.name}.put-back")
    shutil.copyfile(source, fresh)
    fresh.chmod(0o600)
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    # The newer log goes first: an old database must never meet the log of a newer one.
    for ending in _SIDE_FILES:
        target.with_name(target.name + ending).unlink(missing_ok=True)
    fresh.replace(target)
    sync_folder(target.parent)


@contextmanager
def _alone(data: DataPlace) -> Iterator[None]:
    """Hold the data folder as a restore does, so that no gate and none of its commands uses it meanwhile."""
    path = data.data_dir / HOLD_NAME
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise VaultError(
            "gate-running",
            f"A gate, or one of its commands, uses the data in {data.data_dir}.",
            remedy="Stop the gate and end its commands, then try again.",
        ) from error
    finally:
        os.close(file)


@contextmanager
def _as_owner(folder: Path) -> Iterator[None]:
    """Be the account that *folder* belongs to while the block runs, where root runs this; no thread runs beside it.

    Raises VaultError ``database-io`` for a root that was denied the right to.
    """
    owner = folder.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        yield
        return
    group, groups = os.getegid(), os.getgroups()
    with ExitStack() as back:
        try:
            os.setgroups([])
            back.callback(os.setgroups, groups)
            os.setegid(owner.st_gid)
            back.callback(os.setegid, group)
            os.seteuid(owner.st_uid)
            back.callback(os.seteuid, 0)
        except OSError as error:
            raise VaultError(
                "database-io",
                f"{folder} belongs to the account {owner.st_uid}, and nothing can be done in it as that account: {error}.",
                remedy="Run it as root with all of root's rights: CAP_SETUID and CAP_SETGID were taken away.",
            ) from error
        yield


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError, OSError) as error:
        raise VaultError(
            "database-io",
            f"{path} cannot be copied: {error}.",
            remedy="Check the disk and its free space, then try again.",
        ) from error

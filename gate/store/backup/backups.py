"""Making backups: a consistent image of the running database, sealed, written whole or not at all.

A backup holds neither the root key nor a secret of any epoch. What lies beside it once, and is always replaced, is in
``escrow.py`` and ``tombstones.py``.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gate.core.chain import GENESIS
from gate.errors import RequestError, VaultError
from gate.store.account.signing import Signer, verify
from gate.store.backup import archive
from gate.store.backup.archive import Head
from gate.store.db import BUSY_MS, translated
from gate.store.keyring.escrow import ESCROW_MOST_BYTES, ESCROW_NAME, EpochSecret, Escrow, wrap
from gate.store.keyring.keyfiles import destroy_private, write_private
from gate.store.upkeep import tombstones
from gate.wholefiles import PARTIAL, read_whole, sync_folder, write_pieces, write_whole

LIST_NAME = "tombstones.json"
LIST_MOST_BYTES = 64 * 1024 * 1024
SUFFIX = ".gatebackup"
KEPT = 3
LOCK_NAME = "backing-up"
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_ROLLBACK_FORMAT = b"\x01\x01"
"""Bytes 18 and 19 of a database that keeps no write-ahead log: the image is whole without one."""


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that is on the disk. sha256: of the file. dropped: older backups deleted after it. listed: the list's mark."""

    path: Path
    head: Head
    sha256: str
    size: int
    dropped: int
    listed: str = ""


@dataclass(frozen=True, slots=True)
class Present:
    """A backup as it lies in a folder; only its head was read, nothing verified."""

    path: Path
    head: Head


@dataclass(frozen=True, slots=True)
class _Snapshot:
    image: bytes = field(repr=False)
    head: Head
    listed: str = field(repr=False)
    mark: str


class Backups:
    """Makes the backups of one gate. Works on a connection of its own each time: any thread may call it.

    Holds the device's backup key and signer, so that it can; never the root key.
    """

    def __init__(self, database: Path, *, backup_key: bytes, signer: Signer, gate_id: str) -> None:
        self._database = database
        self._key = backup_key
        self._signer = signer
        self._gate_id = gate_id

    def make(self, folder: Path, *, at: datetime, epoch: EpochSecret | None) -> Made:
        """Write one backup with list and escrow into *folder*, which must be there; drop those it supersedes.

        epoch: the present one's secret, None where this process has none; then the escrow stays if it is of the
        database's epoch and goes otherwise. Raises VaultError: ``backup-folder-absent``, ``backup-folder-full``,
        ``backup-folder-unusable``, ``backup-folder-foreign``, ``backup-busy``, ``epoch-moved``, ``database-...``;
        every older backup is then still there.
        """
        with _troubles_of(folder), self._alone():
            earlier = self._own(folder)
            snapshot = self._snapshot(at)
            self._check_epoch(snapshot.head.epoch, epoch)
            # List and escrow first: should the rest fail, no older backup gives an erased template back.
            write_whole(folder / LIST_NAME, snapshot.listed.encode())
            self._replace_escrow(folder / ESCROW_NAME, snapshot.head.epoch, epoch)
            path = folder / name_of(at)
            sha256, size = self._write(path, snapshot)
            dropped = self._drop(earlier, Present(path, snapshot.head))
        return Made(path, snapshot.head, sha256, size, dropped, snapshot.mark)

    def list_erased(self, folder: Path, *, at: datetime, known: str = "") -> str:
        """Replace only the list of what was erased and locked, unless it says what *known* is the mark of.

        Returns its mark. Raises VaultError as ``make`` does.
        """
        with _troubles_of(folder), self._alone():
            self._own(folder)
            with self._connected() as connection:
                mark = tombstones.mark(connection)
                text = "" if mark == known else tombstones.export(connection, self._signer, at)
            if text:
                write_whole(folder / LIST_NAME, text.encode())
        return mark

    def newest(self, folder: Path) -> Head | None:
        """Give the head of the newest backup there, None where there is none. Raises VaultError as ``make`` does."""
        with _troubles_of(folder):
            found = self._own(folder)
        return max((each.head for each in found), key=lambda head: head.age_rank, default=None)

    def present(self, folder: Path) -> list[Present]:
        """Give the backups there, newest last; their heads alone were read. Raises VaultError as ``make`` does."""
        with _troubles_of(folder):
            return self._own(folder)

    def unseal(self, path: Path) -> tuple[Head, bytes]:
        """Give head and database image of one whole backup of this gate; any thread may call it.

        Raises VaultError: ``backup-foreign``, ``backup-folder-unusable``, ``backup-malformed``,
        ``backup-newer``, ``backup-altered``.
        """
        with _troubles_of(path.parent), path.open("rb") as file:
            if archive.read_head(file).public_key != self._signer.public_key:
                raise VaultError(
                    "backup-foreign", "The backup is another gate's.", remedy="Name one that this gate made."
                )
            file.seek(0)
            return archive.unsealed(file, self._key)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep the command line and the running gate from writing the folder at once."""
        with self._database.with_name(LOCK_NAME).open("w", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise VaultError(
                    "backup-busy", "Another backup is being made.", remedy="Wait for it, then try again."
                ) from error
            yield

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """Read the database as it stands at one moment."""
        address = f"{self._database.resolve().as_uri()}?mode=rw"
        with translated(), closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            connection.execute("BEGIN")
            yield connection
            connection.execute("ROLLBACK")

    def _snapshot(self, at: datetime) -> _Snapshot:
        """Copy the database in memory: a reader on the disk's pace would keep the log from being emptied (R24)."""
        with self._connected() as connection:
            image: bytes = connection.serialize()
        image = image[:18] + _ROLLBACK_FORMAT + image[20:]
        with opened_image(image) as connection:
            return _Snapshot(
                image=image,
                head=head_of(
                    connection,
                    gate_id=self._gate_id,
                    created=at,
                    size=len(image),
                    public_key=self._signer.public_key,
                ),
                listed=tombstones.export(connection, self._signer, at),
                mark=tombstones.mark(connection),
            )

    def _check_epoch(self, stored: int, epoch: EpochSecret | None) -> None:
        if epoch is not None and epoch.number != stored:
            raise VaultError(
                "epoch-moved",
                "The epoch was renewed while the backup began.",
                remedy="Try again: the next backup holds the new one.",
            )

    def _replace_escrow(self, path: Path, stored: int, epoch: EpochSecret | None) -> None:
        if epoch is not None:
            write_private(path, wrap(epoch, self._key, self._signer.public_key).encode())
            return
        try:
            stale = Escrow.decode(read_whole(path, most=ESCROW_MOST_BYTES)).epoch != stored
        except FileNotFoundError:
            return
        except ValueError:
            stale = True
        if stale:
            destroy_private(path)

    def _write(self, path: Path, snapshot: _Snapshot) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0

        def pieces() -> Iterator[bytes]:
            nonlocal size
            for piece in archive.sealed(snapshot.head, snapshot.image, self._key):
                digest.update(piece)
                size += len(piece)
                yield piece

        write_pieces(path, pieces())
        return digest.hexdigest(), size

    def _own(self, folder: Path) -> list[Present]:
        """Give the backups in *folder* after making sure that all there is this device's."""
        if not folder.is_dir():
            raise VaultError(
                "backup-folder-absent",
                f"The backup folder {folder} is not there.",
                remedy="Plug in and mount its medium, or make the folder; it is never made by itself.",
            )
        if folder.resolve().is_relative_to(self._database.parent.resolve()):
            raise VaultError(
                "backup-folder-inside",
                f"The backup folder {folder} lies in the data folder: what takes the one takes the other.",
                remedy="Name a folder on another medium.",
            )
        found = backups_in(folder)
        foreign = any(each.head.public_key != self._signer.public_key for each in found)
        with suppress(FileNotFoundError, ValueError):
            escrow = Escrow.decode(read_whole(folder / ESCROW_NAME, most=ESCROW_MOST_BYTES))
            foreign = foreign or escrow.public_key != self._signer.public_key
        with suppress(FileNotFoundError, RequestError):
            listed = verify(read_whole(folder / LIST_NAME, most=LIST_MOST_BYTES), tombstones.DOCUMENT)
            foreign = foreign or listed.public_key != self._signer.public_key
        if foreign:
            raise VaultError(
                "backup-folder-foreign",
                f"The backups in {folder} are another gate's.",
                remedy="To bring them back, stop the gate and run gate restore; to make new ones, name an empty folder.",
            )
        return found

    def _drop(self, earlier: list[Present], made: Present) -> int:
        """Delete what the new backup supersedes: all of an earlier epoch, and all but the newest few of this one."""
        older = sorted(
            (each for each in earlier if each.path != made.path), key=lambda each: each.head.age_rank
        )
        kept = [each for each in older if each.head.epoch == made.head.epoch][-(KEPT - 1) :]
        superseded = [each for each in older if each not in kept]
        for each in superseded:
            each.path.unlink(missing_ok=True)
        for left in made.path.parent.glob(f"*{SUFFIX}*{PARTIAL}"):
            left.unlink(missing_ok=True)  # a power cut left it
        sync_folder(made.path.parent)
        return len(superseded)


def name_of(at: datetime) -> str:
    """Give the file name of a backup made *at*."""
    return f"gate-{at.astimezone(tz=UTC):%Y%m%dT%H%M%SZ}{SUFFIX}"


def backups_in(folder: Path) -> list[Present]:
    """Give the backups in *folder* whose heads can be read, newest last. Raises OSError."""
    found = []
    for path in folder.glob(f"gate-*{SUFFIX}"):
        with suppress(VaultError), path.open("rb") as file:
            found.append(Present(path, archive.read_head(file)))
    return sorted(found, key=lambda each: each.head.age_rank)


@contextmanager
def opened_image(image: bytes) -> Iterator[sqlite3.Connection]:
    """Open a database image in memory, checked. Raises VaultError ``database-corrupt``."""
    with translated(), closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.deserialize(image)
        if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise VaultError(
                "database-corrupt",
                "The database is damaged.",
                remedy="Stop the gate, keep the file for analysis, and restore the last backup (gate restore).",
            )
        yield connection


def head_of(
    connection: sqlite3.Connection, *, gate_id: str, created: datetime, size: int, public_key: bytes
) -> Head:
    """Describe the database that *connection* reads, as its backup's head says it."""
    meta = dict(connection.execute("SELECT name, value FROM meta").fetchall())
    last = connection.execute("SELECT seq, hash FROM anchors ORDER BY seq DESC LIMIT 1").fetchone()
    audit_seq, audit_hash = last or (0, GENESIS)
    return Head(
        gate_id=gate_id,
        created=created,
        schema=connection.execute("PRAGMA user_version").fetchone()[0],
        epoch=meta["epoch"],
        audit_seq=audit_seq,
        audit_hash=audit_hash,
        tombstones=connection.execute("SELECT count(*) FROM tombstones").fetchone()[0],
        size=size,
        public_key=public_key,
    )


@contextmanager
def _troubles_of(folder: Path) -> Iterator[None]:
    """Turn what the file system reports inside the block into a VaultError about the backup folder."""
    try:
        yield
    except OSError as error:
        raise _unusable(folder, error) from error
    except VaultError as error:
        if error.code == "key-unwritable" and isinstance(error.__cause__, OSError):
            raise _unusable(folder, error.__cause__) from error
        raise


def _unusable(folder: Path, error: OSError) -> VaultError:
    if error.errno in _NO_ROOM:
        return VaultError(
            "backup-folder-full",
            f"The backup folder {folder} has no room for another backup.",
            remedy="Free some space there, or name a folder on a larger medium; the older backups are still whole.",
        )
    return VaultError(
        "backup-folder-unusable",
        f"The backup folder {folder} cannot be used: {error.strerror}.",
        remedy="Give it to the gate's account, on a medium mounted for writing.",
    )

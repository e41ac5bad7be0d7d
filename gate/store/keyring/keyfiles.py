"""Small secret files: read only when nobody else may, written whole or not at all, destroyed and not just deleted."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gate.errors import VaultError

OURS_ALONE = 0o077
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
_NEW_SUFFIX = ".new"


def read_private(path: Path, *, most: int, forbidden: int = OURS_ALONE) -> bytearray | None:
    """Give the file's bytes, or None where there is no such file; at most ``most + 1``, so that a longer one shows.

    forbidden: permission bits it must not have. Raises VaultError: ``key-unreadable``, ``key-readable`` by others.
    """
    content = bytearray(most + 1)
    try:
        with path.open("rb", buffering=0) as file:
            mode = os.fstat(file.fileno()).st_mode
            size = file.readinto(content)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise VaultError(
            "key-unreadable",
            f"The key file {path} cannot be read: {error.strerror}.",
            remedy="Give the file to the gate's account.",
        ) from error
    if mode & forbidden or not stat.S_ISREG(mode):
        raise VaultError(
            "key-readable",
            f"Other accounts may read the key file {path}.",
            remedy=f"Close it (chmod 600 {path}); if somebody may have read it, gate reset makes a new one.",
        )
    del content[size:]
    return content


def write_private(path: Path, content: bytes | bytearray) -> None:
    """Write the file, mode 0600, in place of an earlier one: after a power cut it is the old or the new, whole.

    The earlier one's bytes are overwritten. Raises VaultError ``key-unwritable``; nothing has changed then.
    """
    fresh = path.with_name(path.name + _NEW_SUFFIX)
    try:
        earlier = _opened_to_overwrite(path)
        try:
            with os.fdopen(os.open(fresh, _NEW, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
            _sync_folder(path.parent)
            if earlier is not None:
                _overwrite(earlier)
        finally:
            if earlier is not None:
                os.close(earlier)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        raise _unwritable(path, error) from error


def destroy_private(path: Path) -> None:
    """Overwrite the file, then delete it; one that is not there is destroyed already.

    What a flash chip keeps below its file system is out of reach. Raises VaultError ``key-unwritable``.
    """
    try:
        descriptor = _opened_to_overwrite(path)
        if descriptor is None:
            return
        try:
            _overwrite(descriptor)
        finally:
            os.close(descriptor)
        path.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from error


@contextmanager
def alone_in(folder: Path, *, wait: bool) -> Iterator[bool]:
    """Keep other processes that ask the same out of *folder* while the block runs; a dead one's lock falls.

    Gives False if another holds it and *wait* is false. Raises VaultError ``key-unreadable``.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise VaultError(
            "key-unreadable",
            f"The key folder {folder} cannot be opened: {error.strerror}.",
            remedy="Give the folder to the gate's account.",
        ) from error
    try:
        yield _locked(descriptor, wait=wait)
    finally:
        os.close(descriptor)


def _locked(descriptor: int, *, wait: bool) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def _opened_to_overwrite(path: Path) -> int | None:
    try:
        return os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None


def _overwrite(descriptor: int) -> None:
    size = os.fstat(descriptor).st_size
    os.lseek(descriptor, 0, os.SEEK_SET)
    while size > 0:
        size -= os.write(descriptor, bytes(min(size, 1 << 16)))
    os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(path: Path, error: OSError) -> VaultError:
    return VaultError(
        "key-unwritable",
        f"The key file {path} cannot be written: {error.strerror}.",
        remedy="Give the folder to the gate's account, on a disk with room.",
    )

"""Files that are whole or not there: what a power cut leaves is the old one or the new one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PARTIAL = ".partial"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW


def read_whole(path: Path, *, most: int) -> bytes:
    """Give a file's bytes. Raises OSError; ValueError if there are more than *most*."""
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(path.name)
    return content


def write_whole(path: Path, content: bytes) -> None:
    """Put the file in the place of an earlier one, mode 0600, whole or not at all. Raises OSError."""
    write_pieces(path, iter([content]))


def write_pieces(path: Path, pieces: Iterator[bytes]) -> None:
    """Do as ``write_whole`` with content that comes piece by piece."""
    partial = path.with_name(path.name + PARTIAL)
    try:
        with os.fdopen(os.open(partial, _NEW, 0o600), "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in *folder* durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Files that are whole or not there: what a power cut leaves is the old one or the new one.

Standard library only: an update runs this with the system's own Python, before there is any environment.
"""

from __future__ import annotations

import glob
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

PARTIAL: Final = ".partial"
"""What a power cut may leave beside a file ends so; its name begins with that file's."""


_MADE_WITH: Final = 0o600


def read_whole(path: Path, *, most: int) -> bytes:
    """Give a file's bytes. Raises OSError; ValueError if there are more than *most*."""
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(path.name)
    return content


def write_whole(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Put the file in the place of an earlier one, whole or not at all; of two writers the later one's stays.

    Raises OSError; the earlier file is there then as it was.
    """
    write_pieces(path, iter([content]), mode=mode)


def write_pieces(path: Path, pieces: Iterator[bytes], *, mode: int = 0o600) -> None:
    """Do as ``write_whole`` with content that comes piece by piece."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=PARTIAL)
    partial = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            if mode != _MADE_WITH:  # where it is that already, a stick of FAT refuses even this
                os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise
    sync_folder(path.parent)


def sweep_partial(path: Path) -> None:
    """Remove what power cuts left beside *path*, which nobody writes meanwhile. Raises OSError."""
    for left in path.parent.glob(f"{glob.escape(path.name)}.*{PARTIAL}"):
        left.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in *folder* durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Files that leave the device: written whole or not at all, for their owner only."""

from __future__ import annotations

import os
from pathlib import Path

from gate import wholefiles
from gate.errors import RequestError


def write_whole(path: Path, content: bytes) -> None:
    """Write *content* to *path*, mode 0600, in place of what was there. Raises RequestError ``output-unwritable``."""
    try:
        wholefiles.write_whole(path, content)
    except OSError as error:
        raise RequestError(
            "output-unwritable",
            f"{path} cannot be written: {error.strerror}.",
            remedy="Name another file, in a folder that exists, on a disk with room.",
        ) from error


def refuse_unwritable(path: Path) -> None:
    """Raise RequestError ``output-unwritable`` now rather than after the work."""
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK) or path.is_dir():
        raise RequestError(
            "output-unwritable",
            f"{path} cannot be written.",
            remedy="Name another file, in a folder that exists, on a disk with room.",
        )


def read_most(path: Path, most: int) -> bytes:
    """Read a file that somebody handed in. Raises RequestError ``input-unreadable``, also for one past *most* bytes."""
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise RequestError(
            "input-unreadable",
            f"{path} cannot be read: {error.strerror}.",
            remedy="Name a file that is there and that you may read.",
        ) from error
    if len(content) > most:
        raise RequestError(
            "input-unreadable",
            f"{path} is larger than such a file can be ({most} bytes).",
            remedy="Name the file as the gate wrote it.",
        )
    return content

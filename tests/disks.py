"""A real, small file system to fill."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount 12 MiB at *folder*; skip, with the reason, where that is not allowed."""
    folder.mkdir(mode=0o700)
    command = ["mount", "-t", "tmpfs", "-o", "size=12m,mode=0700", "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command here")
    if done.returncode:
        pytest.skip("a small file system can only be mounted by root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take all that is free now, and nothing that somebody gives back meanwhile; give the file to delete for room."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        disk = os.statvfs(folder)
        left = disk.f_bavail * disk.f_frsize
        for size in (1 << 16, 1 << 10, 1):
            try:
                while left >= size:
                    left -= file.write(os.urandom(size))
            except OSError:
                pass
    return filler

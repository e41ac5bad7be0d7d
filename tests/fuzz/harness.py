"""What every fuzz target stands on: a way to cut an input into values, and a watch over what a parser must not do."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
FORBIDDEN = {
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.symlink",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "shutil.rmtree",
    "socket.bind",
    "socket.connect",
    "subprocess.Popen",
}


class Cut:
    """Values taken off the front of *data*; where it has ended, zeros."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def is_empty(self) -> bool:
        return self._at >= len(self._data)

    def number(self, least: int, most: int) -> int:
        """Take a whole number from *least* to *most*."""
        width = ((most - least).bit_length() + 7) // 8
        return least + int.from_bytes(self.take(width), "big") % (most - least + 1)

    def take(self, count: int) -> bytes:
        """Take at most *count* bytes."""
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken

    def rest(self) -> bytes:
        """Take all that is left."""
        return self.take(len(self._data))

    def text(self) -> str:
        """Take all that is left as text, whatever it was."""
        return self.rest().decode("utf-8", "surrogateescape")


class TouchedError(BaseException):
    """A parser wrote, started or connected to something. No Exception, so that no parser's own net catches it."""


class Watch:
    """From the first block on, tells of every file written, program started and connection made inside a block."""

    def __init__(self) -> None:
        self._is_on = False
        sys.addaudithook(self._heard)

    @contextmanager
    def nothing_touched(self):
        """Raise TouchedError for what is done in the block."""
        self._is_on = True
        try:
            yield
        finally:
            self._is_on = False

    def _heard(self, event, details):
        if not self._is_on:
            return
        if event in FORBIDDEN or (event == "open" and isinstance(details[2], int) and details[2] & WRITING):
            raise TouchedError(event, str(details))


@contextmanager
def as_file(content: bytes, ending: str = ""):
    """Give a path at which *content* can be read, though nothing was written to any disk."""
    handle = os.memfd_create(f"fuzz{ending}")
    try:
        os.write(handle, content)
        yield Path(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)

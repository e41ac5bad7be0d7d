"""Room kept back on the disk, so that cards and PINs still work on the day it is full."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

BALLAST_BYTES = 4 * 1024 * 1024
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Ballast:
    """A file of real bytes beside the database, given back when SQLite finds the disk full.

    Its state is the file itself, so that the service and the command line always agree on it. A disk that will not
    keep it, for whatever reason, raises nothing: the room is then not in place.
    """

    path: Path

    @property
    def in_place(self) -> bool:
        """Tell whether the room is still kept back."""
        try:
            return self.path.stat().st_size == BALLAST_BYTES
        except OSError:
            return False

    def release(self) -> bool:
        """Give the room back. Returns False if it was already given."""
        was_in_place = self.in_place
        return was_in_place and self._drop()

    def take(self) -> None:
        """Keep the room back again, if the disk has twice as much to spare: less would be given back at once."""
        if self.in_place:
            return
        try:
            disk = os.statvfs(self.path.parent)
            if disk.f_bavail * disk.f_frsize < 2 * BALLAST_BYTES:
                return
            with os.fdopen(os.open(self.path, _NEW, 0o600), "wb") as file:
                file.write(
                    os.urandom(BALLAST_BYTES)
                )  # zeros would shrink to nothing on a compressing file system
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            self._drop()  # another writer was faster: in_place tells

    def _drop(self) -> bool:
        with suppress(OSError):
            self.path.unlink()
            return True
        return False

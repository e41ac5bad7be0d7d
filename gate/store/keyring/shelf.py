"""Where wrapped epoch secrets lie, apart from the database: in files of the key folder, or in the TPM's own memory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gate.errors import VaultError
from gate.store.keyring.keyfiles import destroy_private, read_private, write_private

_NAME = re.compile(r"epoch-([0-9]{1,18})(?:\.new)?")
_MOST_BYTES = 256


class Shelf(Protocol):
    """Keeps small sealed things by number. Slow, safe in any thread; every method may raise VaultError."""

    def numbers(self) -> frozenset[int]:
        """Give the numbers under which something lies, whole or not."""

    def get(self, number: int) -> bytes | None:
        """Give what lies under *number*, or None."""

    def put(self, number: int, wrapped: bytes) -> None:
        """Put *wrapped* under *number*: durable once this returns, and until then there is nothing under it."""

    def destroy(self, number: int) -> None:
        """Overwrite and remove what lies under *number*; nothing there is fine."""


@dataclass(frozen=True, slots=True)
class FileShelf:
    """Files ``epoch-N`` in a folder that is ours alone."""

    folder: Path

    def numbers(self) -> frozenset[int]:
        """Give the numbers of the files, torn ones included. Raises VaultError ``key-unreadable``."""
        try:
            found = [_NAME.fullmatch(path.name) for path in self.folder.iterdir()]
        except OSError as error:
            raise VaultError(
                "key-unreadable",
                f"The key folder {self.folder} cannot be read: {error.strerror}.",
                remedy="Give the folder to the gate's account.",
            ) from error
        return frozenset(int(match[1]) for match in found if match)

    def get(self, number: int) -> bytes | None:
        """Read the file. Raises VaultError: ``key-unreadable``, ``key-readable`` by others."""
        content = read_private(self._path(number), most=_MOST_BYTES)
        return None if content is None else bytes(content)

    def put(self, number: int, wrapped: bytes) -> None:
        """Write the file whole. Raises VaultError ``key-unwritable``."""
        write_private(self._path(number), wrapped)

    def destroy(self, number: int) -> None:
        """Overwrite and delete the file, and what a power cut left of it. Raises VaultError ``key-unwritable``."""
        path = self._path(number)
        destroy_private(path.with_name(path.name + ".new"))
        destroy_private(path)

    def _path(self, number: int) -> Path:
        return self.folder / f"epoch-{number}"

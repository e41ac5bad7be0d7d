"""A restored gate before it is the gate: built beside the present one, and put in its place by one rename.

Until the folder ``restoring`` is renamed to ``restored`` the old state stands, whatever happens. From then on the new one
does: whatever is left to move is moved before anything is opened again (``settle``).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gate.store.db import DATABASE_NAME
from gate.store.folders import unusable
from gate.store.holds import Hold
from gate.store.keyring.keyfiles import destroy_private, write_private
from gate.wholefiles import sync_folder

STAGED = "restoring"
COMMITTED = "restored"
LOG_SUFFIXES = ("-wal", "-shm", "-journal")


def no_steps(_step: str) -> None:
    """Take no notice of the steps; tests end the process at one."""


@dataclass(frozen=True, slots=True)
class Staging:
    """The new state of one gate's two folders. steps: told before each step that could be the last."""

    data_dir: Path
    keys_dir: Path
    steps: Callable[[str], None] = no_steps

    @property
    def database(self) -> Path:
        """Give where the new database is built."""
        return self.data_dir / STAGED / DATABASE_NAME

    @property
    def keys(self) -> Path:
        """Give where the new files of the key folder are put."""
        return self.keys_dir / STAGED

    @property
    def is_committed(self) -> bool:
        """Tell whether the new state is the one that counts."""
        return (self.data_dir / COMMITTED).is_dir()

    @property
    def is_left_over(self) -> bool:
        """Tell whether something lies there that was built and never counted."""
        return self.database.parent.exists() or self.keys.exists()

    def begin(self) -> None:
        """Make both places, empty. Raises OSError; VaultError ``key-unwritable``."""
        self.discard()
        self.database.parent.mkdir(mode=0o700)
        self.keys.mkdir(mode=0o700)

    def discard(self) -> None:
        """Drop what was built and never counted; nothing built is fine. Raises as ``begin`` does."""
        if self.database.parent.exists():
            shutil.rmtree(self.database.parent)
        self._drop_keys()

    def commit(self) -> None:
        """Let the new state count, then move it into place. Raises as ``begin`` does; before the rename nothing has changed."""
        self.steps("sync")
        for folder in (self.keys, self.keys_dir, self.database.parent, self.data_dir):
            sync_folder(folder)
        self.steps("commit")
        self.database.parent.rename(self.data_dir / COMMITTED)
        sync_folder(self.data_dir)
        self.settle()

    def settle(self) -> None:
        """Finish what was committed; with nothing committed do nothing. Safe to repeat after any accident."""
        if not self.is_committed:
            return
        self._move_keys()
        self._move_database()
        self.steps("clear")
        shutil.rmtree(self.data_dir / COMMITTED)
        sync_folder(self.data_dir)

    def _move_keys(self) -> None:
        if not self.keys.exists():
            return
        for path in sorted(self.keys.iterdir()):
            self.steps(f"move key {path.name}")
            write_private(self.keys_dir / path.name, path.read_bytes())
        self.steps("drop keys")
        self._drop_keys()

    def _move_database(self) -> None:
        new, present = self.data_dir / COMMITTED / DATABASE_NAME, self.data_dir / DATABASE_NAME
        if not new.exists():
            return
        # The old log must be gone first: SQLite would play it into the new database.
        for suffix in LOG_SUFFIXES:
            self.steps(f"drop old {suffix}")
            present.with_name(DATABASE_NAME + suffix).unlink(missing_ok=True)
        sync_folder(self.data_dir)
        self.steps("move database")
        new.replace(present)
        sync_folder(self.data_dir)

    def _drop_keys(self) -> None:
        if not self.keys.exists():
            return
        for path in self.keys.iterdir():
            destroy_private(path)
        self.keys.rmdir()
        sync_folder(self.keys_dir)


def hold_settled(data_dir: Path, keys_dir: Path) -> Hold:
    """Hold the data for a store that opens it, after a restore that was cut short is finished or cleared away.

    Raises VaultError: ``data-replaced``, ``gate-running``, ``folder-unusable``, ``key-unwritable``.
    """
    staging, hold = Staging(data_dir, keys_dir), Hold.shared(data_dir)
    if not (staging.is_committed or staging.is_left_over):
        return hold
    hold.close()
    alone = Hold.alone(data_dir)
    try:
        staging.settle()
        staging.discard()
    except OSError as error:
        raise unusable(data_dir, error) from error
    finally:
        alone.close()
    return Hold.shared(data_dir)

"""Who uses a data folder: many at once who read and write it, or one alone who replaces or destroys it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from gate.errors import VaultError
from gate.store.folders import unusable

HOLD_NAME = "in-use"
SERVING_NAME = "serving"
CALIBRATION_NAME = "operating-point.json"
"""What gate/calibrated.py keeps in the data folder: signed by this device, so that no other takes it for its own."""


class Hold:
    """A hold on a data folder, until ``close``; the kernel lets go of a dead process's."""

    def __init__(self, file: int) -> None:
        """Take over *file*, a descriptor that holds the lock."""
        self._file: int | None = file

    @classmethod
    def shared(cls, data_dir: Path) -> Hold:
        """Hold the folder beside others. Raises VaultError ``data-replaced`` while a restore or reset is at work."""
        file = _opened(data_dir)
        if not _locked(file, fcntl.LOCK_SH):
            os.close(file)
            raise VaultError(
                "data-replaced",
                f"The data in {data_dir} is being restored or reset.",
                remedy="Wait until that is done, then try again.",
            )
        return cls(file)

    @classmethod
    def alone(cls, data_dir: Path) -> Hold:
        """Hold the folder alone. Raises VaultError ``gate-running`` where a gate or one of its commands uses it."""
        file = _opened(data_dir)
        if not _locked(file, fcntl.LOCK_EX):
            os.close(file)
            raise VaultError(
                "gate-running",
                f"A gate, or one of its commands, uses the data in {data_dir}.",
                remedy="Stop the gate and end its commands, then try again.",
            )
        return cls(file)

    def close(self) -> None:
        """Let go. Closing twice is fine."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


def is_served(data_dir: Path) -> bool:
    """Tell whether a gate serves the folder: it keeps SERVING_NAME locked. Raises VaultError ``folder-unusable``."""
    try:
        file = os.open(data_dir / SERVING_NAME, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise unusable(data_dir, error) from error
    try:
        return not _locked(file, fcntl.LOCK_SH)
    finally:
        os.close(file)


def _opened(data_dir: Path) -> int:
    try:
        return os.open(data_dir / HOLD_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise unusable(data_dir, error) from error


def _locked(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

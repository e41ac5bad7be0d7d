"""Folders that only the gate's own account may look into."""

from __future__ import annotations

from pathlib import Path

from gate.errors import VaultError

_OTHERS = 0o077


def private_folder(path: Path) -> Path:
    """Make sure that *path* is a folder with mode 0700, created if absent. Raises VaultError if others may enter.

    A folder somebody else opened is refused, not narrowed: it may not be ours alone.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = path.stat().st_mode
    except OSError as error:
        raise unusable(path, error) from error
    if mode & _OTHERS:
        raise VaultError(
            "folder-open",
            f"Other accounts may enter the folder {path}.",
            remedy=f"Close it: chmod 700 {path}",
        )
    return path


def unusable(path: Path, error: OSError) -> VaultError:
    """Say why the folder cannot be used."""
    return VaultError(
        "folder-unusable",
        f"The folder {path} cannot be used: {error.strerror}.",
        remedy="Name a folder that the gate's account owns.",
    )

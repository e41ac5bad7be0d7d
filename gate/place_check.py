"""What ``gate check`` says of folders and device files that nothing was opened or made in yet."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from gate.errors import DeviceFault, VaultError
from gate.settings import BackupSettings, CameraSettings, StorageSettings
from gate.store.keyring.keys import refuse_keys_beside_data

_VIDEO: Final = "/dev/video"


def stands(path: Path) -> bool:
    """Tell whether there is something at *path*; what this account may not look at is not there for it."""
    with suppress(OSError):
        return path.exists()
    return False


def refuse_folders(storage: StorageSettings) -> None:
    """Raise VaultError where a first start could not make its folders: ``keys-beside-data``, ``folder-unwritable``."""
    refuse_keys_beside_data(storage.keys_dir, storage.data_dir)
    for folder in (storage.data_dir, storage.keys_dir):
        standing = next(each for each in (folder, *folder.resolve().parents) if stands(each))
        if not standing.is_dir() or not os.access(standing, os.W_OK | os.X_OK):
            raise VaultError(
                "folder-unwritable",
                f"The folder {folder} cannot be used: this account may not write in {standing}.",
                remedy="Make the folder and give it to the gate's account, or name another in [storage].",
            )


def refuse_absent_backup(backup: BackupSettings) -> None:
    """Raise VaultError ``backup-folder-absent`` where the folder for backups is not there."""
    if not (stands(backup.folder) and backup.folder.is_dir()):
        raise VaultError(
            "backup-folder-absent",
            f"The backup folder {backup.folder} is not there, or this account may not look there.",
            remedy="Plug in and mount its medium where the gate's account may go, or make the folder; it is never made by itself.",
        )


def refuse_absent_camera(camera: CameraSettings) -> None:
    """Raise DeviceFault ``camera-absent`` where a V4L2 camera has no device file; looks at the name and opens nothing (R10)."""
    if camera.driver != "v4l2":
        return
    device = Path(f"{_VIDEO}{camera.source}" if camera.source.isdigit() else camera.source)
    if not stands(device):
        raise DeviceFault(
            "camera-absent",
            f"The camera {device} is not there.",
            remedy="Plug it in, or name it in [camera] as v4l2-ctl --list-devices shows it.",
        )

"""Factory reset (R59): the keys first, so that everything else is noise at once; then everything else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from gate.store.account.audit_head import HEAD_NAME, KeptHead
from gate.store.account.signing import is_signed
from gate.store.backup.backups import LOCK_NAME
from gate.store.backup.staging import COMMITTED, LOG_SUFFIXES, STAGED, no_steps
from gate.store.db import DATABASE_NAME
from gate.store.folders import private_folder
from gate.store.holds import CALIBRATION_NAME, HOLD_NAME, SERVING_NAME, Hold
from gate.store.keyring.custody import CUSTODIANS, KEY_NAME, SEALED_NAME, TPM_NAME, KeyPlace
from gate.store.keyring.escrow import ESCROW_MOST_BYTES, ESCROW_NAME, Escrow
from gate.store.keyring.keyfiles import destroy_private
from gate.store.keyring.keys import Custody
from gate.wholefiles import read_whole

_KEYS = re.compile(
    rf"(?:{re.escape(KEY_NAME)}|{re.escape(SEALED_NAME)}|{re.escape(TPM_NAME)}|epoch-[0-9]+)(?:\.new)?"
)
_HEAD = re.compile(rf"{re.escape(HEAD_NAME)}(?:\.[0-9a-z]+)?")
_DATA = {
    DATABASE_NAME,
    *(DATABASE_NAME + suffix for suffix in LOG_SUFFIXES),
    "ballast",
    LOCK_NAME,
    SERVING_NAME,
    CALIBRATION_NAME,
}


@dataclass(frozen=True, slots=True)
class Reset:
    """What a reset left behind. others: files in the two folders that are none of ours, and stay.

    credential: systemd still hands the root key over. escrow: where one remains that may be this gate's.
    """

    others: tuple[Path, ...]
    credential: bool
    escrow: Path | None


def reset(
    data_dir: Path,
    place: KeyPlace,
    backup_folder: Path | None,
    *,
    steps: Callable[[str], None] = no_steps,
) -> Reset:
    """Destroy keys, data and the escrow beside the backups; run again after an accident, it goes on.

    Opens neither database nor key, so that damage to them is no hindrance. steps: told before each. Raises VaultError:
    ``gate-running``, ``folder-...``, ``key-unwritable``; what was destroyed until then stays so.
    """
    keys_dir = private_folder(place.keys_dir)
    with closing(Hold.alone(private_folder(data_dir))):
        escrow = _escrow(backup_folder)
        ours = escrow is not None and _is_ours(escrow, keys_dir)
        steps("root key")
        CUSTODIANS[place.custody](place).forget()
        for path in _files(keys_dir, _KEYS):
            steps(f"key {path.name}")
            destroy_private(path)
        if ours and backup_folder is not None:
            steps("escrow")
            destroy_private(backup_folder / ESCROW_NAME)
        for folder in (keys_dir / STAGED, data_dir / STAGED, data_dir / COMMITTED):
            steps(f"staging {folder.name}")
            _destroy_folder(folder)
        for name in sorted(_DATA, reverse=True):  # a log goes before its database
            steps(f"data {name}")
            destroy_private(data_dir / name)
        # The head last: until the escrow is gone it alone tells whose that is.
        for path in _files(keys_dir, _HEAD):
            steps(f"head {path.name}")
            destroy_private(path)
        others = tuple(path for path in (*data_dir.iterdir(), *keys_dir.iterdir()) if path.name != HOLD_NAME)
    return Reset(
        others=others,
        credential=place.custody is Custody.CREDENTIAL,
        escrow=backup_folder / ESCROW_NAME if backup_folder and escrow and not ours else None,
    )


def _escrow(folder: Path | None) -> Escrow | None:
    if folder is None:
        return None
    with suppress(OSError, ValueError):
        return Escrow.decode(read_whole(folder / ESCROW_NAME, most=ESCROW_MOST_BYTES))
    return None


def _is_ours(escrow: Escrow, keys_dir: Path) -> bool:
    """Tell whether the device that wrote the escrow signed this device's audit log: that needs no key."""
    with suppress(ValueError, OverflowError):
        head = KeptHead(keys_dir / HEAD_NAME).read()
        return head is not None and is_signed(head.signed_bytes, head.signature, escrow.public_key)
    return False


def _files(folder: Path, name: re.Pattern[str]) -> Iterator[Path]:
    return (path for path in sorted(folder.iterdir()) if name.fullmatch(path.name))


def _destroy_folder(folder: Path) -> None:
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        destroy_private(path)
    folder.rmdir()

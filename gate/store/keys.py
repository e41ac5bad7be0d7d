"""The master key: where it is kept, and the independent keys that grow from it."""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gate.errors import VaultError
from gate.store.folders import private_folder

KEY_BYTES = 32
KEY_NAME = "gate-master-key"


class Custody(StrEnum):
    """Where the master key lies, as the status page says it."""

    CREDENTIAL = "systemd credential"
    FILE = "software file"


class KeyUse(StrEnum):
    """What a derived key is for: one label, one key, so that no two tables share one (R35)."""

    BIOMETRIC = "gate 1 biometric key-encryption key"
    PEOPLE = "gate 1 people key-encryption key"
    UNIT_LOOKUP = "gate 1 unit lookup"
    CARD_LOOKUP = "gate 1 card lookup"
    PIN_PEPPER = "gate 1 pin pepper"
    THROTTLE = "gate 1 throttle"
    CHECK = "gate 1 key check value"
    CONSENT = "gate 1 consent ledger key-encryption key"
    RIGHTS = "gate 1 requests key-encryption key"
    GOVERNANCE = "gate 1 registers key-encryption key"
    SIGNING = "gate 1 device signature"
    EPOCH = "gate 1 epoch secret key-encryption key"
    BACKUP = "gate 1 backup"


@dataclass(frozen=True, slots=True)
class MasterKey:
    """The secret everything is sealed under, in memory that can be wiped."""

    secret: bytearray = field(repr=False)
    custody: Custody

    def derive(self, use: KeyUse) -> bytes:
        """Give the 32-byte key for *use* (HKDF-SHA256). Raises ValueError after ``wipe``."""
        if len(self.secret) != KEY_BYTES:
            raise ValueError("The master key was wiped.")
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=use.encode()).derive(bytes(self.secret))

    def wipe(self) -> None:
        """Overwrite and drop the secret. Copies inside the crypto library are beyond reach."""
        self.secret[:] = bytes(len(self.secret))
        self.secret.clear()


def refuse_keys_beside_data(keys_dir: Path, data_dir: Path) -> None:
    """Raise VaultError if a copy of one folder would carry the other along."""
    keys, data = keys_dir.resolve(), data_dir.resolve()
    if keys.is_relative_to(data) or data.is_relative_to(keys):
        raise VaultError(
            "keys-beside-data",
            f"Of the key folder {keys_dir} and the data folder {data_dir} one lies in the other.",
            remedy="Name a key folder apart from the data, on another medium if you can.",
        )


def load_master_key(keys_dir: Path, credentials_dir: Path | None, *, create: bool) -> MasterKey:
    """Read the master key: from systemd's *credentials_dir* if it is there, else from a 0600 file in *keys_dir*.

    create: a first start may make the file; later a missing key is an error, for a new one would open nothing.
    Raises VaultError: ``key-missing``, ``key-readable`` by others, ``key-length``, ``key-unreadable``.
    """
    if credentials_dir is not None and (credentials_dir / KEY_NAME).exists():
        # systemd grants us the right to read through the group bits (an ACL mask): only "others" can be judged.
        return MasterKey(_read(credentials_dir / KEY_NAME, forbidden=0o007), Custody.CREDENTIAL)
    path = private_folder(keys_dir) / KEY_NAME
    if create:
        _create(path)
    return MasterKey(_read(path, forbidden=0o077), Custody.FILE)


def _read(path: Path, *, forbidden: int) -> bytearray:
    secret = bytearray(KEY_BYTES + 1)
    try:
        with path.open("rb", buffering=0) as file:
            mode = os.fstat(file.fileno()).st_mode
            size = file.readinto(secret)
    except FileNotFoundError as error:
        raise VaultError(
            "key-missing",
            f"The database is there, its master key is not in {path.parent}.",
            remedy="Put the key back, or reset the gate and enrol anew.",
        ) from error
    except OSError as error:
        raise VaultError(
            "key-unreadable",
            f"The master key {path} cannot be read: {error.strerror}.",
            remedy="Give the file to the gate's account.",
        ) from error
    if mode & forbidden or not stat.S_ISREG(mode):
        raise VaultError(
            "key-readable",
            f"Other accounts may read the master key {path}.",
            remedy=f"Close it (chmod 600 {path}); if somebody may have read it, reset the gate.",
        )
    if size != KEY_BYTES:
        raise VaultError(
            "key-length",
            f"The master key {path} does not hold exactly {KEY_BYTES} bytes.",
            remedy="Put the right key back.",
        )
    del secret[KEY_BYTES:]
    return secret


def _create(path: Path) -> None:
    """Write a fresh key, whole or not at all; a key that is already there stays."""
    if path.exists():
        return
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent) as file:  # mode 0600
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
            path.hardlink_to(
                file.name
            )  # unlike a rename, it cannot replace the key of a start at the same moment
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    except FileExistsError:
        return
    except OSError as error:
        raise VaultError(
            "key-unwritable",
            f"The master key cannot be written to {path.parent}: {error.strerror}.",
            remedy="Give the folder to the gate's account, on a disk with room.",
        ) from error

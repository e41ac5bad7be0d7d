"""The root key and the independent keys that grow from it. Where it lies: ``custody.py``."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gate.errors import VaultError

KEY_BYTES = 32


class Custody(StrEnum):
    """Where the root key lies: the values of ``storage.custody``."""

    FILE = "file"
    CREDENTIAL = "credential"
    PASSPHRASE = "passphrase"  # noqa: S105 - the word, not one
    TPM = "tpm"


class KeyUse(StrEnum):
    """What a derived key is for: one label, one key, so that no two tables share one (R35)."""

    BIOMETRIC = "gate 1 biometric key-encryption key"
    PEOPLE = "gate 1 people key-encryption key"
    UNIT_LOOKUP = "gate 1 unit lookup"
    CARD_LOOKUP = "gate 1 card lookup"
    PIN_PEPPER = "gate 1 pin pepper"
    THROTTLE = "gate 1 throttle"
    VISIT_LOOKUP = "gate 1 visit lookup"
    CHECK = "gate 1 key check value"
    CONSENT = "gate 1 consent ledger key-encryption key"
    RIGHTS = "gate 1 requests key-encryption key"
    REQUEST_LOOKUP = "gate 1 request lookup"
    GOVERNANCE = "gate 1 registers key-encryption key"
    SIGNING = "gate 1 device signature"
    EPOCH = "gate 1 epoch secret key-encryption key"
    BACKUP = "gate 1 backup"
    SUBJECT_LOOKUP = "gate 1 subject lookup"
    HOURS = "gate 1 hours authentication"
    DEVICES = "gate 1 device keys key-encryption key"
    ACCOUNTS = "gate 1 accounts key-encryption key"
    LOGIN_LOOKUP = "gate 1 login lookup"
    PASSWORD_PEPPER = "gate 1 password pepper"  # noqa: S105 - a label
    SECOND_FACTORS = "gate 1 second factors key-encryption key"
    STAFF_CODES = "gate 1 staff codes"
    APPROVALS = "gate 1 approvals key-encryption key"
    TOKENS = "gate 1 tokens key-encryption key"
    TOKEN_LOOKUP = "gate 1 token lookup"  # noqa: S105 - a label
    CERTIFICATES = "gate 1 certificate keys key-encryption key"
    OUTBOX = "gate 1 outbox key-encryption key"
    TALLY = "gate 1 tally key-encryption key"


@dataclass(frozen=True, slots=True)
class MasterKey:
    """The root key, 32 bytes that everything is sealed under, in memory that can be wiped."""

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

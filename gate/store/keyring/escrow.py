"""What lies once beside the backups, replaced and never kept: the present epoch's secret, wrapped under the root key.

With it a backup of this very epoch gives its templates back on another device. After a rotation the earlier secret is
gone from here too, so that no older backup opens a template (R51).
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gate.core.canonical import canonical

ESCROW_NAME = "escrow"
ESCROW_MOST_BYTES = 4096
_FORMAT = 1
_NONCE_BYTES = 12
_KEY_BYTES = 32
_INFO = b"gate 1 epoch escrow"


class EscrowError(ValueError):
    """The file is no escrow, was altered, or belongs to another device: it opens nothing."""


@dataclass(frozen=True, slots=True)
class EpochSecret:
    """The secret of one epoch, 32 bytes."""

    number: int
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Escrow:
    """The file as it lies there. public_key: of the device that wrote it, 32 bytes."""

    epoch: int
    public_key: bytes
    wrapped: bytes = field(repr=False)

    def encode(self) -> bytes:
        """Give the file's bytes."""
        return canonical(
            {
                "format": _FORMAT,
                "epoch": self.epoch,
                "public_key": self.public_key.hex(),
                "wrapped": self.wrapped.hex(),
            }
        )

    @classmethod
    def decode(cls, content: bytes) -> Escrow:
        """Read the file's bytes. Raises EscrowError."""
        try:
            read = json.loads(content)
            epoch, key, wrapped = read["epoch"], read["public_key"], read["wrapped"]
            if read["format"] != _FORMAT or type(epoch) is not int or not 0 < epoch < 1 << 63:
                raise EscrowError
            return cls(epoch, bytes.fromhex(key), bytes.fromhex(wrapped))
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise EscrowError from error


def wrap(epoch: EpochSecret, backup_key: bytes, public_key: bytes) -> Escrow:
    """Wrap the secret under *backup_key* (32 bytes, of KeyUse.BACKUP), bound to epoch and device."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = _cipher(backup_key).encrypt(nonce, epoch.secret, _bound(epoch.number, public_key))
    return Escrow(epoch.number, public_key, nonce + sealed)


def unwrap(escrow: Escrow, backup_key: bytes) -> EpochSecret:
    """Give the secret back. Raises EscrowError."""
    nonce, sealed = escrow.wrapped[:_NONCE_BYTES], escrow.wrapped[_NONCE_BYTES:]
    try:
        secret = _cipher(backup_key).decrypt(nonce, sealed, _bound(escrow.epoch, escrow.public_key))
    except (InvalidTag, ValueError) as error:  # ValueError: cut shorter than a nonce
        raise EscrowError from error
    return EpochSecret(escrow.epoch, secret)


def _cipher(backup_key: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), _KEY_BYTES, salt=None, info=_INFO).derive(backup_key))


def _bound(epoch: int, public_key: bytes) -> bytes:
    return b"gate epoch escrow 1\0" + epoch.to_bytes(8) + public_key

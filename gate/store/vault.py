"""Sealing single records: AES-256-GCM, a key per record, bound to the place the record belongs (R50)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gate.errors import VaultError

_NONCE_BYTES = 12
_KEY_BITS = 256
_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class Binding:
    """Where a record belongs. Sealed bytes open nowhere else: a swapped or replayed row fails."""

    table: str
    record: str
    epoch: int
    consent: str = ""
    model_sha256: str = ""

    def encode(self) -> bytes:
        """Give the associated data: each part after its length, so that no two bindings look alike."""
        parts = (self.table, self.record, self.consent, self.model_sha256, str(self.epoch))
        return b"".join(len(part.encode()).to_bytes(_LENGTH_BYTES) + part.encode() for part in parts)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A record as the database holds it. Without *wrapped_key* the *content* is noise for good (R51)."""

    wrapped_key: bytes = field(repr=False)
    content: bytes = field(repr=False)


class Vault:
    """Seals and opens the records of one class of data under that class's key-encryption key (32 bytes)."""

    def __init__(self, key_encryption_key: bytes) -> None:
        self._wrapping = AESGCM(key_encryption_key)

    def seal(self, plaintext: bytes, binding: Binding) -> Sealed:
        """Seal *plaintext* under a fresh random key, itself wrapped; both bound to *binding*."""
        bound = binding.encode()
        key = AESGCM.generate_key(_KEY_BITS)
        return Sealed(
            wrapped_key=_encrypt(self._wrapping, key, b"key" + bound),
            content=_encrypt(AESGCM(key), plaintext, b"content" + bound),
        )

    def open(self, sealed: Sealed, binding: Binding) -> bytes:
        """Give the plaintext back. Raises VaultError ``record-altered`` if a byte or the binding differs."""
        bound = binding.encode()
        try:
            key = _decrypt(self._wrapping, sealed.wrapped_key, b"key" + bound)
            return _decrypt(AESGCM(key), sealed.content, b"content" + bound)
        except (InvalidTag, ValueError) as error:  # ValueError: cut shorter than a nonce and a tag
            raise VaultError(
                "record-altered",
                f"The record {binding.record} in the table {binding.table} was altered or moved.",
                remedy="Delete it and enter it anew; find out who wrote to the database.",
            ) from error


def _encrypt(cipher: AESGCM, plaintext: bytes, associated: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plaintext, associated)


def _decrypt(cipher: AESGCM, sealed: bytes, associated: bytes) -> bytes:
    return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], associated)

"""Sealing single records: AES-256-GCM, a key per record, bound to the place the record belongs (R50)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gate.errors import VaultError

_NONCE_BYTES = 12
_KEY_BYTES = 32
_KEY, _CONTENT = b"key", b"content"


@dataclass(frozen=True, slots=True)
class Binding:
    """Where a record belongs. Sealed bytes open nowhere else: a swapped or replayed row fails."""

    table: str
    record: str
    epoch: int
    consent: str = ""
    model_sha256: str = ""
    terms: str = ""

    def encode(self) -> bytes:
        """Give the associated data: each text after its length in characters, so that no two bindings look alike."""
        return (
            f"{len(self.table)}:{self.table}{len(self.record)}:{self.record}{len(self.consent)}:{self.consent}"
            f"{len(self.model_sha256)}:{self.model_sha256}{self.epoch}"
            # Left out where there are none: people and cards were sealed without, and digits end the text before.
            + (f"+{len(self.terms)}:{self.terms}" if self.terms else "")
        ).encode()


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
        drawn = secrets.token_bytes(
            _KEY_BYTES + 2 * _NONCE_BYTES
        )  # one call: each costs as much as sealing a key
        key, key_nonce, nonce = drawn[:_KEY_BYTES], drawn[_KEY_BYTES:-_NONCE_BYTES], drawn[-_NONCE_BYTES:]
        return Sealed(
            key_nonce + self._wrapping.encrypt(key_nonce, key, _KEY + bound),
            nonce + AESGCM(key).encrypt(nonce, plaintext, _CONTENT + bound),
        )

    def open(self, sealed: Sealed, binding: Binding) -> bytes:
        """Give the plaintext back. Raises VaultError ``record-altered`` if a byte or the binding differs."""
        bound = binding.encode()
        wrapped, content = sealed.wrapped_key, sealed.content
        try:
            key = self._wrapping.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], _KEY + bound)
            return AESGCM(key).decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], _CONTENT + bound)
        except (InvalidTag, ValueError) as error:  # ValueError: cut shorter than a nonce and a tag
            raise VaultError(
                "record-altered",
                f"The record {binding.record} in the table {binding.table} was altered or moved.",
                remedy="Delete it and enter it anew; find out who wrote to the database.",
            ) from error

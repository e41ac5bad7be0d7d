"""The epoch: the secret that all templates of the moment are sealed and protected under, replaced at each erasure.

Its number stands in the database (meta 'epoch'), its secret lies on a shelf apart from it. Older and newer secrets are
destroyed as soon as the one in force is known to open, so that an older database opens no template (R51).
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gate.errors import VaultError
from gate.store.database import Database
from gate.store.keyring.keyfiles import alone_in
from gate.store.keyring.keys import KEY_BYTES, KeyUse, MasterKey
from gate.store.keyring.shelf import Shelf
from gate.store.vault import Vault

FIRST_EPOCH = 1
SECRET_BYTES = 32
_NONCE_BYTES = 12
_BIOMETRIC = b"gate 1 epoch biometric key-encryption key"
_TRANSFORM = b"gate 1 epoch transform seed"
_REMOVED = "They are removed at the next housekeeping; ask those residents to agree and enrol anew."


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch's number, the vault of its templates, and the seed of their transform (32 bytes)."""

    number: int
    vault: Vault = field(repr=False)
    seed: bytes = field(repr=False)


class EpochSecrets:
    """The epoch secrets on their shelf, each wrapped under the root key and bound to its number."""

    def __init__(self, shelf: Shelf, master: MasterKey) -> None:
        self._shelf = shelf
        self._wrapping = AESGCM(master.derive(KeyUse.EPOCH))
        self._parent = master.derive(KeyUse.BIOMETRIC)

    def numbers(self) -> frozenset[int]:
        """Give the epochs whose secret is still there, whole or not."""
        return self._shelf.numbers()

    def read(self, number: int) -> bytes | None:
        """Give the secret, or None if it is gone, altered or another epoch's."""
        wrapped = self._shelf.get(number)
        if wrapped is None:
            return None
        try:
            return self._wrapping.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], _bound(number))
        except (InvalidTag, ValueError):  # ValueError: shorter than a nonce
            return None

    def write(self, number: int, secret: bytes) -> None:
        """Put the secret on the shelf; it is durable when this returns."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        self._shelf.put(number, nonce + self._wrapping.encrypt(nonce, secret, _bound(number)))

    def destroy(self, number: int) -> None:
        """Destroy the secret: what was sealed under its epoch is noise for good."""
        self._shelf.destroy(number)

    def epoch(self, number: int, secret: bytes) -> Epoch:
        """Grow the epoch's keys from the root key and its secret: either alone gives nothing."""
        return Epoch(number, Vault(self._grown(secret, _BIOMETRIC)), self._grown(secret, _TRANSFORM))

    def _grown(self, secret: bytes, label: bytes) -> bytes:
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=label).derive(self._parent + secret)


class Epochs:
    """The epoch in force. Without its secret no template opens, and none can be written; cards and PINs go on.

    Every method may raise VaultError where the shelf or the database cannot serve.
    """

    def __init__(self, database: Database, epoch_secrets: EpochSecrets, keys_dir: Path) -> None:
        self._database = database
        self._secrets = epoch_secrets
        self._keys_dir = keys_dir
        self._epoch: Epoch | None = None
        self._closed = False

    @property
    def number(self) -> int:
        """Give the number of the epoch in force, as the database has it now: another process may have rotated."""
        number: int = self._database.rows("SELECT value FROM meta WHERE name = 'epoch'")[0][0]
        return number

    @property
    def current(self) -> Epoch:
        """Give the epoch in force. Raises VaultError ``epoch-lost`` where its secret is gone, ``epoch-sealed``."""
        if self._closed:
            raise VaultError(
                "epoch-sealed",
                "The case was opened; the keys of the face templates are out of memory.",
                remedy="Look at the device, run gate tamper clear, then start the gate again; cards and PINs work.",
            )
        number = self.number
        if self._epoch is None or self._epoch.number != number:
            self._epoch = None
            number, secret = self.escrow()
            self._epoch = self._secrets.epoch(number, secret)
        return self._epoch

    @property
    def is_closed(self) -> bool:
        """Tell whether the keys were dropped from memory."""
        return self._closed

    def close(self) -> None:
        """Drop the keys from memory until the next start (R60: tamper)."""
        self._closed = True
        self._epoch = None

    def escrow(self) -> tuple[int, bytes]:
        """Give number and secret of the epoch in force, for whoever wraps it again at once. Raises ``epoch-lost``."""
        number = self.number
        secret = self._secrets.read(number)
        if secret is None and self.number != number:
            return self.escrow()  # another process changed the epoch between the two looks
        if secret is None:
            raise self._lost(number)
        return number, secret

    def secret_of(self, number: int) -> bytes | None:
        """Give one epoch's secret, for whoever wraps it again at once; None if it is gone. Slow, safe in any thread."""
        return self._secrets.read(number)

    @contextmanager
    def alone(self, *, wait: bool = False) -> Iterator[bool]:
        """Keep other processes from writing and destroying secrets meanwhile; False if one is at it."""
        with alone_in(self._keys_dir, wait=wait) as alone:
            yield alone

    def settle(self) -> None:
        """Bring shelf and database together after a start: make the first epoch, destroy stale secrets.

        A power cut may have left the secret of an epoch that never began, or of one that is over. Nothing is destroyed
        while the epoch in force is lost: the right database, or the right keys, may be put back. What fails here fails
        again for whoever asks for the epoch: cards and PINs need none, and the store opens.
        """
        with suppress(VaultError):
            self._settle()

    def _settle(self) -> None:
        number, known = self.number, self._secrets.numbers()
        secret = self._secrets.read(number) if number in known else None
        if secret is None and known <= {number} and not self._has_templates():
            number, secret = self._first()  # no epoch ever began here: at most a torn secret was left
        if secret is None:
            if not self._has_templates():  # nothing is lost with it: the next rotation begins a new epoch
                self._database.write(mark_due)
            return
        self._epoch = self._secrets.epoch(number, secret)
        if known <= {number}:
            return
        with self.alone() as alone:
            # If not alone: a rotation is at work in another process, and cleans up after itself.
            if alone and self.number == number:
                self.destroy(self._secrets.numbers() - {number})

    def _first(self) -> tuple[int, bytes]:
        """Make the secret of the epoch in force; of two starts at once the later one takes the earlier one's."""
        with self.alone(wait=True):
            number = self.number
            secret = self._secrets.read(number)
            if secret is None:
                secret = secrets.token_bytes(SECRET_BYTES)
                self.write(number, secret)
        return number, secret

    def write(self, number: int, secret: bytes) -> None:
        """Make the secret of an epoch durable, before the database is told of it. Safe in any thread."""
        self._secrets.write(number, secret)

    def shelved(self) -> frozenset[int]:
        """Give the epochs whose secret is there. Safe in any thread."""
        return self._secrets.numbers()

    def drawn(self, known: frozenset[int]) -> tuple[Epoch, bytes]:
        """Draw a fresh epoch after every *known* one, with its secret; nothing is written yet.

        An odd one follows an even one: the TPM has two slots, and the secret in force must not be overwritten.
        """
        secret = secrets.token_bytes(SECRET_BYTES)
        was = self.number
        number = max(known | {was}) + 1
        number += (number - was + 1) % 2
        return self._secrets.epoch(number, secret), secret

    def adopt(self, epoch: Epoch) -> None:
        """Take *epoch*, which the database has just moved to, as the one in force."""
        if not self._closed:
            self._epoch = epoch

    def destroy(self, numbers: Iterable[int]) -> None:
        """Destroy the secrets of epochs that are not in force. Safe in any thread."""
        for number in numbers:
            self._secrets.destroy(number)

    def _has_templates(self) -> bool:
        return bool(self._database.rows("SELECT EXISTS (SELECT 1 FROM templates)")[0][0])

    def _lost(self, number: int) -> VaultError:
        others = self._secrets.numbers() - {number}
        if others and max(others) > number:
            return VaultError(
                "epoch-lost",
                f"The database is of epoch {number}, older than the keys: its face templates are erased for good.",
                remedy=f"Put the newer database back if this copy was a mistake. {_REMOVED}",
            )
        if others:
            return VaultError(
                "epoch-lost",
                f"The keys are older than the database: the secret of epoch {number} is not among them.",
                remedy=f"Put the newer keys back if there are any. {_REMOVED}",
            )
        return VaultError(
            "epoch-lost",
            f"The secret of epoch {number} is gone or was altered: no face template can be opened.",
            remedy=f"Find out who wrote to the key folder; cards and PINs work. {_REMOVED}",
        )


_DUE: Final = "INSERT INTO meta VALUES ('rotation-due', 1) ON CONFLICT DO NOTHING"


def mark_due(connection: sqlite3.Connection) -> None:
    """Ask for a new epoch, inside the caller's transaction. Deleting a template does so by itself (a trigger)."""
    connection.execute(_DUE)


def _bound(number: int) -> bytes:
    return b"gate epoch secret\0" + number.to_bytes(8)

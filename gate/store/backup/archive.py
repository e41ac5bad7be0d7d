"""The backup file: a head anybody may read, then the database in sealed pieces. One altered byte, and none of it opens."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gate.core.canonical import canonical
from gate.errors import VaultError
from gate.store.times import seconds_of, time_of

FORMAT = 1
MAGIC = b"gate backup\n"
_LENGTH_BYTES = 4
_HEAD_MOST = 4096
_PIECE_BYTES = 64 * 1024
_TAG_BYTES = 16
_KEY_BYTES = 32
_NONCE_ZEROS = bytes(7)
_INFO = b"gate 1 backup file"
_FIELDS = frozenset(
    [
        "format",
        "gate_id",
        "created",
        "schema",
        "epoch",
        "audit_seq",
        "audit_hash",
        "tombstones",
        "size",
        "public_key",
        "salt",
    ]
)


@dataclass(frozen=True, slots=True)
class Head:
    """What stands open at the beginning of a backup, and is authenticated with it.

    created: to the second, UTC. epoch: of its templates. audit_seq, audit_hash: the last line of its audit log.
    tombstones: how many it holds. size: of the database, in bytes. public_key: of the device that made it. salt: 32
    fresh bytes, so that every file has a key of its own.
    """

    gate_id: str
    created: datetime
    schema: int
    epoch: int
    audit_seq: int
    audit_hash: bytes
    tombstones: int
    size: int
    public_key: bytes
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(_KEY_BYTES))

    @property
    def age_rank(self) -> tuple[int, int, datetime]:
        """Order backups of one gate, newest last: a clock that went wrong misleads only where all else is equal."""
        return self.epoch, self.audit_seq, self.created


def sealed(head: Head, image: bytes, backup_key: bytes) -> Iterator[bytes]:
    """Give the backup file of the database *image*, piece by piece. backup_key: 32 bytes, of KeyUse.BACKUP."""
    opening = _opening(head)
    yield opening
    cipher, bound = _cipher(head, backup_key), hashlib.sha256(opening).digest()
    pieces = max(1, -(-len(image) // _PIECE_BYTES))
    for number in range(pieces):
        piece = image[number * _PIECE_BYTES : (number + 1) * _PIECE_BYTES]
        yield cipher.encrypt(_nonce(number, last=number == pieces - 1), piece, bound)


def read_head(file: BinaryIO) -> Head:
    """Read the head, and only that: nothing is authenticated yet.

    Raises VaultError: ``backup-malformed``, ``backup-newer``.
    """
    return _read_opening(file)[0]


def unsealed(file: BinaryIO, backup_key: bytes) -> tuple[Head, bytes]:
    """Give head and database image of a whole, unaltered backup.

    Raises VaultError: ``backup-malformed``, ``backup-newer``, ``backup-altered``.
    """
    head, opening = _read_opening(file)
    cipher, bound = _cipher(head, backup_key), hashlib.sha256(opening).digest()
    image = bytearray()
    number, piece = 0, file.read(_PIECE_BYTES + _TAG_BYTES)
    try:
        while True:
            following = file.read(_PIECE_BYTES + _TAG_BYTES)
            image += cipher.decrypt(_nonce(number, last=not following), piece, bound)
            if not following:
                break
            number, piece = number + 1, following
    except (InvalidTag, ValueError) as error:  # ValueError: cut shorter than a tag
        raise _altered() from error
    if len(image) != head.size:
        raise _altered()
    return head, bytes(image)


def _cipher(head: Head, backup_key: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), _KEY_BYTES, salt=head.salt, info=_INFO).derive(backup_key))


def _nonce(number: int, *, last: bool) -> bytes:
    """Give each piece its own number and the last one a mark, so that none can be left out, moved or added."""
    return _NONCE_ZEROS + number.to_bytes(4) + bytes([last])


def _opening(head: Head) -> bytes:
    text = canonical(
        {
            "format": FORMAT,
            "gate_id": head.gate_id,
            "created": seconds_of(head.created),
            "schema": head.schema,
            "epoch": head.epoch,
            "audit_seq": head.audit_seq,
            "audit_hash": head.audit_hash.hex(),
            "tombstones": head.tombstones,
            "size": head.size,
            "public_key": head.public_key.hex(),
            "salt": head.salt.hex(),
        }
    )
    return MAGIC + len(text).to_bytes(_LENGTH_BYTES) + text


def _read_opening(file: BinaryIO) -> tuple[Head, bytes]:
    start = file.read(len(MAGIC) + _LENGTH_BYTES)
    length = int.from_bytes(start[len(MAGIC) :])
    if not start.startswith(MAGIC) or length > _HEAD_MOST:
        raise _malformed()
    text = file.read(length)
    try:
        return _head(json.loads(text)), start + text
    except (ValueError, TypeError, KeyError, VaultError, RecursionError) as error:
        if isinstance(error, VaultError) and error.code == "backup-newer":
            raise
        raise _malformed() from error


def _head(read: object) -> Head:
    if not isinstance(read, dict):
        raise TypeError
    if _number(read["format"]) > FORMAT:
        raise VaultError(
            "backup-newer",
            f"The backup has format {read['format']}, this gate knows formats up to {FORMAT}.",
            remedy="Restore it with the gate that wrote it, or a newer one.",
        )
    if set(read) != _FIELDS or read["format"] != FORMAT or not isinstance(read["gate_id"], str):
        raise ValueError
    return Head(
        gate_id=read["gate_id"],
        created=time_of(_number(read["created"])),
        schema=_number(read["schema"]),
        epoch=_number(read["epoch"]),
        audit_seq=_number(read["audit_seq"]),
        audit_hash=_key(read["audit_hash"]),
        tombstones=_number(read["tombstones"]),
        size=_number(read["size"]),
        public_key=_key(read["public_key"]),
        salt=_key(read["salt"]),
    )


def _number(value: object) -> int:
    if type(value) is not int or value < 0:
        raise TypeError
    return value


def _key(value: object) -> bytes:
    key = bytes.fromhex(str(value))
    if len(key) != _KEY_BYTES:
        raise ValueError
    return key


def _malformed() -> VaultError:
    return VaultError(
        "backup-malformed",
        "The file is no backup of a gate, or its beginning is lost.",
        remedy="Name a file gate-....gatebackup, as it was written.",
    )


def _altered() -> VaultError:
    return VaultError(
        "backup-altered",
        "The backup was altered or is cut short; none of it was used.",
        remedy="Take another copy of it, or the backup before it.",
    )

"""The root key under an operator's passphrase: argon2id, then AES-256-GCM."""

from __future__ import annotations

import base64
import json
import secrets
import unicodedata

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gate.core.canonical import canonical
from gate.errors import VaultError
from gate.store.keyring.hashing import MOST, USUAL, Cost, one_hash
from gate.store.keyring.keys import KEY_BYTES

FEWEST_CHARACTERS = 12
SEALED_BYTES_MOST = 4096
_FORMAT = 1
_SALT_BYTES = 16
_NONCE_BYTES = 12
_FIELDS = {"format": int, "iterations": int, "memory_kib": int, "lanes": int, "salt": str, "sealed": str}


def seal_root(root: bytes | bytearray, passphrase: str) -> bytes:
    """Give *root* sealed under *passphrase*, as the JSON file holds it. Slow: one argon2id.

    Raises VaultError ``passphrase-short`` below FEWEST_CHARACTERS.
    """
    if len(passphrase) < FEWEST_CHARACTERS:
        raise VaultError(
            "passphrase-short",
            f"A passphrase has at least {FEWEST_CHARACTERS} characters.",
            remedy="Take five words that nobody would say in a row.",
        )
    salt = secrets.token_bytes(_SALT_BYTES)
    head = {
        "format": _FORMAT,
        "iterations": USUAL.iterations,
        "memory_kib": USUAL.memory_kib,
        "lanes": USUAL.lanes,
        "salt": _text(salt),
    }
    nonce = secrets.token_bytes(_NONCE_BYTES)
    key = _stretched(passphrase, USUAL, salt)
    sealed = nonce + AESGCM(key).encrypt(nonce, bytes(root), canonical(head))
    return json.dumps(head | {"sealed": _text(sealed)}, indent=2).encode() + b"\n"


def open_root(sealed: bytes | bytearray, passphrase: str) -> bytearray:
    """Give the root key back. Slow: one argon2id, whether or not the passphrase is right.

    Raises VaultError: ``key-malformed``, also for a cost nobody here asked for; ``passphrase-wrong``.
    """
    head, cost, content = _parsed(bytes(sealed))
    key = _stretched(passphrase, cost, _bytes(head["salt"]))
    try:
        root = AESGCM(key).decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], canonical(head))
    except InvalidTag as error:
        raise VaultError(
            "passphrase-wrong",
            "This passphrase does not open the root key, or the file was altered.",
            remedy="Type it again, or put the file root.sealed back as it was.",
        ) from error
    return bytearray(root)


def _parsed(sealed: bytes) -> tuple[dict[str, str | int], Cost, bytes]:
    """Read the file. Gives what is authenticated, the cost, and the sealed key."""
    try:
        fields = json.loads(sealed)
        if not isinstance(fields, dict) or {name: type(value) for name, value in fields.items()} != _FIELDS:
            raise _malformed()
        content = _bytes(fields.pop("sealed"))
        salt = _bytes(fields["salt"])
    except (ValueError, RecursionError) as error:
        raise _malformed() from error
    cost = Cost(fields["iterations"], fields["memory_kib"], fields["lanes"])
    if (
        fields["format"] != _FORMAT
        or len(salt) != _SALT_BYTES
        or len(content) <= KEY_BYTES + _NONCE_BYTES
        or not cost.is_within(MOST)
    ):
        raise _malformed()
    return fields, cost, content


def _stretched(passphrase: str, cost: Cost, salt: bytes) -> bytes:
    # Composed letters: two keyboards may spell one passphrase in two ways.
    spelled = unicodedata.normalize("NFC", passphrase).encode()
    with one_hash():
        return cost.hasher(salt, KEY_BYTES).derive(spelled)


def _malformed() -> VaultError:
    return VaultError(
        "key-malformed",
        "The file root.sealed is not as this gate writes it.",
        remedy="Put the file back as it was, or restore the gate on this device (gate restore).",
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str | int) -> bytes:
    return base64.b64decode(str(text), validate=True)

"""PIN verifiers: argon2id over a peppered HMAC that binds the PIN to its person."""

from __future__ import annotations

import base64
import hmac
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from gate.core.credentials import PIN_DIGITS, CredentialId, pin_fault
from gate.core.types import PersonId
from gate.errors import VaultError

# OWASP's and RFC 9106's second choice: t=3, m=64 MiB, p=4, about 0.1 s on a desktop core.
_ITERATIONS, _MEMORY_KIB, _LANES = 3, 64 * 1024, 4
_SALT_BYTES, _HASH_BYTES = 16, 32
# The lanes share OpenSSL's one pool of threads: two hashes at once wait for each other for ever, or fail (seen with
# cryptography 50). One at a time is also what keeps the memory of a small board free.
_HASHING = threading.Lock()


def generate_pin() -> str:
    """Draw a fresh PIN of six digits that the policy accepts."""
    while True:
        pin = f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}}"
        if pin_fault(pin) is None:
            return pin


def make_verifier(pepper: bytes, person: str, pin: str) -> str:
    """Give the PHC string that verifies *pin* for *person* and nobody else. Costs one argon2id."""
    argon = Argon2id(
        salt=secrets.token_bytes(_SALT_BYTES),
        length=_HASH_BYTES,
        iterations=_ITERATIONS,
        lanes=_LANES,
        memory_cost=_MEMORY_KIB,
    )
    with _one_hash():
        return argon.derive_phc_encoded(_peppered(pepper, person, pin))


def dummy_verifier() -> str:
    """Give a verifier that no PIN meets and that costs as much as a real one. Costs nothing to make."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).rstrip(b"=").decode()
        for size in (_SALT_BYTES, _HASH_BYTES)
    )
    return f"$argon2id$v=19$m={_MEMORY_KIB},t={_ITERATIONS},p={_LANES}${salt}${digest}"


@dataclass(frozen=True, slots=True)
class PinCheck:
    """One PIN try between its two visits to the database. Holds no PIN.

    credential is None where there is nothing to open: the verifier is then a dummy.
    """

    unit: str = field(repr=False)
    person: PersonId = field(repr=False)
    credential: CredentialId | None = field(repr=False)
    verifier: str = field(repr=False)
    pepper: bytes = field(repr=False)
    is_throttled: bool

    def verify(self, pin: str) -> bool:
        """Tell whether *pin* is right. Slow (one argon2id, 64 MiB), free of I/O, safe in any thread.

        A throttled try is answered False at once, whatever the unit.
        """
        if self.is_throttled:
            return False
        with _one_hash():
            try:
                Argon2id.verify_phc_encoded(_peppered(self.pepper, self.person, pin), self.verifier)
            except (InvalidKey, ValueError):  # ValueError: the stored verifier was altered
                return False
        return True


@contextmanager
def _one_hash() -> Iterator[None]:
    """Let one hash run at a time. Raises VaultError when its memory is not to be had."""
    with _HASHING:
        try:
            yield
        except MemoryError as error:
            raise VaultError(
                "pin-memory",
                f"A PIN cannot be checked without {_MEMORY_KIB // 1024} MiB of free memory.",
                remedy="End what else runs on this device; cards go on.",
            ) from error


def _peppered(pepper: bytes, person: str, pin: str) -> bytes:
    # A person's id has one length (32 hex digits), so that the two parts cannot run into each other.
    return hmac.digest(pepper, person.encode() + pin.encode(), "sha256")

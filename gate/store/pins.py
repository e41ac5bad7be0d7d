"""PIN verifiers: argon2id over a peppered HMAC that binds the PIN to its person."""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from gate.core.credentials import PIN_DIGITS, CredentialId, PinPlace, pin_fault
from gate.core.types import PersonId
from gate.store.keyring.hashing import USUAL, Cost, one_hash

_SALT_BYTES, _HASH_BYTES = 16, 32
_COST = re.compile(r"\$argon2id\$v=19\$m=([0-9]{1,9}),t=([0-9]{1,9}),p=([0-9]{1,9})\$")


def generate_pin() -> str:
    """Draw a fresh PIN of six digits that the policy accepts."""
    while True:
        pin = f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}}"
        if pin_fault(pin) is None:
            return pin


def make_verifier(pepper: bytes, person: str, pin: str) -> str:
    """Give the PHC string that verifies *pin* for *person* and nobody else. Costs one argon2id."""
    argon = USUAL.hasher(secrets.token_bytes(_SALT_BYTES), _HASH_BYTES)
    with one_hash():
        return argon.derive_phc_encoded(_peppered(pepper, person, pin))


def dummy_verifier() -> str:
    """Give a verifier that no PIN meets and that costs as much as a real one. Costs nothing to make."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).rstrip(b"=").decode()
        for size in (_SALT_BYTES, _HASH_BYTES)
    )
    return f"$argon2id$v=19$m={USUAL.memory_kib},t={USUAL.iterations},p={USUAL.lanes}${salt}${digest}"


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
    place: PinPlace = field(default=PinPlace.KEYPAD, repr=False)

    def verify(self, pin: str) -> bool:
        """Tell whether *pin* is right. Slow (one argon2id, 64 MiB), free of I/O, safe in any thread.

        A throttled try is answered False at once, whatever the unit, and so is an altered verifier that asks for more
        memory or time than any of ours.
        """
        if self.is_throttled or not _is_bearable(self.verifier):
            return False
        with one_hash():
            try:
                Argon2id.verify_phc_encoded(_peppered(self.pepper, self.person, pin), self.verifier)
            except (InvalidKey, ValueError):  # ValueError: the stored verifier was altered
                return False
        return True


def _is_bearable(verifier: str) -> bool:
    cost = _COST.match(verifier)
    if cost is None:
        return False
    memory_kib, iterations, lanes = map(int, cost.groups())
    return Cost(iterations, memory_kib, lanes).is_within(USUAL)


def _peppered(pepper: bytes, person: str, pin: str) -> bytes:
    # A person's id has one length (32 hex digits), so that the two parts cannot run into each other.
    return hmac.digest(pepper, person.encode() + pin.encode(), "sha256")

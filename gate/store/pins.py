"""PIN verifiers: argon2id over a peppered HMAC that binds the PIN to its person.

Beside the PIN's verifier stands a second digest under the same salt: the duress PIN's, or a random one where there is
none. One hash answers for both, so that neither time nor memory nor the look of a row tells who has one.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from gate.core.credentials import PIN_DIGITS, CredentialId, PinMatch, PinPlace, are_alike, pin_fault
from gate.core.types import PersonId
from gate.store.keyring.hashing import USUAL, Cost, one_hash

_SALT_BYTES, _HASH_BYTES = 16, 32
_PHC = re.compile(
    r"\$argon2id\$v=19\$m=([0-9]{1,9}),t=([0-9]{1,9}),p=([0-9]{1,9})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})"
)


def generate_pin(*, unlike: str | None = None) -> str:
    """Draw a fresh PIN of six digits that the policy accepts; no slip of a finger makes it *unlike*."""
    while True:
        pin = f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}}"
        if pin_fault(pin) is None and (unlike is None or not are_alike(pin, unlike)):
            return pin


def make_verifier(pepper: bytes, person: str, pin: str, cost: Cost = USUAL) -> str:
    """Give the PHC string that verifies *pin* for *person* and nobody else, at *cost*: one argon2id."""
    salt = secrets.token_bytes(_SALT_BYTES)
    with one_hash():
        digest = cost.hasher(salt, _HASH_BYTES).derive(_peppered(pepper, person, pin))
    return _phc(salt, digest, cost)


def make_duress(pepper: bytes, person: str, pin: str, verifier: str) -> bytes:
    """Give the digest by which *verifier*, one of ``make_verifier``'s, also tells the duress *pin*: one argon2id."""
    parsed = _parsed(verifier)
    assert parsed is not None  # it was made here a moment ago
    with one_hash():
        return parsed.hasher().derive(_peppered(pepper, person, pin))


def no_duress() -> bytes:
    """Give a digest that no PIN meets, to stand where somebody has no duress PIN."""
    return secrets.token_bytes(_HASH_BYTES)


def dummy_verifier(cost: Cost = USUAL) -> str:
    """Give a verifier that no PIN meets and that costs as much as a real one. Costs nothing to make."""
    return _phc(secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_HASH_BYTES), cost)


@dataclass(frozen=True, slots=True)
class StoredPin:
    """What the database holds of a PIN. duress: 32 bytes, as ``make_duress`` or ``no_duress`` gave them."""

    credential: CredentialId = field(repr=False)
    verifier: str = field(repr=False)
    duress: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class PinCheck:
    """One PIN try between its two visits to the database. Holds no PIN.

    account: whose failures are counted, 32 bytes. credential is None where there is nothing to open: the verifier is
    then a dummy. duress: None where no duress PIN may open.
    """

    account: bytes = field(repr=False)
    person: PersonId = field(repr=False)
    credential: CredentialId | None = field(repr=False)
    verifier: str = field(repr=False)
    pepper: bytes = field(repr=False)
    is_throttled: bool
    place: PinPlace = field(default=PinPlace.KEYPAD, repr=False)
    duress: bytes | None = field(default=None, repr=False)

    def verify(self, pin: str) -> PinMatch:
        """Tell which PIN *pin* is. Slow (one argon2id, 64 MiB), free of I/O, safe in any thread.

        A throttled try is answered NONE at once, whatever the unit, and so is an altered verifier that asks for more
        memory or time than any of ours.
        """
        parsed = None if self.is_throttled else _parsed(self.verifier)
        if parsed is None:
            return PinMatch.NONE
        with one_hash():
            digest = parsed.hasher().derive(_peppered(self.pepper, self.person, pin))
        # Both are compared, whichever is met: the duress PIN takes no longer and no shorter.
        is_duress = hmac.compare_digest(digest, self.duress or no_duress())
        is_pin = hmac.compare_digest(digest, parsed.digest)
        if is_pin:
            return PinMatch.PIN
        return PinMatch.DURESS if is_duress else PinMatch.NONE


@dataclass(frozen=True, slots=True)
class _Verifier:
    cost: Cost
    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    def hasher(self) -> Argon2id:
        return self.cost.hasher(self.salt, _HASH_BYTES)


def _parsed(verifier: str) -> _Verifier | None:
    """Read a PHC string of ours, an older cost included; None for whatever else stands there."""
    parts = _PHC.fullmatch(verifier)
    if parts is None:
        return None
    memory_kib, iterations, lanes = (int(parts[at]) for at in (1, 2, 3))
    cost = Cost(iterations, memory_kib, lanes)
    if not cost.is_within(USUAL):
        return None
    salt, digest = (base64.b64decode(parts[at] + "=" * (-len(parts[at]) % 4)) for at in (4, 5))
    return _Verifier(cost, salt, digest)


def _phc(salt: bytes, digest: bytes, cost: Cost) -> str:
    paid = f"m={cost.memory_kib},t={cost.iterations},p={cost.lanes}"
    salted, hashed = (base64.b64encode(each).rstrip(b"=").decode() for each in (salt, digest))
    return f"$argon2id$v=19${paid}${salted}${hashed}"


def _peppered(pepper: bytes, person: str, pin: str) -> bytes:
    # A person's id has one length (32 hex digits), so that the two parts cannot run into each other.
    return hmac.digest(pepper, person.encode() + pin.encode(), "sha256")

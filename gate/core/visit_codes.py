"""Visitor codes: one entry for a guest, as text that fits a small QR code and that anybody can verify offline.

``GV1.`` and then, in base32 without padding, 96 bytes, big-endian: gate (8), code id (16), valid from (4), valid until
(4), signature (64). gate: the first 8 bytes of SHA-256 of the gate's id. Times: UTC seconds; the code holds from its
first second up to, but not at, its last. signature: Ed25519 by the gate's own key over ``gate visit code 1``, a zero
byte, and the 32 bytes before the signature. All of it is in QR's alphanumeric mode.

The code names neither host nor guest. That it was used or taken back, only the gate that issued it knows
(``gate/store/visits.py``).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

PREFIX: Final = "GV1."
GATE_BYTES: Final = 8
ID_BYTES: Final = 16
SIGNATURE_BYTES: Final = 64
TEXT_MOST: Final = 512
"""No code is longer: what a scanner sends beyond it is no code, however it begins."""
TIME_MOST: Final = 2**32 - 1
"""The last second a code can tell, in the year 2106."""
SPAN_MOST: Final = timedelta(days=7)
AHEAD_MOST: Final = timedelta(days=30)
OPEN_MOST: Final = 20
"""Codes one host may have open at once: enough for a feast, too few to run a side door."""

_TIME_BYTES = 4
_BODY_BYTES = GATE_BYTES + ID_BYTES + 2 * _TIME_BYTES
_DOMAIN = b"gate visit code 1\0"

IsSigned = Callable[[bytes, bytes], bool]
"""Tells whether its second argument is the gate's signature of its first."""


class CodeStanding(StrEnum):
    """What a code says of itself, without the memory of the gate that issued it."""

    GOOD = "good"
    MALFORMED = "malformed"
    FORGED = "forged"
    NOT_YET = "not-yet"
    OVER = "over"


class VisitFault(StrEnum):
    """Why a code cannot be issued for a span of time."""

    BACKWARDS = "backwards"
    OVER = "over"
    TOO_LONG = "too-long"
    TOO_FAR_AHEAD = "too-far-ahead"


@dataclass(frozen=True, slots=True)
class VisitCode:
    """A code as it reads. gate: 8 bytes. id: 16 random bytes. valid_from, valid_until: UTC seconds below 2**32."""

    gate: bytes
    id: bytes = field(repr=False)
    valid_from: int
    valid_until: int

    @property
    def signed_bytes(self) -> bytes:
        """Give what the signature is made over."""
        return _DOMAIN + self._body

    @property
    def _body(self) -> bytes:
        times = (each.to_bytes(_TIME_BYTES, "big") for each in (self.valid_from, self.valid_until))
        return b"".join((self.gate, self.id, *times))

    def text(self, signature: bytes) -> str:
        """Give the code as text, with *signature*, 64 bytes."""
        return PREFIX + base64.b32encode(self._body + signature).decode().rstrip("=")

    def standing(self, now: int) -> CodeStanding:
        """Tell how the code stands at *now*, UTC seconds, taking its signature for checked."""
        if now < self.valid_from:
            return CodeStanding.NOT_YET
        return CodeStanding.GOOD if now < self.valid_until else CodeStanding.OVER


def gate_digest(gate_id: str) -> bytes:
    """Give the 8 bytes by which a code names its gate."""
    return hashlib.sha256(gate_id.encode()).digest()[:GATE_BYTES]


def parse(text: str) -> tuple[VisitCode, bytes] | None:
    """Read a code and its signature from any text, or give None. Of each code there is one spelling."""
    if len(text) > TEXT_MOST or not text.startswith(PREFIX) or not text.isascii():
        return None
    digits = text.removeprefix(PREFIX)
    try:
        data = base64.b32decode(digits + "=" * (-len(digits) % 8))
    except binascii.Error:
        return None
    if len(data) != _BODY_BYTES + SIGNATURE_BYTES:
        return None
    code = VisitCode(
        gate=data[:GATE_BYTES],
        id=data[GATE_BYTES : GATE_BYTES + ID_BYTES],
        valid_from=int.from_bytes(data[_BODY_BYTES - 2 * _TIME_BYTES : _BODY_BYTES - _TIME_BYTES], "big"),
        valid_until=int.from_bytes(data[_BODY_BYTES - _TIME_BYTES : _BODY_BYTES], "big"),
    )
    signature = data[_BODY_BYTES:]
    # base32 leaves two bits over that say nothing, and takes padding of the sender's own.
    return (code, signature) if code.text(signature) == text else None


def judge(text: str, now: int, is_signed: IsSigned) -> tuple[CodeStanding, VisitCode | None]:
    """Tell how *text* stands at *now*, UTC seconds, from itself alone; the code only where its signature holds."""
    parsed = parse(text)
    if parsed is None:
        return CodeStanding.MALFORMED, None
    code, signature = parsed
    if not is_signed(code.signed_bytes, signature):
        return CodeStanding.FORGED, None
    return code.standing(now), code


def visit_fault(valid_from: datetime, valid_until: datetime, at: datetime) -> VisitFault | None:
    """Say why no code may be issued at *at* for this span, or None. All three aware."""
    faults = {
        VisitFault.BACKWARDS: valid_until <= valid_from,
        VisitFault.OVER: valid_until <= at,
        VisitFault.TOO_LONG: valid_until - valid_from > SPAN_MOST,
        VisitFault.TOO_FAR_AHEAD: valid_from - at > AHEAD_MOST or valid_until.timestamp() > TIME_MOST,
    }
    return next((fault for fault, found in faults.items() if found), None)

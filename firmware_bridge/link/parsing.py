"""From a payload to its message. Total: whatever is no message is None, and nothing raises."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from firmware_bridge.link.messages import (
    BURST_BITS,
    DECLARED_CODES,
    KEY_BYTES,
    MAX_RELEASE_MS,
    NONCE_BYTES,
    SIGNAL_CODES,
    STANDING_CODES,
    Babble,
    Beat,
    Burst,
    Challenge,
    Exit,
    Hello,
    Kind,
    Locked,
    Message,
    NoSession,
    NotPaired,
    NoVersion,
    Pair,
    Paired,
    Refused,
    Release,
    Released,
    Show,
    State,
    Unpaired,
)

_DECLARED: Final = {code: value for value, code in DECLARED_CODES.items()}
_STANDING: Final = {code: value for value, code in STANDING_CODES.items()}
_SIGNAL: Final = {code: value for value, code in SIGNAL_CODES.items()}


def parse(kind: int, payload: bytes) -> Message | None:
    """Read one message's payload; None when it is none."""
    if kind == Kind.BURST:
        return _burst(payload)
    layout, make = _LAYOUTS.get(kind, (None, None))
    if layout is None or make is None or len(payload) != layout.size:
        return None
    return make(*layout.unpack(payload))


def _hello(lowest: int, highest: int, nonce: bytes) -> Hello | None:
    return Hello(lowest, highest, nonce) if 0 < lowest <= highest else None


def _beat(code: int, lease_ms: int) -> Beat | None:
    standing = _STANDING.get(code)
    return Beat(standing, lease_ms) if standing is not None else None


def _release(release: int, ms: int) -> Release | None:
    return Release(release, ms) if release and ms else None


def _show(code: int) -> Show | None:
    signal = _SIGNAL.get(code)
    return Show(signal) if signal is not None else None


def _pair(nonce: bytes, key: bytes, code: int, max_ms: int, stands: int) -> Pair | None:
    declared = _DECLARED.get(code)
    if declared is None or not 0 < max_ms <= MAX_RELEASE_MS or stands not in (0, 1):
        return None
    return Pair(nonce, key, declared, max_ms, bool(stands))


def _challenge(
    version: int,
    nonce: bytes,
    major: int,
    minor: int,
    patch: int,
    code: int,
    max_ms: int,
    stands: int,
    boot: int,
    why: int,
) -> Challenge | None:
    declared = _DECLARED.get(code)
    if declared is None or not version or not 0 < max_ms <= MAX_RELEASE_MS or stands not in (0, 1):
        return None
    return Challenge(version, nonce, (major, minor, patch), declared, max_ms, bool(stands), boot, why)


def _state(bits: int, fitted: int, code: int, boot_reason: int, exits: int, last: int) -> State | None:
    standing = _STANDING.get(code)
    return State(bits, fitted, standing, boot_reason, exits, last) if standing is not None else None


def _unpaired(window_open: int) -> Unpaired | None:
    return Unpaired(bool(window_open)) if window_open in (0, 1) else None


def _burst(payload: bytes) -> Burst | None:
    if not payload or not 0 < payload[0] <= BURST_BITS or len(payload) != 1 + -(-payload[0] // 8):
        return None
    value = int.from_bytes(payload[1:], "big")
    return Burst(payload[0], value) if value >> payload[0] == 0 else None


_LAYOUTS: Final[dict[int, tuple[struct.Struct, Callable[..., Message | None]]]] = {
    Kind.HELLO: (struct.Struct(f"<BB{NONCE_BYTES}s"), _hello),
    Kind.BEAT: (struct.Struct("<BH"), _beat),
    Kind.RELEASE: (struct.Struct("<HH"), _release),
    Kind.SHOW: (struct.Struct("<B"), _show),
    Kind.PAIR: (struct.Struct(f"<{NONCE_BYTES}s{KEY_BYTES}sBHB"), _pair),
    Kind.CHALLENGE: (struct.Struct(f"<B{NONCE_BYTES}s3BBHBIB"), _challenge),
    Kind.STATE: (struct.Struct("<5BH"), _state),
    Kind.RELEASED: (struct.Struct("<H"), Released),
    Kind.REFUSED: (struct.Struct("<HB"), Refused),
    Kind.LOCKED: (struct.Struct("<B"), Locked),
    Kind.EXIT: (struct.Struct("<B"), Exit),
    Kind.NONSENSE: (struct.Struct("<B"), Babble),
    Kind.NO_SESSION: (struct.Struct(""), NoSession),
    Kind.UNPAIRED: (struct.Struct("<B"), _unpaired),
    Kind.NO_VERSION: (struct.Struct("<BB"), NoVersion),
    Kind.PAIRED: (struct.Struct(f"<{NONCE_BYTES}s"), Paired),
    Kind.NOT_PAIRED: (struct.Struct(f"<{NONCE_BYTES}sB"), NotPaired),
}

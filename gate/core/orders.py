"""Orders that come over the network: what one is, its one spelling, and why one is not obeyed.

An order is signed by a key of the site's (Ed25519, verified outside of here), for one gate, for a short while, once. Its
bytes are fixed to the last: whatever is not spelled exactly as ``spelled`` spells it is no order, so that no altered
byte is ever taken for one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from gate.core.canonical import canonical, parsed

ORDER_BYTES: Final = 761
"""Every order is padded to this with spaces: its length says neither which order it is nor for whom.

With the last part of its topic, ``command``, that is 768 bytes, as for every message of the contract.
"""
GATE: Final = re.compile(r"[a-z0-9-]{1,32}")
"""What a gate's id is made of."""
SCHEMA: Final = "command"
VERSION: Final = "1.0.0"
SIGNATURE_BYTES: Final = 64
PUBLIC_KEY_BYTES: Final = 32


class OrderKind(StrEnum):
    """What may be ordered. None of it touches the way out, or what a fire releases."""

    LOCKDOWN = "lockdown"
    END_LOCKDOWN = "end-lockdown"
    RELEASE = "release"


LIFETIME_MOST: Final[Mapping[OrderKind, timedelta]] = MappingProxyType(
    {
        OrderKind.LOCKDOWN: timedelta(minutes=10),
        OrderKind.END_LOCKDOWN: timedelta(seconds=60),
        OrderKind.RELEASE: timedelta(seconds=60),
    }
)
"""From issue to expiry: what opens is good for a minute, what shuts may wait for a broker that is away."""
AHEAD_MOST: Final = timedelta(seconds=30)
"""So far the sender's clock may run before the gate's."""
KEPT: Final = max(LIFETIME_MOST.values())
"""So long after its issue an order is remembered at least: no order that was issued before it can hold any more by then."""
RATE_SPAN: Final = timedelta(minutes=1)
RATE_MOST: Final = 6
"""Orders of one kind by one key in RATE_SPAN. By kind, so that no run of releases keeps a lockdown out."""


class Refusal(StrEnum):
    """Why an order was not obeyed: the reason code of the answer and of the log."""

    RETAINED = "retained"
    """It lay at the broker: nobody knows for how long."""
    SIZE = "size"
    MALFORMED = "malformed"
    TOO_MANY = "too-many"
    KEY_UNKNOWN = "key-unknown"
    SIGNATURE = "signature"
    ADDRESS = "address"
    """It is meant for another gate."""
    NOT_ALLOWED = "not-allowed"
    """The site's settings do not allow this kind."""
    CLOCK = "clock"
    """The gate's own clock cannot be relied on, so that no expiry can be judged."""
    LIFETIME = "lifetime"
    """It would hold for longer than its kind may, or for no time at all."""
    EARLY = "early"
    EXPIRED = "expired"
    OVERTAKEN = "overtaken"
    """A lockdown was begun or ended since it was issued."""
    REPLAYED = "replayed"
    OBSTACLE = "obstacle"
    """The door lets nobody in now."""
    UNANSWERED = "unanswered"
    """The door was asked and did not confirm."""
    FAULT = "fault"
    """The gate could not write it down, so that nothing was done."""


class Result(StrEnum):
    """What came of an order."""

    DONE = "done"
    UNCHANGED = "unchanged"
    """It was so already."""
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gate says to an order. reason: None where it was obeyed."""

    result: Result
    reason: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One order. gate: whom it is for. key: whose it is, by ``key_id``. nonce: 32 hex digits, drawn afresh each time.

    issued_at, expires_at: aware, UTC, whole seconds.
    """

    gate: str
    kind: OrderKind
    key: str
    nonce: str
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignedOrder:
    """An order as it was read; whether the signature (64 bytes) is its key's, nobody has looked yet."""

    order: Order
    signature: bytes = field(repr=False)


def key_id(public_key: bytes) -> str:
    """Give the name by which orders and the audit log call a public key (32 bytes): 16 hex digits of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def signed_bytes(order: Order) -> bytes:
    """Give the bytes that are signed. Kind and version of the message are in them: no other document can be an order."""
    return canonical(_document(order))


def spelled(order: Order, signature: bytes) -> bytes:
    """Give the one payload of a signed order, ORDER_BYTES bytes. Raises ValueError for one that does not fit."""
    text = canonical(_document(order) | {"signature": signature.hex()})
    if len(text) > ORDER_BYTES:
        raise ValueError("the order is too long")
    return text.ljust(ORDER_BYTES)


def read(payload: bytes) -> SignedOrder | Refusal:
    """Read a payload; SIZE or MALFORMED for whatever ``spelled`` does not give back to the byte."""
    if len(payload) != ORDER_BYTES:
        return Refusal.SIZE
    try:
        found = parsed(payload)
        if not isinstance(found, dict):
            return Refusal.MALFORMED
        order = _order(found)
        signature = bytes.fromhex(_fit(found["signature"], _SIGNATURE))
        intact = spelled(order, signature) == payload
    except (ValueError, KeyError, RecursionError):
        return Refusal.MALFORMED
    return SignedOrder(order, signature) if intact else Refusal.MALFORMED


def judged(
    order: Order, *, gate: str, allowed: frozenset[OrderKind], now: datetime, clock_trusted: bool
) -> Refusal | None:
    """Say why a rightly signed order is not obeyed at *now*, None where nothing here speaks against it.

    gate: whose orders these are. clock_trusted: whether *now* can be relied on. Whether it came before, and how often
    its key spoke lately, only the store knows.
    """
    if order.gate != gate:
        return Refusal.ADDRESS
    if order.kind not in allowed:
        return Refusal.NOT_ALLOWED
    if not clock_trusted:
        return Refusal.CLOCK
    if not timedelta(0) < order.expires_at - order.issued_at <= LIFETIME_MOST[order.kind]:
        return Refusal.LIFETIME
    if order.issued_at > now + AHEAD_MOST:
        return Refusal.EARLY
    return Refusal.EXPIRED if now >= order.expires_at else None


def is_weak(public_key: bytes) -> bool:
    """Tell whether *public_key* (32 bytes) is one for which anybody can sign: a point of small order.

    The curve's cofactor is 8 (RFC 8032, 5.1), so there are eight. All zeros are among them, as somebody may leave them
    standing in a settings file.
    """
    y = int.from_bytes(public_key, "little") & ((1 << 255) - 1)
    return y % _P in _SMALL


def _document(order: Order) -> dict[str, str]:
    return {
        "expires_at": _text(order.expires_at),
        "gate": order.gate,
        "issued_at": _text(order.issued_at),
        "key": order.key,
        "kind": order.kind.value,
        "nonce": order.nonce,
        "schema_name": SCHEMA,
        "schema_version": VERSION,
    }


def _order(found: Mapping[str, object]) -> Order:
    """Give the order that *found* tells. Raises ValueError or KeyError."""
    return Order(
        gate=_fit(found["gate"], GATE),
        kind=OrderKind(_fit(found["kind"], _WORD)),
        key=_fit(found["key"], _KEY),
        nonce=_fit(found["nonce"], _NONCE),
        issued_at=_time(found["issued_at"]),
        expires_at=_time(found["expires_at"]),
    )


def _fit(value: object, form: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise ValueError("a field has not its form")
    return value


def _time(value: object) -> datetime:
    return datetime.strptime(_fit(value, _TIME), _TIME_FORM).replace(tzinfo=UTC)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime(_TIME_FORM)


_WORD: Final = re.compile(r"[a-z-]{1,16}")
_KEY: Final = re.compile(r"[0-9a-f]{16}")
_NONCE: Final = re.compile(r"[0-9a-f]{32}")
_SIGNATURE: Final = re.compile(r"[0-9a-f]{128}")
_TIME: Final = re.compile(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_TIME_FORM: Final = "%Y-%m-%dT%H:%M:%SZ"

_P: Final = (1 << 255) - 19
_Y8: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
"""The height of two of the four points of order 8; the others lie at its negative."""
_SMALL: Final = frozenset({0, 1, _P - 1, _Y8, _P - _Y8})

"""A hash chain: each link holds the digest of one entry and of everything before it, so that none can be exchanged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

GENESIS = bytes(32)
"""What stands before the first link."""


@dataclass(frozen=True, slots=True)
class Link:
    """One entry as the chain holds it: its number from 1, the digest of its content, the chain's hash after it."""

    seq: int
    digest: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain does not hold, and in what way, in words for a log."""

    seq: int
    why: str


def link_hash(chain: str, seq: int, previous: bytes, digest: bytes) -> bytes:
    """Give the hash of link *seq* of the named *chain* after *previous* (32 bytes), for an entry's *digest*."""
    head = f"gate {chain} 1\0".encode() + seq.to_bytes(8)
    return hashlib.sha256(head + previous + digest).digest()


def first_break(
    chain: str, links: Iterable[Link], *, base: int = 0, base_hash: bytes = GENESIS
) -> Break | None:
    """Give the first place where *links*, in order, do not continue the chain after link *base*; None if all do."""
    seq, previous = base, base_hash
    for link in links:
        seq += 1
        if link.seq != seq:
            return Break(seq, "entry missing or out of order")
        if link.hash != link_hash(chain, seq, previous, link.digest):
            return Break(seq, "entry altered")
        previous = link.hash
    return None

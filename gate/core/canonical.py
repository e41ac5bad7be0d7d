"""One spelling for every value that is hashed or signed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""What JSON can hold."""


def canonical(value: object) -> bytes:
    """Give the one UTF-8 spelling of *value*: keys sorted, no spaces, no NaN. Raises ValueError or TypeError."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def parsed(text: str | bytes) -> object:
    """Read JSON in which every object names each key once. Raises ValueError, or RecursionError for deep nesting.

    Of two equal keys one reader takes the first, another the last: what is signed must say one thing to all.
    """
    return json.loads(text, object_pairs_hook=_named_once)


def digest(value: Mapping[str, object]) -> bytes:
    """Give the SHA-256 of *value* in its one spelling, 32 bytes."""
    return hashlib.sha256(canonical(value)).digest()


def _named_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    named = dict(pairs)
    if len(named) != len(pairs):
        raise ValueError("an object names a key twice")
    return named

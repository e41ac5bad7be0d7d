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


def digest(value: Mapping[str, object]) -> bytes:
    """Give the SHA-256 of *value* in its one spelling, 32 bytes."""
    return hashlib.sha256(canonical(value)).digest()

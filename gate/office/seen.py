"""Two who change one thing: what a page showed is told from what stands there now, by a digest in its form."""

from __future__ import annotations

import hashlib

from gate.core.canonical import canonical
from gate.errors import RequestError


def digest(*facts: str | None) -> str:
    """Give what differs where one of *facts* does, 32 hexadecimal digits."""
    return hashlib.sha256(canonical(list(facts))).hexdigest()[:32]


def changed() -> RequestError:
    """Give the fault of who saw something older than there is, to be raised."""
    return RequestError(
        "record-changed",
        "Somebody else changed this meanwhile; nothing was written.",
        remedy="Look at what stands there now, then send it again.",
    )

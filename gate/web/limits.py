"""How much one address may ask for: a bucket each, in memory. What guesses at PINs and passwords is throttled in the database."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from gate.core.types import Seconds

FULL: Final = 60.0
"""So many forms in a row, then one a second."""
PER_S: Final = 1.0
PEERS_MOST: Final = 1024
EXPENSIVE: Final = {
    "/me/sign-in": 6.0,
    "/me/pin": 6.0,
    "/enrol/identify": 6.0,
    "/enrol/pin": 6.0,
    "/setup": 6.0,
    "/staff/sign-in": 6.0,
    "/staff/join": 6.0,
    "/staff/account/password": 6.0,
    "/staff/account/app": 6.0,
    "/staff/account/codes": 6.0,
    "/staff/account/passkeys": 6.0,
    "/staff/account/passkeys/remove": 6.0,
    "/staff/people/import": 6.0,
}
"""What each of these costs of a bucket: a hash made to be slow, or a file to be read."""
_NETWORK_BITS: Final = 64
"""One household's IPv6 network counts as one address."""


class PeerLimits:
    """The buckets, the longest unused first; the oldest goes where there are too many, which only ever fills it."""

    def __init__(self, monotonic: Callable[[], Seconds]) -> None:
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, tuple[float, Seconds]] = OrderedDict()

    def takes(self, peer: str, path: str) -> bool:
        """Take what a form to *path* costs from the bucket of *peer*; False where it holds too little."""
        key, now, cost = _key(peer), self._monotonic(), EXPENSIVE.get(path, 1.0)
        left, seen = self._buckets.pop(key, (FULL, now))
        left = min(FULL, left + (now - seen) * PER_S)
        taken = left >= cost
        self._buckets[key] = (left - cost if taken else left, now)
        if len(self._buckets) > PEERS_MOST:
            self._buckets.popitem(last=False)
        return taken


def _key(peer: str) -> str:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return peer
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, _NETWORK_BITS), strict=False))
    return peer

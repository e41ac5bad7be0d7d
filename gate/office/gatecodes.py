"""Codes shown at the gate, so that only somebody who stands there signs in on a telephone: in memory, short, and once."""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict
from typing import Final

from gate.core.types import Seconds
from gate.ports import Clock

DIGITS: Final = 8
HOLDS_S: Final[Seconds] = 300.0
CODES_MOST: Final = 8
"""One screen shows one after another: a guess hits one of at most eight in a hundred million."""


class GateCodes:
    """The codes that are good now. To be used on the loop's thread only; a restart ends them all."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: OrderedDict[str, Seconds] = OrderedDict()

    def issue(self) -> str:
        """Give a fresh code of DIGITS digits for HOLDS_S. Beyond CODES_MOST the oldest ends."""
        self._drop_over()
        while len(self._until) >= CODES_MOST:
            self._until.popitem(last=False)
        code = ""
        while not code or code in self._until:
            code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        self._until[code] = self._clock.monotonic() + HOLDS_S
        return code

    def take(self, code: str) -> bool:
        """Use *code* up; tells whether it was good. Spaces do not count; equally slow for every one that is not."""
        self._drop_over()
        typed = "".join(code.split()).encode()
        hits = [known for known in self._until if hmac.compare_digest(known.encode(), typed)]
        for known in hits:
            del self._until[known]
        return bool(hits)

    def _drop_over(self) -> None:
        now = self._clock.monotonic()
        for code in [code for code, until in self._until.items() if now >= until]:
            del self._until[code]

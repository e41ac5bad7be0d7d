"""The least time a notice stands before anybody agrees to it on a page: kept by the gate, not by the browser (R10)."""

from __future__ import annotations

import hmac
import secrets
from typing import Final

from gate.core.types import Seconds
from gate.ports import Clock
from gate.web.faults import page_fault

_TAG_BYTES: Final = 16


class Reading:
    """Stamps a page when it is sent, and refuses an answer to it that comes too soon.

    A stamp holds for one person, notice and language, and until this process ends: a key that nobody else has signs it.
    """

    def __init__(self, clock: Clock, least_s: Seconds) -> None:
        """least_s: what the notice must stand at least."""
        self._clock = clock
        self._least_s = least_s
        self._key = secrets.token_bytes(32)

    def stamp(self, *sheet: str, kept: str = "") -> str:
        """Give the stamp of a page sent now, or *kept* if it is one of the same sheet: its notice stands since then.

        sheet: person, notice and language.
        """
        if self._is_ours(kept, sheet):
            return kept
        at = str(int(self._clock.monotonic() * 1000))
        return f"{at}.{self._tag(at, sheet)}"

    def check(self, stamp: str, *sheet: str) -> None:
        """Raise RequestError ``notice-unread`` unless *stamp* is of that sheet and old enough."""
        at = stamp.partition(".")[0]
        if not self._is_ours(stamp, sheet) or self._clock.monotonic() - int(at) / 1000 < self._least_s:
            raise page_fault("notice-unread")

    def _is_ours(self, stamp: str, sheet: tuple[str, ...]) -> bool:
        at, _, tag = stamp.partition(".")
        return hmac.compare_digest(tag.encode(), self._tag(at, sheet).encode())

    def _tag(self, at: str, sheet: tuple[str, ...]) -> str:
        signed = "\0".join((at, *sheet)).encode()
        return hmac.digest(self._key, signed, "sha256")[:_TAG_BYTES].hex()

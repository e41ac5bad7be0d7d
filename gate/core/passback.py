"""Anti-passback, soft: notices that one credential entered twice within minutes, and refuses nobody for it.

No passage history comes of it (R36). What is kept is a digest under a key that exists nowhere but here, in memory, for at
most two windows; a digest older than one window is gone. When the alarm is raised it names nobody, and afterwards not
even this process can tell who it was.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field, replace

from gate.core.types import Seconds


@dataclass(frozen=True, slots=True)
class _Generation:
    """The entries noted under one key, each with the time of the latest."""

    key: bytes = field(repr=False)
    began: Seconds
    entries: tuple[tuple[bytes, Seconds], ...] = field(default=(), repr=False)

    def knows(self, who: str) -> bool:
        digest = self.digest(who)
        return any(hmac.compare_digest(digest, each) for each, _ in self.entries)

    def without(self, who: str) -> _Generation:
        digest = self.digest(who)
        return replace(self, entries=tuple(each for each in self.entries if each[0] != digest))

    def digest(self, who: str) -> bytes:
        return hmac.digest(self.key, who.encode(), hashlib.sha256)


@dataclass(frozen=True, slots=True)
class Passback:
    """Who entered within the last *window_s* seconds, as digests."""

    window_s: Seconds
    _generations: tuple[_Generation, ...] = field(default=(), repr=False)

    def note(self, who: str, now: Seconds, *, fresh_key: bytes) -> tuple[Passback, bool]:
        """Note an entry at monotonic *now*; tell whether the same had entered within the window.

        who: an id that stands for one person by every method, never shown. fresh_key: 32 random bytes, used when a new
        key is due and dropped otherwise.
        """
        kept = self._kept(now)
        repeated = any(each.knows(who) for each in kept)
        kept = tuple(each.without(who) for each in kept)
        if not kept or now >= kept[-1].began + self.window_s:
            kept = (*kept, _Generation(fresh_key, now))
        latest = kept[-1]
        noted = replace(latest, entries=(*latest.entries, (latest.digest(who), now)))
        return replace(self, _generations=(*kept[:-1], noted)), repeated

    def forget(self, now: Seconds) -> Passback:
        """Drop what is older than the window, and each key with the last digest made under it."""
        return replace(self, _generations=self._kept(now))

    def _kept(self, now: Seconds) -> tuple[_Generation, ...]:
        aged = (
            replace(each, entries=tuple(entry for entry in each.entries if now < entry[1] + self.window_s))
            for each in self._generations
        )
        return tuple(each for each in aged if each.entries)

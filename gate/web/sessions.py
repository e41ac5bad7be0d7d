"""Who is signed in: in memory only, for a bounded time, so many at most; a restart signs everybody out."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from gate.core.types import Seconds
from gate.ports import Clock
from gate.web.once import Presses

Who = TypeVar("Who")

PUT_ASIDE_MOST: Final = 4
EACH_MOST: Final = 8
"""So many sessions somebody may have at once, so that nobody signs all others out by signing in."""
GONE_MOST: Final = 256


@dataclass(frozen=True, slots=True)
class Span:
    """How long somebody stays signed in: unused, and in all."""

    idle_s: Seconds
    longest_s: Seconds


@dataclass(slots=True)
class Session(Generic[Who]):
    """One signed-in browser.

    id: its name in lists, which opens nothing. form: what every form of its pages carries, so that no other page can
    send one. browser: what it calls itself, in a word.
    """

    who: Who = field(repr=False)
    form: str = field(repr=False)
    began: Seconds
    seen: Seconds
    span: Span
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    browser: str = ""
    presses: Presses = field(default_factory=Presses, repr=False)
    _aside: OrderedDict[str, object] = field(default_factory=OrderedDict, repr=False)

    def fits(self, form: str) -> bool:
        """Tell whether a form came from a page of this session."""
        return hmac.compare_digest(self.form.encode(), form.encode())

    def put_aside(self, thing: object) -> str:
        """Keep *thing* for the page that follows, such as a PIN shown once; give the key to it."""
        key = secrets.token_urlsafe(12)
        self._aside[key] = thing
        while len(self._aside) > PUT_ASIDE_MOST:
            self._aside.popitem(last=False)
        return key

    def take(self, key: str) -> object | None:
        """Give what was put aside under *key*, once; None when it was taken already."""
        return self._aside.pop(key, None)

    def is_over(self, now: Seconds) -> bool:
        """Tell whether its time is up."""
        return self.seen <= now - self.span.idle_s or self.began <= now - self.span.longest_s


class Sessions(Generic[Who]):
    """The sessions by their token, the longest unseen first."""

    def __init__(
        self,
        clock: Clock,
        span: Callable[[Who], Span],
        *,
        most: int,
        whose: Callable[[Who], Hashable] | None = None,
    ) -> None:
        """whose: what sessions of the same person have in common; None: a session is nobody's."""
        self._clock = clock
        self._span = span
        self._most = most
        self._whose = whose
        self._sessions: OrderedDict[str, Session[Who]] = OrderedDict()
        self._gone: OrderedDict[bytes, Who] = OrderedDict()

    def begin(self, who: Who, *, browser: str = "") -> str:
        """Sign somebody in; give the fresh token.

        Beyond EACH_MOST of theirs, and beyond *most* of all, the longest unseen is signed out.
        """
        self._drop_over()
        if (whose := self._whose) is not None:
            theirs = [token for token, each in self._sessions.items() if whose(each.who) == whose(who)]
            for token in theirs[: max(0, len(theirs) - EACH_MOST + 1)]:
                self.let_go(token)
        while len(self._sessions) >= self._most:
            self.let_go(next(iter(self._sessions)))
        token = secrets.token_urlsafe(32)
        now = self._clock.monotonic()
        form = secrets.token_urlsafe(32)
        self._sessions[token] = Session(who, form, began=now, seen=now, span=self._span(who), browser=browser)
        return token

    def find(self, token: str | None, *, quiet: bool = False) -> Session[Who] | None:
        """Give the session of *token*, seen now unless *quiet*, or None."""
        self._drop_over()
        session = self._sessions.get(token or "")
        if session is not None and not quiet:
            session.seen = self._clock.monotonic()
            self._sessions.move_to_end(token or "")
        return session

    def all(self, whose: Callable[[Who], bool]) -> tuple[Session[Who], ...]:
        """Give the sessions of whom *whose* names, the longest unseen first."""
        self._drop_over()
        return tuple(each for each in self._sessions.values() if whose(each.who))

    def end(self, token: str | None) -> None:
        """Sign out; a second time is fine."""
        self._sessions.pop(token or "", None)

    def let_go(self, token: str | None) -> None:
        """Sign out whoever did not ask for it; who they were is remembered for what they may still send."""
        session = self._sessions.pop(token or "", None)
        if session is not None:
            self._gone[_digest(token or "")] = session.who
            while len(self._gone) > GONE_MOST:
                self._gone.popitem(last=False)

    def was(self, token: str | None) -> Who | None:
        """Give whose session *token* was before it was let go; None where they signed out, or never were in."""
        return self._gone.get(_digest(token or ""))

    def end_where(self, goes: Callable[[Session[Who]], bool]) -> int:
        """Sign out every session that *goes* names, from another browser than theirs; give how many."""
        over = [token for token, session in self._sessions.items() if goes(session)]
        for token in over:
            self.let_go(token)
        return len(over)

    def _drop_over(self) -> None:
        now = self._clock.monotonic()
        for token in [token for token, session in self._sessions.items() if session.is_over(now)]:
            self.let_go(token)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()

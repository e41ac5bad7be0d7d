"""Who is signed in: in memory only, for a bounded time, so many at most; a restart signs everybody out."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from gate.core.types import Seconds
from gate.ports import Clock

Who = TypeVar("Who")

ANSWERS_MOST: Final = 32
"""Of so many forms a session remembers where they led: a second press of the same button does nothing twice."""
PUT_ASIDE_MOST: Final = 4


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
    answers: OrderedDict[str, asyncio.Future[str]] = field(default_factory=OrderedDict, repr=False)
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

    def __init__(self, clock: Clock, span: Callable[[Who], Span], *, most: int) -> None:
        self._clock = clock
        self._span = span
        self._most = most
        self._sessions: OrderedDict[str, Session[Who]] = OrderedDict()

    def begin(self, who: Who, *, browser: str = "") -> str:
        """Sign somebody in; give the fresh token. Beyond *most* the longest unseen is signed out."""
        self._drop_over()
        while len(self._sessions) >= self._most:
            self._sessions.popitem(last=False)
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

    def end_where(self, goes: Callable[[Session[Who]], bool]) -> int:
        """Sign out every session that *goes* names; give how many."""
        over = [token for token, session in self._sessions.items() if goes(session)]
        for token in over:
            del self._sessions[token]
        return len(over)

    def _drop_over(self) -> None:
        now = self._clock.monotonic()
        self.end_where(lambda session: session.is_over(now))

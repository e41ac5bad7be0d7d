"""Who is signed in to their own page: in memory only, ten minutes idle, half an hour in all, twenty at most."""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from gate.core.credentials import SignedIn
from gate.core.types import PersonId, Seconds
from gate.ports import Clock

IDLE_S: Final[Seconds] = 600.0
LONGEST_S: Final[Seconds] = 1800.0
SESSIONS_MOST: Final = 20


@dataclass(slots=True)
class Session:
    """One signed-in browser. form: what every form of its pages carries, so that no other page can send one."""

    who: SignedIn = field(repr=False)
    form: str = field(repr=False)
    began: Seconds
    seen: Seconds

    @property
    def person(self) -> PersonId:
        """Give whose page it is."""
        return self.who.person

    def fits(self, form: str) -> bool:
        """Tell whether a form came from a page of this session."""
        return hmac.compare_digest(self.form.encode(), form.encode())


class Sessions:
    """The sessions by their token, the longest unseen first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def begin(self, who: SignedIn) -> str:
        """Sign somebody in; give the fresh token. Beyond SESSIONS_MOST the longest unseen is signed out."""
        self._drop_over()
        while len(self._sessions) >= SESSIONS_MOST:
            self._sessions.popitem(last=False)
        token = secrets.token_urlsafe(32)
        form = secrets.token_urlsafe(32)
        now = self._clock.monotonic()
        self._sessions[token] = Session(who, form, began=now, seen=now)
        return token

    def find(self, token: str | None) -> Session | None:
        """Give the session of *token*, seen now, or None."""
        self._drop_over()
        session = self._sessions.get(token or "")
        if session is not None:
            session.seen = self._clock.monotonic()
            self._sessions.move_to_end(token or "")
        return session

    def end(self, token: str | None) -> None:
        """Sign out; a second time is fine."""
        self._sessions.pop(token or "", None)

    def _drop_over(self) -> None:
        now = self._clock.monotonic()
        over = [
            token
            for token, session in self._sessions.items()
            if session.seen <= now - IDLE_S or session.began <= now - LONGEST_S
        ]
        for token in over:
            del self._sessions[token]

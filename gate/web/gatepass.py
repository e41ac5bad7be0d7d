"""That this browser brought a code from the gate's screen: for five minutes, until it signs in."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gate.core.types import Seconds
from gate.ports import Clock
from gate.web.sessions import Sessions, Span

AT_GATE_COOKIE: Final = "__Host-gate"
AT_GATE_S: Final[Seconds] = 300.0
AT_GATE_MOST: Final = 32


class GatePasses:
    """The browsers that did, by a random word in their cookie; in memory."""

    def __init__(self, clock: Clock) -> None:
        span = Span(idle_s=AT_GATE_S, longest_s=AT_GATE_S)
        self._passes: Sessions[None] = Sessions(clock, lambda _: span, most=AT_GATE_MOST)

    def issue(self) -> str:
        """Give a fresh word."""
        return self._passes.begin(None)

    def holds(self, word: str | None) -> bool:
        """Tell whether *word* is of a browser that brought a code."""
        return self._passes.find(word, quiet=True) is not None

    @staticmethod
    def give(answer: Response, word: str) -> None:
        """Set the cookie on *answer*."""
        answer.set_cookie(AT_GATE_COOKIE, word, path="/", secure=True, httponly=True, samesite="strict")

    def end(self, answer: Response, word: str | None) -> None:
        """Let *word* hold no more."""
        self._passes.end(word)
        answer.delete_cookie(AT_GATE_COOKIE, path="/", secure=True, httponly=True, samesite="strict")

"""The same form is done once: a second press of its button waits for the first, and gets the same answer."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gate.core.types import Seconds
from gate.ports import Clock

ANSWERS_MOST: Final = 32
"""Of so many forms a session remembers where they led."""
STRANGERS_MOST: Final = 64
STRANGERS_S: Final[Seconds] = 60.0
WORD_MOST: Final = 64
_OURS: Final = "__Host-"
_NOBODYS: Final = "__Host-language"

Work = Callable[[], Awaitable[Response]]


class Presses:
    """The forms of one session by their word, the oldest forgotten first."""

    def __init__(self) -> None:
        self._first: OrderedDict[str, asyncio.Future[Response]] = OrderedDict()

    async def do(self, word: str, work: Work) -> Response:
        """Answer by *work*, or as the first press did. What was refused may be put right and sent again."""
        if (first := self._first.get(word)) is not None:
            return await _same(first, work)
        leads = self._first[word] = asyncio.get_running_loop().create_future()
        while len(self._first) > ANSWERS_MOST:
            self._first.popitem(last=False)
        is_done = False
        try:
            answer = await _lead(leads, work)
            is_done = isinstance(answer, RedirectResponse)
        finally:
            if not is_done and self._first.get(word) is leads:
                del self._first[word]
        return answer


@dataclass(slots=True)
class _Press:
    """One press of somebody who is not signed in. browsers: the cookies of that browser before, and after the answer."""

    at: Seconds
    leads: asyncio.Future[Response] = field(repr=False)
    browsers: set[frozenset[tuple[str, str]]] = field(repr=False)


class StrangersPresses:
    """The forms that come before a session: for a minute, so many at most.

    The same press is the same word, path, address, cookies and fields: whoever only read the word in a page gets no
    answer that was meant for another, such as a session. Fields are kept as a keyed digest.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._presses: OrderedDict[bytes, _Press] = OrderedDict()

    async def do(self, request: Request, form: FormData, work: Work) -> Response:
        """Answer by *work*, or as the first press of the same form did, whether it was refused or not."""
        sealed, browser = self._sealed(request, form), _browser(request.cookies)
        self._drop_over()
        if sealed is None:
            return await work()
        if (earlier := self._presses.get(sealed)) is not None:
            return await (_same(earlier.leads, work) if browser in earlier.browsers else work())
        leads: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        press = self._presses[sealed] = _Press(self._clock.monotonic(), leads, {browser})
        try:
            answer = await _lead(leads, work)
        except BaseException:
            if self._presses.get(sealed) is press:
                del self._presses[sealed]
            raise
        press.browsers.add(_after(browser, answer))
        return answer

    def _sealed(self, request: Request, form: FormData) -> bytes | None:
        """Give what stands for one press, None for a form without a word, or with a file."""
        fields = form.multi_items()
        word = form.get("once", "")
        if not isinstance(word, str) or not 0 < len(word) <= WORD_MOST:
            return None
        if not all(isinstance(value, str) for _, value in fields):
            return None
        peer = request.client.host if request.client else ""
        return hmac.digest(self._key, repr((request.url.path, peer, fields)).encode(), "sha256")

    def _drop_over(self) -> None:
        oldest = self._clock.monotonic() - STRANGERS_S
        while self._presses:
            first = next(iter(self._presses))
            if self._presses[first].at > oldest and len(self._presses) < STRANGERS_MOST:
                return
            del self._presses[first]


async def _lead(leads: asyncio.Future[Response], work: Work) -> Response:
    """Do *work* and tell *leads* what came of it."""
    try:
        answer = await work()
    except Exception as error:
        _fail(leads, error)
        raise
    except BaseException:
        _fail(leads, RuntimeError("the first press was given up"))
        raise
    leads.set_result(answer)
    return answer


def _fail(leads: asyncio.Future[Response], error: Exception) -> None:
    leads.set_exception(error)
    leads.exception()  # where nobody pressed twice, nobody asks for it


async def _same(first: asyncio.Future[Response], work: Work) -> Response:
    """Give the answer of the *first* press; a stream can be sent once only, so the work is done again."""
    answer = await asyncio.shield(first)
    return answer if hasattr(answer, "body") else await work()


def _browser(cookies: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """Give the cookies that tell one browser from another."""
    return frozenset(
        (name, value) for name, value in cookies.items() if name.startswith(_OURS) and name != _NOBODYS
    )


def _after(browser: frozenset[tuple[str, str]], answer: Response) -> frozenset[tuple[str, str]]:
    """Give the cookies of *browser* once it has taken *answer*: its second press may come before or after."""
    cookies = dict(browser)
    for header in answer.headers.getlist("set-cookie"):
        for name, morsel in SimpleCookie(header).items():
            cookies.pop(name, None)
            if morsel["max-age"] != "0":
                cookies[name] = morsel.value
    return _browser(cookies)

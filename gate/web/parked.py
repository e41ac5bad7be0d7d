"""What somebody had typed when their session was over: kept for a quarter of an hour, for the same person alone.

The fields never leave the server again; the page that offers to send them posts their key.
"""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.types import Message

from gate.core.credentials import SignedIn
from gate.core.roles import Staff
from gate.core.types import Seconds
from gate.errors import RequestError
from gate.ports import Clock
from gate.web.faults import page_fault

PARKED_COOKIE: Final = "__Host-parked"
PARKED_FIELD: Final = "parked"
"""What the form that sends a parked one carries: its key."""
PARKED_S: Final[Seconds] = 900.0
PARKED_MOST: Final = 32
EACH_MOST: Final = 2
FORM_MOST_BYTES: Final = 64 * 1024
URLENCODED: Final = "application/x-www-form-urlencoded"
NEVER: Final = (
    "/staff/account",  # and /staff/accounts
    "/staff/approvals",
    "/staff/tokens",
    "/staff/door",
    "/me/pin",
)
"""What is decided or typed here is sent by whoever sits there now, or not at all."""
SETTINGS: Final = "/staff/rules"
"""A setting's name tells of PINs and cards; its value is a number."""
_OWN: Final = frozenset({"token", "once", PARKED_FIELD})
_SECRET: Final = frozenset({"password", "pin", "code", "card", "word"})

OVER: Final[Mapping[str, str]] = MappingProxyType(
    {"1": "session-over", "lost": "session-over-lost", "file": "session-over-file"}
)
"""What a sign-in says of the form before it, by the word in its address."""


@dataclass(frozen=True, slots=True)
class ParkedForm:
    """A form that waits. owner: whose session it was. Secrets stand in *fields* without their value."""

    owner: str = field(repr=False)
    path: str
    fields: tuple[tuple[str, str], ...] = field(repr=False)
    at: Seconds

    @property
    def count(self) -> int:
        """Tell how many fields hold something."""
        return sum(bool(value) for _, value in self.fields)

    @property
    def asks_again(self) -> bool:
        """Tell whether a secret has to be typed again."""
        return any(is_secret(self.path, name) for name, _ in self.fields)


class Parked:
    """The forms that wait, in memory, by a key that only the browser that sent one has."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._forms: OrderedDict[str, ParkedForm] = OrderedDict()

    def keep(self, owner: str, path: str, form: FormData) -> str | None:
        """Keep the text fields of *form*, sent to *path*; give the key, None where nothing was typed."""
        fields = tuple(
            (name, "" if is_secret(path, name) else value)
            for name, value in form.multi_items()
            if isinstance(value, str) and name not in _OWN
        )
        if not any(value for _, value in fields):
            return None
        self._drop_over()
        earlier = [key for key, each in self._forms.items() if each.owner == owner]
        for key in earlier[: max(0, len(earlier) - EACH_MOST + 1)]:
            del self._forms[key]
        while len(self._forms) >= PARKED_MOST:
            self._forms.popitem(last=False)
        key = secrets.token_urlsafe(24)
        self._forms[key] = ParkedForm(owner, path, fields, self._clock.monotonic())
        return key

    def get(self, key: str | None, owner: str) -> ParkedForm | None:
        """Give what waits under *key* for *owner*, and for nobody else."""
        self._drop_over()
        found = self._forms.get(key or "")
        return found if found is not None and found.owner == owner else None

    def drop(self, key: str | None, owner: str) -> None:
        """Forget what waits under *key* for *owner*; a second time is fine."""
        if self.get(key, owner) is not None:
            del self._forms[key or ""]

    def waits(self, key: str | None) -> bool:
        """Tell whether something waits under *key*, whoever it is for."""
        self._drop_over()
        return (key or "") in self._forms

    def _drop_over(self) -> None:
        oldest = self._clock.monotonic() - PARKED_S
        for key, form in list(self._forms.items()):
            if form.at <= oldest:
                del self._forms[key]


def owner_of(who: Staff | SignedIn) -> str:
    """Give whose a form is: an account's, or a resident's."""
    return f"staff {who.account}" if isinstance(who, Staff) else f"resident {who.person}"


def is_secret(path: str, name: str) -> bool:
    """Tell whether a field is never kept: passwords, PINs, codes, cards, words that confirm."""
    return not path.startswith(SETTINGS) and not _SECRET.isdisjoint(re.split(r"[._-]", name))


def may_park(request: Request) -> bool:
    """Tell whether a form may be read to be kept: its path, its kind and its length; a file never is."""
    return (
        not request.url.path.startswith(NEVER)
        and request.headers.get("content-type", "").partition(";")[0].strip().lower() == URLENCODED
        and int(request.headers.get("content-length", "0"))
        <= FORM_MOST_BYTES  # the server let only digits pass
    )


def over_fault(over: str) -> RequestError | None:
    """Give what a sign-in says of the form before it, None where nothing came before."""
    return page_fault(OVER[over]) if over in OVER else None


def replayed(request: Request, parked: ParkedForm, *own: tuple[str, str]) -> Request:
    """Give *request* as if its form were *parked*, with the fields *own* of the page that sent it."""
    body = urlencode([*own, *parked.fields]).encode()
    about = {b"content-type": URLENCODED.encode(), b"content-length": str(len(body)).encode()}
    headers = [each for each in request.scope["headers"] if each[0] not in about]

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request({**request.scope, "headers": [*headers, *about.items()]}, receive)

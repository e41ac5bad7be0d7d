"""What somebody had typed when their session was over: kept for a quarter of an hour, so that nothing is lost."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.datastructures import FormData

from gate.core.types import Seconds
from gate.ports import Clock

PARKED_COOKIE: Final = "__Host-parked"
PARKED_S: Final[Seconds] = 900.0
PARKED_MOST: Final = 16
FIELDS_MOST_BYTES: Final = 64 * 1024
_OWN: Final = frozenset({"token", "once"})


@dataclass(frozen=True, slots=True)
class ParkedForm:
    """A form that waits: where it goes, its fields, and the names of files that have to be chosen again."""

    path: str
    fields: tuple[tuple[str, str], ...] = field(repr=False)
    files: tuple[str, ...]
    at: Seconds


class Parked:
    """The forms that wait, in memory, by a key that only the browser that sent one has."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._forms: OrderedDict[str, ParkedForm] = OrderedDict()

    def keep(self, path: str, form: FormData) -> str:
        """Keep the text fields of *form*, sent to *path*; give the key. A form too large is not kept."""
        fields = tuple(
            (name, value)
            for name, value in form.multi_items()
            if isinstance(value, str) and name not in _OWN and "password" not in name and "pin" not in name
        )
        files = tuple(name for name, value in form.multi_items() if not isinstance(value, str))
        key = secrets.token_urlsafe(24)
        if sum(len(name) + len(value) for name, value in fields) <= FIELDS_MOST_BYTES:
            self._forms[key] = ParkedForm(path, fields, files, self._clock.monotonic())
        self._drop_over()
        return key

    def take(self, key: str | None) -> ParkedForm | None:
        """Give what waits under *key*, once."""
        self._drop_over()
        return self._forms.pop(key or "", None)

    def waits(self, key: str | None) -> bool:
        """Tell whether something waits under *key*."""
        self._drop_over()
        return (key or "") in self._forms

    def _drop_over(self) -> None:
        oldest = self._clock.monotonic() - PARKED_S
        forms: Mapping[str, ParkedForm] = dict(self._forms)
        for key, form in forms.items():
            if form.at <= oldest or len(self._forms) > PARKED_MOST:
                del self._forms[key]

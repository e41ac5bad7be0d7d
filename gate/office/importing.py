"""Many residents from one file: read, looked at, then entered whole or not at all.

What a file would do stays in memory, for a quarter of an hour; nothing of it touches the disk before it is entered.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from gate.core.roles import AccountId, Staff
from gate.core.roster import ROWS_MOST, Deed, Here, Row, RowError, RowFault, read
from gate.core.types import PersonId, Seconds
from gate.errors import RequestError
from gate.office.background import beside
from gate.office.directory import SLICE, Directory
from gate.ports import Clock
from gate.store import Store
from gate.store.intake import AddedCard, Newcomer, Prepared, Roll
from gate.web.staff.ports.people import Imported, Listed, Preview

BYTES_MOST: Final = 4 * 1024 * 1024
KEPT_S: Final[Seconds] = 900.0
KEPT_MOST: Final = 4
ERRORS_SHOWN: Final = 100
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class _Kept:
    """A preview that waits to be entered."""

    preview: Preview
    whose: AccountId
    sha256: str
    until: Seconds


@dataclass(frozen=True, slots=True)
class _Taken:
    """What the gate knows already, as ``roster.Known`` has it."""

    store: Store
    roll: Roll
    listed: dict[PersonId, Listed] = field(repr=False)
    hours: frozenset[str]

    def here(self, unit: str) -> Here | None:
        person = self.roll.units.get(self.store.people.unit_key(unit))
        if person is None:
            return None
        known = self.listed.get(person)
        return Here(person, None if known is None or known.child else known.name)

    def holder(self, card: str) -> PersonId | None:
        return self.roll.cards.get(self.store.credentials.card_key(card))

    def has_hours(self, name: str) -> bool:
        return name in self.hours


class ImportOffice:
    """The files that staff send."""

    def __init__(self, store: Store, clock: Clock, directory: Directory) -> None:
        self._store = store
        self._clock = clock
        self._directory = directory
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None

    async def look(self, who: Staff, data: bytes) -> Preview:
        """Read a file and keep what it would do."""
        text, encoding = text_of(data)
        rows, errors = await self._judged(text)
        preview = Preview(
            secrets.token_urlsafe(16), encoding, tuple(rows), tuple(errors[:ERRORS_SHOWN]), len(errors)
        )
        until = self._clock.monotonic() + KEPT_S
        self._drop_over()
        while len(self._kept) >= KEPT_MOST:
            self._kept.popitem(last=False)
        self._kept[preview.id] = _Kept(preview, who.account, hashlib.sha256(data).hexdigest(), until)
        self._look_after()
        return preview

    def preview(self, who: Staff, preview: str) -> Preview:
        """Give a preview that *who* looked at."""
        return self._of(who, preview).preview

    async def enter(self, who: Staff, preview: str) -> Imported:
        """Enter all of it, or nothing; what was entered is dropped."""
        kept = self._of(who, preview)
        if kept.preview.errors:
            raise RequestError(
                "import-faulty",
                "The file has faults; nothing was entered.",
                remedy="Put them right in the file, and send it again.",
            )
        some = [each for row in kept.preview.rows if (each := _deed_of(row)) is not None]
        prepared: list[Prepared] = []
        for at in range(0, len(some), SLICE):
            prepared.append(self._store.intake.prepare(some[at : at + SLICE]))
            await asyncio.sleep(0)
        # Taken before it is written: whoever presses twice enters it once.
        self._kept.pop(preview, None)
        if prepared:
            enter = partial(self._store.intake.enter, file_sha256=kept.sha256, at=self._clock.now(), by=who)
            await asyncio.to_thread(enter, prepared)
        people = sum(len(each.people) for each in prepared)
        return Imported(people, sum(len(each.cards) for each in prepared))

    async def _judged(self, text: str) -> tuple[list[Row], list[RowError]]:
        """Judge every row against what is known now, some rows at a time."""
        everybody = await self._directory.everybody()
        taken = _Taken(
            self._store,
            await beside(self._store, self._store.intake.roll),
            {each.person: each for each in everybody},
            frozenset(each.name for each in self._store.permits.list()),
        )
        rows: list[Row] = []
        errors: list[RowError] = []
        for number, each in enumerate(read(io.StringIO(text, newline=""), taken)):
            if isinstance(each, Row):
                rows.append(each)
            else:
                errors.append(each)
            if number % SLICE == 0:
                await asyncio.sleep(0)
        if errors and errors[-1].fault is RowFault.TOO_MANY_ROWS:
            raise _too_many()
        return rows, errors

    def _of(self, who: Staff, preview: str) -> _Kept:
        self._drop_over()
        kept = self._kept.get(preview)
        if kept is None or kept.whose != who.account:
            raise RequestError(
                "import-gone",
                "What this file would do is not kept any more; nothing was entered.",
                remedy="Send the file again.",
            )
        return kept

    def _look_after(self) -> None:
        """Drop what nobody enters, though nobody asks for it any more."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(KEPT_S, self._again)

    def _again(self) -> None:
        self._timer = None
        self._drop_over()
        if self._kept:
            self._look_after()

    def _drop_over(self) -> None:
        now = self._clock.monotonic()
        for key in [key for key, kept in self._kept.items() if kept.until <= now]:
            del self._kept[key]


def text_of(data: bytes) -> tuple[str, str]:
    """Give a file's text and the name of its encoding: UTF-8, or GB18030, of which GBK is a part.

    Raises RequestError: ``import-size``, ``import-workbook``, ``import-utf16``, ``import-encoding``, ``import-rows``.
    """
    if len(data) > BYTES_MOST:
        raise RequestError(
            "import-size",
            f"The file is larger than {BYTES_MOST // 1024 // 1024} MB; nothing was read.",
            remedy="Send it in parts.",
        )
    if data.startswith(_WORKBOOKS):
        raise RequestError(
            "import-workbook",
            "This is a workbook, not a list of values.",
            remedy="Save it as CSV (UTF-8) in the spreadsheet program, and send that file.",
        )
    if data.startswith(_UTF16) or b"\0" in data:
        raise RequestError(
            "import-utf16",
            "The file is written in UTF-16, or is no text.",
            remedy="Save it as CSV (UTF-8), and send that file.",
        )
    if data.count(b"\n") > ROWS_MOST + 1:
        raise _too_many()
    return _decoded(data)


def _decoded(data: bytes) -> tuple[str, str]:
    for encoding, name in (("utf-8-sig", "UTF-8"), ("gb18030", "GB18030")):
        try:
            return data.decode(encoding), name
        except UnicodeDecodeError:
            continue
    raise RequestError(
        "import-encoding",
        "The file is neither UTF-8 nor GBK or GB18030.",
        remedy="Save it as CSV (UTF-8), and send that file.",
    )


def _deed_of(row: Row) -> Newcomer | AddedCard | None:
    if row.deed is Deed.ENTER:
        return Newcomer(row.unit, row.name, row.contact, row.card, row.hours)
    if row.deed is Deed.ADD_CARD and row.person is not None and row.card is not None:
        return AddedCard(row.person, row.card)
    return None


def _too_many() -> RequestError:
    return RequestError(
        "import-rows",
        f"The file has more than {ROWS_MOST} rows; nothing was read.",
        remedy="Send it in parts.",
    )

"""A list of people as a file of comma-separated values: read row by row, each row told what is wrong with it.

The first row names the columns, in English or Chinese, in any order: unit, name, contact, card, hours; the last three may
be missing. A semicolon or a tab may stand in the comma's place. Nothing here knows who is entered already but through
``Known``.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from gate.core.cards import card_number
from gate.core.credentials import is_unit
from gate.core.types import PersonId

ROWS_MOST: Final = 10_000
HEADING_MOST: Final = 1_000
"""Characters of the line that names the columns: a few dozen are enough, and it is split before anything else is known."""
LINE_MOST: Final = 10_000
"""Characters of any other line: thousands of cells are no row, and would be split in one go."""
NAME_MOST: Final = 100
CONTACT_MOST: Final = 200
FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""
_PHONE = re.compile(r"\+[0-9][0-9 ()./-]*", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffd]")
_DELIMITERS: Final = (",", ";", "\t")


class Column(StrEnum):
    """What a row tells of a person."""

    UNIT = "unit"
    NAME = "name"
    CONTACT = "contact"
    CARD = "card"
    HOURS = "hours"


_HEADINGS: Final[Mapping[str, Column]] = {
    **{column.value: column for column in Column},
    "单元": Column.UNIT,
    "单元号": Column.UNIT,
    "房号": Column.UNIT,
    "姓名": Column.NAME,
    "联系方式": Column.CONTACT,
    "电话": Column.CONTACT,
    "卡号": Column.CARD,
    "时段": Column.HOURS,
}
_NEEDED: Final = (Column.UNIT, Column.NAME)


class RowFault(StrEnum):
    """What is wrong with a row, or with the file where no row is named."""

    # of the file
    EMPTY = "empty"
    HEADING_UNKNOWN = "heading-unknown"
    HEADING_TWICE = "heading-twice"
    HEADING_MISSING = "heading-missing"
    QUOTES = "quotes"
    TOO_MANY_ROWS = "too-many-rows"
    # of a row
    TOO_MANY_COLUMNS = "too-many-columns"
    UNIT_UNFIT = "unit-unfit"
    UNIT_TWICE = "unit-twice"
    NAME_MISSING = "name-missing"
    TOO_LONG = "too-long"
    FORMULA = "formula"
    CONTROL = "control"
    CARD_UNFIT = "card-unfit"
    CARD_TWICE = "card-twice"
    CARD_TAKEN = "card-taken"
    HOURS_UNKNOWN = "hours-unknown"
    OTHER_NAME = "other-name"


@dataclass(frozen=True, slots=True)
class RowError:
    """One thing wrong. line: counted from 1 as an editor counts, 0 for the whole file. twin: the earlier line with the same."""

    line: int
    fault: RowFault
    column: Column | None = None
    twin: int | None = None


class Deed(StrEnum):
    """What a row would do."""

    ENTER = "enter"
    ADD_CARD = "add-card"
    NOTHING = "nothing"  # already here, as the row has it


@dataclass(frozen=True, slots=True)
class Row:
    """One fit row. card: as a reader sends it. person: who is entered under the unit already."""

    line: int
    deed: Deed
    unit: str
    name: str = field(repr=False)
    contact: str = field(repr=False)
    card: str | None = field(repr=False)
    hours: str | None
    person: PersonId | None = None


@dataclass(frozen=True, slots=True)
class Here:
    """Who is entered under a unit. name: None where it must not or cannot be compared: a child's, a damaged record's."""

    person: PersonId
    name: str | None = field(repr=False)


class Known(Protocol):
    """What the gate knows already."""

    def here(self, unit: str) -> Here | None:
        """Give who is entered under a unit."""

    def holder(self, card: str) -> PersonId | None:
        """Give for whom a card opens, as a reader sends it."""

    def has_hours(self, name: str) -> bool:
        """Tell whether there are hours of that name."""


def text_fault(text: str, most: int) -> RowFault | None:
    """Say why *text* may not stand in a record, or None: at most *most* characters, one line, no formula.

    A telephone number in its international form begins like a formula, and is none.
    """
    if len(text) > most:
        return RowFault.TOO_LONG
    if _is_formula(text) and not _PHONE.fullmatch(text):
        return RowFault.FORMULA
    return RowFault.CONTROL if _CONTROL.search(text) else None


def facts_faults(unit: str, name: str, contact: str) -> dict[Column, RowFault]:
    """Say which of a person's facts are unfit, and why; all stripped of blanks around them."""
    faults = {
        Column.UNIT: None if is_unit(unit) else RowFault.UNIT_UNFIT,
        Column.NAME: text_fault(name, NAME_MOST) if name else RowFault.NAME_MISSING,
        Column.CONTACT: text_fault(contact, CONTACT_MOST),
    }
    return {column: fault for column, fault in faults.items() if fault is not None}


def read(lines: Iterable[str], known: Known) -> Iterator[Row | RowError]:
    """Read a file's *lines*, each with its end, one row at a time: every fault of a row, or the row.

    Where the file itself is at fault, that ends the reading. Empty lines are passed over.
    """
    reading = iter(lines)
    before, first = next(((number, line) for number, line in enumerate(reading, 1) if line.strip()), (0, ""))
    if len(first) > HEADING_MOST:
        yield RowError(before, RowFault.HEADING_UNKNOWN)
        return
    delimiter = max(_DELIMITERS, key=first.count)
    columns = _columns(before, [each.strip().strip('"') for each in first.split(delimiter)])
    if isinstance(columns, RowError):
        yield columns
        return
    yield from _rows(_Reader(columns, known), reading, delimiter, before)


def quoted(text: str) -> str:
    """Give *text* as a spreadsheet shows it: an apostrophe before what it would take for a formula."""
    return f"'{text}" if _is_formula(text) else text


def _unquoted(text: str) -> str:
    """Take back what ``quoted`` set before a text."""
    return text[1:] if text.startswith("'") and _is_formula(text[1:]) else text


def _is_formula(text: str) -> bool:
    """Tell whether a spreadsheet may compute *text*: East Asian ones take the full-width signs as well (OWASP, CSV injection)."""
    return unicodedata.normalize("NFKC", text[:1]).startswith(FORMULA_SIGNS)


def _columns(line: int, headings: list[str]) -> Sequence[Column] | RowError:
    """Give what each column tells, by the *headings* on *line*, 0 where the file has no line."""
    if not line:
        return RowError(0, RowFault.EMPTY)
    while headings and not headings[-1]:  # a spreadsheet writes its empty columns as well
        headings.pop()
    found = [_HEADINGS.get(each.strip().lower()) for each in headings]
    named = [each for each in found if each is not None]
    missing = next((each for each in _NEEDED if each not in named), None)
    if len(named) < len(found):
        return RowError(line, RowFault.HEADING_UNKNOWN)
    if len(set(named)) < len(named):
        return RowError(line, RowFault.HEADING_TWICE)
    return named if missing is None else RowError(line, RowFault.HEADING_MISSING, missing)


class _Reader:
    """Judges rows, and remembers which units and cards the file has named."""

    def __init__(self, columns: Sequence[Column], known: Known) -> None:
        self._columns = columns
        self._known = known
        self._units: dict[str, int] = {}
        self._cards: dict[str, int] = {}

    def row(self, line: int, cells: Sequence[str]) -> Iterator[Row | RowError]:
        """Give the row of *cells*, or all that is wrong with it."""
        if any(cells[len(self._columns) :]):
            yield RowError(line, RowFault.TOO_MANY_COLUMNS)
            return
        told = dict.fromkeys(Column, "") | dict(zip(self._columns, map(_unquoted, cells), strict=False))
        unit, card = told[Column.UNIT], card_number(told[Column.CARD]) if told[Column.CARD] else None
        here = self._known.here(unit)
        faults = facts_faults(unit, told[Column.NAME], told[Column.CONTACT])
        if here is not None and here.name is None:  # as an export leaves it out
            faults.pop(Column.NAME, None)
        errors = [RowError(line, fault, column) for column, fault in faults.items()]
        errors += self._twice(line, unit, card)
        errors += self._of_card(line, told[Column.CARD], card, here)
        if told[Column.HOURS] and not self._known.has_hours(told[Column.HOURS]):
            errors.append(RowError(line, RowFault.HOURS_UNKNOWN, Column.HOURS))
        if here is not None and here.name not in {None, told[Column.NAME]}:
            errors.append(RowError(line, RowFault.OTHER_NAME, Column.NAME))
        if errors:
            yield from errors
            return
        yield Row(
            line,
            self._deed(card, here),
            unit,
            told[Column.NAME],
            told[Column.CONTACT],
            card,
            told[Column.HOURS] or None,
            here.person if here is not None else None,
        )

    def _deed(self, card: str | None, here: Here | None) -> Deed:
        if here is None:
            return Deed.ENTER
        is_new = card is not None and here.name is not None and self._known.holder(card) is None
        return Deed.ADD_CARD if is_new else Deed.NOTHING

    def _twice(self, line: int, unit: str, card: str | None) -> Iterator[RowError]:
        if unit and (twin := self._units.setdefault(unit, line)) != line:
            yield RowError(line, RowFault.UNIT_TWICE, Column.UNIT, twin)
        if card and (twin := self._cards.setdefault(card, line)) != line:
            yield RowError(line, RowFault.CARD_TWICE, Column.CARD, twin)

    def _of_card(self, line: int, told: str, card: str | None, here: Here | None) -> Iterator[RowError]:
        if told and card is None:
            yield RowError(line, RowFault.CARD_UNFIT, Column.CARD)
        holder = None if card is None else self._known.holder(card)
        if holder is not None and (here is None or holder != here.person):
            yield RowError(line, RowFault.CARD_TAKEN, Column.CARD)


class _LongLineError(Exception):
    """A line that is no row."""


def _bounded(lines: Iterator[str]) -> Iterator[str]:
    """Give *lines*. Raises _LongLineError at one that is too long."""
    for line in lines:
        if len(line) > LINE_MOST:
            raise _LongLineError
        yield line


def _rows(reader: _Reader, lines: Iterator[str], delimiter: str, before: int) -> Iterator[Row | RowError]:
    """Give every row with the number of the line it ends on; *before*: lines above, the headings included."""
    table = csv.reader(_bounded(lines), delimiter=delimiter, strict=True)
    count = 0
    try:
        for cells in table:
            told = [each.strip() for each in cells]
            if not any(told):
                continue
            count += 1
            if count > ROWS_MOST:
                yield RowError(before + table.line_num, RowFault.TOO_MANY_ROWS)
                return
            yield from reader.row(before + table.line_num, told)
    except csv.Error:
        yield RowError(before + table.line_num, RowFault.QUOTES)
        return
    except _LongLineError:
        yield RowError(before + table.line_num + 1, RowFault.TOO_LONG)
        return
    if not count:
        yield RowError(0, RowFault.EMPTY)

"""What was told of passages, as the site's own staff see it: the same cells as the broker, and nothing besides (R44).

One disclosure for all, so that whoever sees both learns nothing from their difference. Days are UTC's, as the cells are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from gate.core.events import WINDOW, Counted, Denied, Span
from gate.core.types import Method

DAYS_MOST: Final = 60
_ORDER: Final = {Span.HOUR: 0, Span.BLOCK: 1, Span.DAY: 2}


@dataclass(frozen=True, slots=True)
class Cell:
    """One count. value: None where it is withheld. at_least: more may have been withheld."""

    value: int | None
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """One cell of a day. span HOUR: that hour; BLOCK and DAY: what the shorter windows within withheld, together.

    people: how many different people came in.
    """

    span: Span
    start: datetime
    end: datetime
    people: Cell
    by_method: Mapping[Method, int] | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """One UTC day: its cells that are shown, added up; somebody who came in two of them counts in both."""

    day: date
    people: Cell
    refused: Cell


def windows_of(told: Iterable[Counted | Denied], day: date) -> tuple[Window, ...]:
    """Give the cells of one UTC *day*, in the order in which they were closed."""
    cells = sorted(_of(told, day), key=lambda each: (each.window_end, _ORDER[each.span]))
    return tuple(
        Window(each.span, each.window_start, each.window_end, Cell(each.people), each.by_method)
        for each in cells
    )


def days_of(told: Sequence[Counted | Denied], first: date, last: date) -> tuple[Day, ...]:
    """Give the UTC days from *first* to *last*; one of which nothing is known is withheld."""
    days = [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
    return tuple(_day(told, day) for day in days)


def bounds(day: date) -> tuple[datetime, datetime]:
    """Give when a UTC *day* begins and ends."""
    begins = datetime.combine(day, time(), UTC)
    return begins, begins + timedelta(days=1)


def _day(told: Sequence[Counted | Denied], day: date) -> Day:
    cells = _of(told, day)
    begins, ends = bounds(day)
    people = sum(each.people for each in cells if each.people is not None) or None
    # Once the day's own cell is shown, or every hour is, nothing was held back.
    whole = any(each.span is Span.DAY and each.people is not None for each in cells) or (
        sum(each.span is Span.HOUR and each.people is not None for each in cells) == (ends - begins) // WINDOW
    )
    refused = [
        each.refused
        for each in told
        if isinstance(each, Denied) and (each.window_start, each.window_end) == (begins, ends)
    ]
    number = refused[0] if refused else None
    return Day(
        day,
        Cell(people, at_least=people is not None and not whole),
        Cell(number),
    )


def _of(told: Iterable[Counted | Denied], day: date) -> list[Counted]:
    """Give the cells that lie in *day*; what several days have in common is of none of them."""
    begins, ends = bounds(day)
    return [
        each
        for each in told
        if isinstance(each, Counted)
        and each.span is not Span.MERGED
        and begins <= each.window_start
        and each.window_end <= ends
    ]

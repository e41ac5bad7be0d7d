"""Counts of decisions as even the site's own staff may see them: nobody's passage can be read from them (R44).

An hour's count below ``SMALL_CELL`` is withheld, as it is on the broker. A day's total could give a withheld hour back by
subtraction. So it is shown whole only when the day is over and what its withheld hours have in common is no small count
itself; else only the sum of the hours that are shown, which tells nothing new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from gate.core.events import SMALL_CELL, WINDOW, AccessCounts

DAYS_MOST = 60
"""Further back, days lose their hours to retention one by one, and a shrinking total would tell them."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One count. value: None where it is withheld. at_least: the true count may be higher."""

    value: int | None
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Hour:
    """One clock hour. start: aware, in the site's zone."""

    start: datetime
    granted: Cell
    refused: Cell


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the site's own calendar."""

    day: date
    granted: Cell
    refused: Cell


def cell(count: int) -> Cell:
    """Give one hour's count: a withheld zero and a withheld four look the same."""
    return Cell(count if count >= SMALL_CELL else None)


def total(counts: Sequence[int], *, over: bool) -> Cell:
    """Give what may be shown of a day's total, from its hours' counts. over: no hour of it is still to come."""
    shown = sum(each for each in counts if each >= SMALL_CELL)
    hidden = sum(each for each in counts if each < SMALL_CELL)
    if over and hidden >= SMALL_CELL:
        return Cell(shown + hidden)
    return Cell(shown or None, at_least=bool(shown))


def hours_of(counts: Iterable[AccessCounts], day: date, zone: tzinfo) -> tuple[Hour, ...]:
    """Give the hours of one *day* in *zone*, earliest first. counts: of closed hours only."""
    found = sorted(counts, key=lambda each: each.window_start)
    return tuple(
        Hour(each.window_start.astimezone(zone), cell(each.granted), cell(each.refused))
        for each in found
        if each.window_start.astimezone(zone).date() == day
    )


def days_of(counts: Iterable[AccessCounts], now: datetime, zone: tzinfo, *, days: int) -> tuple[Day, ...]:
    """Give the last *days* days in *zone*, today last; a day without any count is one of nothing known.

    counts: of closed hours only. days: at most DAYS_MOST. now: aware.
    """
    today = now.astimezone(zone).date()
    # Where a zone stands half an hour off, the last window of a day ends after midnight.
    settled = (now - WINDOW).astimezone(zone).date()
    wanted = [today - timedelta(days=back) for back in range(min(days, DAYS_MOST) - 1, -1, -1)]
    by_day = _by_day(counts, zone)
    return tuple(_day(day, by_day.get(day, ()), over=day < settled) for day in wanted)


def since(now: datetime, days: int) -> datetime:
    """Give from when on counts are needed for ``days_of``, with room for any zone."""
    return now - timedelta(days=min(days, DAYS_MOST) + 1)


def is_closed(counts: AccessCounts, now: datetime) -> bool:
    """Tell whether the hour is over: the running one is nobody's to see."""
    return counts.window_start + WINDOW <= now


def _by_day(counts: Iterable[AccessCounts], zone: tzinfo) -> Mapping[date, list[AccessCounts]]:
    found: dict[date, list[AccessCounts]] = {}
    for each in counts:
        found.setdefault(each.window_start.astimezone(zone).date(), []).append(each)
    return found


def _day(day: date, counts: Sequence[AccessCounts], *, over: bool) -> Day:
    return Day(
        day,
        total([each.granted for each in counts], over=over),
        total([each.refused for each in counts], over=over),
    )

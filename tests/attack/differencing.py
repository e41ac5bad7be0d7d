"""Difference everything that was ever told: which sums of passages follow from all messages together, and whose are they?

The unknowns are each hour's residents and, apart, each hour's guests with a code, whom only the day tells of. Each number
told is an equation; the attacker knows from the contract whom a message covers, namely those of its window whom no message
before it showed. Nothing is given away here: a number of people is taken as if it were a sum, which it is at most. Exact:
elimination over fractions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from gate.core.events import WINDOW, Counted, Denied, Span


class Who(StrEnum):
    """Whom an hour has: those who came by what the site offers its residents, and guests with a code."""

    RESIDENTS = "residents"
    GUESTS = "guests"


Unknown = tuple[datetime, Who]
Unknowns = frozenset[Unknown]


@dataclass(frozen=True, slots=True)
class Equation:
    """These add up to this number, as told."""

    unknowns: Unknowns
    number: int


def equations(told: Iterable[Counted | Denied]) -> list[Equation]:
    """Read all messages as equations."""
    found, shown = [], set()
    for body in told:
        if isinstance(body, Denied) or body.people is None:
            continue
        assert body.span is not Span.MERGED
        span = (body.window_end - body.window_start) // timedelta(hours=1)
        hours = [body.window_start + n * WINDOW for n in range(span)]
        whom = Who if body.span is Span.DAY else (Who.RESIDENTS,)
        covered = frozenset((hour, who) for hour in hours for who in whom) - shown
        shown |= covered
        found.append(Equation(covered, body.people))
    return found


def sums(known: Sequence[Equation]) -> list[tuple[Unknowns, Fraction]]:
    """Give a basis of every sum that follows, reduced as far as subtraction can take it (Gauss and Jordan)."""
    rows = [({hour: Fraction(1) for hour in each.unknowns}, Fraction(each.number)) for each in known]
    done: list[tuple[dict[Unknown, Fraction], Fraction]] = []
    for row, value in rows:
        for other, its in done:
            pivot = min(other)
            if factor := row.get(pivot):
                row, value = _minus(row, other, factor), value - factor * its  # noqa: PLW2901 - elimination
        if not row:
            continue
        lead = row[min(row)]
        row, value = {hour: each / lead for hour, each in row.items()}, value / lead  # noqa: PLW2901
        done = [
            (_minus(other, row, other[min(row)]), its - other[min(row)] * value)
            if min(row) in other
            else (other, its)
            for other, its in done
        ]
        done.append((row, value))
    return [(frozenset(row), value) for row, value in done]


def isolates(known: Sequence[Equation], wanted_alone: Collection[Unknown]) -> bool:
    """Tell whether the sum of exactly these follows from all that was told."""
    wanted = {hour: Fraction(1) for hour in wanted_alone}
    for row, _ in sums(known):
        pivot = min(row)
        if factor := wanted.get(pivot):
            wanted = _minus(wanted, dict.fromkeys(row, Fraction(1)), factor)
    return not wanted


def follows(known: Sequence[Equation], hour: datetime) -> bool:
    """Tell whether the residents of an hour, its guests, or both together follow from all that was told."""
    parts = ([(hour, Who.RESIDENTS)], [(hour, Who.GUESTS)], [(hour, Who.RESIDENTS), (hour, Who.GUESTS)])
    return any(isolates(known, part) for part in parts)


def _minus(
    row: dict[Unknown, Fraction], other: dict[Unknown, Fraction], factor: Fraction
) -> dict[Unknown, Fraction]:
    hours = {*row, *other}
    left = {hour: row.get(hour, Fraction(0)) - factor * other.get(hour, Fraction(0)) for hour in hours}
    return {hour: each for hour, each in left.items() if each}

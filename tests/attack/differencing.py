"""Difference everything that was ever told: which sums of passages follow from all messages together, and whose are they?

The unknowns are each hour's passages. Each number told is an equation; the attacker knows from the contract which hours a
message covers, namely those of its window that no message before it showed. Four neighbours may subtract what they did
themselves. Exact: whole numbers, elimination over fractions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from gate.core.events import WINDOW, Counted, Denied, Span

Hours = frozenset[datetime]


@dataclass(frozen=True, slots=True)
class Equation:
    """The passages of these hours add up to this number, as told."""

    hours: Hours
    number: int


def equations(told: Iterable[Counted | Denied]) -> list[Equation]:
    """Read all messages as equations."""
    found, shown = [], set()
    for body in told:
        if isinstance(body, Denied) or body.people is None:
            continue
        assert body.span is not Span.MERGED
        span = (body.window_end - body.window_start) // timedelta(hours=1)
        hours = frozenset(body.window_start + n * WINDOW for n in range(span)) - shown
        shown |= hours
        found.append(Equation(hours, body.people))
    return found


def sums(known: Sequence[Equation]) -> list[tuple[Hours, Fraction]]:
    """Give a basis of every sum that follows, reduced as far as subtraction can take it (Gauss and Jordan)."""
    rows = [({hour: Fraction(1) for hour in each.hours}, Fraction(each.number)) for each in known]
    done: list[tuple[dict[datetime, Fraction], Fraction]] = []
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
            (_minus(other, row, other[min(row)]), its - other[min(row)] * value) if min(row) in other else (other, its)
            for other, its in done
        ]
        done.append((row, value))
    return [(frozenset(row), value) for row, value in done]


def isolates(known: Sequence[Equation], hours: Collection[datetime]) -> bool:
    """Tell whether the passages of exactly these *hours* follow from all that was told."""
    wanted = {hour: Fraction(1) for hour in hours}
    for row, _ in sums(known):
        pivot = min(row)
        if factor := wanted.get(pivot):
            wanted = _minus(wanted, dict.fromkeys(row, Fraction(1)), factor)
    return not wanted


def _minus(row: dict[datetime, Fraction], other: dict[datetime, Fraction], factor: Fraction) -> dict[datetime, Fraction]:
    hours = {*row, *other}
    left = {hour: row.get(hour, Fraction(0)) - factor * other.get(hour, Fraction(0)) for hour in hours}
    return {hour: each for hour, each in left.items() if each}

"""The device's own anonymiser (gate/core), fed with simulated days: what leaves, and the same as numbers for an attacker.

It does what gate/store/tally.py does, without disk, keys or restarts; test_driver.py holds the two to the same cells.
Noise comes from a seeded source that begins anew each hour, so that two worlds that differ in one secret share every
other chance: then whatever differs in what leaves is the secret's doing, and few trials suffice to see how little it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random

import numpy as np
from numpy.typing import NDArray

from gate.core import anonymity
from gate.core.anonymity import Carried, Cell, Counting, Disclosure, Hour, People
from gate.core.events import Counted, Denied, Span
from gate.core.types import Method
from tests.attack.compound import METHODS, Passages

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
HOURS, BLOCKS = 24, 6
CELLS = HOURS + BLOCKS + 1
COLUMNS = 3 + len(METHODS)
"""Of each cell: whether it is shown, its number, whether by method, the numbers by method."""
DEFAULT = Counting()
NOISE_OFF = Fraction(0)


@dataclass(frozen=True, slots=True)
class Came:
    """One passage more than the day had, by somebody. method: None for a refusal."""

    who: int
    hour: int
    method: Method | None = Method.FACE


@dataclass(frozen=True, slots=True)
class Site:
    """What an attacker knows of a device. epsilon: 0 for no noise."""

    residents: int
    epsilon: Fraction = DEFAULT.epsilon

    @property
    def k(self) -> int:
        """How many people a cell needs."""
        return anonymity.least_people(self.residents)

    def told(self, hours: Sequence[Hour], *, number: int, seed: int) -> list[Counted | Denied]:
        """Give every message of day *number*, in the order in which they leave. hours: the day's 24."""
        carried, told = Carried(), []
        for at, hour in enumerate(hours):
            by = Disclosure(self.k, self.epsilon, _draws(seed, number, at))
            start = MONDAY + timedelta(days=number, hours=at)
            carried, messages = anonymity.close_hour(start, hour, carried, DEFAULT.offered, by)
            told += messages
        return told


def counted(passages: Passages) -> list[Hour]:
    """Count a day's passages into its 24 hours, as the tally does one by one."""
    group_of = passages.at // 3600 * len(METHODS) + passages.method
    refused = np.bincount(passages.refused_at // 3600, minlength=HOURS)
    order = np.argsort(group_of, kind="stable")
    who = passages.who[order].tolist()
    edges = np.searchsorted(group_of[order], np.arange(HOURS * len(METHODS) + 1)).tolist()
    made = []
    for hour in range(HOURS):
        cells: dict[Method, Cell] = {}
        for place, method in enumerate(METHODS):
            begin, end = edges[hour * len(METHODS) + place : hour * len(METHODS) + place + 2]
            if begin < end:
                cells[method] = Cell(end - begin, People(known=frozenset(who[begin:end])))
        known = frozenset().union(*(cell.people.known for cell in cells.values()))
        made.append(Hour(cells, People(known=known), int(refused[hour])))
    return made


def with_more(hours: Sequence[Hour], came: Iterable[Came]) -> list[Hour]:
    """Give the same day with more in it."""
    changed = list(hours)
    for each in came:
        hour = changed[each.hour]
        changed[each.hour] = (
            replace(hour, refused=hour.refused + 1)
            if each.method is None
            else hour.passed(each.method, each.who)  # type: ignore[arg-type]  # any hashable tells people apart
        )
    return changed


def seen(told: Sequence[Counted | Denied]) -> NDArray[np.float32]:
    """Give one day's messages as numbers, (CELLS + 1, COLUMNS): hours, blocks, the day, and last the refusals."""
    table = np.zeros((CELLS + 1, COLUMNS), dtype=np.float32)
    for body in told:
        if isinstance(body, Denied):
            table[CELLS, :2] = (body.refused is not None, body.refused or 0)
            continue
        row = table[place(body)]
        if body.granted is not None:
            row[:2] = (1, body.granted)
        if body.by_method is not None:
            row[2] = 1
            row[3:] = [body.by_method.get(method, 0) for method in METHODS]
    return table


def place(body: Counted) -> int:
    """Give the row of a message: hours first, then blocks, then the day."""
    if body.span is Span.HOUR:
        return body.window_start.hour
    return HOURS + body.window_start.hour // 4 if body.span is Span.BLOCK else HOURS + BLOCKS


def _draws(*seed: int) -> Callable[[int], int]:
    return Random(hash(seed)).randrange

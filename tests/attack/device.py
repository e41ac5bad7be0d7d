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
from gate.core.anonymity import Carried, Counting, Disclosure, Hour, People
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


Known = dict[tuple[int, tuple[int, ...]], tuple[Carried, list[Counted | Denied]]]


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

    def told(
        self, hours: Sequence[Hour], *, number: int, seed: int, known: Known | None = None
    ) -> list[Counted | Denied]:
        """Give every message of day *number*, in the order in which they leave. hours: the day's 24.

        known: blocks of the same day that were closed before, in another world; taken where nothing in them differs.
        """
        known = {} if known is None else known
        day, refused, told = People(), 0, []
        for block in range(BLOCKS):
            last = 4 * block + 3
            key = block, tuple(map(id, hours[4 * block : last]))
            if key not in known:
                known[key] = self._closed(hours, range(4 * block, last), Carried(), number=number, seed=seed)
            carried, messages = known[key]
            told += messages
            # The last hour closes the block and may close the day, so that what these carry matters to it.
            so_far = Carried(carried.block, day.union(carried.day), refused + carried.refused)
            carried, messages = self._closed(hours, (last,), so_far, number=number, seed=seed)
            day, refused, told = carried.day, carried.refused, told + messages
        return told

    def _closed(
        self, hours: Sequence[Hour], which: Iterable[int], carried: Carried, *, number: int, seed: int
    ) -> tuple[Carried, list[Counted | Denied]]:
        told: list[Counted | Denied] = []
        for at in which:
            by = Disclosure(self.k, self.epsilon, _draws(seed, number, at))
            start = MONDAY + timedelta(days=number, hours=at)
            carried, messages = anonymity.close_hour(start, hours[at], carried, DEFAULT.offered, by)
            told += messages
        return carried, told


def counted(passages: Passages) -> list[Hour]:
    """Count a day's passages into its 24 hours, as the tally does one by one."""
    hour_of = passages.at // 3600
    refused = np.bincount(passages.refused_at // 3600, minlength=HOURS)
    first: list[dict[Method, set[int]]] = [{} for _ in range(HOURS)]
    known: list[set[int]] = [set() for _ in range(HOURS)]
    beside: list[set[int]] = [set() for _ in range(HOURS)]
    order = np.argsort(passages.at, kind="stable")
    columns = (each[order].tolist() for each in (hour_of, passages.who, passages.method))
    for hour, who, number in zip(*columns, strict=True):
        method = METHODS[number]
        if method not in DEFAULT.offered:
            beside[hour].add(who)
        elif who not in known[hour]:
            known[hour].add(who)
            first[hour].setdefault(method, set()).add(who)
    return [
        Hour(
            {method: frozenset(those) for method, those in first[hour].items()},
            People(known=frozenset(known[hour])),
            People(known=frozenset(beside[hour])),
            int(refused[hour]),
        )
        for hour in range(HOURS)
    ]


def with_more(hours: Sequence[Hour], came: Iterable[Came]) -> list[Hour]:
    """Give the same day with more in it."""
    changed = list(hours)
    for each in came:
        hour = changed[each.hour]
        changed[each.hour] = (
            replace(hour, refused=hour.refused + 1)
            if each.method is None
            else hour.passed(each.method, each.who, DEFAULT.offered)
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
        if body.people is not None:
            row[:2] = (1, body.people)
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

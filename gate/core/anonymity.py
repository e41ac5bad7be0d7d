"""From passages to cells that may be shown: at least k people in each, every passage in one cell or in none (R44).

A cell tells people and not passages: each person once, however often they came. The ladder: by gate and method, by gate,
all gates of the device, each for an hour; then four hours; then the day; then nothing, for good. A rung takes only what no
rung before it showed, so that cells never overlap, and no total is given besides: nothing can be had by subtraction, which
is why no second cell has to be hidden to protect a first. Each rung and the number itself are noisy, at a stated price.
docs/adr/0026 says what that buys and what it costs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final

from gate.core.events import WINDOW, Counted, Denied, Span
from gate.core.noise import Draw, discrete_laplace, margin
from gate.core.types import Method

K_SMALL_SITE: Final = 10
K: Final = 5
SMALL_SITE: Final = 200
"""Residents below which K_SMALL_SITE holds."""
BLOCK: Final = timedelta(hours=4)
DAY: Final = timedelta(days=1)
LOOKS_BACK: Final = timedelta(days=7)
"""Whole days that the gate was off, and that are longer ago than this, are told of in one message."""
STEP_BACK: Final = DAY
"""A clock that stands further behind what is closed already makes counting begin anew there."""
CHANCE: Final = Fraction(1, 1000)
"""How likely, at most, noise lifts a cell of exactly k people over its threshold."""
REFUSALS_OF_ONE: Final = 10
"""How many refusals of one person on one day the budget covers."""
_BEYOND_THE_HOUR: Final = (
    3  # the block's test, the day's test and the number each take a share of the budget too
)

Key = tuple[str, Method]
"""Which gate, and by what."""
HERE: Final = "here"
"""The one gate of a device that has one."""


@dataclass(frozen=True, slots=True)
class People:
    """Distinct people: surely *floor*, and each of *known*, digests under a key that lives in memory for a day."""

    floor: int = 0
    known: frozenset[bytes] = field(default=frozenset(), repr=False)

    @property
    def least(self) -> int:
        """Give a number of distinct people that there surely were: never too many."""
        return max(self.floor, len(self.known))

    @property
    def forgotten(self) -> People:
        """Give as many, of whom it is no longer known who they were."""
        return People(self.least)

    def plus(self, who: bytes) -> People:
        """Add somebody, who may be in already."""
        return People(self.floor, self.known | {who})

    def union(self, other: People) -> People:
        """Take both together: a union is no smaller than its parts, and no more is claimed of what a restart forgot."""
        return People(max(self.floor, other.floor), self.known | other.known)


@dataclass(frozen=True, slots=True)
class Hour:
    """Who came in in one hour, and how often nobody was let in.

    first: whose first passage of the hour was by a method; the sets share nobody. people: all of these, and how many a
    restart forgot. beside: those who came by what the site does not offer its residents, such as a visitor's code; the
    hour does not tell of them, for that they came at all would show.
    """

    first: Mapping[Method, frozenset[bytes]] = field(default_factory=dict, repr=False)
    people: People = field(default_factory=People)
    beside: People = field(default_factory=People)
    refused: int = 0

    def passed(self, method: Method, who: bytes, offered: Collection[Method]) -> Hour:
        """Add one passage of somebody; for a visitor's code, of the resident who invited."""
        if method not in offered:
            return replace(self, beside=self.beside.plus(who))
        if who in self.people.known:
            return self
        first = {**self.first, method: self.first.get(method, frozenset()) | {who}}
        return replace(self, first=first, people=self.people.plus(who))

    def denied(self) -> Hour:
        """Add one refusal, of nobody knows whom."""
        return replace(self, refused=self.refused + 1)

    @property
    def forgotten(self) -> Hour:
        """Give the same numbers without anybody."""
        return Hour({}, self.people.forgotten, self.beside.forgotten, self.refused)

    def union(self, other: Hour) -> Hour:
        """Take two together of which nobody is known any more."""
        return Hour(
            {}, self.people.union(other.people), self.beside.union(other.beside), self.refused + other.refused
        )


@dataclass(frozen=True, slots=True)
class Carried:
    """Who was withheld so far and waits for a wider window, and the day's refusals."""

    block: People = field(default_factory=People)
    day: People = field(default_factory=People)
    refused: int = 0

    @property
    def forgotten(self) -> Carried:
        """Give the same numbers without anybody."""
        return Carried(self.block.forgotten, self.day.forgotten, self.refused)


@dataclass(frozen=True, slots=True)
class Counting:
    """What a site fixes for its counts. offered: the methods it offers its residents; see ``Disclosure`` for epsilon."""

    epsilon: Fraction = Fraction(1)
    offered: frozenset[Method] = frozenset({Method.FACE, Method.CARD, Method.PIN})


@dataclass(frozen=True, slots=True)
class Disclosure:
    """When a number may be told, and how. draw: random bits.

    epsilon: what all that one person does in one hour may cost, 0 for no noise.
    """

    k: int
    epsilon: Fraction
    draw: Draw

    def lets(self, people: int, share: Fraction) -> bool:
        """Tell whether a cell of so many *people* is shown; the test costs *share* of the budget."""
        return people >= self.k and people + self._noise(share) >= self.k + self._margin(share)

    def told(self, people: int, share: Fraction) -> int:
        """Give a shown cell's number as it is told, never below k; telling it costs *share* of the budget."""
        return max(self.k, people + self._noise(share))

    def refusals(self, refused: int) -> int | None:
        """Give refusals as they are told: a multiple of k, from 2k on.

        REFUSALS_OF_ONE of one day, all by one person, spend the whole budget: nobody knows whose they are, and who is
        refused once often is again.
        """
        share = self.epsilon / REFUSALS_OF_ONE
        noisy = refused + self._noise(share)
        number = noisy // self.k * self.k
        shown = refused >= self.k and noisy >= self.k + self._margin(share) and number >= 2 * self.k
        return number if shown else None

    def _noise(self, share: Fraction) -> int:
        return discrete_laplace(share, self.draw) if share else 0

    def _margin(self, share: Fraction) -> int:
        return margin(share, chance=CHANCE) if share else 0


def least_people(residents: int) -> int:
    """Give k for a site of so many *residents*."""
    return K_SMALL_SITE if residents < SMALL_SITE else K


def rungs(keys: Collection[Key]) -> tuple[tuple[frozenset[Key], ...], ...]:
    """Give the ways to divide *keys* that the ladder tries for one hour, the finest first; each covers all of them."""
    gates = sorted({gate for gate, _ in keys})
    ways = (
        tuple(frozenset({key}) for key in sorted(keys)),
        tuple(frozenset(key for key in keys if key[0] == gate) for gate in gates),
        (frozenset(keys),),
    )
    return tuple(way for place, way in enumerate(ways) if way not in ways[:place])


def share_of(epsilon: Fraction, keys: Collection[Key]) -> Fraction:
    """Give what each test and the number may cost, so that nobody's hour costs more than *epsilon* in all."""
    return epsilon / (len(rungs(keys)) + _BEYOND_THE_HOUR)


def coarsen(
    cells: Mapping[Key, frozenset[bytes]], people: People, by: Disclosure
) -> Mapping[frozenset[Key], int]:
    """Give one hour in the finest division of which every group may be shown; empty where not even all together may.

    cells: for every gate and method that is offered, whose first passage was there; they share nobody, and empty ones
    are there too. people: all of them, and what a restart forgot.
    """
    share = share_of(by.epsilon, cells.keys())
    for way in rungs(cells.keys()):
        whole = len(way) == 1
        sizes = {group: people.least if whole else sum(len(cells[key]) for key in group) for group in way}
        if by.lets(min(sizes.values()), share):
            return {group: by.told(size, share) for group, size in sizes.items()}
    return {}


def close_hour(
    start: datetime, hour: Hour, carried: Carried, offered: Collection[Method], by: Disclosure
) -> tuple[Carried, tuple[Counted | Denied, ...]]:
    """Close the hour that began at *start*, and the block and the day that end with it: what to tell, what to carry on.

    start: UTC, on the hour. offered: the methods that the site offers its residents, whoever comes. How many messages
    there are, and of what kind, follows from *start* alone.
    """
    cells = {(HERE, method): hour.first.get(method, frozenset()) for method in offered}
    share = share_of(by.epsilon, cells.keys())
    shown = coarsen(cells, hour.people, by)
    by_method = {method: shown[key] for method in Method if (key := frozenset({(HERE, method)})) in shown}
    end = start + WINDOW
    told: list[Counted | Denied] = [
        _counted(
            Span.HOUR, start, end, sum(shown.values()) or None, by, by_method if len(shown) > 1 else None
        )
    ]
    block = carried.block if shown else carried.block.union(hour.people)
    day, refused = carried.day.union(hour.beside), carried.refused + hour.refused
    if end == _floor(end, BLOCK):
        number = _number(block, share, by)
        told.append(_counted(Span.BLOCK, end - BLOCK, end, number, by))
        day, block = (day.union(block) if number is None else day), People()
    if end == _floor(end, DAY):
        told.append(_counted(Span.DAY, end - DAY, end, _number(day, share, by), by))
        told.append(Denied(end - DAY, end, by.refusals(refused), by.k, float(by.epsilon)))
        day, refused = People(), 0
    return Carried(block, day, refused), tuple(told)


def silence(start: datetime, end: datetime, by: Disclosure) -> tuple[Counted, Denied]:
    """Tell of whole days in which the gate was off."""
    return _counted(Span.MERGED, start, end, None, by), Denied(start, end, None, by.k, float(by.epsilon))


def next_window(closed: datetime, now: datetime, *, counting: bool) -> tuple[datetime, datetime] | None:
    """Give the next window to close after *closed*: an hour, or many whole days; None while it is not over.

    counting: whether the gate may have counted in the hour that begins at *closed*, and so was not off for days there.
    """
    cut = _floor(now - LOOKS_BACK, DAY)
    if not counting and closed == _floor(closed, DAY) and closed < cut:
        return closed, cut
    return (closed, closed + WINDOW) if closed + WINDOW <= now else None


def _number(people: People, share: Fraction, by: Disclosure) -> int | None:
    return by.told(people.least, share) if by.lets(people.least, share) else None


def _counted(
    span: Span,
    start: datetime,
    end: datetime,
    people: int | None,
    by: Disclosure,
    by_method: Mapping[Method, int] | None = None,
) -> Counted:
    return Counted(span, start, end, people, by_method, by.k, float(by.epsilon))


def _floor(at: datetime, span: timedelta) -> datetime:
    """Give the start of the UTC day, or of the part of it, that holds *at*."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (at - midnight) // span * span

"""The secrets an attacker is after: for each, two worlds that differ in it and in nothing else.

The target lives in the compound; which hours they come home in is known to the attacker, exactly. The others are drawn
afresh each day from the same people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gate.core.anonymity import Hour
from gate.core.types import Method
from tests.attack.compound import WEEK, Compound
from tests.attack.device import CELLS, COLUMNS, HOURS, Came, Known, Site, counted, seen, with_more

TARGET, OTHER = -1, -2
NEIGHBOURS = (-3, -4, -5, -6)
"""Four residents who tell the attacker what they know, and pass when the attacker wants them to."""
PEOPLE_SEED = 11

CROWDED = 18

World = tuple[Came, ...]


def at(*hours: int, who: int = TARGET, method: Method = Method.FACE) -> World:
    """Give somebody's passages, one in each of these hours."""
    return tuple(Came(who, hour, method) for hour in hours)


@dataclass(frozen=True, slots=True)
class Secret:
    """What is asked, in words for the table, and the two worlds: the answer is no in the first and yes in the second."""

    asks: str
    no: World
    yes: World


USUAL, BUSY = (18, 20), (9, 11, 17, 18, 20)
_EMPTY_HOUR = 5
_HELPING = tuple(Came(each, _EMPTY_HOUR, Method.CARD) for each in NEIGHBOURS)
SECRETS: dict[str, Secret] = {
    "home-usual": Secret("Did a resident stay at home that day, who else comes in twice?", (), at(*USUAL)),
    "home-busy": Secret("Did a resident stay at home that day, who else comes in five times?", (), at(*BUSY)),
    "night": Secret("Did the target come in at 03:00?", (), at(3)),
    "evening": Secret("Did the target come in at 18:00?", (), at(CROWDED)),
    "guest": Secret("Did a guest of the target come in at 19:00, by code?", (), at(19, method=Method.CODE)),
    "link-hour": Secret(
        "Two passages within one hour: one person, or two?", at(18) + at(18, who=OTHER), at(18, 18)
    ),
    "link-day": Secret(
        "Two passages on one day: one person, or two?", at(13) + at(22, who=OTHER), at(13, 22)
    ),
    "method": Secret(
        "Does the target use card or face, that day?", at(*USUAL, method=Method.CARD), at(*USUAL)
    ),
    "refused": Secret("Was the target refused three times that day?", (), (Came(TARGET, 18, None),) * 3),
    "neighbours": Secret(
        "Did the target come in at 05:00, as four neighbours did on purpose?",
        _HELPING,
        _HELPING + at(_EMPTY_HOUR),
    ),
}


def people(site: Site) -> Compound:
    """Give everybody but the target: always the same people for a size, whose habits the attacker knows."""
    return Compound(site.residents - 1, PEOPLE_SEED)


@dataclass(frozen=True, slots=True)
class Days:
    """What was seen of many days in each world. weekend, (n,): whether each was one; seen: world to (n, cells, columns)."""

    weekend: NDArray[np.bool_]
    seen: dict[World, NDArray[np.float32]]

    def pair(self, secret: Secret) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Give the days of both worlds of *secret*, flattened to (n, features)."""
        count = len(self.weekend)
        return self.seen[secret.no].reshape(count, -1), self.seen[secret.yes].reshape(count, -1)


def watch(site: Site, names: tuple[str, ...], *, days: int, seed: int) -> Days:
    """Let *days* days happen, each in every world that the secrets named need, and keep what left the device.

    Days are drawn one by one, Monday to Sunday in turn, so that they are independent of one another.
    """
    compound = people(site)
    worlds = list(dict.fromkeys(world for name in names for world in (SECRETS[name].no, SECRETS[name].yes)))
    table = {world: np.zeros((days, CELLS + 1, COLUMNS), dtype=np.float32) for world in worlds}
    for day in range(days):
        rng = np.random.default_rng([seed, site.residents, day])
        (passages,) = compound.days(rng, first=day, count=1)
        hours, known = counted(passages), {}
        alive = [with_more(hours, world) for world in worlds]
        for world, its in zip(worlds, alive, strict=True):
            table[world][day] = seen(site.told(its, number=day % WEEK, seed=seed + day, known=known))
    return Days(np.arange(days) % WEEK >= 5, table)


def watch_one_day(site: Site, secret: Secret, *, which: int, times: int, seed: int) -> Days:
    """Let one and the same day of everybody else happen *times* times, with noise drawn afresh: they are all known."""
    rng = np.random.default_rng([seed, site.residents, which])
    (passages,) = people(site).days(rng, first=which, count=1)
    return _again_and_again(site, counted(passages), secret, times=times, seed=seed)


def watch_crowd(site: Site, crowd: int, *, times: int, seed: int) -> Days:
    """Let a day happen *times* times on which nobody comes but, at 18:00, *crowd* others whom the attacker knows."""
    hours = with_more([Hour()] * HOURS, (Came(other, CROWDED) for other in range(crowd)))
    return _again_and_again(site, hours, SECRETS["evening"], times=times, seed=seed)


def _again_and_again(site: Site, hours: list[Hour], secret: Secret, *, times: int, seed: int) -> Days:
    worlds = {world: with_more(hours, world) for world in (secret.no, secret.yes)}
    table = {world: np.zeros((times, CELLS + 1, COLUMNS), dtype=np.float32) for world in worlds}
    for n in range(times):
        known: Known = {}
        for world, its in worlds.items():
            table[world][n] = seen(site.told(its, number=0, seed=seed + n, known=known))
    return Days(np.zeros(times, dtype=bool), table)

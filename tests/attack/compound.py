"""A compound and its people's days: who comes in through the gate, when, and by which method. Seeded, nothing random else.

A passage is somebody coming IN: leaving needs no credential (R66), so nobody counts it. Each resident has a few habits
("comes home from work, most weekdays, about 18:20"); a day draws from them. What the model has: commuters, three-shift
workers, pupils, people who stay at home, night owls, weekends, journeys of several days, rain that keeps everybody in,
guests with a code (counted as their host), refusals of residents and of strangers. The compound's clock is UTC: another
zone moves which hours share a block, no more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from gate.core.types import Method

DAY_S = 24 * 60 * 60
SIZES = (60, 500, 5000)
METHODS = (Method.FACE, Method.CARD, Method.PIN, Method.CODE)
"""A passage holds the index into this."""
SATURDAY = 5
WEEK = 7

_RAIN_SPREAD = 0.2
_AWAY_FROM = 0.012
_AWAY_DAYS = 4.0
_REFUSED = 0.04
_STRANGERS_A_RESIDENT = 0.004
_STRANGERS = 0.5


@dataclass(frozen=True, slots=True)
class Habit:
    """One reason to come in. Hours of the day as decimals; chances a day. spread_h: from person to person."""

    weekday: float
    weekend: float
    hour: float
    spread_h: float
    jitter_h: float
    owned_by: float = 1.0
    """The share of people of this kind who have the habit at all."""
    rota: int = -1
    """Which of three weekly shifts this belongs to; -1: none."""
    optional: bool = True
    """Rain keeps one from it."""
    guest: bool = False


_ERRANDS = (
    Habit(0.10, 0.45, 11.0, 1.2, 0.8, 0.8),
    Habit(0.15, 0.35, 16.5, 1.3, 1.0, 0.7),
    Habit(0.30, 0.35, 20.7, 0.8, 0.4, 0.5),
    Habit(0.03, 0.10, 22.8, 0.9, 0.8, 0.4),
    Habit(0.02, 0.08, 18.5, 1.5, 0.8, 0.4, guest=True),
)
KINDS: dict[str, tuple[float, tuple[Habit, ...]]] = {
    "commuter": (0.44, (Habit(0.92, 0.08, 18.4, 0.9, 0.35, optional=False), *_ERRANDS)),
    "shift worker": (
        0.10,
        (
            Habit(0.85, 0.70, 14.9, 0.3, 0.15, rota=0, optional=False),
            Habit(0.85, 0.70, 22.8, 0.3, 0.15, rota=1, optional=False),
            Habit(0.85, 0.70, 6.9, 0.3, 0.15, rota=2, optional=False),
            *_ERRANDS,
        ),
    ),
    "pupil": (
        0.13,
        (
            Habit(0.95, 0.10, 16.8, 0.4, 0.2, optional=False),
            Habit(0.40, 0.60, 18.9, 0.8, 0.6, 0.8),
        ),
    ),
    "at home": (
        0.26,
        (
            Habit(0.70, 0.65, 9.4, 0.8, 0.5),
            Habit(0.45, 0.45, 16.6, 0.9, 0.7),
            Habit(0.50, 0.50, 20.2, 0.6, 0.4),
            Habit(0.05, 0.12, 11.5, 1.0, 0.8, 0.5, guest=True),
        ),
    ),
    "night owl": (
        0.07,
        (
            Habit(0.60, 0.50, 19.8, 1.0, 0.8),
            Habit(0.35, 0.55, 24.3, 1.2, 0.8),
            Habit(0.08, 0.15, 26.8, 0.8, 0.6),
            *_ERRANDS,
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Passages:
    """The grants and refusals of one day. at: seconds of the day; who: residents' numbers; method: see ``METHODS``."""

    at: NDArray[np.int64]
    who: NDArray[np.int64]
    method: NDArray[np.int64]
    refused: int
    refused_at: NDArray[np.int64]

    def plus(self, who: int, times: tuple[int, ...], method: int, refused: int = 0) -> Passages:
        """Give the same day with one more person's passages in it, and so many more refusals."""
        return Passages(
            np.append(self.at, np.array(times, dtype=np.int64)),
            np.append(self.who, np.full(len(times), who)),
            np.append(self.method, np.full(len(times), method)),
            self.refused + refused,
            np.append(self.refused_at, np.full(refused, 12 * 3600)),
        )


class Compound:
    """So many residents, each with habits of their own; the same seed gives the same people."""

    def __init__(self, residents: int, seed: int) -> None:
        rng = np.random.default_rng([seed, residents])
        self.residents = residents
        shares = np.array([share for share, _ in KINDS.values()])
        kind = rng.choice(len(KINDS), residents, p=shares / shares.sum())
        rows = [
            (person, habit)
            for person, its in enumerate(kind)
            for habit in list(KINDS.values())[its][1]
            if rng.random() < habit.owned_by
        ]
        habits = [habit for _, habit in rows]
        self._who = np.array([person for person, _ in rows])
        self._weekday = _own(rng, [habit.weekday for habit in habits])
        self._weekend = _own(rng, [habit.weekend for habit in habits])
        self._hour = rng.normal([habit.hour for habit in habits], [habit.spread_h for habit in habits])
        self._jitter = np.array([habit.jitter_h for habit in habits])
        self._rota = np.array([habit.rota for habit in habits])
        self._optional = np.array([habit.optional for habit in habits])
        self._guest = np.array([habit.guest for habit in habits])
        self._shift = rng.integers(0, 3, residents)
        self._face_first = rng.random(residents) < 0.5
        self._usual = np.where(self._face_first, 0, np.where(rng.random(residents) < 0.8, 1, 2))

    def days(self, rng: Generator, *, first: int, count: int) -> list[Passages]:
        """Draw *count* days in a row. first: the number of the first; day 0 is a Monday."""
        home = self._at_home(rng, count)
        return [self._day(rng, first + each, home[each]) for each in range(count)]

    def _at_home(self, rng: Generator, count: int) -> NDArray[np.bool_]:
        """Who is not on a journey, (count, residents); journeys begin before the first day as well."""
        lead = 14
        begins = rng.random((count + lead, self.residents)) < _AWAY_FROM
        lasts = rng.geometric(1 / _AWAY_DAYS, begins.shape)
        away = np.zeros_like(begins)
        for day in range(count + lead):
            for back in range(min(day + 1, lead)):
                away[day] |= begins[day - back] & (lasts[day - back] > back)
        return ~away[lead:]

    def _day(self, rng: Generator, number: int, home: NDArray[np.bool_]) -> Passages:
        weekend = number % WEEK >= SATURDAY
        chance = np.where(weekend, self._weekend, self._weekday)
        rain = np.exp(rng.normal(-(_RAIN_SPREAD**2) / 2, _RAIN_SPREAD))
        chance = np.minimum(np.where(self._optional, chance * rain, chance), 0.98)
        on_shift = (self._rota < 0) | ((number // WEEK + self._shift[self._who]) % 3 == self._rota)
        comes = (rng.random(len(chance)) < chance) & on_shift & home[self._who]
        who = self._who[comes]
        hours = rng.normal(self._hour[comes], self._jitter[comes])
        at = (hours * 3600).astype(np.int64) % DAY_S
        usual = np.where(rng.random(len(who)) < 0.9, self._usual[who], 1)
        method = np.where(self._guest[comes], METHODS.index(Method.CODE), usual)
        fumbled = at[rng.random(len(at)) < _REFUSED]
        strangers = rng.poisson(_STRANGERS + _STRANGERS_A_RESIDENT * self.residents)
        refused_at = np.append(fumbled, rng.integers(0, DAY_S, strangers))
        return Passages(at, who, method, len(refused_at), refused_at)


def _own(rng: Generator, chances: list[float]) -> NDArray[np.float64]:
    """Give each person a chance of their own near the habit's."""
    return np.clip(np.array(chances) * rng.uniform(0.7, 1.2, len(chances)), 0.0, 0.98)

"""Bounds that know of people: whole persons are drawn again, with all their comparisons (bootstrap by subject).

Comparisons that share a person rise and fall together, so bounds that take them as independent are too narrow. The
random generator is an argument: with its seed a report can be made again to the digit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from gate.core.accuracy import CONFIDENCE
from gate.core.operating import Bounded
from gate.vision.trials import Trials

DRAWS: Final = 1000

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """How often each person was drawn, for every draw: (draws, people). Row 0 is the set as it is.

    genuine, impostor: how many comparisons there are, (people,) and (people, people).
    """

    trials: Trials = field(repr=False)
    weights: Floats = field(repr=False)
    genuine: Floats = field(repr=False)
    impostor: Floats = field(repr=False)

    @classmethod
    def of(cls, trials: Trials, generator: np.random.Generator, draws: int = DRAWS) -> Self:
        """Draw as many people as there are, with replacement, *draws* times."""
        people = len(trials.people)
        drawn = generator.multinomial(people, np.full(people, 1 / people), size=draws)
        weights = np.vstack((np.ones(people), drawn)).astype(np.float64)
        return cls(
            trials,
            weights,
            _by_person(trials, np.ones(len(trials.genuine))),
            _by_pair(trials, np.ones(len(trials.impostor))),
        )

    def genuine_mean(self, values: Floats) -> Floats:
        """Give the mean of *values*, one per genuine comparison, in every draw; NaN where a draw has none."""
        return _ratio(self.weights @ _by_person(self.trials, values), self.weights @ self.genuine)

    def impostor_sum(self, values: Floats) -> Floats:
        """Give the sum of *values*, one per impostor comparison, in every draw.

        A comparison counts as often as both its people were drawn; a person drawn twice is no impostor to themselves.
        """
        return self._over_pairs(_by_pair(self.trials, values))

    def impostor_mean(self, values: Floats) -> Floats:
        """Give the mean of *values*, one per impostor comparison, in every draw; NaN where a draw has none."""
        return _ratio(self.impostor_sum(values), self._over_pairs(self.impostor))

    def _over_pairs(self, of_pairs: Floats) -> Floats:
        return np.asarray(((self.weights @ of_pairs) * self.weights).sum(axis=1), np.float64)


def fmr(resampled: Resampled, threshold: float) -> Bounded:
    """Give the false match rate at *threshold* with its bounds; a score at the threshold is a match."""
    return bounded(resampled.impostor_mean(_marks(resampled.trials.impostor.astype(np.float64) >= threshold)))


def fnmr(resampled: Resampled, threshold: float) -> Bounded:
    """Give the false non-match rate at *threshold* with its bounds."""
    return bounded(resampled.genuine_mean(_marks(resampled.trials.genuine.astype(np.float64) < threshold)))


def bounded(draws: Floats, *, confidence: float = CONFIDENCE) -> Bounded:
    """Give row 0 as the value and the percentiles of the other draws as bounds; draws without a comparison are left out.

    Where no error was seen at all, none is seen in any draw: the bounds are then 0, and only counting says how far that goes.
    """
    again = draws[1:][np.isfinite(draws[1:])]
    if not again.size:
        return Bounded(float(draws[0]), 0.0, 1.0)
    low, high = np.quantile(again, ((1 - confidence) / 2, (1 + confidence) / 2))
    return Bounded(float(draws[0]), float(low), float(high))


def _marks(errs: NDArray[np.bool_]) -> Floats:
    """Give 1 for each error and 0 for the rest; scores are compared in the precision of the threshold before."""
    return errs.astype(np.float64)


def _by_person(trials: Trials, values: Floats) -> Floats:
    return np.bincount(trials.genuine_of, values, len(trials.people)).astype(np.float64)


def _by_pair(trials: Trials, values: Floats) -> Floats:
    people = len(trials.people)
    flat = trials.impostor_of[:, 0] * people + trials.impostor_of[:, 1]
    return np.bincount(flat, values, people * people).astype(np.float64).reshape(people, people)


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)

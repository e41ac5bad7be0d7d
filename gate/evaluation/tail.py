"""False match rates beyond what was counted: the impostor scores' tail, fitted twice, the worse fit taken.

A fit is an assumption and is named wherever its figures stand. One is a normal tail with the mean and the spread of all
impostor scores. The other is exponential above the score that one in ten exceeds (excesses over a high threshold;
Pickands 1975): the heaviest tail that scores with an upper end of 1 plausibly have. Both are fitted anew in every draw of
people, so that the bounds know how few people there were.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from gate.core.operating import Bounded
from gate.evaluation.bootstrap import Resampled, bounded

TAIL_SHARE: Final = 0.1
LEAST_PEOPLE: Final = 8
LEAST_SCORES: Final = 200
"""Below either, no tail is fitted: a handful of scores says nothing about one in 100,000."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Tails:
    """The two tails of every draw. above: from where the exponential one holds; passing, excess: its share and scale."""

    mean: Floats = field(repr=False)
    spread: Floats = field(repr=False)
    above: float
    passing: Floats = field(repr=False)
    excess: Floats = field(repr=False)

    @classmethod
    def of(cls, resampled: Resampled) -> Self | None:
        """Fit them; None where there are too few people or scores."""
        scores = resampled.trials.impostor.astype(np.float64)
        if len(set(resampled.trials.impostor_of.ravel())) < LEAST_PEOPLE or len(scores) < LEAST_SCORES:
            return None
        mean = resampled.impostor_mean(scores)
        spread = np.sqrt(np.maximum(resampled.impostor_mean(scores * scores) - mean * mean, 0.0))
        above = float(np.quantile(scores, 1 - TAIL_SHARE))
        over = np.maximum(scores - above, 0.0)
        passing = resampled.impostor_mean((scores > above).astype(np.float64))
        with np.errstate(invalid="ignore", divide="ignore"):
            excess = resampled.impostor_mean(over) / passing
        return cls(mean, spread, above, passing, excess)

    def fmr(self, threshold: float) -> Bounded:
        """Give the larger of the two false match rates at *threshold*, with bounds over the draws.

        Below where the exponential tail begins it is not asked: counting serves there.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            normal = _upper((threshold - self.mean) / self.spread)
            beyond = max(0.0, threshold - self.above)
            exponential = self.passing * np.exp(-beyond / self.excess)
        return bounded(np.maximum(normal, exponential))


def _upper(deviations: Floats) -> Floats:
    """Give the share of a standard normal beyond each of *deviations*."""
    return np.array([0.5 * math.erfc(each / math.sqrt(2)) for each in deviations])

"""At what similarity a model may open a door, and how far the evidence behind that goes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Bounded:
    """A measured share with its two-sided confidence bounds."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """At what similarity a model may open a door, and on what evidence (ISO/IEC 19795-1).

    model_sha256: of the prepared network. threshold, margin: cosine. The threshold holds for a search of *n_threshold*
    templates and rises by *rise* for each time their number grows e-fold (``raised``). n_max: templates a 1:N
    search may hold; above it, only card and face together. basis: what the figures support, in words for the manager.
    """

    model: str
    model_sha256: str
    dataset: str
    subjects: int
    images: int
    genuine_pairs: int
    impostor_pairs: int
    threshold: float
    n_threshold: int
    rise: float
    margin: float
    fmr: Bounded
    fnmr: Bounded
    confidence: float
    n_max: int
    measured: date
    basis: str

    def __post_init__(self) -> None:
        if not 0 < self.threshold < 1 or not 0 <= self.margin < 1:
            raise ValueError("threshold and margin are cosines between 0 and 1")
        if not 1 <= self.n_threshold <= self.n_max:
            raise ValueError("n_threshold is at least 1, and n_max no smaller")
        if not 0 <= self.rise < 1:
            raise ValueError("rise is a cosine of 0 or more, below 1")

    def threshold_for(self, compared: int) -> float:
        """Give the threshold of a search among so many templates, never below ``threshold``."""
        return self.threshold + self.raised_by(compared)

    def raised_by(self, compared: int) -> float:
        """Give by how much a search among so many templates raises whatever threshold is in force."""
        return raised(compared, n_threshold=self.n_threshold, rise=self.rise)


def raised(compared: int, *, n_threshold: int, rise: float) -> float:
    """Give by how much a search among *compared* templates raises the threshold that holds for *n_threshold*; 0 at least.

    A stranger's chance of meeting one of N templates grows with N, and an exponential tail of impostor scores falls e-fold
    with every *rise* of the threshold: so the chance stays.
    """
    return rise * math.log(max(1.0, compared / n_threshold))


def effective_threshold(point: OperatingPoint, at_least: float | None) -> float:
    """Give the threshold in force: a site can only raise the validated one, never lower it. NaN raises nothing."""
    if at_least is not None and at_least > point.threshold:
        return at_least
    return point.threshold


def is_no_laxer(point: OperatingPoint, shipped: OperatingPoint) -> bool:
    """Tell whether a site's own *point* is of the same network as the *shipped* one and opens to nobody whom that refuses.

    So nobody lowers a threshold or a margin; how many templates may be searched is what the site's evidence may change.
    """
    same = (point.model, point.model_sha256) == (shipped.model, shipped.model_sha256)
    return same and point.threshold >= shipped.threshold and point.margin >= shipped.margin

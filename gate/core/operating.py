"""At what similarity a model may open a door, and how far the evidence behind that goes."""

from __future__ import annotations

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

    model_sha256: of the prepared network. threshold, margin: cosine. n_max: templates a 1:N search may hold; above
    it, only card and face together. basis: what the figures support, in words for the manager.
    """

    model: str
    model_sha256: str
    dataset: str
    subjects: int
    images: int
    genuine_pairs: int
    impostor_pairs: int
    threshold: float
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
        if self.n_max < 1:
            raise ValueError("n_max is at least 1")


def effective_threshold(point: OperatingPoint, at_least: float | None) -> float:
    """Give the threshold in force: a site can only raise the validated one, never lower it. NaN raises nothing."""
    if at_least is not None and at_least > point.threshold:
        return at_least
    return point.threshold

"""Figures of a comparison experiment: error rates, their bounds, and thresholds (ISO/IEC 19795-1). Standard library only.

The bounds take comparisons as independent. Pairs that share a person are not, so the true uncertainty is wider.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gate.core.operating import Bounded

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """What one threshold does: a score at or above it is a match."""

    threshold: float
    fmr: Bounded
    fnmr: Bounded


def share(count: int, total: int, *, confidence: float = CONFIDENCE) -> Bounded:
    """Give count/total with the two-sided Clopper-Pearson bounds: exact, never too narrow for independent trials.

    Raises ValueError unless 0 <= count <= total and total >= 1.
    """
    if not 0 <= count <= total or total < 1:
        raise ValueError("a share needs 0 <= count <= total, and something to count")
    tail = (1 - confidence) / 2
    high = 1.0 if count == total else _solve(lambda p: _at_most(count, total, p) > tail)
    low = 0.0 if count == 0 else 1 - _solve(lambda q: _at_most(total - count, total, q) > tail)
    return Bounded(count / total, low, high)


def rates_at(threshold: float, genuine: Sequence[float], impostor: Sequence[float]) -> ErrorRates:
    """Give both error rates of *threshold*. Scores are sorted, lowest first; neither list is empty."""
    false_matches = len(impostor) - bisect_left(impostor, threshold)
    return ErrorRates(
        threshold=threshold,
        fmr=share(false_matches, len(impostor)),
        fnmr=share(bisect_left(genuine, threshold), len(genuine)),
    )


def rates_at_fmr(limit: float, genuine: Sequence[float], impostor: Sequence[float]) -> ErrorRates:
    """Give the rates at the lowest threshold whose false match rate is at most *limit*, which is below 1.

    Scores are sorted, lowest first. A limit finer than one pair in all behaves as 0: see the bounds.
    """
    allowed = math.floor(limit * len(impostor) + 1e-9)
    first_refused = impostor[max(0, len(impostor) - 1 - allowed)]
    return rates_at(math.nextafter(first_refused, math.inf), genuine, impostor)


def _at_most(count: int, total: int, p: float) -> float:
    """Give P(X <= count) for X binomial(total, p), 0 < p < 1; count < total. Summed from the largest term down."""
    start = min(count, math.floor((total + 1) * p))
    log_term = (
        math.lgamma(total + 1)
        - math.lgamma(start + 1)
        - math.lgamma(total - start + 1)
        + start * math.log(p)
        + (total - start) * math.log1p(-p)
    )
    odds = p / (1 - p)
    first = math.exp(log_term)
    sum_ = first
    term = first
    for k in range(start, 0, -1):
        term *= k / ((total - k + 1) * odds)
        sum_ += term
        if term < sum_ * 1e-17:
            break
    term = first
    for k in range(start + 1, count + 1):
        term *= (total - k + 1) * odds / k
        sum_ += term
        if term < sum_ * 1e-17:
            break
    return min(sum_, 1.0)


def _solve(holds: Callable[[float], bool]) -> float:
    """Give the p in 0..1 up to which *holds* is true, to the last bit that matters, by halving."""
    low, high = 0.0, 1.0
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return high

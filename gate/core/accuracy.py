"""Figures of a comparison experiment: error rates, their bounds, and thresholds (ISO/IEC 19795-1). Standard library only.

The bounds of ``share`` take comparisons as independent. Pairs that share a person are not, so the true uncertainty is
wider: gate/evaluation/bootstrap.py resamples people for that.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gate.core.operating import Bounded

CONFIDENCE = 0.95
N_MOST = 1_000_000
"""Nobody has evidence for a gallery beyond this."""


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


def fpir_at(fmr: float, n: int) -> float:
    """Give the chance that a stranger meets one of *n* templates, where one comparison errs with *fmr*: 1-(1-FMR)^N.

    It takes the n comparisons as independent; they are not quite, and the truth is then lower. NaN gives NaN.
    """
    if not fmr < 1:
        return fmr if math.isnan(fmr) else 1.0
    return -math.expm1(n * math.log1p(-fmr))


def fmr_for(fpir: float, n: int) -> float:
    """Give the false match rate of one comparison at which ``fpir_at`` is *fpir* for *n* templates.

    Raises ValueError unless 0 < fpir < 1 and n >= 1.
    """
    if not 0 < fpir < 1 or n < 1:
        raise ValueError("an aim is a share above 0 and below 1, of one template or more")
    return -math.expm1(math.log1p(-fpir) / n)


def n_max_at(fmr: float, fpir: float, *, most: int = N_MOST) -> int:
    """Give how many templates a search may hold so that ``fpir_at`` stays within *fpir*; 0 where not even one, or for NaN.

    fmr: the upper bound of one comparison's false match rate. most: what is never exceeded.
    """
    low, high = 0, most if fmr >= 0 else 0
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fpir_at(fmr, middle) <= fpir else (low, middle - 1)
    return low


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

"""Every figure of one set of photographs (ISO/IEC 19795-1): verification, open-set identification, groups, curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gate.core.accuracy import fpir_at, n_max_at, rates_at, share
from gate.core.operating import Bounded, OperatingPoint
from gate.evaluation import bootstrap
from gate.evaluation.bootstrap import Resampled
from gate.evaluation.identify import Identification, identified
from gate.evaluation.tail import Tails
from gate.vision.evaluate import FMR_LIMITS, Evaluation, evaluated
from gate.vision.trials import Trials

GALLERIES: Final = (1, 10, 30, 100, 300, 1000)
CURVE_POINTS: Final = 200
BINS: Final = 50


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """Both error rates at one threshold, each with bounds by counting and by drawing people again.

    tail: the false match rate by the worse of two fitted tails; None where too little was seen to fit one.
    """

    name: str
    threshold: float
    fmr: Bounded
    fmr_by_person: Bounded
    fnmr: Bounded
    fnmr_by_person: Bounded
    tail: Bounded | None


@dataclass(frozen=True, slots=True)
class AtGallery:
    """How often a stranger would meet one of *n* templates at the threshold of so many: 1-(1-FMR)^N.

    counted: at the upper bound of what was counted. tail: at the fitted tail and at its upper bound, None without a fit.
    fnmr: what that threshold costs, one photograph against one.
    """

    n: int
    threshold: float
    fnmr: float
    counted_at_most: float
    tail: float | None
    tail_at_most: float | None


@dataclass(frozen=True, slots=True)
class Group:
    """One group's own error rates at the operating point: strangers of the same group, and its people's own refusals."""

    name: str
    people: int
    fmr: Bounded | None
    fnmr: Bounded | None


@dataclass(frozen=True, slots=True)
class Curve:
    """Error rates over the range of scores, and both histograms as shares per bin. edges: one more than bins."""

    thresholds: tuple[float, ...]
    fmr: tuple[float, ...]
    fnmr: tuple[float, ...]
    edges: tuple[float, ...]
    genuine: tuple[float, ...]
    impostor: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one network on one set. n_max_counted, n_max_tail: what the bounds support at the aim of *fpir*."""

    verification: Evaluation
    people: int
    failure_to_enrol: Bounded
    operating: AtThreshold
    at_limits: tuple[AtThreshold, ...]
    galleries: tuple[AtGallery, ...]
    fpir: float
    n_max_counted: int
    n_max_tail: int
    identification: tuple[Identification, ...]
    groups: tuple[Group, ...]
    curve: Curve
    seed: int
    draws: int


def figures(
    trials: Trials,
    point: OperatingPoint,
    *,
    seed: int,
    fpir: float,
    groups: Mapping[str, str] | None = None,
    draws: int = bootstrap.DRAWS,
) -> Figures:
    """Give every figure of *trials* at the operating point and at fixed limits of the false match rate.

    seed: of the people drawn again, so that a report can be made again. groups: the group of each person, by name.
    Raises RequestError as ``evaluated`` does.
    """
    verification = evaluated(trials)
    resampled = Resampled.of(trials, np.random.default_rng(seed), draws)
    tails = Tails.of(resampled)
    sorted_scores = np.sort(trials.genuine), np.sort(trials.impostor)

    def at(name: str, threshold: float) -> AtThreshold:
        return _at(name, threshold, sorted_scores, resampled, tails)

    operating = at("operating point", point.threshold)
    counted = worst_bound(operating)
    return Figures(
        verification=verification,
        people=len(trials.people),
        failure_to_enrol=share(len(trials.people) - len(set(trials.owners.tolist())), len(trials.people)),
        operating=operating,
        at_limits=tuple(
            at(f"FMR at most {limit}", verification.fnmr_at_fmr[limit].threshold) for limit in FMR_LIMITS
        ),
        galleries=tuple(_gallery(n, at(str(n), point.threshold_for(n))) for n in GALLERIES),
        fpir=fpir,
        n_max_counted=n_max_at(counted, fpir),
        n_max_tail=n_max_at(operating.tail.high, fpir) if operating.tail else 0,
        identification=identified(trials, point.threshold, point.margin),
        groups=_groups(trials, point.threshold, groups or {}),
        curve=_curve(*sorted_scores),
        seed=seed,
        draws=draws,
    )


def worst_bound(at: AtThreshold) -> float:
    """Give the upper bound of the false match rate that holds by counting and by drawing people again."""
    return max(at.fmr.high, at.fmr_by_person.high)


def _at(
    name: str,
    threshold: float,
    scores: tuple[NDArray[np.float32], NDArray[np.float32]],
    resampled: Resampled,
    tails: Tails | None,
) -> AtThreshold:
    counted = rates_at(threshold, scores[0].data, scores[1].data)
    return AtThreshold(
        name,
        threshold,
        counted.fmr,
        bootstrap.fmr(resampled, threshold),
        counted.fnmr,
        bootstrap.fnmr(resampled, threshold),
        tails.fmr(threshold) if tails else None,
    )


def _gallery(n: int, at: AtThreshold) -> AtGallery:
    tail = at.tail
    return AtGallery(
        n,
        at.threshold,
        at.fnmr.value,
        fpir_at(worst_bound(at), n),
        fpir_at(tail.value, n) if tail else None,
        fpir_at(tail.high, n) if tail else None,
    )


def _groups(trials: Trials, threshold: float, groups: Mapping[str, str]) -> tuple[Group, ...]:
    """Give each group's own rates; people without a group are in none."""
    of = np.array([groups.get(person, "") for person in trials.people])
    found = []
    for name in sorted(set(groups.values())):
        member = of == name
        pairs = member[trials.impostor_of].all(axis=1)
        own = member[trials.genuine_of]
        found.append(
            Group(
                name,
                int(member.sum()),
                _share(trials.impostor[pairs].astype(np.float64) >= threshold),
                _share(trials.genuine[own].astype(np.float64) < threshold),
            )
        )
    return tuple(found)


def _share(errs: NDArray[np.bool_]) -> Bounded | None:
    return share(int(errs.sum()), len(errs)) if len(errs) else None


def _curve(genuine: NDArray[np.float32], impostor: NDArray[np.float32]) -> Curve:
    low = float(min(genuine[0], impostor[0]))
    high = float(max(genuine[-1], impostor[-1]))
    thresholds = np.linspace(low, high, CURVE_POINTS)
    edges = np.linspace(low, high, BINS + 1)
    return Curve(
        thresholds=_floats(thresholds),
        fmr=_floats(1 - np.searchsorted(impostor, thresholds, "left") / len(impostor)),
        fnmr=_floats(np.searchsorted(genuine, thresholds, "left") / len(genuine)),
        edges=_floats(edges),
        genuine=_floats(np.histogram(genuine, edges)[0] / len(genuine)),
        impostor=_floats(np.histogram(impostor, edges)[0] / len(impostor)),
    )


def _floats(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(each) for each in values)

"""From impostor comparisons to a threshold: the lowest at which a stranger meets N templates no more often than is aimed for.

What is held against the aim is an upper bound, of everybody together and of each group given, and the worst counts. The
threshold never falls below the shipped one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Final

import numpy as np

from gate.core.accuracy import CONFIDENCE, fmr_for, n_max_at, share
from gate.core.operating import Bounded, OperatingPoint
from gate.errors import RequestError
from gate.evaluation import bootstrap
from gate.evaluation.bootstrap import DRAWS, Resampled
from gate.evaluation.tail import LEAST_PEOPLE, LEAST_SCORES, Tails
from gate.vision.evaluate import evaluated
from gate.vision.trials import Trials

STEP: Final = 0.005
HIGHEST: Final = 0.95
"""A threshold beyond it refuses nearly everybody: then the answer is more evidence, or a smaller gallery."""


class Basis(StrEnum):
    """What the bound of the false match rate rests on."""

    COUNTING = "counting"  # errors counted, nothing assumed of scores that were not seen
    TAIL = "tail"  # the larger of two fitted tails: an assumption, which the file then names


@dataclass(frozen=True, slots=True)
class Aim:
    """What is wanted: a stranger is named by a search of *n* templates with a chance of at most *fpir*."""

    fpir: float
    n: int
    basis: Basis = Basis.COUNTING
    seed: int = 1
    draws: int = DRAWS

    def __post_init__(self) -> None:
        fmr_for(self.fpir, self.n)  # raises ValueError where it is no aim


@dataclass(frozen=True, slots=True, eq=False)
class _Population:
    """Everybody, or one group: its people drawn again, and their tails where those are asked for."""

    resampled: Resampled = field(repr=False)
    tails: Tails | None = field(repr=False)

    def counted(self, threshold: float) -> Bounded:
        """Give the false match rate with the wider of both bounds."""
        scores = self.resampled.trials.impostor.astype(np.float64)
        counted = share(int((scores >= threshold).sum()), len(scores))
        return replace(counted, high=max(counted.high, bootstrap.fmr(self.resampled, threshold).high))

    def at_most(self, threshold: float) -> float:
        """Give the upper bound by the basis that was chosen. NaN holds no aim."""
        return self.counted(threshold).high if self.tails is None else self.tails.fmr(threshold).high


def calibrate(
    trials: Trials,
    shipped: OperatingPoint,
    aim: Aim,
    *,
    dataset: str,
    measured: date,
    groups: Mapping[str, str] | None = None,
) -> OperatingPoint:
    """Give the operating point that *trials* support for *aim*, never laxer than *shipped*.

    groups: the group of each person, by name; strangers are then taken within each group as well, for people of one
    group are the more alike. Raises RequestError ``calibration-unsupported`` where the evidence does not reach, and as
    ``evaluated`` does.
    """
    evaluated(trials)
    populations = list(_populations(trials, aim, groups or {}))

    def worst(threshold: float) -> float:
        bounds = [each.at_most(threshold) for each in populations]
        return max(bounds) if all(map(math.isfinite, bounds)) else 1.0

    threshold = _lowest(shipped.threshold, lambda each: worst(each) <= fmr_for(aim.fpir, aim.n))
    if threshold is None:
        raise _unsupported(aim, n_max_at(worst(HIGHEST), aim.fpir))
    genuine = trials.genuine.astype(np.float64)
    everybody = populations[0]
    fnmr = share(int((genuine < threshold).sum()), len(genuine))
    by_person = bootstrap.fnmr(everybody.resampled, threshold)
    n_max = n_max_at(worst(threshold), aim.fpir)
    return replace(
        shipped,
        dataset=dataset,
        subjects=len(set(trials.owners.tolist())),
        images=len(trials.owners),
        genuine_pairs=len(trials.genuine),
        impostor_pairs=len(trials.impostor),
        threshold=threshold,
        fmr=max((each.counted(threshold) for each in populations), key=lambda found: found.high),
        fnmr=replace(fnmr, high=max(fnmr.high, by_person.high)),
        confidence=CONFIDENCE,
        n_threshold=n_max,
        n_max=n_max,
        measured=measured,
        basis=_basis(aim, worst(threshold), len(populations) - 1),
    )


def _populations(trials: Trials, aim: Aim, groups: Mapping[str, str]) -> Iterator[_Population]:
    of = np.array([groups.get(person, "") for person in trials.people])
    named = [None, *sorted(set(groups.values()))]
    for number, name in enumerate(named):
        part = trials if name is None else _within(trials, of == name)
        if not len(part.impostor):
            raise _too_few(name, "no two people of it were compared")
        resampled = Resampled.of(part, np.random.default_rng((aim.seed, number)), aim.draws)
        tails = Tails.of(resampled) if aim.basis is Basis.TAIL else None
        if aim.basis is Basis.TAIL and tails is None:
            raise _too_few(
                name, f"a tail takes {LEAST_PEOPLE} people and {LEAST_SCORES} comparisons at least"
            )
        yield _Population(resampled, tails)


def _within(trials: Trials, member: np.typing.NDArray[np.bool_]) -> Trials:
    """Give the comparisons among *member* people alone."""
    own, pairs = member[trials.genuine_of], member[trials.impostor_of].all(axis=1)
    return replace(
        trials,
        genuine=trials.genuine[own],
        genuine_of=trials.genuine_of[own],
        impostor=trials.impostor[pairs],
        impostor_of=trials.impostor_of[pairs],
    )


def _lowest(start: float, holds: Callable[[float], bool]) -> float | None:
    """Give the lowest threshold from *start* on at which the aim holds, in steps; None where none does."""
    steps = math.floor((HIGHEST - start) / STEP + 1e-9)
    return next((each for k in range(steps + 1) if holds(each := round(start + k * STEP, 6))), None)


def _basis(aim: Aim, bound: float, groups: int) -> str:
    how = (
        "counted errors, the wider of Clopper-Pearson and a bootstrap by subject"
        if aim.basis is Basis.COUNTING
        else "the larger of a normal and an exponential tail fitted to the impostor scores (an assumption), with a "
        "bootstrap by subject"
    )
    worst = f", of the worst of {groups} groups and everybody together" if groups else ""
    return (
        f"Measured by this site with gate calibrate. The upper bound of one comparison's false match rate is {bound:.2g}, by "
        f"{how}{worst} ({aim.draws} draws, seed {aim.seed}). With it a stranger is named by a search of n_max templates "
        f"with a chance of at most {100 * aim.fpir:g} %."
    )


def _too_few(group: str | None, why: str) -> RequestError:
    return RequestError(
        "calibration-unsupported",
        f"{'The set' if group is None else f'The group {group}'} is too small: {why}.",
        remedy="Give photographs of more people, or leave that group's people out of the table and say so.",
    )


def _unsupported(aim: Aim, supported: int) -> RequestError:
    return RequestError(
        "calibration-unsupported",
        f"These photographs do not support a search among {aim.n} templates at a chance of {100 * aim.fpir:g} %: by "
        f"{aim.basis} they reach {supported} at the strictest threshold.",
        remedy="Give photographs of more people, ask for fewer with --n, or take card and face together (1:1), which needs none.",
    )

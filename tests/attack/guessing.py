"""Attackers who learn: each is trained on days of both worlds, and answers for days it never saw.

Three kinds are tried, and the one that does best on days kept back from its training is let loose: a linear discriminant
(it has the shift of every cell exactly, for its training pairs share all chances), a logistic regression, and a
likelihood ratio from histograms, cell by cell, which is the best there is where only the noise is unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.attack.limits import Success, of_pairs

Rows = NDArray[np.float64]
Score = Callable[[Rows], NDArray[np.float64]]
"""Above zero: yes."""

_BINS = 24
_PRIOR = 4.0
_RIDGE = 30.0
_SHOWN_FEATURES = 60
_STEPS = 12


@dataclass(frozen=True, slots=True)
class Answers:
    """How sure of a yes the attacker is of each day, in the world of no and in that of yes; above zero is yes."""

    no: NDArray[np.float64]
    yes: NDArray[np.float64]

    def success(self) -> Success:
        """Count the answers."""
        in_no, in_yes = self.no > 0, self.yes > 0
        return of_pairs(int((in_yes & ~in_no).sum()), int((in_no & ~in_yes).sum()), len(self.no))

    def summed(self, weekend: NDArray[np.bool_]) -> Answers:
        """Give the answers about months of four weeks in all of which the answer is the same: evidence adds up."""
        weeks = len(weekend) // 7 // 4
        kept = weeks * 28
        return Answers(*(each[:kept].reshape(weeks, 28).sum(axis=1) for each in (self.no, self.yes)))


def attack(no: NDArray[np.float32], yes: NDArray[np.float32], weekend: NDArray[np.bool_]) -> Answers:
    """Learn from one half of the days and answer for the other, and the other way round.

    no, yes: (n, features), row by row the same day in both worlds.
    """
    fold = (np.arange(len(no)) // 28) % 2 == 0
    answers = Answers(np.zeros(len(no)), np.zeros(len(no)))
    for learn in (fold, ~fold):
        if not (no[learn] != yes[learn]).any():
            continue
        view = _View(no[learn], yes[learn], weekend[learn])
        score = _best(view(no[learn], weekend[learn]), view(yes[learn], weekend[learn]))
        for rows, out in ((no, answers.no), (yes, answers.yes)):
            out[~learn] = score(view(rows[~learn], weekend[~learn]))
    return answers


class _View:
    """What the attacker looks at: the features that the secret ever moves, and a few sums that tell the weather."""

    def __init__(self, no, yes, weekend) -> None:
        moved = np.abs(yes - no) > 0
        often = moved.mean(axis=0)
        self._kept = np.argsort(-often, kind="stable")[
            : min(_SHOWN_FEATURES, int((often > 0.001).sum()) or 1)
        ]
        usual = self._taken((no + yes) / 2)
        self._mean = [
            usual[weekend == is_weekend].mean(axis=0) if (weekend == is_weekend).any() else 0
            for is_weekend in (False, True)
        ]
        self._spread = self._taken(no).std(axis=0) + 1e-6

    def __call__(self, rows, weekend) -> Rows:
        taken = self._taken(rows)
        for is_weekend in (False, True):
            taken[weekend == is_weekend] -= self._mean[is_weekend]
        return taken / self._spread

    def _taken(self, rows) -> Rows:
        rows = rows.astype(np.float64)
        others = np.delete(rows, self._kept, axis=1)
        return np.column_stack([rows[:, self._kept], others.sum(axis=1)])


def _best(no: Rows, yes: Rows) -> Score:
    cut = len(no) * 7 // 10
    makers = (_discriminant, _logistic, _histograms)
    scores = [maker(no[:cut], yes[:cut]) for maker in makers]
    rates = [float((score(yes[cut:]) > 0).mean() - (score(no[cut:]) > 0).mean()) for score in scores]
    return makers[int(np.argmax(rates))](no, yes)


def _discriminant(no: Rows, yes: Rows) -> Score:
    shift, middle = (yes - no).mean(axis=0), (yes.mean(axis=0) + no.mean(axis=0)) / 2
    spread = (np.cov(no.T) + np.cov(yes.T)) / 2 + 0.01 * np.eye(no.shape[1])
    weights = np.linalg.solve(spread, shift)
    return lambda rows: (rows - middle) @ weights


def _logistic(no: Rows, yes: Rows) -> Score:
    rows = np.column_stack([np.vstack([no, yes]), np.ones(2 * len(no))])
    truth = np.repeat([0.0, 1.0], len(no))
    weights, ridge = np.zeros(rows.shape[1]), _RIDGE * np.eye(rows.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        slope = rows.T @ (truth - chance) - ridge @ weights
        weights += np.linalg.solve((rows * (chance * (1 - chance))[:, None]).T @ rows + ridge, slope)
    return lambda new: np.column_stack([new, np.ones(len(new))]) @ weights


def _histograms(no: Rows, yes: Rows) -> Score:
    tables = []
    for column in range(no.shape[1]):
        both = np.concatenate([no[:, column], yes[:, column]])
        edges = np.unique(np.quantile(both, np.linspace(0, 1, _BINS + 1)))
        # Where few values occur, each is a bin of its own.
        values = np.unique(both)
        if len(values) <= 4 * _BINS:
            edges = (values[1:] + values[:-1]) / 2
        bins = len(edges) + 1
        odds = np.log(
            (np.bincount(np.searchsorted(edges, yes[:, column]), minlength=bins) + _PRIOR)
            / (np.bincount(np.searchsorted(edges, no[:, column]), minlength=bins) + _PRIOR)
        )
        tables.append((edges, odds))
    return lambda new: sum(odds[np.searchsorted(edges, new[:, n])] for n, (edges, odds) in enumerate(tables))

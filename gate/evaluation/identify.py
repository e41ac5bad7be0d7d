"""Open-set identification as the gate does it: each photograph against everybody's template but the one made with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gate.core.accuracy import share
from gate.core.operating import Bounded
from gate.core.policy import is_match
from gate.vision.trials import Trials

CAPTURES: Final = (1, 3, 5)
"""Templates of so many photographs; the gate's own is made of 5."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Identification:
    """What a search of *n* templates, each of at most *captures* photographs, did with every photograph as a probe.

    fpir: probes of people who were taken out of the gallery, and were named all the same. fnir: probes of people who were
    in it, and were not named as themselves. None where there was no such probe.
    """

    captures: int
    n: int
    fpir: Bounded | None
    fnir: Bounded | None


def identified(trials: Trials, threshold: float, margin: float) -> tuple[Identification, ...]:
    """Search once for each number of captures. A probe is never in the template it is compared with.

    fpir is of a gallery without the probe's person, so of one template less than n.
    """
    return tuple(
        _searched(trials, captures, threshold, margin) for captures in CAPTURES if len(trials.owners)
    )


def _searched(trials: Trials, captures: int, threshold: float, margin: float) -> Identification:
    people = np.unique(trials.owners)
    templates = np.stack([_template(trials.matrix[trials.owners == each], captures) for each in people])
    false_named = strangers = missed = known = 0
    for row, probe in enumerate(trials.matrix):
        own = int(np.searchsorted(people, trials.owners[row]))
        scores = templates @ probe.astype(np.float64)
        others = np.sort(np.delete(scores, own))
        if len(others):
            strangers += 1
            second = float(others[-2]) if len(others) > 1 else -1.0
            false_named += is_match(float(others[-1]), second, threshold=threshold, margin=margin)
        rest = trials.matrix[(trials.owners == trials.owners[row]) & (np.arange(len(trials.owners)) != row)]
        if len(rest):
            known += 1
            best_other = float(others[-1]) if len(others) else -1.0
            own_score = float(_template(rest, captures) @ probe)
            missed += not is_match(own_score, best_other, threshold=threshold, margin=margin)
    return Identification(
        captures,
        len(people),
        share(false_named, strangers) if strangers else None,
        share(missed, known) if known else None,
    )


def _template(embeddings: NDArray[np.float32], captures: int) -> Floats:
    """Give the unit mean of the first *captures* of them."""
    total = embeddings[:captures].astype(np.float64).sum(axis=0)
    return np.asarray(total / np.linalg.norm(total))

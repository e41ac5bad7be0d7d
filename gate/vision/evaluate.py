"""Measure recognition on a site's own photographs (ISO/IEC 19795-1): it stores nothing and writes no image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gate.core.accuracy import CONFIDENCE, ErrorRates, rates_at_fmr, share
from gate.core.operating import Bounded
from gate.vision.progress import Progress, silent
from gate.vision.trials import FaceNetworks, Trials, folder_trials, pair_trials, unusable

FMR_LIMITS = ("0.01", "0.001", "0")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of one run.

    failure_to_acquire: images without a usable face, which ``not_acquired`` names with the reason; their pairs are
    in no other figure. fnmr_at_fmr: by the limit set to the false match rate, as in ``FMR_LIMITS``. Bounds are
    two-sided Clopper-Pearson at ``confidence``, and take comparisons as independent.
    """

    images: int
    failure_to_acquire: int
    failure_to_acquire_rate: Bounded
    not_acquired: dict[str, str]
    genuine_pairs: int
    impostor_pairs: int
    lowest_genuine: float
    highest_impostor: float
    fnmr_at_fmr: dict[str, ErrorRates]
    bounds: str = "Clopper-Pearson"
    confidence: float = CONFIDENCE


def evaluate(folder: Path, networks: FaceNetworks, *, progress: Progress = silent) -> Evaluation:
    """Compare every photograph with every other; *folder* holds one folder of photographs per person.

    Raises RequestError if there is not at least one pair of one person and one pair of two.
    """
    return evaluated(folder_trials(folder, networks, progress))


def evaluate_pairs(table: Path, networks: FaceNetworks, *, progress: Progress = silent) -> Evaluation:
    """Compare the pairs of a CSV file with the columns file_x, file_y and Decision (Yes: one person, No: two).

    Raises RequestError as ``pair_trials`` does, and if there is not at least one pair of each kind.
    """
    return evaluated(pair_trials(table, networks, progress))


def evaluated(trials: Trials) -> Evaluation:
    """Give the figures of *trials*. Raises RequestError without a pair of each kind, or where a score is no number."""
    same, other = np.sort(trials.genuine), np.sort(trials.impostor)
    if not same.size or not other.size:
        raise unusable(
            f"{trials.images} images, {len(trials.failures)} of them without a usable face, give {same.size} pairs of"
            f" one person and {other.size} of two"
        )
    if not (np.isfinite(same).all() and np.isfinite(other).all()):
        raise unusable("Some comparisons gave no number")  # counted, they would pass for matches or for none
    scores = same.data, other.data  # sequences of floats, without making one of each
    return Evaluation(
        images=trials.images,
        failure_to_acquire=len(trials.failures),
        failure_to_acquire_rate=share(len(trials.failures), trials.images),
        not_acquired=trials.failures,
        genuine_pairs=len(same),
        impostor_pairs=len(other),
        lowest_genuine=float(same[0]),
        highest_impostor=float(other[-1]),
        fnmr_at_fmr={limit: rates_at_fmr(float(limit), *scores) for limit in FMR_LIMITS},
    )

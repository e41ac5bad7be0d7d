"""Several captures of one live person, made into one template, if they agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gate.core.matching import UNIT_TOLERANCE, Embedding

CAPTURES = 5
"""Looks at the person that make one template: pose and light vary, the person must not."""


def combine(captures: Sequence[Embedding], *, at_least: float) -> Embedding | None:
    """Give the unit mean of *captures*, or None when any two of them are less alike than *at_least*.

    captures: each (n,) float32 of length 1; at least two. at_least: a cosine. Total: a capture of another length, or
    with a NaN, agrees with nothing.
    """
    if len(captures) < 2:  # noqa: PLR2004 - a pair
        return None
    vectors = np.array(captures, np.float64)
    with np.errstate(invalid="ignore"):  # what is not a number compares as False below
        cosines = vectors @ vectors.T
        total = vectors.sum(axis=0)
        norm = float(np.sqrt(total @ total))
    vectors.fill(0)
    are_units = (abs(cosines.diagonal() - 1) <= UNIT_TOLERANCE).all()
    are_alike = (cosines[np.triu_indices(len(captures), k=1)] >= at_least).all()
    return (total / norm).astype(np.float32) if are_units and are_alike and norm > 0 else None

"""One probe against the templates of those who agreed: the nearest by cosine, and the next one's distance."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gate.core.types import TemplateId

Embedding = NDArray[np.float32]
"""A unit vector, (n,) float32. Never shown or logged, and never sent anywhere as it is."""

LOWEST_COSINE = -1.0
UNIT_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """The templates a probe is compared with: row i of the matrix belongs to ids[i].

    matrix: (n, size) float32, C-contiguous, rows of length 1. Several rows may share one id (several captures).
    Raises ValueError on anything else, so that a search need not doubt it.
    """

    ids: tuple[TemplateId, ...]
    matrix: NDArray[np.float32] = field(repr=False)
    _owners: NDArray[np.intp] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        matrix = self.matrix
        if matrix.dtype != np.float32 or matrix.ndim != 2 or not matrix.flags.c_contiguous:  # noqa: PLR2004 rows, columns
            raise ValueError("a gallery is a C-contiguous float32 matrix")
        if len(self.ids) != len(matrix):
            raise ValueError("a gallery has one id for each row")
        if not np.all(np.abs(np.einsum("ij,ij->i", matrix, matrix) - 1) <= UNIT_TOLERANCE):
            raise ValueError("a gallery holds unit vectors only")
        numbers = {each: number for number, each in enumerate(dict.fromkeys(self.ids))}
        object.__setattr__(self, "_owners", np.array([numbers[each] for each in self.ids], np.intp))

    def wipe(self) -> None:
        """Overwrite the templates with zeros (R24, R31); a search afterwards matches nobody."""
        self.matrix.fill(0)


@dataclass(frozen=True, slots=True)
class Match:
    """The nearest template, how near it is, and how near the nearest one of another id is (-1 if there is none).

    The scores never leave the process that compares (R43, R55): from many of them a face can be made again.
    """

    template: TemplateId
    score: float = field(repr=False)
    second_score: float = field(repr=False)


def verify(gallery: Gallery, probe: Embedding, claimed: Collection[TemplateId]) -> Match | None:
    """Give the nearest to *probe* of the *claimed* templates alone (1:1); None if the gallery holds none of them.

    A probe that ``search`` would not compare has no match here either. There is no second: nobody else was looked at.
    """
    rows = [row for row, template in enumerate(gallery.ids) if template in claimed]
    if not rows or not _is_unit(probe):
        return None
    scores = [float(gallery.matrix[row] @ probe) for row in rows]
    best = max(range(len(rows)), key=scores.__getitem__)
    return Match(gallery.ids[rows[best]], scores[best], LOWEST_COSINE)


def is_enrolled(
    gallery: Gallery, template: Embedding, *, own: Collection[TemplateId], threshold: float
) -> bool:
    """Tell whether a new *template* is as like any of the gallery's, but the *own* ones, as a match must be.

    So a second record of one person is found, and a person who would open as another. What is not of length 1, or not
    a number, counts as enrolled: an enrolment that cannot be checked is refused.
    """
    others = [row for row, known in enumerate(gallery.ids) if known not in own]
    if not others:
        return False
    if not _is_unit(template):
        return True
    return not bool((gallery.matrix[others] @ template < threshold).all())


def search(gallery: Gallery, probe: Embedding) -> Match | None:
    """Give the template nearest to *probe*, a unit vector of the gallery's width; None if there is nothing to compare.

    A probe that is not of length 1, or not a number, has no match. One matrix-vector product and two passes over it.
    """
    if not gallery.ids or not _is_unit(probe):
        return None
    scores = gallery.matrix @ probe
    best = int(scores.argmax())
    score = float(scores[best])
    scores[gallery._owners == gallery._owners[best]] = LOWEST_COSINE  # noqa: SLF001 same module
    return Match(gallery.ids[best], score, float(scores.max()))


def _is_unit(probe: Embedding) -> bool:
    return abs(float(probe @ probe) - 1) <= UNIT_TOLERANCE

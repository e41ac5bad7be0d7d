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
    _numbers: dict[TemplateId, int] = field(init=False, repr=False)
    _owners: NDArray[np.intp] = field(init=False, repr=False)
    _by_owner: NDArray[np.intp] = field(init=False, repr=False)
    _starts: NDArray[np.intp] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        matrix = self.matrix
        if matrix.dtype != np.float32 or matrix.ndim != 2 or not matrix.flags.c_contiguous:  # noqa: PLR2004 rows, columns
            raise ValueError("a gallery is a C-contiguous float32 matrix")
        if len(self.ids) != len(matrix):
            raise ValueError("a gallery has one id for each row")
        if not np.all(np.abs(np.einsum("ij,ij->i", matrix, matrix) - 1) <= UNIT_TOLERANCE):
            raise ValueError("a gallery holds unit vectors only")
        numbers = {each: number for number, each in enumerate(dict.fromkeys(self.ids))}
        owners = np.array([numbers[each] for each in self.ids], np.intp)
        by_owner = owners.argsort(kind="stable")
        object.__setattr__(self, "_numbers", numbers)
        object.__setattr__(self, "_owners", owners)
        object.__setattr__(self, "_by_owner", by_owner)
        object.__setattr__(self, "_starts", owners[by_owner].searchsorted(np.arange(len(numbers) + 1)))

    def rows_of(self, template: TemplateId) -> list[int]:
        """Give the rows of one id in their order, none where it is unknown: the size of the gallery costs no time."""
        number = self._numbers.get(template)
        if number is None:
            return []
        rows: list[int] = self._by_owner[self._starts[number] : self._starts[number + 1]].tolist()
        return rows

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


class MeanProbe:
    """The mean of one face's probes, frame by frame, weighted by quality: not scaled to length 1 again.

    A template's cosine to it is therefore the weighted mean of its cosines to the frames. Several rows of one id are
    compared with the mean, which is never more than the mean over frames of the nearest row.
    """

    def __init__(self) -> None:
        self._sum = np.zeros(0, np.float64)
        self.frames = 0
        self.weight = 0.0

    def add(self, probe: Embedding, weight: float) -> bool:
        """Count one frame's *probe*, unless it is no unit vector, or *weight* not above 0 and at most 1; tell whether.

        Raises nothing. Keeps no reference to *probe*.
        """
        if not 0 < weight <= 1 or not _is_unit(probe):
            return False
        if not self._sum.size:
            self._sum = np.zeros(probe.size, np.float64)
        self._sum += weight * probe.astype(np.float64)
        self.weight += weight
        self.frames += 1
        return True

    def likeness(self, probe: Embedding) -> float:
        """Give the cosine of *probe*, a unit vector, to the mean; 1 while there is none, and NaN for what is no vector."""
        length = float(np.sqrt(self._sum @ self._sum))
        return float(self._sum @ probe) / length if length > 0 else 1.0

    def value(self) -> Embedding:
        """Give the mean: (n,) float32, of length 1 at most. Empty while there is none."""
        return (self._sum / self.weight).astype(np.float32) if self.frames else np.zeros(0, np.float32)

    def wipe(self) -> None:
        """Overwrite it (R31), and begin anew."""
        self._sum.fill(0)
        self._sum = np.zeros(0, np.float64)
        self.frames, self.weight = 0, 0.0


def compare(gallery: Gallery, probe: MeanProbe, claimed: Collection[TemplateId] = ()) -> Match | None:
    """Give the template nearest to a mean of frames: of the *claimed* ones alone (1:1), or of all where none is claimed.

    The scores are means over the frames. None where there is nothing to compare.
    """
    mean = probe.value()
    if not 0 < _squared(mean) <= 1 + UNIT_TOLERANCE:
        return None
    match = _nearest_claimed(gallery, mean, claimed) if claimed else _nearest(gallery, mean)
    mean.fill(0)
    return match


def verify(gallery: Gallery, probe: Embedding, claimed: Collection[TemplateId]) -> Match | None:
    """Give the nearest to *probe* of the *claimed* templates alone (1:1); None if the gallery holds none of them.

    A probe that ``search`` would not compare has no match here either. There is no second: nobody else was looked at.
    """
    return _nearest_claimed(gallery, probe, claimed) if _is_unit(probe) else None


def _nearest_claimed(gallery: Gallery, probe: Embedding, claimed: Collection[TemplateId]) -> Match | None:
    rows = sorted(row for template in set(claimed) for row in gallery.rows_of(template))
    if not rows:
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
    return _nearest(gallery, probe) if _is_unit(probe) else None


def _nearest(gallery: Gallery, probe: Embedding) -> Match | None:
    if not gallery.ids:
        return None
    scores = gallery.matrix @ probe
    best = int(scores.argmax())
    score = float(scores[best])
    scores[gallery._owners == gallery._owners[best]] = LOWEST_COSINE  # noqa: SLF001 same module
    return Match(gallery.ids[best], score, float(scores.max()))


def _is_unit(probe: Embedding) -> bool:
    return abs(_squared(probe) - 1) <= UNIT_TOLERANCE


def _squared(vector: Embedding) -> float:
    with np.errstate(invalid="ignore", over="ignore"):  # what is not a number is refused by the comparison
        return float(vector @ vector)

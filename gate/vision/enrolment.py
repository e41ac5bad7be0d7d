"""One live person's enrolment: poses looked for, captures that must agree, one template."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gate.core.enrolment import Advice, Degrees, Progress, Sitting
from gate.core.matching import UNIT_TOLERANCE, Embedding
from gate.core.policy import FacePlace, Hint
from gate.vision.detect import Face
from gate.vision.images import Frame

NOSE_DEPTH: Final = 0.48
"""How far a nose's tip stands before the plane of eyes and mouth, as a share of the distance between the eyes.

About 30 of 62 mm; people differ by a fifth, and so does the estimate of a turn. The poses' ranges leave room for that.
"""
MIN_FACE_PX: Final = 80.0
"""A template lasts a year: it is made of more pixels than a visit needs."""
MOTION_MOST: Final = 0.06
"""A face that moved by more than this share of its height since the last frame is blurred."""
DARK_FACE, BRIGHT_FACE = 45.0, 225.0
"""Means of the face's box, of 255, beyond which its features drown."""

_ADVICE: Final = {
    Hint.NO_FACE: Advice.NO_FACE,
    Hint.COME_CLOSER: Advice.COME_CLOSER,
    Hint.ONE_PERSON: Advice.ONE_PERSON,
    Hint.MORE_LIGHT: Advice.MORE_LIGHT,
    Hint.HOLD_STILL: Advice.HOLD_STILL,
}


class Enrolment:
    """The captures of one person so far. Total: whatever a frame shows becomes a capture or an advice."""

    def __init__(self) -> None:
        self._sitting = Sitting()
        self._last: Face | None = None
        self.captures: list[Embedding] = []

    @property
    def is_complete(self) -> bool:
        """Tell whether every pose is in."""
        return self._sitting.wanted is None

    def advise(self, frame: Frame, face: Face) -> Advice:
        """Say what the person with this *face* can do; GOOD where the frame may be captured."""
        last, self._last = self._last, face
        if min(face.box[2:]) < MIN_FACE_PX:
            return Advice.COME_CLOSER
        if last is not None and _moved(last, face) > MOTION_MOST:
            return Advice.HOLD_STILL
        level = _brightness(frame, face)
        if not level >= DARK_FACE:
            return Advice.MORE_LIGHT
        if level > BRIGHT_FACE:
            return Advice.LESS_LIGHT
        return self._sitting.advise(yaw_of(face.landmarks))

    def advise_without(self, hint: Hint) -> Advice:
        """Say it for a frame without one face to look at."""
        self._last = None
        return _ADVICE.get(hint, Advice.HOLD_STILL)

    def take(self, capture: Embedding, face: Face) -> None:
        """Keep *capture*, made of a *face* that ``advise`` called GOOD."""
        pose = self._sitting.fitting(yaw_of(face.landmarks))
        assert pose is not None
        self._sitting = self._sitting.having(pose)
        self.captures.append(capture)

    def progress(self, advice: Advice, place: FacePlace | None) -> Progress | None:
        """Give what the person is shown after a frame, None once nothing more is asked of them."""
        wanted = self._sitting.wanted
        return None if wanted is None else Progress(wanted, advice, len(self.captures), place=place)

    def wipe(self) -> None:
        """Overwrite every capture (R31)."""
        for capture in self.captures:
            capture.fill(0)
        self.captures.clear()
        self._last = None


def yaw_of(landmarks: NDArray[np.float32]) -> Degrees:
    """Estimate how far a head is turned: 0 into the camera, above 0 to the person's own left; NaN for no face.

    landmarks: (5, 2), as ``Face`` has them. A turned nose leaves the middle of eyes and mouth by the tangent of the
    turn, whatever the distance and the tilt; a flat picture's does not. An estimate to some five degrees, of the sort
    that guides; nothing is decided by it.
    """
    eyes = landmarks[1] - landmarks[0]
    apart = float(np.hypot(*eyes))
    if not apart > 0:
        return math.nan
    aside = float((landmarks[2] - landmarks[[0, 1, 3, 4]].mean(axis=0)) @ eyes) / apart**2
    return math.degrees(math.atan(aside / NOSE_DEPTH))


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


def _moved(last: Face, face: Face) -> float:
    """Give how far the landmarks' centre moved, as a share of the face's height."""
    shift = face.landmarks.mean(axis=0) - last.landmarks.mean(axis=0)
    return float(np.hypot(*shift)) / face.box[3]


def _brightness(frame: Frame, face: Face) -> float:
    """Give the mean of the part of the face's box that lies in the frame; every fourth pixel each way will do."""
    x, y, width, height = (round(each) for each in face.box)
    inside = frame[max(0, y) : max(0, y + height) : 4, max(0, x) : max(0, x + width) : 4]
    return float(inside.mean()) if inside.size else math.nan

"""One live person's enrolment: poses looked for, captures that must agree, one template."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from gate.core.enrolment import Advice, Pose, Progress, Sitting
from gate.core.matching import UNIT_TOLERANCE, Embedding
from gate.core.policy import FacePlace, Hint
from gate.vision.detect import Face
from gate.vision.images import Frame
from gate.vision.quality import ENROLLED_LEAST, Quality

MIN_FACE_PX: Final = 80.0
"""A template lasts a year: it is made of more pixels than a visit needs."""
MOTION_MOST: Final = 0.06
"""A face that moved by more than this share of its height since the last frame is blurred."""
DARK_FACE, BRIGHT_FACE = 45.0, 225.0
"""Means of the face's box, of 255, beyond which its features drown."""
DROPPED_MOST: Final = 2
"""How often a capture unlike the others is asked for again; a sitting in which that goes on is no one clear face."""

_ADVICE: Final = {
    Hint.NO_FACE: Advice.NO_FACE,
    Hint.COME_CLOSER: Advice.COME_CLOSER,
    Hint.ONE_PERSON: Advice.ONE_PERSON,
    Hint.MORE_LIGHT: Advice.MORE_LIGHT,
    Hint.LESS_LIGHT: Advice.LESS_LIGHT,
    Hint.HOLD_STILL: Advice.HOLD_STILL,
    Hint.LOOK_AHEAD: Advice.LOOK_AHEAD,
    Hint.COME_IN: Advice.COME_IN,
    Hint.UNCOVER: Advice.UNCOVER,
}


@dataclass(frozen=True, slots=True, eq=False)
class Capture:
    """One look that was taken. weight: the quality of its picture, above 0 and at most 1."""

    embedding: Embedding = field(repr=False)
    pose: Pose
    weight: float = field(repr=False)


class Enrolment:
    """The captures of one person so far. Total: whatever a frame shows becomes a capture or an advice."""

    def __init__(self) -> None:
        self._sitting = Sitting()
        self._last: Face | None = None
        self._dropped = 0
        self.captures: list[Capture] = []

    @property
    def is_complete(self) -> bool:
        """Tell whether every pose is in."""
        return self._sitting.wanted is None

    def advise(self, frame: Frame, face: Face, quality: Quality) -> Advice:
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
        if not quality.but_turned >= ENROLLED_LEAST:
            return _ADVICE[quality.hint(but="turn")]
        return Advice.UNCOVER if quality.covered else self._sitting.advise(quality.yaw)

    def advise_without(self, hint: Hint) -> Advice:
        """Say it for a frame without one face to look at."""
        self._last = None
        return _ADVICE.get(hint, Advice.HOLD_STILL)

    def take(self, capture: Embedding, quality: Quality) -> None:
        """Keep *capture*, made of a face that ``advise`` called GOOD."""
        pose = self._sitting.fitting(quality.yaw)
        assert pose is not None
        self._sitting = self._sitting.having(pose)
        self.captures.append(Capture(capture, pose, quality.but_turned))

    def drop_outlier(self, *, at_least: float) -> bool:
        """Drop the one capture unlike the others, so that its pose is asked for again; tell whether there was one.

        There is none where the others disagree among themselves as well, and none after DROPPED_MOST were dropped.
        """
        odd = outlier([each.embedding for each in self.captures], at_least=at_least)
        if odd is None or self._dropped >= DROPPED_MOST:
            return False
        self._dropped += 1
        capture = self.captures.pop(odd)
        self._sitting = self._sitting.without(capture.pose)
        capture.embedding.fill(0)
        return True

    def template(self, *, at_least: float) -> Embedding | None:
        """Give the captures' mean, weighted by quality, as ``combine`` does."""
        weights = [each.weight for each in self.captures]
        return combine([each.embedding for each in self.captures], at_least=at_least, weights=weights)

    def progress(self, advice: Advice, place: FacePlace | None) -> Progress | None:
        """Give what the person is shown after a frame, None once nothing more is asked of them."""
        wanted = self._sitting.wanted
        return None if wanted is None else Progress(wanted, advice, len(self.captures), place=place)

    def wipe(self) -> None:
        """Overwrite every capture (R31)."""
        for capture in self.captures:
            capture.embedding.fill(0)
        self.captures.clear()
        self._last = None


def combine(
    captures: Sequence[Embedding], *, at_least: float, weights: Sequence[float] | None = None
) -> Embedding | None:
    """Give the unit mean of *captures*, or None when any two of them are less alike than *at_least*.

    captures: each (n,) float32 of length 1; at least two. at_least: a cosine. weights: one for each, above 0; alike where
    none are given. Total: a capture of another length, or with a NaN, agrees with nothing, and so does a weight.
    """
    if len(captures) < 2:  # noqa: PLR2004 - a pair
        return None
    shares = np.ones(len(captures)) if weights is None else np.array(weights, np.float64)
    vectors = np.array(captures, np.float64)
    with np.errstate(invalid="ignore", over="ignore"):  # what is not a number compares as False below
        cosines = vectors @ vectors.T
        total = shares @ vectors
        norm = float(np.sqrt(total @ total))
    vectors.fill(0)
    are_units = (abs(cosines.diagonal() - 1) <= UNIT_TOLERANCE).all()
    are_alike = (cosines[np.triu_indices(len(captures), k=1)] >= at_least).all()
    have_weight = bool((shares > 0).all()) and math.isfinite(norm) and norm > 0
    return (total / norm).astype(np.float32) if are_units and are_alike and have_weight else None


def outlier(captures: Sequence[Embedding], *, at_least: float) -> int | None:
    """Give which of three or more *captures* alone keeps the others from being all alike; None where none or more do."""
    for odd in range(len(captures)):
        others = [each for place, each in enumerate(captures) if place != odd]
        if combine(others, at_least=at_least) is not None:
            return None if combine(captures, at_least=at_least) is not None else odd
    return None


def _moved(last: Face, face: Face) -> float:
    """Give how far the landmarks' centre moved, as a share of the face's height."""
    shift = face.landmarks.mean(axis=0) - last.landmarks.mean(axis=0)
    return float(np.hypot(*shift)) / face.box[3]


def _brightness(frame: Frame, face: Face) -> float:
    """Give the mean of the part of the face's box that lies in the frame; every fourth pixel each way will do."""
    x, y, width, height = (round(each) for each in face.box)
    inside = frame[max(0, y) : max(0, y + height) : 4, max(0, x) : max(0, x + width) : 4]
    return float(inside.mean()) if inside.size else math.nan

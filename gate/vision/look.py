"""What one frame is good for: guidance, or the one face in the zone that may be compared (R32)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from gate.core.policy import FacePlace, Hint
from gate.vision.detect import Face

Frame = npt.NDArray[np.uint8]

MIN_FACE_PX = 60.0
DARK_LEVEL = 24.0
"""A mean below this, of 255, is a covered lens or a night without light."""
EQUAL_SHARE = 0.8
"""A second face of this share of the largest one's area stands at the gate as well: neither is compared."""
BURNT_LEVEL, BURNT_SHARE = 250, 0.4
"""Where this much of a frame is this bright and no face is found, the light hides it: it burns, or stands behind it."""
TORN_SHARE = 8
"""A frame whose lowest eighth is one flat colour never fully arrived: decoders fill what is missing. A letterboxed one
has the same bar above."""


@dataclass(frozen=True, slots=True)
class Look:
    """A hint, the face to compare where the hint is COMPARED, and where the one face it speaks of is."""

    hint: Hint
    face: Face | None = None
    place: FacePlace | None = None


def is_dark(frame: Frame) -> bool:
    """Tell whether too little light reaches the sensor; reads every eighth row."""
    return not sum(cv2.mean(frame[::8])) >= DARK_LEVEL * frame.shape[2]


def is_torn(frame: Frame) -> bool:
    """Tell whether the lower part of the frame was never received."""
    rest = frame[-frame.shape[0] // TORN_SHARE :: 2, ::8]
    filling = rest[0, 0]
    if (rest[-1] != filling).any():  # nearly every frame ends here
        return False
    return bool((rest == filling).all() and (frame[0, ::8] != filling).any())


def is_burnt(frame: Frame) -> bool:
    """Tell whether much of the frame is beyond what the sensor can tell apart; reads every eighth pixel each way."""
    return bool((frame[::8, ::8].min(axis=2) >= BURNT_LEVEL).mean() >= BURNT_SHARE)


def flaw_of(frame: Frame) -> Hint | None:
    """Say what makes the whole frame useless, as guidance, or None."""
    if is_dark(frame):
        return Hint.MORE_LIGHT
    return Hint.HOLD_STILL if is_torn(frame) else None


def choose(faces: Sequence[Face], frame: Frame, zone: tuple[float, float, float, float]) -> Look:
    """Choose the largest face whose centre lies in *zone* (left, top, right, bottom as fractions of the frame)."""
    height, width = frame.shape[:2]
    left, top, right, bottom = (edge * size for edge, size in zip(zone, (width, height) * 2, strict=True))

    def in_zone(face: Face) -> bool:
        x, y, w, h = face.box
        return bool(left <= x + w / 2 <= right and top <= y + h / 2 <= bottom)

    standing = sorted(filter(in_zone, faces), key=_area, reverse=True)
    if not standing:
        return Look(Hint.LESS_LIGHT if not faces and is_burnt(frame) else Hint.NO_FACE)
    largest = standing[0]
    if len(standing) > 1 and _area(standing[1]) >= EQUAL_SHARE * _area(largest):
        return Look(Hint.ONE_PERSON)
    x, y, w, h = largest.box
    place = FacePlace.near(
        (x + w / 2 - left) / (right - left), (y + h / 2 - top) / (bottom - top), h / (bottom - top)
    )
    if min(w, h) < MIN_FACE_PX:
        return Look(Hint.COME_CLOSER, place=place)
    return Look(Hint.COMPARED, largest, place)


def _area(face: Face) -> float:
    return float(face.box[2] * face.box[3])

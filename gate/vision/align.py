"""Turn a found face upright and to size: the form in which the embedding network learnt faces."""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.vision.images import Frame

SIDE = 112

# Where the ArcFace 112x112 template puts the eye on the image's left, the other, the nose, and the mouth's corners
# (Deng et al. 2019): in the order of YuNet's landmarks, since the subject's right is the image's left.
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]],
    np.float64,
)
_TARGET: Final = [complex(x, y) for x, y in TEMPLATE.tolist()]
_CENTRE: Final = sum(_TARGET) / len(_TARGET)
_SHAPE: Final = [each - _CENTRE for each in _TARGET]
_NONE: Final = complex(math.nan, math.nan)

Matrix = NDArray[np.float64]
"""(2, 3): a turn, scale and shift."""


def similarity(landmarks: NDArray[np.float32]) -> Matrix:
    """Give the (2, 3) matrix of the turn, scale and shift that brings five landmarks (5, 2) nearest to the template.

    The least-squares answer (Umeyama 1991), which in the plane is one complex division. No outlier is dropped: the
    points are too few to lose one. Landmarks that all coincide give a matrix without numbers.
    """
    points = points_of(landmarks)
    centre = sum(points) / len(points)
    product, size = 0j, 0.0
    for point, target in zip(points, _SHAPE, strict=True):
        away = (point - centre).conjugate()
        product += away * target
        size += away.real * away.real + away.imag * away.imag
    turn = product / size if size > 0 else _NONE
    shift = _CENTRE - turn * centre
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def points_of(landmarks: NDArray[np.float32]) -> list[complex]:
    """Give the landmarks as plain numbers, x + iy: so few are sooner worked on one by one than by numpy."""
    return [complex(x, y) for x, y in landmarks.tolist()]


def align(frame: Frame, landmarks: NDArray[np.float32], out: Frame) -> bool:
    """Draw the face with these landmarks into *out*, (112, 112, 3) uint8 BGR; False if they span no face."""
    return draw(frame, similarity(landmarks), out)


def draw(frame: Frame, matrix: Matrix, out: Frame) -> bool:
    """Draw what *matrix* brings to the template into *out*, as ``align`` does; False if the matrix has no numbers."""
    if not np.isfinite(matrix).all():
        return False
    cv2.warpAffine(frame, matrix, (SIDE, SIDE), dst=out, flags=cv2.INTER_LINEAR)
    return True

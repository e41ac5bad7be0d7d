"""Turn a found face upright and to size: the form in which the embedding network learnt faces."""

from __future__ import annotations

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
_TARGET = TEMPLATE @ np.array([1, 1j])
_CENTRE = _TARGET.mean()
_SHAPE = _TARGET - _CENTRE


def similarity(landmarks: NDArray[np.float32]) -> NDArray[np.float64]:
    """Give the (2, 3) matrix of the turn, scale and shift that brings five landmarks (5, 2) nearest to the template.

    The least-squares answer (Umeyama 1991), which in the plane is one complex division. No outlier is dropped: the
    points are too few to lose one. Landmarks that all coincide give a matrix without numbers.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        points = landmarks.astype(np.float64) @ np.array([1, 1j])
        centre = points.mean()
        shape = points - centre
        turn = np.vdot(shape, _SHAPE) / np.vdot(shape, shape).real
        shift = _CENTRE - turn * centre
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def align(frame: Frame, landmarks: NDArray[np.float32], out: Frame) -> bool:
    """Draw the face with these landmarks into *out*, (112, 112, 3) uint8 BGR; False if they span no face."""
    matrix = similarity(landmarks)
    if not np.isfinite(matrix).all():
        return False
    cv2.warpAffine(frame, matrix, (SIDE, SIDE), dst=out, flags=cv2.INTER_LINEAR)
    return True

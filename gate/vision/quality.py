"""How much a frame's face is worth to the comparison: measured on the face as the network will see it.

Each part of the quality is the share of likeness that a face keeps when it is spoilt in that one way alone, and the whole is
their product: 1 for a photograph at its best. The tables below were measured, on the photographs of the DeepFace
project's unit tests spoilt by blur, motion, darkness, glare, noise, distance, turns and edges of the frame;
tests/vision/quality measures again that refusing by the whole lowers the false non-match rate (docs/adr/0032).

Not measured well enough to count: heavy JPEG blocks and a nod. A covered mouth is told by `covered`, dark glasses and the
deep shade of a cap's peak by `shaded`; both only guide, and cost nothing here. A cap that leaves the eyes their light is not
told: its edge could not be told from hair (docs/adr/0032).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from gate.core.enrolment import Degrees
from gate.core.policy import Hint
from gate.vision.align import SIDE, Matrix, draw, points_of, similarity
from gate.vision.detect import Face
from gate.vision.images import Frame

Plane = NDArray[np.float32]

NOSE_DEPTH: Final = 0.48
"""How far a nose's tip stands before the plane of eyes and mouth, as a share of the distance between the eyes.

About 30 of 62 mm; people differ by a fifth, and so does the estimate of a turn. The poses' ranges leave room for that.
"""
COMPARED_LEAST: Final = 0.5
"""A face below it is guided and not compared: of the spoilt faces that matched, this loses 2 in 100."""
ENROLLED_LEAST: Final = 0.75
"""A template lasts a year. Its turn is asked for and does not count here."""
COVERED_BELOW: Final = 0.3
"""Contrast about the mouth, as a share of that about the eyes: 0.47 to 1.18 for 98 of 100 open faces, 0 to 0.23 for 95 of
100 with a plain mask drawn on. Blur lowers it too: 0.29."""
SHADED_BELOW: Final = 0.5
"""How bright the brighter quarter about an eye is, as a share of the cheek below it, the brighter eye counting.

Below it lie 4 of 3,085 faces without glasses, spoilt in every way of ADR 0032, and of drawn dark glasses all black ones, 97 of
100 brown ones, 90 grey ones and 93 with a reflection across them. Mirrored ones are as bright as a face.
"""

_FACE: Final = (slice(20, 108), slice(20, 92))
_EYES: Final = (slice(35, 70), slice(25, 87))
_MOUTH: Final = (slice(75, 105), slice(35, 77))
_EACH_EYE: Final = ((slice(44, 60), slice(28, 48)), (slice(44, 60), slice(64, 84)))
_EACH_CHEEK: Final = ((slice(68, 80), slice(30, 44)), (slice(68, 80), slice(68, 82)))
"""Rows and columns of the aligned face."""
_CALM = 1
"""Sigma, in pixels, of the blur that takes the grain away."""
_NEAR, _FAR = 2, 6
"""Pixels between which a face changes less, the more it is blurred along that direction."""
_DIRECTIONS: Final = ((0, 1), (1, 0), (1, 1), (1, -1))
_GLARE_LEVEL: Final = 250
_GRID: Final = np.stack(np.meshgrid(*[np.linspace(8, SIDE - 8, 9)] * 2), axis=-1).reshape(-1, 2)
_CORNERS: Final = _GRID[[0, 8, -9, -1]].tolist()
"""Where these lie in the frame, all of it does."""

Table = tuple[tuple[float, ...], tuple[float, ...]]

FOCUS: Final[Table] = ((0.34, 0.37, 0.39, 0.41, 0.44), (0.35, 0.62, 0.85, 0.95, 1.0))
GRAIN: Final[Table] = (
    (0.9, 1.1, 1.3, 1.5, 1.7, 1.9, 2.25, 2.75),
    (1.0, 0.92, 0.86, 0.79, 0.73, 0.67, 0.5, 0.33),
)
GLARE: Final[Table] = (
    (0.1, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95),
    (1.0, 0.95, 0.89, 0.8, 0.72, 0.66, 0.5, 0.4, 0.3),
)
WHOLE: Final[Table] = ((0.0, 0.55, 0.65, 0.75, 0.85, 1.0), (0.0, 0.74, 0.81, 0.89, 0.94, 1.0))
SIZE: Final[Table] = (
    (0.0, 8.0, 13.5, 16.5, 19.0, 21.0, 27.0, 40.0),
    (0.0, 0.4, 0.63, 0.77, 0.86, 0.92, 0.96, 1.0),
)
TURN: Final[Table] = ((10.0, 14.0, 18.0, 22.0, 26.0, 40.0, 90.0), (1.0, 0.86, 0.78, 0.7, 0.64, 0.58, 0.3))
LEAN: Final[Table] = ((2.0, 4.0, 6.0, 8.0, 10.0, 12.0), (1.0, 0.9, 0.8, 0.65, 0.55, 0.43))
"""What was measured, rising, and the share of likeness that was left."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The share of likeness each flaw leaves, 0 to 1: blur, little light, glare, the frame's edge, distance, turn, lean."""

    focus: float
    light: float
    glare: float
    whole: float
    size: float
    turn: float
    lean: float

    def product(self, *, but: str = "") -> float:
        """Multiply them all, *but* one if it is named; NaN if any is no number."""
        shares: list[float] = [getattr(self, part.name) for part in fields(self) if part.name != but]
        return math.prod(shares)


@dataclass(frozen=True, slots=True)
class Quality:
    """One face in one frame. It describes the picture, not the person, and still goes nowhere.

    yaw, pitch and roll: in degrees, above 0 towards the person's own left, up, and their right shoulder; to guide by, to some five
    degrees. covered: the mouth shows less contrast than a face does. shaded: both eyes are dark as behind sunglasses or under a peak.
    """

    parts: Parts
    yaw: Degrees
    pitch: Degrees
    roll: Degrees
    covered: bool
    shaded: bool = False

    @property
    def overall(self) -> float:
        """Give the share of likeness that is left, 0 to 1; 0 for what could not be measured."""
        return _sound(self.parts.product())

    @property
    def but_turned(self) -> float:
        """Give the overall share of a face that was asked to turn."""
        return _sound(self.parts.product(but="turn"))

    def hint(self, *, but: str = "") -> Hint:
        """Say what the person can do about the flaw that costs most, *but* one part if it is named."""
        parts = (part.name for part in fields(self.parts) if part.name != but)
        return HINTS[min(parts, key=lambda name: _sound(getattr(self.parts, name)))]


HINTS: Final[Mapping[str, Hint]] = MappingProxyType(
    {
        "focus": Hint.HOLD_STILL,
        "light": Hint.MORE_LIGHT,
        "glare": Hint.LESS_LIGHT,
        "whole": Hint.COME_IN,
        "size": Hint.COME_CLOSER,
        "turn": Hint.LOOK_AHEAD,
        "lean": Hint.LOOK_AHEAD,
    }
)


class Assessor:
    """Assesses faces, with one buffer for the aligned face."""

    def __init__(self) -> None:
        self._aligned = np.zeros((SIDE, SIDE, 3), np.uint8)

    def assess(self, frame: Frame, face: Face) -> Quality:
        """Measure one *face* of *frame*. Total: landmarks that span no face give a quality of 0."""
        upright = similarity(face.landmarks)
        if not draw(frame, upright, self._aligned):
            return UNUSABLE
        grey = cv2.cvtColor(self._aligned, cv2.COLOR_BGR2GRAY).astype(np.float32)
        calm = cv2.GaussianBlur(grey, (0, 0), _CALM)
        yaw, pitch, roll = yaw_of(face.landmarks), pitch_of(face.landmarks), roll_of(face.landmarks)
        parts = Parts(
            focus=_left(FOCUS, _focus(calm)),
            light=_left(GRAIN, _grain(grey, calm)),
            glare=_left(GLARE, _glare(grey)),
            whole=_left(WHOLE, _inside(frame, upright)),
            size=_left(SIZE, _apart(face.landmarks)),
            turn=_left(TURN, abs(yaw)),
            lean=_left(LEAN, abs(roll)),
        )
        covered = _spread(grey[_MOUTH]) < COVERED_BELOW * _spread(grey[_EYES])
        shaded = _brightest_eye(grey) < SHADED_BELOW
        for plane in (grey, calm):
            plane.fill(0)
        return Quality(parts, yaw, pitch, roll, covered, shaded)

    def wipe(self) -> None:
        """Overwrite what is left of the last face (R31)."""
        self._aligned.fill(0)


UNUSABLE: Final = Quality(Parts(0, 0, 0, 0, 0, 0, 0), math.nan, math.nan, math.nan, covered=False)


def yaw_of(landmarks: NDArray[np.float32]) -> Degrees:
    """Estimate how far a head is turned: 0 into the camera, above 0 to the person's own left; NaN for no face.

    landmarks: (5, 2), as ``Face`` has them. A turned nose leaves the middle of eyes and mouth by the tangent of the
    turn, whatever the distance and the tilt; a flat picture's does not. An estimate to some five degrees, of the sort
    that guides; nothing is decided by it.
    """
    right, left, nose, *mouth = points_of(landmarks)
    eyes = left - right
    apart = _length(eyes)
    if not apart > 0:
        return math.nan
    aside = _along(nose - (right + left + sum(mouth)) / 4, eyes)
    return math.degrees(math.atan(aside / apart**2 / NOSE_DEPTH))


def pitch_of(landmarks: NDArray[np.float32]) -> Degrees:
    """Estimate how far a head is raised, 0 for a level one; NaN for no face. By the nose between eyes and mouth, as ``yaw_of``."""
    right, left, nose, *mouth = points_of(landmarks)
    eyes = (right + left) / 2
    down = sum(mouth) / 2 - eyes
    high = _length(down)
    if not high > 0:
        return math.nan
    lower = _along(nose - eyes, down) / high**2 - LEVEL_NOSE
    return math.degrees(math.atan(-lower / NOSE_DEPTH))


LEVEL_NOSE: Final = 0.6
"""Where the nose's tip stands between eyes and mouth: the median of 64 photographs."""


def roll_of(landmarks: NDArray[np.float32]) -> Degrees:
    """Estimate how far a head leans, above 0 as seen clockwise; NaN for no face.

    The mean of the line of the eyes and the one from eyes to mouth. YuNet follows a lean by a third only, so that
    20 degrees look like 6: LEAN is in what it says, not in what is.
    """
    right, left, _, *mouth = points_of(landmarks)
    eyes, down = left - right, (sum(mouth) - right - left) / 2
    if not (eyes and down):
        return math.nan
    return (_degrees(eyes.imag, eyes.real) + _degrees(-down.real, down.imag)) / 2


def _apart(landmarks: NDArray[np.float32]) -> float:
    right, left, *_ = points_of(landmarks)
    return _length(left - right)


def _degrees(up: float, along: float) -> Degrees:
    return math.degrees(math.atan2(up, along))


def _length(way: complex) -> float:
    return math.hypot(way.real, way.imag)


def _along(way: complex, other: complex) -> float:
    """Give the inner product of the two."""
    return way.real * other.real + way.imag * other.imag


def _left(table: Table, measured: float) -> float:
    """Give the share of likeness left, between the table's points; 0 for what is not a finite number."""
    return float(np.interp(measured, *table)) if math.isfinite(measured) else 0.0


def _sound(share: float) -> float:
    return share if 0 <= share <= 1 else 0.0


def _glare(grey: MatLike) -> float:
    """Give the share of the face that is burnt."""
    burnt = grey[_FACE] >= _GLARE_LEVEL
    return np.count_nonzero(burnt) / burnt.size


def _focus(calm: MatLike) -> float:
    """Give how much the face changes within two pixels against six, in the direction in which it changes least.

    calm: the face without its grain.
    """
    face = calm[_FACE]
    ratios = [_change(face, _NEAR, *each) / max(_change(face, _FAR, *each), 1e-3) for each in _DIRECTIONS]
    return min(ratios)


def _change(grey: MatLike, step: int, down: int, aside: int) -> float:
    """Give the spread of the differences between pixels *step* apart along one direction."""
    rows, columns = grey.shape[0] - step * down, grey.shape[1] - step * abs(aside)
    first = max(0, -step * aside)
    moved = grey[step * down :, first + step * aside :][:rows, :columns]
    return _spread(cv2.subtract(moved, grey[:rows, first : first + columns]))


def _spread(values: MatLike) -> float:
    """Give the standard deviation, in a third of numpy's time."""
    return float(cv2.meanStdDev(values)[1][0, 0])


def _grain(grey: MatLike, calm: MatLike) -> float:
    """Give the finest detail against the coarse: what noise adds and darkness takes. Free of scale."""
    middle, coarse = (cv2.GaussianBlur(grey, (0, 0), sigma) for sigma in (2, 4))
    signal = _spread(cv2.subtract(middle[_FACE], coarse[_FACE]))
    return _spread(cv2.subtract(grey[_FACE], calm[_FACE])) / max(signal, 0.05)


def _brightest_eye(grey: Plane) -> float:
    """Give the brighter of both eyes against its own cheek: light from one side shades one eye, glasses both."""
    eyes = (_level(grey[each], 0.75) for each in _EACH_EYE)
    cheeks = (max(_level(grey[each], 0.5), 1.0) for each in _EACH_CHEEK)
    return max(eye / cheek for eye, cheek in zip(eyes, cheeks, strict=True))


def _level(patch: Plane, share: float) -> float:
    """Give the brightness that this *share* of the pixels does not exceed."""
    return float(np.sort(patch, axis=None)[round(share * (patch.size - 1))])


def _inside(frame: Frame, upright: Matrix) -> float:
    """Give the share of the aligned face that lies in the frame; upright: what brought it there."""
    back = cv2.invertAffineTransform(upright)
    width, height = frame.shape[1::-1]
    (a, b, x), (c, d, y) = back.tolist()
    if all(0 <= a * u + b * v + x < width and 0 <= c * u + d * v + y < height for u, v in _CORNERS):
        return 1.0
    places = _GRID @ back[:, :2].T + back[:, 2]
    return float(((places >= 0) & (places < (width, height))).all(axis=1).mean())

"""How much a frame's face is worth to the comparison: measured on the face as the network will see it.

Each part of the quality is the share of likeness that a face keeps when it is spoilt in that one way alone, and the whole is
their product: 1 for a photograph at its best. The tables below were measured, on the photographs of the DeepFace
project's unit tests spoilt by blur, motion, darkness, glare, noise, distance, turns and edges of the frame;
tests/vision/quality measures again that refusing by the whole lowers the false non-match rate (docs/adr/0032).

Not measured well enough to count: heavy JPEG blocks, a nod, sunglasses and caps. A covered mouth is told by `covered`, and
costs nothing here, since it cost little there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.core.enrolment import Degrees
from gate.core.policy import Hint
from gate.vision.align import SIDE, align, similarity
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

_FACE: Final = (slice(20, 108), slice(20, 92))
_EYES: Final = (slice(35, 70), slice(25, 87))
_MOUTH: Final = (slice(75, 105), slice(35, 77))
"""Rows and columns of the aligned face."""
_NEAR, _FAR = 2, 6
"""Pixels between which a face changes less, the more it is blurred along that direction."""
_DIRECTIONS: Final = ((0, 1), (1, 0), (1, 1), (1, -1))
_GLARE_LEVEL: Final = 250
_GRID: Final = np.stack(np.meshgrid(*[np.linspace(8, SIDE - 8, 9)] * 2), axis=-1).reshape(-1, 2)

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
    degrees. covered: the mouth shows less contrast than a face does.
    """

    parts: Parts
    yaw: Degrees
    pitch: Degrees
    roll: Degrees
    covered: bool

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
        if not align(frame, face.landmarks, self._aligned):
            return UNUSABLE
        grey = cv2.cvtColor(self._aligned, cv2.COLOR_BGR2GRAY).astype(np.float32)
        yaw, pitch, roll = yaw_of(face.landmarks), pitch_of(face.landmarks), roll_of(face.landmarks)
        parts = Parts(
            focus=_left(FOCUS, _focus(grey)),
            light=_left(GRAIN, _grain(grey)),
            glare=_left(GLARE, float((grey[_FACE] >= _GLARE_LEVEL).mean())),
            whole=_left(WHOLE, _inside(frame, face)),
            size=_left(SIZE, float(np.hypot(*(face.landmarks[1] - face.landmarks[0])))),
            turn=_left(TURN, abs(yaw)),
            lean=_left(LEAN, abs(roll)),
        )
        covered = bool(grey[_MOUTH].std() < COVERED_BELOW * grey[_EYES].std())
        grey.fill(0)
        return Quality(parts, yaw, pitch, roll, covered)

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
    eyes = landmarks[1] - landmarks[0]
    apart = float(np.hypot(*eyes))
    if not apart > 0:
        return math.nan
    aside = float((landmarks[2] - landmarks[[0, 1, 3, 4]].mean(axis=0)) @ eyes) / apart**2
    return math.degrees(math.atan(aside / NOSE_DEPTH))


def pitch_of(landmarks: NDArray[np.float32]) -> Degrees:
    """Estimate how far a head is raised, 0 for a level one; NaN for no face. By the nose between eyes and mouth, as ``yaw_of``."""
    eyes, mouth = landmarks[[0, 1]].mean(axis=0), landmarks[[3, 4]].mean(axis=0)
    down = mouth - eyes
    high = float(np.hypot(*down))
    if not high > 0:
        return math.nan
    lower = float((landmarks[2] - eyes) @ down) / high**2 - LEVEL_NOSE
    return math.degrees(math.atan(-lower / NOSE_DEPTH))


LEVEL_NOSE: Final = 0.6
"""Where the nose's tip stands between eyes and mouth: the median of 64 photographs."""


def roll_of(landmarks: NDArray[np.float32]) -> Degrees:
    """Estimate how far a head leans, above 0 as seen clockwise; NaN for no face.

    The mean of the line of the eyes and the one from eyes to mouth. YuNet follows a lean by a third only, so that
    20 degrees look like 6: LEAN is in what it says, not in what is.
    """
    eyes = landmarks[1] - landmarks[0]
    down = landmarks[[3, 4]].mean(axis=0) - landmarks[[0, 1]].mean(axis=0)
    if not (eyes.any() and down.any()):
        return math.nan
    return (math.degrees(math.atan2(eyes[1], eyes[0])) + math.degrees(math.atan2(-down[0], down[1]))) / 2


def _left(table: Table, measured: float) -> float:
    """Give the share of likeness left, between the table's points; 0 for what is not a finite number."""
    return float(np.interp(measured, *table)) if math.isfinite(measured) else 0.0


def _sound(share: float) -> float:
    return share if 0 <= share <= 1 else 0.0


def _focus(grey: Plane) -> float:
    """Give how much the face changes within two pixels against six, in the direction in which it changes least."""
    calm = cv2.GaussianBlur(grey, (0, 0), 1)[_FACE]
    ratios = [_change(calm, _NEAR, *each) / max(_change(calm, _FAR, *each), 1e-3) for each in _DIRECTIONS]
    return min(ratios)


def _change(grey: NDArray[np.generic], step: int, down: int, aside: int) -> float:
    """Give the spread of the differences between pixels *step* apart along one direction."""
    rows, columns = grey.shape[0] - step * down, grey.shape[1] - step * abs(aside)
    first = max(0, -step * aside)
    moved = grey[step * down :, first + step * aside :][:rows, :columns]
    return float((moved - grey[:rows, first : first + columns]).std())  # type: ignore[operator]  # floats


def _grain(grey: Plane) -> float:
    """Give the finest detail against the coarse: what noise adds and darkness takes. Free of scale."""
    fine, middle, coarse = grey, *(cv2.GaussianBlur(grey, (0, 0), sigma) for sigma in (2, 4))
    first = cv2.GaussianBlur(fine, (0, 0), 1)
    signal = float((middle - coarse)[_FACE].std())
    return float((fine - first)[_FACE].std()) / max(signal, 0.05)


def _inside(frame: Frame, face: Face) -> float:
    """Give the share of the aligned face that lies in the frame."""
    back = cv2.invertAffineTransform(similarity(face.landmarks))
    places = _GRID @ back[:, :2].T + back[:, 2]
    return float(((places >= 0) & (places < frame.shape[1::-1])).all(axis=1).mean())

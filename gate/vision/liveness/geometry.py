"""Does a face move like a head or like a picture: the nose's own motion against the plane of its face.

Two looks at one face are laid over each other by their landmarks, then pixel by pixel: by Gauss-Newton descent on the
brightness of all pixels at once (Lucas and Kanade 1981), robust to those that do not fit. What a flat picture can do
between two looks, turn, tilt, come closer, bend, is a displacement of second order across the face. What a nose does
when its head turns is a bump in the middle, which no such displacement has. The bump's height is the parallax, and the
descent gives its uncertainty, so that stillness, blur and noise count as what they are: nothing seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.vision.images import Frame
from gate.vision.sessions import Floats

SIDE = 112
EYES_PX = 39.0
"""The distance between the eyes in a face laid out for comparison, (112, 112): about what a face at a gate has."""
MIDDLE = np.array([56.0, 51.0])
"""Where the middle of eyes and mouth comes to lie."""
LAYOUT = np.array([[-0.5, -0.48], [0.5, -0.48], [-0.42, 0.52], [0.42, 0.52]])
"""Eyes and mouth about that middle, in distances between the eyes."""
CORNERS = [0, 1, 3, 4]
"""Of YuNet's landmarks, all but the nose."""

FACE_WIDE, FACE_HIGH, FACE_LOW, CHIN = 0.85, 1.05, 0.05, 0.95
NOSE_WIDE, NOSE_HIGH, NOSE_LOW = 0.2, 0.3, 0.1
"""Half axes and places, in distances between the eyes."""

PLANE_TERMS, TERMS = 3, 7
ROUNDS_COARSE, ROUNDS_FINE = 6, 7
STILL = 5e-4
"""The descent ends where no term moves by more, in distances between the eyes."""
OUTLIER = 2.0
FAINT = 4.0
"""Of 255: contrasts below the sensor's noise are not blown up to a face's."""
LIKENESS_LEAST = 0.9
"""The correlation from which two looks lie over each other. Rendered heads turned by 30 degrees keep 0.93; a lamp's
reflection that wanders over a print takes it down to 0.83, and could pass for a nose."""
AMOUNT_MOST = 0.3
"""No nose stands out further, and no turn that is still compared brings it further aside."""
RENEW_FRAMES = 12


@dataclass(frozen=True, slots=True)
class Parallax:
    """How far a nose moved against its face since the clip's first look, in distances between the eyes.

    aside: in the picture to the right, to the person's own left. down: towards the chin. certainty: the whole by its
    standard error.
    """

    aside: float = field(repr=False)
    down: float = field(repr=False)
    certainty: float = field(repr=False)

    @property
    def amount(self) -> float:
        """Give how far it moved, whatever the direction."""
        return math.hypot(self.aside, self.down)


class Geometry:
    """One face's clip: its first look, and what later ones show against it. Keeps one small crop; ``wipe`` drops it."""

    def __init__(self) -> None:
        self._reference: _Look | None = None
        self._age = 0
        self._surest: list[Parallax] = []

    @property
    def is_stale(self) -> bool:
        """Tell whether nothing came of the first look, a blurred one perhaps, for so long that it should be replaced."""
        return self._age >= RENEW_FRAMES

    def observe(self, frame: Frame, landmarks: Floats) -> Parallax | None:
        """Compare the face of this frame with the first one; None for the first, and for what cannot be compared."""
        crop = laid_out(frame, landmarks)
        if crop is None:
            return None
        look = _Look.of(crop)
        crop.fill(0)
        if self._reference is None:
            self._reference = look
            return None
        self._age += 1
        seen = _compared(self._reference, look)
        look.wipe()
        if seen is not None:
            self._surest = sorted((*self._surest, seen), key=lambda each: -each.certainty)[:2]
        return seen

    @property
    def parallax(self) -> Parallax | None:
        """Give the second surest so far, so that no single frame decides; None before there are two."""
        return self._surest[1] if len(self._surest) == 2 else None  # noqa: PLR2004 - a pair

    def renew(self) -> None:
        """Take the next look as the first; what was seen so far stays seen."""
        if self._reference is not None:
            self._reference.wipe()
        self._reference = None
        self._age = 0

    def wipe(self) -> None:
        """Overwrite the crop and forget what it showed (R31)."""
        self.renew()
        self._surest.clear()


def laid_out(frame: Frame, landmarks: Floats) -> NDArray[np.uint8] | None:
    """Draw the face upright and to size, (112, 112) grey; None where the landmarks span no face."""
    if not np.isfinite(landmarks).all():
        return None
    points = landmarks[CORNERS].astype(np.float64) @ np.array([1, 1j])
    target = (LAYOUT * EYES_PX + MIDDLE) @ np.array([1, 1j])
    shape, wanted = points - points.mean(), target - target.mean()
    with np.errstate(divide="ignore", invalid="ignore"):
        turn = np.vdot(shape, wanted) / np.vdot(shape, shape).real
        shift = target.mean() - turn * points.mean()
    matrix = np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])
    if not np.isfinite(matrix).all():
        return None
    colour = cv2.warpAffine(frame, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
    grey = cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY)
    colour.fill(0)
    return grey  # type: ignore[return-value]  # uint8 in, uint8 out


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """Where the pixels of a laid-out face lie, and how each term of a displacement moves them."""

    columns: Floats
    rows: Floats
    inside: NDArray[np.bool_]
    terms: Floats
    """(7, side, side): 1, u, v, u², uv, v², the nose."""
    eyes_px: float


def _grid(side: int) -> _Grid:
    scale = side / SIDE
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float32)
    u = (((columns + 0.5) / scale - 0.5 - MIDDLE[0]) / EYES_PX).astype(np.float32)
    v = (((rows + 0.5) / scale - 0.5 - MIDDLE[1]) / EYES_PX).astype(np.float32)
    inside = ((u / FACE_WIDE) ** 2 + ((v - FACE_LOW) / FACE_HIGH) ** 2 < 1) & (v < CHIN)
    nose = np.exp(-((u / NOSE_WIDE) ** 2) - ((v - NOSE_LOW) / NOSE_HIGH) ** 2)
    terms = np.stack((np.ones_like(u), u, v, u * u, u * v, v * v, nose))
    return _Grid(columns, rows, inside, terms, EYES_PX * scale)


FINE, COARSE = _grid(SIDE), _grid(SIDE // 2)


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    """A laid-out face freed of its lighting, with its slopes, float32."""

    pixels: Floats
    across: Floats
    down: Floats

    def wipe(self) -> None:
        for each in (self.pixels, self.across, self.down):
            each.fill(0)


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """One look at a face, in full and at half the size."""

    fine: _Prepared
    coarse: _Prepared

    @classmethod
    def of(cls, crop: NDArray[np.uint8]) -> _Look:
        half: NDArray[np.uint8] = cv2.resize(crop, (SIDE // 2, SIDE // 2), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]  # uint8 in and out
        look = cls(_prepared(crop, FINE), _prepared(half, COARSE))
        half.fill(0)
        return look

    def wipe(self) -> None:
        self.fine.wipe()
        self.coarse.wipe()


def _prepared(crop: NDArray[np.uint8], grid: _Grid) -> _Prepared:
    """Take the local mean and contrast away: a lamp that brightens one cheek has moved nothing."""
    near = 9 if grid is COARSE else 17
    soft = cv2.GaussianBlur(crop.astype(np.float32), (5, 5), 1.0)
    fine = soft - cv2.blur(cv2.blur(soft, (near, near)), (near, near))
    contrast = np.sqrt(cv2.blur(fine * fine, (2 * near - 1, 2 * near - 1))) + FAINT
    pixels = np.asarray(fine / contrast, np.float32)
    return _Prepared(pixels, *_slopes(pixels))


def _slopes(pixels: Floats) -> tuple[Floats, Floats]:
    across = cv2.Sobel(pixels, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
    down = cv2.Sobel(pixels, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)
    return np.asarray(across, np.float32), np.asarray(down, np.float32)


def _compared(first: _Look, later: _Look) -> Parallax | None:
    terms = np.zeros((TERMS, 2))
    try:
        _descend(first.coarse, later.coarse, COARSE, terms, PLANE_TERMS, ROUNDS_COARSE)
        variance, likeness = _descend(first.fine, later.fine, FINE, terms, TERMS, ROUNDS_FINE)
    except np.linalg.LinAlgError:
        return None
    if not likeness >= LIKENESS_LEAST:  # the descent lost its way, or this is another face
        return None
    aside, down = (float(each) for each in terms[-1])
    error = math.sqrt(variance) if variance > 0 else math.nan
    amount = math.hypot(aside, down)
    certainty = amount / error
    return Parallax(aside, down, certainty) if amount <= AMOUNT_MOST and math.isfinite(certainty) else None


def _descend(
    first: _Prepared, later: _Prepared, grid: _Grid, terms: NDArray[np.float64], count: int, rounds: int
) -> tuple[float, float]:
    """Improve the first *count* of *terms* in place; returns the variance of the last and the pictures' correlation.

    terms: (7, 2), how far each moves the face across and down, in distances between the eyes.
    """
    inside, shapes = grid.inside, grid.terms[:count]
    moves = shapes[:, inside] * np.float32(grid.eyes_px)
    wanted, across, down = first.pixels[inside], first.across[inside], first.down[inside]
    variance, likeness = math.inf, 0.0
    for _ in range(rounds):
        shift = np.tensordot(terms[:count].T.astype(np.float32), shapes, 1) * np.float32(grid.eyes_px)
        moved = cv2.remap(
            later.pixels,
            grid.columns + shift[0],
            grid.rows + shift[1],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        slope_across, slope_down = _slopes(np.asarray(moved, np.float32))
        shown = moved[inside]
        rest = wanted - shown
        # The mean of both pictures' slopes converges faster than either's (Malis 2004).
        slopes = (across + slope_across[inside]) / 2, (down + slope_down[inside]) / 2
        jacobian = np.concatenate(
            (moves * slopes[0], moves * slopes[1], shown[None], np.ones_like(shown)[None])
        )
        spread = 1.4826 * float(np.median(np.abs(rest))) + 1e-4
        weighted = jacobian / (1 + (rest / np.float32(OUTLIER * spread)) ** 2) ** 2
        normal = (weighted @ jacobian.T).astype(np.float64) + 1e-6 * np.eye(len(jacobian))
        step = np.linalg.solve(normal, (weighted @ rest).astype(np.float64))
        terms[:count, 0] += step[:count]
        terms[:count, 1] += step[count : 2 * count]
        inverse = np.linalg.inv(normal)
        variance = spread**2 * float(inverse[count - 1, count - 1] + inverse[2 * count - 1, 2 * count - 1])
        likeness = float(wanted @ shown) / math.sqrt(float(wanted @ wanted) * float(shown @ shown) + FAINT)
        if np.abs(step[: 2 * count]).max() < STILL:
            break
    return variance, likeness

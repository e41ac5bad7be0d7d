"""Traces of what a picture is shown on: the beat of a screen's cells, and surroundings that move with the face."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.core.liveness import Cue
from gate.vision.detect import Face
from gate.vision.images import Frame
from gate.vision.sessions import Floats

PATCH = 128
"""Pixels of the camera's own, unscaled: scaling would take the beat away."""
MOIRE_LEAST = 5.5
"""By how much, in natural logarithms of power, a peak stands out of its neighbourhood. Compressed film of real faces
reaches 4.9, simulated screens 4.6 to 7.2: half of them (docs/liveness.md)."""
INNER, OUTER = 14.0, 63.0
"""The band that is searched, in periods over the patch: below lie a face's own features."""
FIRST_LOOKS, LATER_EVERY = 6, 3
"""The beat is looked for in the first frames, then in every third: it costs 2 ms."""
STAYS = 3
"""Frames that must show a trace before it counts."""

FACE_PX = 80.0
"""To what width of the face the surroundings are shrunk."""
NEAR, FAR = 0.95, 1.7
"""Where they are looked at: beside the face's middle, in widths of its box, beyond hair and ears."""
ABOVE, BELOW = 0.3, 0.9
"""From this share of the box's height above its top, down to this share of it."""
MOVED_PX = 2.0
"""At that size; what moves less stands still."""
POINTS_LEAST = 4
MOVING_SHARE = 0.7
ASTRAY_PX = 0.7
POINTS_MOST = 40
FAINTEST = 0.01
"""Of the sharpest corner: the faintest that is followed."""


class Cues:
    """The traces that one clip has shown. Keeps one small grey picture; ``wipe`` drops it."""

    def __init__(self) -> None:
        self._looks = 0
        self._moire = 0
        self._surround = 0
        self._room: _Room | None = None

    def observe(self, frame: Frame, face: Face) -> None:
        """Look for traces about the face of this frame; a box that is none shows nothing."""
        if not (all(map(math.isfinite, face.box)) and min(face.box[2:]) >= 1):
            return
        is_due = self._looks < FIRST_LOOKS or self._looks % LATER_EVERY == 0
        self._looks += 1
        if is_due and moire_of(frame, face) >= MOIRE_LEAST:
            self._moire += 1
        if self._room is None:
            self._room = _Room.about(frame, face)
        elif self._room.moved(frame):
            self._surround += 1

    @property
    def found(self) -> frozenset[Cue]:
        """Name the traces that were seen often enough."""
        counts = {Cue.MOIRE: self._moire, Cue.SURROUND: self._surround}
        return frozenset(cue for cue, count in counts.items() if count >= STAYS)

    def wipe(self) -> None:
        """Overwrite the picture and forget the traces (R31)."""
        if self._room is not None:
            self._room.wipe()
        self._room = None
        self._looks = self._moire = self._surround = 0


def moire_of(frame: Frame, face: Face) -> float:
    """Give by how much the face's sharpest regular pattern stands out; 0 where the face is too near the border.

    The box is of finite numbers.
    """
    x, y, width, height = face.box
    left, top = round(x + width / 2) - PATCH // 2, round(y + height / 2) - PATCH // 2
    patch = frame[max(0, top) : top + PATCH, max(0, left) : left + PATCH]
    if patch.shape[:2] != (PATCH, PATCH):
        return 0.0
    colours = patch.astype(np.float32)
    blue, green, red = colours[..., 0], colours[..., 1], colours[..., 2]
    grey, against_blue, against_both = (blue + green + red) / 3, red - blue, green - (red + blue) / 2
    return max(_peak(each.astype(np.float32)) for each in (grey, against_blue, against_both))


def _peak(channel: Floats) -> float:
    fine = (channel - cv2.GaussianBlur(channel, (0, 0), 4)) * _WINDOW
    power = np.fft.fftshift(np.abs(np.fft.fft2(fine)) ** 2).astype(np.float32)
    peak = np.log(cv2.blur(power, (3, 3)) + 1e-3)
    around = cv2.blur(np.log(power + 1e-3), (21, 21))
    return float((peak - around)[_BAND].max())


def _band() -> NDArray[np.bool_]:
    down, across = np.mgrid[-PATCH // 2 : PATCH // 2, -PATCH // 2 : PATCH // 2]
    radius = np.hypot(down, across)
    # JPEG's blocks of 8 pixels repeat 16 times over the patch: a pattern of every compressed picture.
    blocks = [(abs(each) % 16 <= 1) | (abs(each) % 16 >= 15) for each in (down, across)]  # noqa: PLR2004 - every 16th line, and its neighbours
    band: NDArray[np.bool_] = (radius > INNER) & (radius < OUTER) & ~(blocks[0] & blocks[1])
    return band


_WINDOW = np.outer(np.hanning(PATCH), np.hanning(PATCH)).astype(np.float32)
_BAND = _band()


class _Room:
    """What stood to both sides of a head, small and grey, and the places in it that can be followed."""

    def __init__(self, corner: tuple[int, int], size: tuple[int, int], shrink: float) -> None:
        self._corner, self._size, self._shrink = corner, size, shrink
        self._picture: NDArray[np.uint8] = np.zeros((1, 1), np.uint8)
        self._sides: list[Floats] = []

    @classmethod
    def about(cls, frame: Frame, face: Face) -> _Room | None:
        """Take it from a frame; None where too little of it lies in the frame."""
        x, y, width, height = face.box
        left, right = (round(x + width / 2 + sign * FAR * width) for sign in (-1, 1))
        top, bottom = round(y - ABOVE * height), round(y + BELOW * height)
        left, top = max(0, left), max(0, top)
        right, bottom = min(frame.shape[1], right), min(frame.shape[0], bottom)
        if right - left < PATCH // 4 or bottom - top < PATCH // 4:
            return None
        room = cls((left, top), (right - left, bottom - top), FACE_PX / width)
        room._picture = room._shrunk(frame)
        middle = (x + width / 2 - left) * room._shrink
        columns = np.arange(room._picture.shape[1])
        room._sides = [
            room._corners(side)
            for side in (columns < middle - NEAR * FACE_PX, columns > middle + NEAR * FACE_PX)
        ]
        return room

    def moved(self, frame: Frame) -> bool:
        """Tell whether both sides moved, most of each, since the first frame."""
        if any(len(points) < POINTS_LEAST for points in self._sides):
            return False
        now = self._shrunk(frame)
        result = all(self._side_moved(points, now) for points in self._sides)
        now.fill(0)
        return result

    def wipe(self) -> None:
        self._picture.fill(0)
        self._sides.clear()

    def _side_moved(self, points: Floats, now: NDArray[np.uint8]) -> bool:
        there, found, _ = cv2.calcOpticalFlowPyrLK(self._picture, now, points, points.copy())
        back, found_back, _ = cv2.calcOpticalFlowPyrLK(now, self._picture, there, there.copy())
        astray = np.hypot(*(back - points)[:, 0].T)
        sure = (found[:, 0] == 1) & (found_back[:, 0] == 1) & (astray < ASTRAY_PX)
        if int(sure.sum()) < POINTS_LEAST:
            return False
        distance = np.hypot(*(there - points)[sure, 0].T)
        return float((distance > MOVED_PX).mean()) >= MOVING_SHARE

    def _shrunk(self, frame: Frame) -> NDArray[np.uint8]:
        (left, top), (width, height) = self._corner, self._size
        grey = cv2.cvtColor(frame[top : top + height, left : left + width], cv2.COLOR_BGR2GRAY)
        to = max(1, round(width * self._shrink)), max(1, round(height * self._shrink))
        small = cv2.resize(grey, to, interpolation=cv2.INTER_AREA)
        grey.fill(0)
        return small  # type: ignore[return-value]  # uint8 in, uint8 out

    def _corners(self, columns: NDArray[np.bool_]) -> Floats:
        mask = np.zeros(self._picture.shape, np.uint8)
        mask[:, columns] = 255
        found = cv2.goodFeaturesToTrack(self._picture, POINTS_MOST, FAINTEST, 4, mask=mask)
        # cv2's types leave out that it gives None where there is no corner.
        return np.zeros((0, 1, 2), np.float32) if found is None else found  # type: ignore[return-value, redundant-expr]

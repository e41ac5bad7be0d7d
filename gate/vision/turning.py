"""Turn a portrait's head, for the simulated camera: a warp by depth, as a turn of the head moves what stands out."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.vision.images import Frame

Plane = NDArray[np.float32]

HEAD_DEPTH, NOSE_DEPTH = 0.6, 0.45
"""How far the head's dome and the nose's ridge stand out, in widths of the face. Tried by eye and by YuNet's landmarks."""
HEAD_WIDE, HEAD_HIGH = 0.8, 0.85
RIDGE_WIDE, RIDGE_HIGH = 0.3, 0.45
NOSE_LOW = 0.08
"""The nose's middle lies this much of the face's height below the face's."""
STEPS = 4
"""Of a fixed-point search for where each pixel came from."""


class Head:
    """The shape of one portrait's head. Its far side is not hidden as a real one's is: good to some 25 degrees."""

    def __init__(
        self, shape: tuple[int, ...], centre: tuple[float, float], width: float, height: float
    ) -> None:
        """shape: the portrait's. centre, width, height: of the face, in pixels."""
        rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
        across, down = (columns - centre[0]) / width, (rows - centre[1]) / height
        outwards = np.hypot(across / HEAD_WIDE, down / HEAD_HIGH)
        edge = np.clip((1.4 - outwards) / 0.5, 0, 1)  # beyond the head the picture stands still
        self._rows: Plane = rows
        self._columns: Plane = columns
        self._fade: Plane = (width * edge * edge * (3 - 2 * edge)).astype(np.float32)
        self._across: Plane = across
        dome = HEAD_DEPTH * np.sqrt(np.clip(1 - (across / HEAD_WIDE) ** 2, 0, 1))
        ridge = NOSE_DEPTH * np.exp(-((across / RIDGE_WIDE) ** 2) - ((down - NOSE_LOW) / RIDGE_HIGH) ** 2)
        # The neck turns about an axis behind the face's plane.
        self._depth: Plane = (dome + ridge - 0.35 * HEAD_DEPTH).astype(np.float32)

    def turned(self, portrait: Frame, yaw: float) -> Frame:
        """Give *portrait* with its head turned by *yaw* degrees, above 0 towards the person's own left."""
        turn = math.radians(yaw)
        moved = self._fade * (self._depth * math.sin(turn) - self._across * (1 - math.cos(turn)))
        source = self._columns - moved
        for _ in range(STEPS):
            source = self._columns - cv2.remap(moved, source, self._rows, cv2.INTER_LINEAR)
        return cv2.remap(portrait, source, self._rows, cv2.INTER_LINEAR)  # type: ignore[return-value]  # uint8 in and out

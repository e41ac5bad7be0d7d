"""Turn a portrait's head, for the simulated camera: a warp by depth, as a turn of the head moves what stands out."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.vision.images import Frame

Plane = NDArray[np.float32]

HEAD_DEPTH, NOSE_DEPTH = 0.6, 0.38
"""How far the head's dome and the nose's ridge stand out, in widths of the face. Tried by eye and by YuNet's landmarks."""
HEAD_WIDE, HEAD_HIGH = 0.8, 0.85
RIDGE_WIDE, RIDGE_HIGH = 0.22, 0.4
NOSE_LOW = 0.08
"""The nose's middle lies this much of the face's height below the face's."""
REACH = 1.4
"""Where the head's motion has faded to nothing, in its own half axes."""
STEPS = 4
"""Of a fixed-point search for where each pixel came from."""


class Head:
    """The shape of one portrait's head. Its far side is not hidden as a real one's is: good to some 25 degrees."""

    def __init__(
        self, shape: tuple[int, ...], centre: tuple[float, float], width: float, height: float
    ) -> None:
        """shape: the portrait's. centre, width, height: of the face, in pixels."""
        # Beyond the head the picture stands still: only what can move is worked on.
        left, right = (round(centre[0] + sign * REACH * HEAD_WIDE * width) for sign in (-1, 1))
        top, bottom = (
            round(centre[1] - REACH * HEAD_HIGH * height),
            round(centre[1] + REACH * HEAD_HIGH * height),
        )
        self._part = np.s_[max(0, top) : min(shape[0], bottom + 1), max(0, left) : min(shape[1], right + 1)]
        rows, columns = np.mgrid[self._part].astype(np.float32)
        across, down = (columns - centre[0]) / width, (rows - centre[1]) / height
        outwards = np.hypot(across / HEAD_WIDE, down / HEAD_HIGH)
        edge = np.clip((REACH - outwards) / 0.5, 0, 1)
        self._rows: Plane = rows - rows[0, 0]
        self._columns: Plane = columns - columns[0, 0]
        self._fade: Plane = (width * edge * edge * (3 - 2 * edge)).astype(np.float32)
        self._across: Plane = across
        self._down: Plane = (down * (height / width)).astype(np.float32)
        dome = HEAD_DEPTH * np.sqrt(np.clip(1 - (across / HEAD_WIDE) ** 2, 0, 1))
        ridge = NOSE_DEPTH * np.exp(-((across / RIDGE_WIDE) ** 2) - ((down - NOSE_LOW) / RIDGE_HIGH) ** 2)
        # The neck turns about an axis behind the face's plane.
        self._depth: Plane = (dome + ridge - 0.35 * HEAD_DEPTH).astype(np.float32)

    def turned(self, portrait: Frame, yaw: float, nod: float = 0.0) -> Frame:
        """Give *portrait* with its head turned by *yaw* degrees, above 0 towards the person's own left.

        nod: degrees about the level axis, above 0 with the chin to the chest.
        """
        turn, tilt = math.radians(yaw), math.radians(nod)
        aside = self._fade * (self._depth * math.sin(turn) - self._across * (1 - math.cos(turn)))
        below = self._fade * (self._depth * math.sin(tilt) - self._down * (1 - math.cos(tilt)))
        columns, rows = self._columns - aside, self._rows - below
        for _ in range(STEPS):
            came_from = columns, rows
            columns = self._columns - cv2.remap(aside, *came_from, cv2.INTER_LINEAR)
            rows = self._rows - cv2.remap(below, *came_from, cv2.INTER_LINEAR)
        moved = portrait.copy()
        moved[self._part] = cv2.remap(
            portrait[self._part], columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return moved

"""Find faces with YuNet (Wu et al. 2023; OpenCV Zoo 2023mar), decoded in numpy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.vision.images import Frame
from gate.vision.sessions import Floats, Network

STRIDES = (8, 16, 32)
OUTPUTS = [f"{head}_{stride}" for head in ("cls", "obj", "bbox", "kps") for stride in STRIDES]
DETECT_SIDE = 320
"""Finds faces of 48 px and of the whole height in 640x480, at a quarter of the cost of 640 (models/README.md)."""
MIN_SCORE = 0.7
MAX_OVERLAP = 0.3
_FAR = 80.0
"""More strides, or a larger exponent, than any face can be away from where it is found."""


Box = tuple[float, float, float, float]
"""x, y, width, height in pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face in a frame. box: x, y, width, height in the frame's pixels; it may reach beyond the frame.

    landmarks: (5, 2) float32, x and y of the subject's right eye, left eye, nose, right and left mouth corner.
    """

    box: Box
    score: float
    landmarks: Floats = field(repr=False)

    @property
    def area(self) -> float:
        """Give the box's size in square pixels."""
        return self.box[2] * self.box[3]


@dataclass(frozen=True, slots=True)
class _Work:
    """The buffers for one frame size, and the way back into the frame."""

    inside: NDArray[np.uint8]
    """The part of the canvas that the shrunken frame covers; the rest stays black."""
    canvas: NDArray[np.uint8]
    planes: NDArray[np.uint8]
    """The canvas with each colour apart, as the network reads them."""
    blob: Floats
    corner: tuple[int, int]
    """Where the frame begins on the canvas: x and y."""
    unit: tuple[float, float]
    """How many of the frame's pixels one of the canvas covers, across and down."""

    def wipe(self) -> None:
        """Overwrite the frame (R31)."""
        for buffer in (self.canvas, self.planes, self.blob):
            buffer.fill(0)


class Detector:
    """Finds faces whose larger frame side was brought to ``side`` pixels, and padded to what the strides need."""

    def __init__(self, network: Network, *, side: int = DETECT_SIDE) -> None:
        self._network = network
        self._side = side
        self._size: tuple[int, int] | None = None
        self._work: _Work

    def detect(self, frame: Frame) -> tuple[Face, ...]:
        """Give the faces in *frame*, the surest first. A value that is not a number never makes a face."""
        size = frame.shape[0], frame.shape[1]
        if size != self._size:
            self._work, self._size = _work_for(size, self._side), size
        work = self._work
        inside = work.inside
        # Averaging the pixels that fall together keeps a small face whole where sampling would fray it.
        cv2.resize(frame, (inside.shape[1], inside.shape[0]), dst=inside, interpolation=cv2.INTER_AREA)
        # First apart, then to floats: both run on whole registers, where one step that does both takes three times as long.
        cv2.split(work.canvas, tuple(work.planes))
        np.copyto(work.blob[0], work.planes)
        outputs = self._network.run(OUTPUTS, {"input": work.blob})
        with np.errstate(over="ignore", invalid="ignore"):
            return _decode(outputs, work)

    def wipe(self) -> None:
        """Overwrite what is left of the last frame (R31)."""
        if self._size is not None:
            self._work.wipe()


def _work_for(size: tuple[int, int], side: int) -> _Work:
    scale = side / max(size)
    height, width = (max(1, round(each * scale)) for each in size)
    rows, columns = (-(-each // STRIDES[-1]) * STRIDES[-1] for each in (height, width))
    top, left = (rows - height) // 2, (columns - width) // 2
    canvas = np.zeros((rows, columns, 3), np.uint8)
    return _Work(
        inside=canvas[top : top + height, left : left + width],
        canvas=canvas,
        planes=np.zeros((3, rows, columns), np.uint8),
        blob=np.zeros((1, 3, rows, columns), np.float32),
        corner=(left, top),
        unit=(size[1] / width, size[0] / height),
    )


def _decode(outputs: list[Floats], work: _Work) -> tuple[Face, ...]:
    """Give the faces in the network's answer, the surest first; of those that overlap by more than MAX_OVERLAP one."""
    found: list[_Row] = []
    for place, stride in enumerate(STRIDES):
        cls, obj, bbox, kps = (outputs[head + place][0] for head in range(0, len(OUTPUTS), len(STRIDES)))
        squared = cls[:, 0] * obj[:, 0]
        # A face lights up some ten rows: one by one they take less time than numpy's many small steps.
        for number in np.flatnonzero(squared >= MIN_SCORE**2).tolist():  # false for what is not a number
            row = _Row(stride, number, squared[number].item(), bbox[number].tolist(), kps[number].tolist())
            if row.is_sound():
                found.append(row)
    boxes = [row.box(work) for row in found]
    kept: Sequence[int] = range(len(found))
    if len(found) > 1:
        kept = cv2.dnn.NMSBoxes(boxes, [row.squared for row in found], 0.0, MAX_OVERLAP)
    return tuple(Face(boxes[i], math.sqrt(found[i].squared), found[i].landmarks(work)) for i in kept)


class _Row(NamedTuple):
    """One row of the network's answer that may be a face; its numbers are in strides from where it looks."""

    stride: int
    number: int
    squared: float
    """The score's square."""
    around: list[float]
    """x and y of the box's middle, logarithms of its width and height."""
    points: list[float]

    def is_sound(self) -> bool:
        """Tell whether all are numbers, and none further away than a face can be."""
        values = self.around + self.points
        return math.isfinite(self.squared + sum(values)) and max(values) < _FAR and min(values) > -_FAR

    def box(self, work: _Work) -> Box:
        """Give the box in the frame's pixels."""
        (x, y), (wide, high) = self._at(work), work.unit
        width, height = (math.exp(each) * self.stride for each in self.around[2:])
        left, top = (
            self.around[0] * self.stride + x - width / 2,
            self.around[1] * self.stride + y - height / 2,
        )
        return left * wide, top * high, width * wide, height * high

    def landmarks(self, work: _Work) -> Floats:
        """Give the landmarks in the frame's pixels."""
        points = np.array(self.points).reshape(5, 2) * self.stride + self._at(work)
        landmarks: Floats = (points * work.unit).astype(np.float32)
        return landmarks

    def _at(self, work: _Work) -> tuple[int, int]:
        """Give where the row looks, in pixels of the canvas from where the frame begins."""
        down, across = divmod(self.number, work.canvas.shape[1] // self.stride)
        return across * self.stride - work.corner[0], down * self.stride - work.corner[1]

"""Find faces with YuNet (Wu et al. 2023; OpenCV Zoo 2023mar), decoded in numpy."""

from __future__ import annotations

from dataclasses import dataclass, field

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


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face in a frame. box: x, y, width, height in the frame's pixels; it may reach beyond the frame.

    landmarks: (5, 2) float32, x and y of the subject's right eye, left eye, nose, right and left mouth corner.
    """

    box: tuple[float, float, float, float]
    score: float
    landmarks: Floats = field(repr=False)

    @property
    def area(self) -> float:
        """Give the box's size in square pixels."""
        return self.box[2] * self.box[3]


@dataclass(frozen=True, slots=True)
class _Work:
    """The buffers for one frame size, and where each of the network's rows looks."""

    inside: NDArray[np.uint8]
    """The part of the canvas that the shrunken frame covers; the rest stays black."""
    canvas: NDArray[np.uint8]
    blob: Floats
    corners: Floats
    strides: Floats
    offset: Floats
    scale: Floats


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
        np.copyto(work.blob[0], work.canvas.transpose(2, 0, 1))
        return _decode(self._network.run(OUTPUTS, {"input": work.blob}), work)

    def wipe(self) -> None:
        """Overwrite what is left of the last frame (R31)."""
        if self._size is not None:
            self._work.canvas.fill(0)
            self._work.blob.fill(0)


def _work_for(size: tuple[int, int], side: int) -> _Work:
    scale = side / max(size)
    height, width = (max(1, round(each * scale)) for each in size)
    rows, columns = (-(-each // STRIDES[-1]) * STRIDES[-1] for each in (height, width))
    top, left = (rows - height) // 2, (columns - width) // 2
    canvas = np.zeros((rows, columns, 3), np.uint8)
    corners, strides = [], []
    for stride in STRIDES:
        y, x = np.mgrid[0:rows:stride, 0:columns:stride]
        corners.append(np.stack((x.ravel(), y.ravel()), axis=1))
        strides.append(np.full((x.size, 1), stride))
    return _Work(
        inside=canvas[top : top + height, left : left + width],
        canvas=canvas,
        blob=np.zeros((1, 3, rows, columns), np.float32),
        corners=np.concatenate(corners).astype(np.float32),
        strides=np.concatenate(strides).astype(np.float32),
        offset=np.array([left, top], np.float32),
        scale=np.array([size[1] / width, size[0] / height], np.float32),
    )


def _decode(outputs: list[Floats], work: _Work) -> tuple[Face, ...]:
    cls, obj, bbox, kps = (np.concatenate([each[0] for each in outputs[i : i + 3]]) for i in range(0, 12, 3))
    squared = (cls * obj)[:, 0]
    likely = np.flatnonzero(squared >= MIN_SCORE**2)  # false for what is not a number
    if not likely.size:
        return ()
    stride, corner = work.strides[likely], work.corners[likely]
    with np.errstate(over="ignore", invalid="ignore"):
        extent = np.exp(bbox[likely, 2:]) * stride
        start = corner + bbox[likely, :2] * stride - extent / 2
        points = corner[:, None] + kps[likely].reshape(-1, 5, 2) * stride[:, None]
        found = np.concatenate((start[:, None], extent[:, None], points), axis=1)
        found[:, [0, 2, 3, 4, 5, 6]] -= work.offset
        found *= work.scale
    scores = np.sqrt(squared[likely])
    sound = np.isfinite(scores) & np.isfinite(found).all(axis=(1, 2)) & (found[:, 1] > 0).all(axis=1)
    found, scores = found[sound], scores[sound]
    return tuple(_face(found[i], scores[i]) for i in _distinct(found, scores))


def _face(row: Floats, score: np.float32) -> Face:
    x, y, width, height = row[:2].ravel().tolist()
    return Face((x, y, width, height), float(score), row[2:].copy())


def _distinct(found: Floats, scores: Floats) -> list[int]:
    """Give the rows to keep, surest first: of boxes that overlap by more than MAX_OVERLAP only the surest."""
    start, extent = found[:, 0], found[:, 1]
    end, area = start + extent, extent.prod(axis=1)
    waiting = np.argsort(-scores, kind="stable")
    kept = []
    while waiting.size:
        best, waiting = waiting[0], waiting[1:]
        kept.append(int(best))
        shared = np.minimum(end[best], end[waiting]) - np.maximum(start[best], start[waiting])
        overlap = shared.clip(min=0).prod(axis=1)
        waiting = waiting[overlap <= MAX_OVERLAP * (area[best] + area[waiting] - overlap)]
    return kept

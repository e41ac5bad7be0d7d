"""Frame to faces, face to embedding: the two networks with everything around them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from gate.core.matching import Embedding
from gate.vision.align import TEMPLATE
from gate.vision.detect import DETECT_SIDE, Detector, Face
from gate.vision.embed import Embedder
from gate.vision.images import Frame
from gate.vision.sessions import Network, open_chosen
from gate.vision.upright import UprightLook


class Pipeline:
    """One detector and one embedder with their buffers. Not for two threads at once."""

    def __init__(self, detector: Network, embedder: Network, *, detect_side: int = DETECT_SIDE) -> None:
        self._detector = Detector(detector, side=detect_side)
        self._upright = UprightLook(detector)
        self._embedder = Embedder(embedder)

    @classmethod
    def load(
        cls, models_dir: Path, providers: Sequence[str], threads: int, *, detect_side: int = DETECT_SIDE
    ) -> Self:
        """Open both networks in the form this device runs best; threads: 0 means as measured here.

        Raises ModelError as ``open_session`` does.
        """
        detector, _ = open_chosen(models_dir, "detect", providers=providers, threads=threads)
        embedder, _ = open_chosen(models_dir, "embed", providers=providers, threads=threads)
        return cls(detector, embedder, detect_side=detect_side)

    def detect(self, frame: Frame) -> tuple[Face, ...]:
        """Give the faces in *frame*, (h, w, 3) uint8 BGR, the surest first."""
        return self._detector.detect(frame)

    def embed(self, frame: Frame, face: Face) -> Embedding:
        """Give the embedding of one face of *frame*: (128,) float32, L2 norm 1. Raises ModelError if it has none.

        A face that leans is looked at a second time, turned upright, for its landmarks.
        """
        return self._embedder.embed(frame, self._upright.landmarks(frame, face))

    def warm_up(self, *, width: int = 640, height: int = 480) -> None:
        """Run both networks once on an empty frame, so that the first person does not wait for it."""
        blank = np.zeros((height, width, 3), np.uint8)
        self.detect(blank)
        self._embedder.embed(blank, TEMPLATE.astype(np.float32))

    def wipe(self) -> None:
        """Overwrite every buffer that held pixels (R31)."""
        self._detector.wipe()
        self._upright.wipe()
        self._embedder.wipe()

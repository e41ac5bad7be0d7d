"""MiniFASNet, two small networks that tell a face from the picture of one (minivision, Silent-Face, 2020).

Their weights are optional: a gate without them judges by motion, traces and challenges alone. Each looks at the face
with a wide border, where paper, glass and hands are seen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from gate.vision.detect import Face
from gate.vision.images import Frame
from gate.vision.manifest import load_manifests
from gate.vision.sessions import Floats, Network, open_session

SCALES: Final = {"minifasnet_v2": 2.7, "minifasnet_v1se": 4.0}
"""Names of the manifests, and how many times the face's box each looks at."""
SIDE = 80
LIVE = 1
"""Of the three classes; the others are kinds of attacks."""
OUTPUT: Final = "probabilities"
TOLERANCE = 1e-3


class Passive:
    """Both networks with their buffer. Not for two threads at once."""

    def __init__(self, networks: Sequence[tuple[Network, str, float]]) -> None:
        """networks: each with its input's name, and how many times the face's box it looks at."""
        self._networks = tuple(networks)
        self._blob = np.zeros((1, 3, SIDE, SIDE), np.float32)

    def live_probability(self, frame: Frame, face: Face) -> float:
        """Give the mean share of "live", 0 to 1; NaN where there is no face to cut out, or an answer is no number."""
        shares = [self._share(network, name, frame, face, scale) for network, name, scale in self._networks]
        return sum(shares) / len(shares)

    def wipe(self) -> None:
        """Overwrite what is left of the last face (R31)."""
        self._blob.fill(0)

    def _share(self, network: Network, name: str, frame: Frame, face: Face, scale: float) -> float:
        part = surrounding(frame, face.box, scale)
        if part is None:
            return math.nan
        cut = cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        np.copyto(self._blob[0], cut.transpose(2, 0, 1))
        cut.fill(0)
        (answer,) = network.run([OUTPUT], {name: self._blob})
        return share_of(answer[0])


def load_passive(models_dir: Path, providers: Sequence[str] = ("cpu",), threads: int = 1) -> Passive | None:
    """Open both networks; None where the weights of either are not there. Raises ModelError for altered weights."""
    fitted = [each for each in load_manifests(models_dir) if each.task == "liveness" and each.name in SCALES]
    if len(fitted) != len(SCALES) or not all(each.weights(models_dir).is_file() for each in fitted):
        return None
    return Passive(
        [
            (
                open_session(each, models_dir, providers=providers, threads=threads),
                each.input.name,
                SCALES[each.name],
            )
            for each in fitted
        ]
    )


def surrounding(frame: Frame, box: tuple[float, float, float, float], scale: float) -> Frame | None:
    """Give a view of the box made *scale* times as large, pushed and shrunk until it lies within the frame."""
    rows, columns = frame.shape[:2]
    x, y, width, height = box
    if not (width > 0 and height > 0 and math.isfinite(x + y)):
        return None
    within = min(scale, (columns - 1) / width, (rows - 1) / height)
    left = min(max(x + width / 2 - within * width / 2, 0.0), columns - 1 - within * width)
    top = min(max(y + height / 2 - within * height / 2, 0.0), rows - 1 - within * height)
    part = frame[int(top) : int(top + within * height) + 1, int(left) : int(left + within * width) + 1]
    return part if part.size else None


def share_of(answer: Floats) -> float:
    """Give the share of "live" among the three of an *answer*; NaN for what are no shares."""
    total = float(answer.sum())
    share = float(answer[LIVE])
    return share if abs(total - 1) <= TOLERANCE and 0 <= share <= 1 else math.nan

"""Turn a found face into a unit vector with SFace (Zhong et al. 2021; OpenCV Zoo 2021dec)."""

from __future__ import annotations

import cv2
import numpy as np

from gate.core.matching import Embedding
from gate.errors import ModelError
from gate.vision.align import SIDE, align
from gate.vision.images import Frame
from gate.vision.sessions import Floats, Network

_REMEDY = "Try again with the face whole in view; if it persists, run 'gate models verify'."


class Embedder:
    """Owns the buffers between a frame and an embedding."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._aligned = np.zeros((SIDE, SIDE, 3), np.uint8)
        self._planes = np.zeros((3, SIDE, SIDE), np.uint8)
        self._blob = np.zeros((1, 3, SIDE, SIDE), np.float32)

    def embed(self, frame: Frame, landmarks: Floats) -> Embedding:
        """Give the embedding of the face with these landmarks: (128,) float32, L2 norm 1.

        frame: (h, w, 3) uint8 BGR. landmarks: (5, 2) as in ``Face``. Raises ModelError if they span no face, or the
        network's answer has no direction. Keeps no reference to the frame, and nothing but its buffers.
        """
        if not align(frame, landmarks, self._aligned):
            raise ModelError(
                "face-landmarks", "The landmarks of this face do not span a face.", remedy=_REMEDY
            )
        cv2.split(self._aligned, tuple(self._planes[::-1]))  # the network expects RGB
        np.copyto(self._blob[0], self._planes)
        (answer,) = self._network.run(["fc1"], {"data": self._blob})
        return unit(answer[0])

    def wipe(self) -> None:
        """Overwrite what is left of the last face (R31)."""
        for buffer in (self._aligned, self._planes, self._blob):
            buffer.fill(0)


def unit(vector: Floats) -> Embedding:
    """Scale *vector* in place to length 1. Raises ModelError if it has no length, or one that is not a number."""
    length = float(np.sqrt(vector @ vector))
    if not 0 < length < np.inf:
        raise ModelError("model-output", "The embedding network gave no usable answer.", remedy=_REMEDY)
    vector /= length
    return vector

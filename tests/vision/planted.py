"""A vision child in the test's own process, with planted networks and cameras."""

from __future__ import annotations

import itertools
import math

import cv2
import numpy as np

from gate.vision import wire
from gate.vision.detect import STRIDES
from gate.vision.liveness import Liveness
from gate.vision.pipeline import Pipeline
from gate.vision.protection import Protection
from gate.vision.quality import NOSE_DEPTH, Assessor
from gate.vision.visit import Senses
from gate.vision.worker import Worker
from tests.vision.world import EPOCH, SEED

HEADS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}


def posed(yaw):
    """Give the landmarks, in strides of the detector, of a face that ``yaw_of`` takes for turned by *yaw* degrees."""
    return [1, 1, 3, 1, 2 + 2 * NOSE_DEPTH * math.tan(math.radians(yaw)), 2, 1, 3, 3, 3]


class OneFace:
    """A detector that sees one large face, whose landmarks all stand at one point if it is *degenerate*.

    yaws: how it is turned, one frame after the other, again and again.
    """

    def __init__(self, *, degenerate=False, yaws=(0.0,)):
        self.points = itertools.cycle([[0.0] * 10] if degenerate else map(posed, yaws))

    def run(self, outputs, inputs):
        (blob,) = inputs.values()
        rows = {stride: math.prod(side // stride for side in blob.shape[2:]) for stride in STRIDES}
        answers = {
            f"{head}_{stride}": np.zeros((1, rows[stride], width), np.float32)
            for head, width in HEADS.items()
            for stride in STRIDES
        }
        row = 3 * (blob.shape[3] // 32) + 4
        answers["cls_32"][0, row] = answers["obj_32"][0, row] = 1
        answers["bbox_32"][0, row, 2:] = math.log(4)
        answers["kps_32"][0, row] = next(self.points)
        return [answers[name] for name in outputs]


class OneVector:
    """An embedder that finds everybody alike, or gives one vector after the other."""

    def __init__(self, *vectors):
        self.vectors = itertools.cycle(vectors or [np.ones(128)])

    def run(self, _outputs, _inputs):
        return [next(self.vectors)[np.newaxis].astype(np.float32)]


def scenery(seed):
    """Give a frame as rich in coarse and fine detail as a photograph: each octave as strong as the next."""
    rng = np.random.default_rng(seed)
    octaves = [
        rng.normal(0, 4 + 3 * each, (480 >> each, 640 >> each, 1)).astype(np.float32) for each in range(2, 7)
    ]
    grown = [cv2.resize(each, (640, 480), interpolation=cv2.INTER_CUBIC) for each in octaves]
    return np.repeat(np.clip(130 + sum(grown), 0, 255).astype(np.uint8)[:, :, np.newaxis], 3, axis=2)


class Lens:
    """A camera that gives one frame after another, or raises what it is told to."""

    def __init__(self, error=None):
        self.error = error
        self.frames = []

    def read(self):
        if self.error:
            raise self.error
        self.frames.append(scenery(len(self.frames)))
        return self.frames[-1]

    def close(self):
        pass


class Child:
    """A worker in this process, and what it said."""

    def __init__(self, link, ours, settings):
        self.worker, self.ours, self.settings = Worker(link), ours, settings
        self.sees(OneFace())

    def sees(self, detector, *vectors):
        pipeline = Pipeline(detector, OneVector(*vectors))
        self.worker.fit(Senses(self.settings, pipeline, Liveness(), Assessor()))

    def captures(self, message):
        """Begin a capture without opening a camera."""
        self.worker._capture = message
        self.worker.fit(self.worker._senses)

    def knows(self, **templates):
        """Load a gallery, each template given as the network would; give what the child held until then."""
        gallery, protection = self.worker._gallery, self.worker._protection
        rows = np.array(list(templates.values()), np.float32).reshape(-1, 128)
        payload = SEED + Protection(SEED).apply(rows).tobytes()
        assert self.told(wire.LoadGallery(7, EPOCH, tuple(templates), payload)) == [wire.GalleryLoaded(7)]
        return gallery, protection

    def look(self, camera):
        self.worker._camera = camera
        self.worker._look(camera)
        return self.said()

    def told(self, message):
        self.worker._heed(message)
        return self.said()

    def said(self):
        self.ours.setblocking(False)
        try:
            return wire.Decoder().feed(self.ours.recv(1 << 20))
        except BlockingIOError:
            return []

    def pixels(self):
        pipeline = self.worker._senses.pipeline
        work, embedder = pipeline._detector._work, pipeline._embedder
        held = (work.canvas, work.planes, work.blob, embedder._aligned, embedder._planes, embedder._blob)
        return np.concatenate([part.ravel() for part in held])


def axis():
    """Give a face to plant: the first axis."""
    return np.eye(128)[0]


def towards(cosine):
    """Give another, of this cosine to the first."""
    return axis() * cosine + np.eye(128)[1] * math.sqrt(1 - cosine * cosine)

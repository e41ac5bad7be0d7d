"""A head that leans is looked at twice for its landmarks, so that it is aligned as an upright one is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gate.demo.portraits import portrait, portraits
from gate.vision.detect import Detector, Face
from gate.vision.embed import Embedder
from gate.vision.images import read_image
from gate.vision.manifest import manifest_for
from gate.vision.pipeline import Pipeline
from gate.vision.sessions import open_session
from gate.vision.upright import UprightLook, lean_of

LEAN = -20.0


class Counting:
    """A detection network that counts its runs, and may be made blind."""

    def __init__(self, network):
        self.network, self.runs, self.blind = network, 0, False

    def run(self, outputs, inputs):
        self.runs += 1
        answer = self.network.run(outputs, inputs)
        return [0 * each for each in answer] if self.blind else answer

    def get_providers(self):
        return self.network.get_providers()


@pytest.fixture(scope="module")
def network(models_dir):
    return open_session(manifest_for(models_dir, "detect"), models_dir)


@pytest.fixture
def counting(network):
    return Counting(network)


def frame_of(models_dir, index, degrees):
    photograph = read_image(portrait(models_dir, portraits()[index].name))
    scale = 640 / max(photograph.shape[:2])
    small = cv2.resize(photograph, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = small.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return cv2.warpAffine(small, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)


@pytest.mark.models
@pytest.mark.portraits
@pytest.mark.parametrize("index", [0, 1])
def test_a_leaning_head_is_more_like_itself_upright_than_with_one_look(models_dir, network, index):
    pipeline = Pipeline.load(models_dir, ("cpu",), 2)
    alone = Embedder(open_session(manifest_for(models_dir, "embed"), models_dir))
    upright, leaning = (frame_of(models_dir, index, degrees) for degrees in (0.0, LEAN))
    (known,), (face,) = pipeline.detect(upright), pipeline.detect(leaning)
    reference = pipeline.embed(upright, known)
    once = float(reference @ alone.embed(leaning, face.landmarks))
    twice = float(reference @ pipeline.embed(leaning, face))
    assert twice > once
    assert twice > 0.9


@pytest.mark.models
@pytest.mark.portraits
def test_its_landmarks_follow_the_lean(models_dir, counting):
    leaning = frame_of(models_dir, 0, LEAN)
    (face,) = Detector(counting).detect(leaning)
    found = UprightLook(counting).landmarks(leaning, face)
    assert abs(lean_of(found)) > abs(lean_of(face.landmarks)) + 3
    assert counting.runs == 2


@pytest.mark.parametrize("down", [0.0, 1.0, -1.0, np.nan])
def test_an_upright_head_is_looked_at_once(down):
    """So is one whose landmarks are no numbers: it is refused when it is aligned."""
    landmarks = np.float32([[0, 0], [40, down], [20, 20], [5, 40], [35, 40]])
    blind = Counting(None)
    face = Face((0.0, 0.0, 60.0, 60.0), 0.9, landmarks)
    assert UprightLook(blind).landmarks(np.zeros((80, 80, 3), np.uint8), face) is landmarks
    assert blind.runs == 0


@pytest.mark.models
@pytest.mark.portraits
def test_where_the_second_look_finds_nobody_the_first_one_stands(models_dir, counting):
    leaning = frame_of(models_dir, 0, LEAN)
    (face,) = Detector(counting).detect(leaning)
    counting.blind = True
    assert UprightLook(counting).landmarks(leaning, face) is face.landmarks


@pytest.mark.models
@pytest.mark.portraits
def test_wiped_it_holds_no_pixel(models_dir, network):
    """R31."""
    look = UprightLook(network)
    leaning = frame_of(models_dir, 0, LEAN)
    (face,) = Detector(network).detect(leaning)
    look.landmarks(leaning, face)
    assert look._turned.any()
    look.wipe()
    assert not look._turned.any()
    assert not look._detector._work.blob.any()

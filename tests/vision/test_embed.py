"""An embedding is a unit vector or an error, near for one person and far for two."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from gate.demo.portraits import portrait
from gate.errors import ModelError
from gate.vision.align import TEMPLATE
from gate.vision.embed import Embedder, unit
from gate.vision.images import read_image
from gate.vision.manifest import load_operating_point, manifest_for
from gate.vision.pipeline import Pipeline

MODELS = Path(__file__).parents[2] / "models"
FRAME = np.full((112, 112, 3), (10, 20, 30), np.uint8)
LANDMARKS = TEMPLATE.astype(np.float32)


class PlantedNetwork:
    """Answers with one chosen vector and keeps what it was shown."""

    def __init__(self, answer):
        self.answer = answer

    def run(self, _outputs, inputs):
        (self.seen,) = inputs.values()
        return [np.array([self.answer], np.float32)]

    def get_providers(self):
        return []


def test_the_network_is_shown_red_green_blue():
    network = PlantedNetwork([1.0])
    Embedder(network).embed(FRAME, LANDMARKS)
    assert network.seen[0, :, 50, 50].tolist() == [30, 20, 10]


def test_an_embedding_has_length_one():
    assert np.linalg.norm(Embedder(PlantedNetwork([3.0, 4.0])).embed(FRAME, LANDMARKS)) == pytest.approx(1)


@pytest.mark.parametrize("answer", [[0.0, 0.0], [math.nan, 1.0], [math.inf, 1.0], [1e38, 1e38]])
def test_an_answer_without_a_direction_is_an_error(answer):
    with np.errstate(over="ignore"), pytest.raises(ModelError) as refused:
        unit(np.array(answer, np.float32))
    assert refused.value.code == "model-output"


def test_landmarks_that_span_no_face_are_an_error():
    with pytest.raises(ModelError) as refused:
        Embedder(PlantedNetwork([1.0])).embed(FRAME, np.zeros((5, 2), np.float32))
    assert refused.value.code == "face-landmarks"


def test_wiping_leaves_no_pixel_in_the_buffers():
    network = PlantedNetwork([1.0])
    embedder = Embedder(network)
    embedder.embed(FRAME, LANDMARKS)
    assert network.seen.any()
    embedder.wipe()
    assert not network.seen.any()
    assert not embedder._aligned.any()


@pytest.fixture(scope="module")
def pipeline():
    loaded = Pipeline.load(MODELS, ("cpu",), 2)
    loaded.warm_up()
    return loaded


def embedding_of(pipeline, image):
    (face,) = pipeline.detect(image)
    return pipeline.embed(image, face)


@pytest.mark.models
@pytest.mark.portraits
def test_a_person_is_near_to_themself_under_change_and_far_from_another(pipeline):
    resident, stranger = (read_image(portrait(MODELS, name)) for name in ("astronaut", "grace_hopper"))
    point = load_operating_point(MODELS, manifest_for(MODELS, "embed"))
    enrolled = embedding_of(pipeline, resident)
    turn = cv2.getRotationMatrix2D((256, 256), 12, 0.8)
    returns = {
        "turned": cv2.warpAffine(resident, turn, (512, 512)),
        "darker": cv2.convertScaleAbs(resident, alpha=0.6),
        "small": cv2.resize(resident, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA),
    }
    scores = {name: float(enrolled @ embedding_of(pipeline, image)) for name, image in returns.items()}
    assert min(scores.values()) >= point.threshold, scores
    assert enrolled @ embedding_of(pipeline, stranger) < 0.3


@pytest.mark.models
@pytest.mark.portraits
def test_an_embedding_is_128_numbers_of_length_one_that_the_next_face_does_not_change(pipeline):
    image = read_image(portrait(MODELS, "astronaut"))
    first = embedding_of(pipeline, image)
    kept = first.copy()
    pipeline.warm_up()
    pipeline.wipe()
    assert (first.shape, first.dtype) == ((128,), np.float32)
    assert np.linalg.norm(first) == pytest.approx(1, abs=1e-6)
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(embedding_of(pipeline, image), kept)

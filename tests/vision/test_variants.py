"""A variant is the same network in another form, measured on real aligned faces (ADR 0030)."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gate.demo.portraits import portrait, portraits
from gate.vision.detect import OUTPUTS, Detector
from gate.vision.embed import Embedder
from gate.vision.images import read_image
from gate.vision.manifest import manifest_for
from gate.vision.sessions import open_session

LEAST_COSINE = 0.99999


def forms(models_dir, task):
    manifest = manifest_for(models_dir, task)
    return [(each.name, manifest.of_variant(each.name)) for each in manifest.variants]


@pytest.fixture(scope="module")
def frames(models_dir):
    """Give the two portraits as they are, darkened and turned."""
    photographs = [
        cv2.resize(read_image(portrait(models_dir, each.name)), (640, 480)) for each in portraits()
    ]
    turn = cv2.getRotationMatrix2D((320, 240), 12, 0.8)
    return [
        each
        for photograph in photographs
        for each in (photograph, photograph // 2, cv2.warpAffine(photograph, turn, (640, 480)))
    ]


@pytest.fixture(scope="module")
def faces(models_dir, frames):
    detector = Detector(open_session(manifest_for(models_dir, "detect"), models_dir))
    found = [(frame, face) for frame in frames for face in detector.detect(frame)[:1]]
    assert len(found) == len(frames)
    return found


@pytest.mark.models
@pytest.mark.portraits
def test_each_form_of_the_embedder_gives_the_same_embedding(models_dir, faces):
    reference = Embedder(open_session(manifest_for(models_dir, "embed"), models_dir))
    expected = [reference.embed(frame, face.landmarks) for frame, face in faces]
    for name, manifest in forms(models_dir, "embed"):
        need(manifest, models_dir)
        form = Embedder(open_session(manifest, models_dir))
        for (frame, face), known in zip(faces, expected, strict=True):
            assert form.embed(frame, face.landmarks) @ known >= LEAST_COSINE, name


@pytest.mark.models
@pytest.mark.portraits
def test_each_form_of_the_detector_finds_the_same_faces(models_dir, frames):
    reference = Detector(open_session(manifest_for(models_dir, "detect"), models_dir))
    for name, manifest in forms(models_dir, "detect"):
        need(manifest, models_dir)
        form = Detector(open_session(manifest, models_dir))
        for frame in frames:
            for ours, known in zip(form.detect(frame), reference.detect(frame), strict=True):
                assert ours.score == pytest.approx(known.score, abs=1e-4), name
                np.testing.assert_allclose(ours.landmarks, known.landmarks, atol=0.01, err_msg=name)
                np.testing.assert_allclose(ours.box, known.box, atol=0.01, err_msg=name)


@pytest.mark.models
@pytest.mark.parametrize("task", ["detect", "embed"])
def test_each_form_keeps_the_contract(models_dir, task):
    reference = manifest_for(models_dir, task)
    for name, manifest in forms(models_dir, task):
        need(manifest, models_dir)
        session = open_session(manifest, models_dir, threads=1)
        (taken,) = session.get_inputs()
        assert (taken.name, taken.shape) == (reference.input.name, list(reference.input.shape)), name
        given = {each.name for each in session.get_outputs()}
        assert given == (set(OUTPUTS) if task == "detect" else {"fc1"}), name


def need(manifest, models_dir):
    if not manifest.weights(models_dir).is_file():
        pytest.skip(f"run gate models prepare --all first: {manifest.file} is absent")

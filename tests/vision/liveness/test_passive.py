"""The passive networks: shown what they expect, optional as a whole, and no number is ever "live"."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gate.errors import ModelError
from gate.vision.detect import Face
from gate.vision.images import read_image
from gate.vision.liveness.passive import Passive, load_passive, surrounding
from gate.vision.manifest import load_manifests
from gate.vision.pipeline import Pipeline
from tests.beside import ATTACKS

MARKS = np.zeros((5, 2), np.float32)


class PlantedNetwork:
    def __init__(self, answer):
        self.answer = answer

    def run(self, outputs, inputs):
        self.asked = list(outputs)
        (self.seen,) = (each.copy() for each in inputs.values())
        return [np.array([self.answer], np.float32)]


def passive_of(*answers):
    networks = [PlantedNetwork(each) for each in answers]
    return networks, Passive(
        [(each, "face", scale) for each, scale in zip(networks, (2.7, 4.0), strict=False)]
    )


def face(x=270.0, y=190.0, width=100.0, height=120.0):
    return Face((x, y, width, height), 0.9, MARKS)


def test_the_share_is_the_mean_of_both_networks():
    _, passive = passive_of((0.1, 0.9, 0.0), (0.2, 0.5, 0.3))
    assert passive.live_probability(np.zeros((480, 640, 3), np.uint8), face()) == pytest.approx(0.7)


@pytest.mark.parametrize(
    "answer", [(math.nan, 1, 0), (math.inf, 0, 0), (0, 2, 0), (3.0, 5.0, -1.0), (0.5, -0.2, 0.7)]
)
def test_an_answer_that_is_no_share_is_no_number(answer):
    _, passive = passive_of((0.1, 0.9, 0.0), answer)
    assert math.isnan(passive.live_probability(np.zeros((480, 640, 3), np.uint8), face()))


@pytest.mark.parametrize("box", [(math.nan, 0, 9, 9), (0, 0, 0, 9), (0, 0, 9, -1), (math.inf, 0, 9, 9)])
def test_a_box_that_is_none_is_no_number(box):
    _, passive = passive_of((0.1, 0.9, 0.0), (0.1, 0.9, 0.0))
    frame = np.zeros((480, 640, 3), np.uint8)
    assert math.isnan(passive.live_probability(frame, Face(box, 0.9, MARKS)))


def test_the_networks_are_shown_blue_green_red_from_0_to_255():
    (network, _), passive = passive_of((0, 1, 0), (0, 1, 0))
    passive.live_probability(np.full((480, 640, 3), (10, 20, 250), np.uint8), face())
    assert (network.seen.shape, network.seen[0, :, 40, 40].tolist()) == ((1, 3, 80, 80), [10, 20, 250])


@pytest.mark.parametrize("scale", [2.7, 4.0])
@pytest.mark.parametrize("place", [(0, 0), (540, 0), (270, 190), (540, 360), (-40, -30), (590, 400)])
def test_the_view_around_a_face_stays_in_the_frame_and_holds_the_face(scale, place):
    """A view at the border is pushed inwards, one too large for the frame shrunk: never black, never stretched."""
    frame = np.random.default_rng(1).integers(1, 255, (480, 640, 3), np.uint8)
    part = surrounding(frame, (*map(float, place), 100.0, 120.0), scale)
    within = min(scale, 479 / 120)
    assert part.shape[1] == pytest.approx(within * 100, abs=2)
    assert part.shape[0] == pytest.approx(within * 120, abs=2)


def test_r31_wiping_overwrites_the_last_face():
    _, passive = passive_of((0, 1, 0))
    passive.live_probability(np.full((480, 640, 3), 99, np.uint8), face())
    assert passive._blob.any()
    passive.wipe()
    assert not passive._blob.any()


def test_r33_the_manifests_are_optional_and_pinned(models_dir):
    pinned = {each.name: each for each in load_manifests(models_dir) if each.task == "liveness"}
    assert sorted(pinned) == ["minifasnet_v1se", "minifasnet_v2"]
    assert all(
        each.optional and each.commercial_use and each.licence == "Apache-2.0" for each in pinned.values()
    )


def test_absent_weights_are_no_fault(tmp_path, models_dir):
    for path in models_dir.glob("*.toml"):
        (tmp_path / path.name).symlink_to(path)
    assert load_passive(tmp_path) is None


def test_one_network_of_two_is_none(tmp_path, models_dir, with_weights):
    (tmp_path / "weights").mkdir()
    for path in models_dir.glob("*.toml"):
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "weights/minifasnet_v2.onnx").symlink_to(with_weights / "weights/minifasnet_v2.onnx")
    assert load_passive(tmp_path) is None


def test_r33_altered_weights_are_a_fault(tmp_path, models_dir):
    (tmp_path / "weights").mkdir()
    for path in models_dir.glob("*.toml"):
        (tmp_path / path.name).symlink_to(path)
    for name in ("v2", "v1se"):
        (tmp_path / f"weights/minifasnet_{name}.onnx").write_bytes(b"another network")
    with pytest.raises(ModelError) as fault:
        load_passive(tmp_path)
    assert fault.value.code == "model-hash"


@pytest.mark.models
@pytest.mark.skipif(not ATTACKS.is_dir(), reason=f"the sample frames are not in {ATTACKS}")
@pytest.mark.parametrize(
    ("name", "low", "high"), [("live_1", 0.99, 1), ("attack_1", 0, 0.3), ("attack_2", 0, 0.1)]
)
def test_the_networks_tell_their_makers_own_samples_apart(models_dir, with_weights, name, low, high):
    frame = read_image(ATTACKS / f"{name}.jpg")
    (found, *_) = Pipeline.load(models_dir, ("cpu",), 1).detect(frame)
    assert low <= load_passive(with_weights).live_probability(frame, found) <= high

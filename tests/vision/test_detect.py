"""Decoding against planted answers, then the real network on a real face, small, huge, twice and absent."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from gate.demo.portraits import portrait
from gate.vision.detect import STRIDES, Detector
from gate.vision.images import read_image
from gate.vision.manifest import manifest_for
from gate.vision.sessions import open_session

MODELS = Path(__file__).parents[2] / "models"
FRAME = np.full(
    (480, 640, 3), 90, np.uint8
)  # works at 320x240 on a canvas of 320x256: half size, 8 rows above


class PlantedNetwork:
    """Answers with faces put at chosen rows: (stride, column, row) -> score, box and landmark values."""

    def __init__(self, faces):
        self.faces = faces
        self.seen = None

    def run(self, outputs, inputs):
        (blob,) = inputs.values()
        self.seen = blob
        heads = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
        sizes = {stride: (blob.shape[2] // stride, blob.shape[3] // stride) for stride in STRIDES}
        answers = {
            f"{head}_{stride}": np.zeros((1, math.prod(sizes[stride]), width), np.float32)
            for head, width in heads.items()
            for stride in STRIDES
        }
        for (stride, column, row), values in self.faces.items():
            index = row * sizes[stride][1] + column
            for head, value in values.items():
                answers[f"{head}_{stride}"][0, index] = value
        return [answers[name] for name in outputs]

    def get_providers(self):
        return []


def face(score=0.9, *, width=64.0, height=64.0, stride=16, **changes):
    box = [0, 0, math.log(width / stride), math.log(height / stride)]
    return {"cls": score, "obj": score, "bbox": box, "kps": np.arange(10) / 10} | changes


def found(faces, frame=FRAME):
    return Detector(PlantedNetwork(faces)).detect(frame)


def test_a_planted_face_comes_back_in_the_pixels_of_the_frame():
    (only,) = found({(16, 5, 6): face(width=64, height=80)})
    x, y = 5 * 16, 6 * 16
    assert only.box == pytest.approx(((x - 32) * 2, (y - 40 - 8) * 2, 128, 160))
    assert only.score == pytest.approx(0.9)
    expected = (np.arange(10).reshape(5, 2) / 10 * 16 + (x, y - 8)) * 2
    np.testing.assert_allclose(only.landmarks, expected, rtol=1e-6)
    assert only.landmarks.dtype == np.float32


@pytest.mark.parametrize(("stride", "column", "row"), [(8, 0, 0), (8, 39, 31), (16, 19, 15), (32, 9, 7)])
def test_every_stride_looks_where_its_grid_says(stride, column, row):
    (only,) = found({(stride, column, row): face(stride=stride)})
    assert only.box[:2] == pytest.approx(((column * stride - 32) * 2, (row * stride - 32 - 8) * 2), abs=1e-3)


def test_the_surest_of_overlapping_boxes_is_kept_and_distant_ones_all_are():
    faces = {(16, 5, 6): face(0.8), (16, 6, 6): face(0.95), (16, 15, 6): face(0.75)}
    assert [round(each.score, 2) for each in found(faces)] == [0.95, 0.75]


@pytest.mark.parametrize("score", [0.0, 0.69])
def test_an_unsure_answer_is_no_face(score):
    assert found({(16, 5, 6): face(score)}) == ()


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", ["score", "bbox", "kps"])
def test_what_is_not_a_number_is_never_a_face(place, bad):
    values = face()
    if place == "score":
        values["cls"] = bad
    else:
        array = np.array(values[place], np.float32)
        array[-1] = bad
        values[place] = array
    (only,) = found({(16, 5, 6): values, (16, 15, 6): face(0.8)})
    assert only.score == pytest.approx(0.8)


@pytest.mark.parametrize("bad", [1e6, -1e6, 3e38])
@pytest.mark.parametrize("place", ["bbox", "kps"])
def test_what_lies_further_away_than_a_face_can_is_never_one(place, bad):
    values = face()
    values[place] = np.full(len(values[place]), bad, np.float32)
    assert found({(16, 5, 6): values}) == ()


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_no_face_hides_none(bad):
    values = face(0.95)
    values["kps"] = np.full(10, bad, np.float32)
    (only,) = found({(16, 5, 6): values, (16, 6, 6): face(0.8)})
    assert only.score == pytest.approx(0.8)


def test_the_network_sees_each_colour_on_its_own_plane():
    network = PlantedNetwork({})
    Detector(network).detect(np.full((480, 640, 3), (10, 20, 30), np.uint8))
    assert [np.unique(plane[8:-8]).tolist() for plane in network.seen[0]] == [[10], [20], [30]]


@pytest.mark.parametrize("shape", [(480, 640), (640, 480), (360, 640), (33, 700), (1, 1)])
def test_any_frame_size_fits_the_network(shape):
    network = PlantedNetwork({})
    Detector(network).detect(np.full((*shape, 3), 50, np.uint8))
    assert network.seen.shape[2] % 32 == network.seen.shape[3] % 32 == 0
    assert max(network.seen.shape) == 320
    assert network.seen.max() == 50


def test_a_change_of_frame_size_leaves_nothing_of_the_last_frame():
    network = PlantedNetwork({})
    detector = Detector(network)
    detector.detect(np.full((480, 640, 3), 200, np.uint8))
    detector.detect(np.full((640, 480, 3), 50, np.uint8))
    assert network.seen.max() == 50


def test_wiping_leaves_no_pixel_in_the_buffers():
    network = PlantedNetwork({})
    detector = Detector(network)
    detector.wipe()
    detector.detect(FRAME)
    assert network.seen.any()
    detector.wipe()
    assert not network.seen.any()
    assert not detector._work.canvas.any()
    assert not detector._work.planes.any()


@pytest.fixture(scope="module")
def detector():
    return Detector(open_session(manifest_for(MODELS, "detect"), MODELS))


@pytest.fixture(scope="module")
def astronaut():
    return read_image(portrait(MODELS, "astronaut"))


def shown(image, face_px, *, centre=(320, 240)):
    """Give a 640x480 frame with the portrait drawn so that its face is *face_px* wide, at *centre*."""
    scale = face_px / 87
    matrix = np.array([[scale, 0, centre[0] - 224 * scale], [0, scale, centre[1] - 112 * scale]])
    return cv2.warpAffine(image, matrix, (640, 480), flags=cv2.INTER_AREA, borderValue=(120, 120, 120))


@pytest.mark.models
@pytest.mark.portraits
@pytest.mark.parametrize("face_px", [60, 90, 150, 250, 370, 420])
def test_a_face_is_found_from_60_px_to_one_that_fills_the_frame(detector, astronaut, face_px):
    (only,) = detector.detect(shown(astronaut, face_px))
    assert only.box[2] == pytest.approx(face_px, rel=0.2)


@pytest.mark.models
@pytest.mark.portraits
@pytest.mark.parametrize("centre", [(50, 60), (590, 60), (50, 420), (590, 420)])
def test_a_face_of_60_px_is_found_in_every_corner(detector, astronaut, centre):
    (only,) = detector.detect(shown(astronaut, 60, centre=centre))
    x, y, width, height = only.box
    assert (x + width / 2, y + height / 2) == pytest.approx(centre, abs=10)


@pytest.mark.models
@pytest.mark.portraits
def test_a_photograph_that_is_all_face_is_found(detector, astronaut):
    (only,) = detector.detect(np.ascontiguousarray(astronaut[58:170, 178:270]))
    assert only.score > 0.7


@pytest.mark.models
@pytest.mark.portraits
def test_two_people_are_two_faces(detector, astronaut):
    frame = shown(astronaut, 80, centre=(160, 200))
    frame[:, 320:] = shown(astronaut, 80, centre=(480, 280))[:, 320:]
    assert len(detector.detect(frame)) == 2


@pytest.mark.models
@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_empty_frame_holds_no_face(detector, level):
    assert detector.detect(np.full((480, 640, 3), level, np.uint8)) == ()

"""Which face of a frame is compared, if any: geometry by enumeration."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from gate.core.policy import FacePlace, Hint
from gate.vision.detect import Face
from gate.vision.look import EQUAL_SHARE, MIN_FACE_PX, choose, is_dark, is_torn

WIDTH, HEIGHT = 640, 480
FRAME = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
WHOLE = (0.0, 0.0, 1.0, 1.0)
MIDDLE = (0.25, 0.25, 0.75, 0.75)


def face(x, y, width=100.0, height=None):
    """Give a face by its centre."""
    height = width if height is None else height
    return Face((x - width / 2, y - height / 2, width, height), 0.9, np.zeros((5, 2), np.float32))


def textured(shape=(HEIGHT, WIDTH, 3)):
    return np.random.default_rng(1).integers(60, 200, shape, np.uint8)


def test_nobody_is_no_face():
    assert choose([], FRAME, WHOLE).hint is Hint.NO_FACE


@pytest.mark.parametrize(
    ("share", "hint"), [(0.3, Hint.NO_FACE), (0.5, Hint.LESS_LIGHT), (1.0, Hint.LESS_LIGHT)]
)
def test_nobody_seen_in_burning_light_is_asked_out_of_it(share, hint):
    frame = textured()
    frame[: round(HEIGHT * share)] = 255
    assert choose([], frame, WHOLE).hint is hint


def test_somebody_beside_the_zone_is_no_matter_of_light():
    assert choose([face(20, 240)], np.full_like(FRAME, 255), MIDDLE).hint is Hint.NO_FACE


@pytest.mark.parametrize(
    ("x", "y"), list(itertools.product((159, 160, 320, 480, 481), (119, 120, 240, 360, 361)))
)
def test_a_face_counts_when_its_centre_lies_in_the_zone_edges_included(x, y):
    """R32: the marked zone, left 160 to right 480, top 120 to bottom 360."""
    look = choose([face(x, y)], FRAME, MIDDLE)
    assert (look.face is not None) == (160 <= x <= 480 and 120 <= y <= 360)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_largest_in_the_zone_is_chosen_whatever_the_order(order):
    faces = [face(320, 240, 120), face(250, 200, 70), face(400, 300, 90)]
    assert choose([faces[i] for i in order], FRAME, WHOLE).face is faces[0]


@pytest.mark.parametrize("size", [100, 120, 400])
def test_a_larger_face_outside_the_zone_is_never_chosen_nor_in_the_way(size):
    """R32."""
    resident = face(320, 240, 100)
    assert choose([face(20, 240, size), resident], FRAME, MIDDLE).face is resident


def test_only_a_face_outside_the_zone_is_nobody():
    assert choose([face(20, 240, 300)], FRAME, MIDDLE) == choose([], FRAME, MIDDLE)


@pytest.mark.parametrize(
    ("share", "hint"),
    [(1.0, Hint.ONE_PERSON), (EQUAL_SHARE, Hint.ONE_PERSON), (EQUAL_SHARE - 0.01, Hint.COMPARED)],
)
def test_a_second_face_of_almost_the_same_size_stops_the_comparison(share, hint):
    look = choose([face(200, 240, 100), face(450, 240, 100, 100 * share)], FRAME, WHOLE)
    assert look.hint is hint
    assert (look.face is None) == (hint is Hint.ONE_PERSON)


@pytest.mark.parametrize(
    ("width", "height", "hint"),
    [
        (MIN_FACE_PX, MIN_FACE_PX, Hint.COMPARED),
        (MIN_FACE_PX - 0.1, 200, Hint.COME_CLOSER),
        (200, MIN_FACE_PX - 0.1, Hint.COME_CLOSER),
        (2000, 2000, Hint.COMPARED),
    ],
)
def test_a_face_too_small_to_compare_is_asked_closer(width, height, hint):
    assert choose([face(320, 240, width, height)], FRAME, WHOLE).hint is hint


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", range(4))
def test_a_box_that_is_not_a_number_is_nobody(place, bad):
    box = [270.0, 190.0, 100.0, 100.0]
    box[place] = bad
    assert choose([Face(tuple(box), 0.9, np.zeros((5, 2), np.float32))], FRAME, WHOLE).hint is Hint.NO_FACE


@pytest.mark.parametrize(
    ("zone", "place"),
    [(WHOLE, FacePlace(0.25, 0.25, 0.35)), ((0.0, 0.0, 0.5, 0.5), FacePlace(0.5, 0.5, 0.65))],
)
@pytest.mark.parametrize("others", [(), (face(400, 300, 50),)])
def test_r32_a_place_is_of_the_chosen_face_alone_in_shares_of_the_zone(zone, place, others):
    assert choose([*others, face(160, 120, 160)], FRAME, zone).place == place


def test_a_face_too_small_to_compare_has_a_place_so_that_it_can_be_guided():
    assert choose([face(320, 240, 48)], FRAME, WHOLE).place == FacePlace(0.5, 0.5, 0.1)


def test_r32_of_two_who_stand_alike_neither_is_placed():
    assert choose([face(200, 240), face(450, 240)], FRAME, WHOLE).place is None


def test_no_look_but_a_compared_one_holds_a_face():
    boxes = [face(x, 240, size) for x in (20, 200, 450) for size in (30, 60, 100)]
    for faces in itertools.chain.from_iterable(itertools.combinations(boxes, n) for n in range(4)):
        look = choose(faces, FRAME, MIDDLE)
        assert (look.face is not None) == (look.hint is Hint.COMPARED)


@pytest.mark.parametrize(("level", "dark"), [(0, True), (23, True), (24, False), (128, False), (255, False)])
def test_a_covered_lens_is_dark(level, dark):
    assert is_dark(np.full((HEIGHT, WIDTH, 3), level, np.uint8)) == dark


@pytest.mark.parametrize(
    ("received", "torn"), [(0.0, False), (0.3, True), (0.85, True), (0.9, False), (1.0, False)]
)
@pytest.mark.parametrize("filling", [0, 128, 255])
def test_a_frame_whose_lower_part_never_arrived_is_torn(received, torn, filling):
    frame = textured()
    frame[round(received * HEIGHT) :] = filling
    assert is_torn(frame) == torn


@pytest.mark.parametrize("bar", [60, 80, 120])
def test_a_letterboxed_picture_is_whole(bar):
    frame = textured()
    frame[:bar] = frame[-bar:] = 0
    assert not is_torn(frame)
    assert not is_dark(frame)


def test_an_evenly_black_frame_is_dark_not_torn():
    assert (is_dark(FRAME), is_torn(FRAME)) == (True, False)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 640, 3), (480, 1, 3), (7, 7, 3)])
def test_the_smallest_frames_are_judged_without_a_fault(shape):
    frame = textured(shape)
    assert {type(is_dark(frame)), type(is_torn(frame))} == {bool}

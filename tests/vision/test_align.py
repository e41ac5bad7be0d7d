"""Any turned, scaled and shifted template comes back to its place."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.vision.align import SIDE, TEMPLATE, align, similarity


@given(
    angle=st.floats(-math.pi, math.pi),
    scale=st.floats(0.2, 10),
    shift=st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
)
def test_a_moved_template_is_brought_back(angle, scale, shift):
    turn = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    moved = TEMPLATE @ turn.T + shift
    matrix = similarity(moved.astype(np.float32))
    np.testing.assert_allclose(moved @ matrix[:, :2].T + matrix[:, 2], TEMPLATE, atol=0.02)


def test_it_agrees_with_the_least_squares_of_linear_algebra():
    points = TEMPLATE * 3 + np.random.default_rng(3).normal(0, 9, (5, 2))
    rows = [row for x, y in points for row in ([x, -y, 1, 0], [y, x, 0, 1])]
    (a, b, u, v), *_ = np.linalg.lstsq(np.array(rows), TEMPLATE.ravel(), rcond=None)
    np.testing.assert_allclose(similarity(points.astype(np.float32)), [[a, -b, u], [b, a, v]], atol=1e-4)


def test_a_face_never_comes_out_mirrored():
    mirrored = (TEMPLATE * (-1, 1)).astype(np.float32)
    assert np.linalg.det(similarity(mirrored)[:, :2]) > 0


def test_the_eyes_of_a_turned_picture_land_where_the_template_has_them():
    frame = np.zeros((300, 300, 3), np.uint8)
    landmarks = ((TEMPLATE - 56) @ np.array([[0, 1.5], [-1.5, 0]]) + 150).astype(np.float32)
    for x, y in landmarks:
        cv2.circle(frame, (round(x), round(y)), 4, (255, 255, 255), -1)
    out = np.zeros((SIDE, SIDE, 3), np.uint8)
    assert align(frame, landmarks, out)
    assert all(out[round(y), round(x), 0] > 200 for x, y in TEMPLATE)


@pytest.mark.parametrize(
    "landmarks", [np.zeros((5, 2)), np.full((5, 2), 7), np.full((5, 2), np.nan), np.full((5, 2), np.inf)]
)
def test_landmarks_that_span_no_face_are_refused(landmarks):
    frame, out = np.zeros((9, 9, 3), np.uint8), np.zeros((SIDE, SIDE, 3), np.uint8)
    assert not align(frame, landmarks.astype(np.float32), out)

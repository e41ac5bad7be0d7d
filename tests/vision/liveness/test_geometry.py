"""A nose that stands out moves against its face; whatever a flat picture does leaves it where it is."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from gate.core.liveness import CERTAINTY_LEAST, PARALLAX_LEAST
from gate.vision.liveness.geometry import Geometry, laid_out
from tests.vision.liveness.rendering import Pose, bent, flat, head, sensor, surface, texture_place

pytestmark = pytest.mark.portraits
START = Pose()


def looked_at(photo, pose, height, seed, **lens):
    """Give the frame and the landmarks' true places in it; a detector's errors are added by the callers."""
    across, down = surface(pose, height)
    x, y = texture_place(photo, across, down)
    frame = sensor(cv2.remap(photo.pixels, x, y, cv2.INTER_LINEAR), np.random.default_rng(seed), **lens)
    apart = [np.hypot(x - mark[0], y - mark[1]) for mark in photo.landmarks]
    places = [np.unravel_index(each.argmin(), each.shape)[::-1] for each in apart]
    return frame, np.array(places, np.float32)


def parallax(photo, poses, height, *, astray=1.5, **lens):
    geometry, rng = Geometry(), np.random.default_rng(5)
    for seed, pose in enumerate(poses):
        frame, marks = looked_at(photo, pose, height, seed, **lens)
        motion = geometry.observe(frame, marks + rng.normal(0, astray, marks.shape).astype(np.float32))
    return motion, geometry.parallax


def is_solid(seen):
    return seen.amount >= PARALLAX_LEAST and seen.certainty >= CERTAINTY_LEAST


@pytest.mark.parametrize(
    ("pose", "aside", "down"),
    [
        (Pose(yaw=-6), 1, 0),
        (Pose(yaw=6), -1, 0),
        (Pose(pitch=7), 0, 1),
        (Pose(pitch=-15), 0, -1),
    ],
)
def test_a_turned_heads_nose_moves_to_the_side_it_turns_to(photo, pose, aside, down):
    """A negative yaw is to the person's own left, the picture's right."""
    motion, seen = parallax(photo, [START, pose, pose], head)
    assert is_solid(seen)
    assert motion.aside * aside + motion.down * down > 0.75 * motion.amount


@pytest.mark.parametrize(
    "pose",
    [
        Pose(x=30, y=10, z=420, roll=12),
        Pose(yaw=15, pitch=10),
        Pose(yaw=-35, roll=-10),
        Pose(pitch=30, z=500),
    ],
    ids=str,
)
def test_a_print_turned_tilted_and_moved_shows_no_relief(photo, pose):
    assert not is_solid(parallax(photo, [START, pose, pose], flat)[1])


@pytest.mark.parametrize(("radius", "axis"), [(1.6, 0), (1.6, 90), (2.5, 45)])
def test_a_bent_print_shows_no_relief(photo, radius, axis):
    poses = [START, Pose(yaw=14, pitch=6), Pose(yaw=-14, pitch=-6)]
    assert not is_solid(parallax(photo, poses, bent(radius, axis))[1])


def test_a_face_that_holds_still_shows_nothing_whatever_the_noise(photo):
    for lens in ({"noise": 6.0, "gain": 0.7}, {"blur": 1.5, "jpeg": 60}):
        assert not is_solid(parallax(photo, [START] * 3, head, **lens)[1])


def test_no_single_frame_decides(photo):
    assert parallax(photo, [START, Pose(yaw=-8)], head)[1] is None


def test_the_first_look_can_be_replaced_without_forgetting_what_was_seen(photo):
    geometry = Geometry()
    for seed, pose in enumerate([START, Pose(yaw=-8), Pose(yaw=-8)]):
        geometry.observe(*looked_at(photo, pose, head, seed))
    seen = geometry.parallax
    geometry.renew()
    assert geometry.observe(*looked_at(photo, START, head, 9)) is None
    assert geometry.parallax == seen


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_landmarks_that_span_no_face_add_nothing(photo, bad):
    frame = np.zeros((480, 640, 3), np.uint8)
    for marks in (np.zeros((5, 2), np.float32), np.full((5, 2), bad, np.float32)):
        assert laid_out(frame, marks) is None
        assert Geometry().observe(frame, marks) is None


def test_a_blank_picture_shows_no_relief(photo):
    geometry, marks = Geometry(), photo.landmarks
    for level in (90, 120, 200):
        geometry.observe(np.full((512, 512, 3), level, np.uint8), marks)
    assert geometry.parallax is None or not is_solid(geometry.parallax)


def test_r31_wiping_overwrites_the_crop(photo):
    geometry = Geometry()
    geometry.observe(*looked_at(photo, START, head, 1))
    look = geometry._reference
    kept = [*vars_of(look.fine), *vars_of(look.coarse)]
    assert all(each.any() for each in kept)
    geometry.wipe()
    assert not any(each.any() for each in kept)
    assert geometry.parallax is None


def vars_of(prepared):
    return [prepared.pixels, prepared.across, prepared.down]

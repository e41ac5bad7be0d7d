"""What spoils a face costs it quality, the worst flaw is the one that is told, and no number is no quality."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from gate.core.policy import Hint
from gate.vision.align import TEMPLATE
from gate.vision.detect import Face
from gate.vision.quality import (
    COMPARED_LEAST,
    ENROLLED_LEAST,
    HINTS,
    LEVEL_NOSE,
    UNUSABLE,
    Assessor,
    Parts,
    Quality,
    pitch_of,
    roll_of,
)
from tests.vision.planted import scenery
from tests.vision.spoiling import in_a_cap

AT = np.array([320.0, 240.0])
EYE_PX = 24


def face(*, scale=1.5, at=AT, points=TEMPLATE):
    """Give a face whose landmarks stand as the aligned one's do, at this *scale* of it."""
    landmarks = ((points - TEMPLATE.mean(axis=0)) * scale + at).astype(np.float32)
    side = 112 * scale
    return Face((at[0] - side / 2, at[1] - side / 2, side, side), 0.9, landmarks)


@pytest.fixture(scope="module")
def portrait():
    return scenery(3)


def quality_of(frame, shown=None):
    return Assessor().assess(frame, face() if shown is None else shown)


def test_a_good_picture_is_worth_enrolling(portrait):
    assert quality_of(portrait).overall >= ENROLLED_LEAST


def blurred(frame, sigma):
    return cv2.GaussianBlur(frame, (0, 0), sigma)


def dim(frame, share):
    return np.clip(frame * share + np.random.default_rng(1).normal(0, 3, frame.shape), 0, 255).astype(
        np.uint8
    )


def glaring(frame, gain):
    return np.clip(frame.astype(np.float32) * gain, 0, 255).astype(np.uint8)


def swept(frame, length):
    return cv2.blur(frame, (length, 1))


SPOILT = {
    "blur": (blurred, (1, 3, 6), "focus", Hint.HOLD_STILL),
    "motion": (swept, (3, 15, 41), "focus", Hint.HOLD_STILL),
    "night": (dim, (0.8, 0.1, 0.04), "light", Hint.MORE_LIGHT),
    "glare": (glaring, (1.2, 2, 4), "glare", Hint.LESS_LIGHT),
}


@pytest.mark.parametrize("flaw", SPOILT)
def test_the_worse_the_picture_the_less_its_part_is_worth(portrait, flaw):
    spoil, levels, part, _ = SPOILT[flaw]
    shares = [getattr(quality_of(spoil(portrait, level)).parts, part) for level in levels]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > shares[-1]


@pytest.mark.parametrize("flaw", SPOILT)
def test_what_is_badly_spoilt_is_told_and_not_enrolled(portrait, flaw):
    spoil, levels, _, hint = SPOILT[flaw]
    quality = quality_of(spoil(portrait, levels[-1]))
    assert (quality.but_turned < ENROLLED_LEAST, quality.hint()) == (True, hint)


def test_the_farther_a_face_the_less_its_size_is_worth(portrait):
    shares = [quality_of(portrait, face(scale=scale)).parts.size for scale in (3.0, 0.7, 0.5, 0.3, 0.1)]
    assert (shares, shares[0]) == (sorted(shares, reverse=True), 1)


@pytest.mark.parametrize("at", [(0.0, 240.0), (640.0, 240.0), (320.0, 475.0), (320.0, 0.0)])
def test_a_face_the_frame_s_edge_cuts_is_worth_less(portrait, at):
    assert quality_of(portrait, face(at=np.array(at))).parts.whole < 0.85


def test_a_face_outside_the_frame_is_worth_nothing(portrait):
    quality = quality_of(portrait, face(at=np.array([-500.0, 240.0])))
    assert (quality.parts.whole, quality.overall) == (0, 0)


def turned(degrees):
    """Give the aligned face's points, leaning."""
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    centre = TEMPLATE.mean(axis=0)
    return (TEMPLATE - centre) @ turn + centre


@pytest.mark.parametrize("degrees", [-30, -10, 0, 10, 30])
def test_a_lean_is_read_off_eyes_and_mouth(degrees):
    assert roll_of(face(points=turned(degrees)).landmarks) == pytest.approx(degrees, abs=1.0)


def test_a_leaning_head_is_asked_upright(portrait):
    quality = quality_of(portrait, face(points=turned(14)))
    assert (quality.parts.lean < 0.5, quality.hint()) == (True, Hint.LOOK_AHEAD)


@pytest.mark.parametrize(("light", "told"), [(0.35, True), (1.0, False)], ids=["shaded", "in the light"])
def test_a_caps_peak_is_noticed_by_its_shade_alone(portrait, light, told):
    quality = quality_of(in_a_cap(portrait, face(), light))
    assert quality.shaded is told
    assert quality.overall >= COMPARED_LEAST


@pytest.mark.parametrize(("nose", "sign"), [(LEVEL_NOSE - 0.2, 1), (LEVEL_NOSE, 0), (LEVEL_NOSE + 0.2, -1)])
def test_a_raised_head_shows_its_nose_nearer_to_the_eyes(nose, sign):
    points = TEMPLATE.copy()
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    points[2] = eyes + nose * (mouth - eyes)
    pitch = pitch_of(points.astype(np.float32))
    assert (pitch > 0.01) - (pitch < -0.01) == sign


def test_a_flat_cloth_before_the_mouth_is_noticed(portrait):
    masked = portrait.copy()
    masked[240:340, 240:400] = 180
    assert (quality_of(portrait).covered, quality_of(masked).covered) == (False, True)


@pytest.mark.parametrize("darkened", [(20, 2), (20,), ()], ids=["glasses", "one eye in the shade", "bare"])
def test_dark_glasses_are_noticed_and_the_shade_on_one_side_is_not(portrait, darkened):
    worn = portrait.copy()
    for eye in face().landmarks[: len(darkened)]:
        cv2.ellipse(worn, tuple(map(int, eye)), (EYE_PX, EYE_PX * 3 // 4), 0, 0, 360, (20, 20, 20), -1)
    quality = quality_of(worn)
    assert quality.shaded is (len(darkened) == 2)
    assert quality.overall >= COMPARED_LEAST


@pytest.mark.parametrize("points", [np.zeros((5, 2)), np.full((5, 2), math.nan), np.full((5, 2), 1e30)])
def test_landmarks_that_are_no_face_are_worth_nothing(portrait, points):
    quality = Assessor().assess(portrait, Face((0.0, 0.0, 100.0, 100.0), 0.9, points.astype(np.float32)))
    assert (quality.overall, quality.but_turned) == (0, 0)


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("shape", [(1, 1, 3), (480, 640, 3), (8, 4000, 3)])
def test_a_picture_without_any_detail_is_judged_without_a_fault(shape, level):
    assert not quality_of(np.full(shape, level, np.uint8)).overall >= COMPARED_LEAST


@pytest.mark.parametrize("part", list(HINTS))
def test_each_flaw_has_something_to_do_about_it(part):
    quality = Quality(Parts(**(dict.fromkeys(HINTS, 0.9) | {part: 0.5})), 0.0, 0.0, 0.0, covered=False)
    assert (quality.hint(), quality.hint(but=part) in set(HINTS.values())) == (HINTS[part], True)


@pytest.mark.parametrize("part", list(HINTS))
@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0, 0.0])
def test_a_part_that_is_no_share_is_the_worst_and_makes_the_whole_nothing(part, value):
    best = dict.fromkeys(HINTS, 1.0)
    quality = Quality(Parts(**(best | {part: value})), 0.0, 0.0, 0.0, covered=False)
    assert (quality.overall, quality.hint()) == (0, HINTS[part])
    assert UNUSABLE.overall == 0


def test_r31_the_aligned_face_is_overwritten(portrait):
    assessor = Assessor()
    assessor.assess(portrait, face())
    assert assessor._aligned.any()
    assessor.wipe()
    assert not assessor._aligned.any()

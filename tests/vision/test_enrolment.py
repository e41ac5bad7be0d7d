"""Captures become one template only when each agrees with each, and the poses are read off five landmarks."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gate.core.enrolment import CAPTURES, Advice, Pose
from gate.core.policy import FacePlace, Hint
from gate.vision.detect import Face
from gate.vision.enrolment import (
    BRIGHT_FACE,
    DARK_FACE,
    MIN_FACE_PX,
    Enrolment,
    combine,
    outlier,
)
from gate.vision.quality import ENROLLED_LEAST, NOSE_DEPTH, Parts, Quality, yaw_of

NAN, INF = math.nan, math.inf
SIZE = 128


def vector(*values):
    return np.array([*values, *[0.0] * (SIZE - len(values))], np.float32)


def towards(degrees):
    """Give a unit vector in the plane of the first two axes: a capture of somebody *degrees* away."""
    return vector(math.cos(math.radians(degrees)), math.sin(math.radians(degrees)))


def angle(template):
    assert template.dtype == np.float32
    assert np.linalg.norm(template) == pytest.approx(1, abs=1e-6)
    assert not template[2:].any()
    return math.degrees(math.atan2(template[1], template[0]))


@pytest.mark.parametrize("spread", list(itertools.product((0, 10, 40), repeat=3)))
def test_every_two_captures_must_be_alike(spread):
    widest = max(spread) - min(spread)
    template = combine([towards(each) for each in spread], at_least=math.cos(math.radians(35)))
    assert (template is not None) == (widest < 35)


def test_a_chain_of_likeness_is_not_enough():
    """Each is near its neighbour, the ends are two people."""
    assert combine([towards(0), towards(30), towards(60)], at_least=math.cos(math.radians(35))) is None


@pytest.mark.parametrize("odd", range(CAPTURES))
def test_one_capture_of_somebody_else_spoils_all_wherever_it_stands(odd):
    captures = [towards(90 if place == odd else place) for place in range(CAPTURES)]
    assert combine(captures, at_least=0.5) is None


def test_the_template_is_the_mean_direction_at_length_one():
    assert angle(combine([towards(0), towards(10)], at_least=0.9)) == pytest.approx(5, abs=1e-4)
    assert angle(combine([towards(20)] * CAPTURES, at_least=0.9)) == pytest.approx(20, abs=1e-4)


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_captures_agree_on_nothing(count):
    assert combine([towards(0)] * count, at_least=-1.0) is None


def test_exactly_the_limit_is_alike():
    half = vector(0.5, 0.5, 0.5, 0.5)
    assert combine([half, half], at_least=1.0) is not None


def test_opposite_captures_have_no_mean():
    assert combine([towards(0), vector(-1.0)], at_least=-1.0) is None


@pytest.mark.parametrize("bad", [NAN, INF, -INF, 2.0, 1e38])
@pytest.mark.parametrize("place", [0, 1, SIZE - 1])
def test_a_capture_that_is_no_unit_vector_agrees_with_nothing(place, bad):
    capture = towards(0)
    capture[place] = bad
    assert combine([towards(0), capture], at_least=-1.0) is None
    assert combine([capture, capture], at_least=-1.0) is None


def test_a_limit_that_is_not_a_number_lets_nothing_pass():
    assert combine([towards(0), towards(0)], at_least=NAN) is None


@given(st.lists(arrays.arrays(np.float32, SIZE, elements=st.floats(width=32)), max_size=3), st.floats())
def test_any_numbers_give_a_template_or_nothing(captures, at_least):
    template = combine(captures, at_least=at_least)
    assert template is None or np.linalg.norm(template) == pytest.approx(1, abs=1e-6)


def test_a_better_picture_weighs_more():
    assert angle(combine([towards(0), towards(10)], at_least=0.9, weights=[1.0, 0.25])) == pytest.approx(
        2, abs=0.01
    )


@pytest.mark.parametrize("bad", [0.0, -1.0, NAN, INF])
def test_a_picture_without_a_weight_spoils_the_mean(bad):
    assert combine([towards(0), towards(10)], at_least=0.9, weights=[1.0, bad]) is None


@pytest.mark.parametrize("odd", range(CAPTURES))
def test_the_one_capture_unlike_all_others_is_the_outlier_wherever_it_stands(odd):
    captures = [towards(90 if place == odd else place) for place in range(CAPTURES)]
    assert outlier(captures, at_least=0.5) == odd


@pytest.mark.parametrize(
    "angles",
    [(0, 1, 2, 3, 4), (0, 0, 0, 90, 90), (0, 0, 60, 120, 180), (0, 90)],
    ids=["none", "two", "all", "a pair"],
)
def test_where_all_agree_or_more_than_one_stands_out_there_is_no_outlier(angles):
    assert outlier([towards(each) for each in angles], at_least=0.6) is None


def test_a_capture_that_is_no_number_is_the_outlier():
    assert outlier([towards(0), vector(NAN), towards(1)], at_least=0.5) == 1


# --- how a head is turned ---


def landmarks(yaw=0.0, *, scale=50.0, tilt=0.0, at=(320.0, 240.0)):
    """Give five points of a head whose nose stands out, seen turned by *yaw* and tilted by *tilt* degrees."""
    turn, lean = math.radians(yaw), math.radians(tilt)
    flat = np.array([[-0.5, -0.5], [0.5, -0.5], [0.0, 0.1], [-0.4, 0.6], [0.4, 0.6]])
    depth = np.array([0.0, 0.0, NOSE_DEPTH, 0.0, 0.0])
    seen = np.stack((flat[:, 0] * math.cos(turn) + depth * math.sin(turn), flat[:, 1]), axis=1)
    rotation = np.array([[math.cos(lean), -math.sin(lean)], [math.sin(lean), math.cos(lean)]])
    return (seen @ rotation.T * scale + at).astype(np.float32)


@pytest.mark.parametrize("yaw", [-35, -20, -5, 0, 5, 20, 35])
@pytest.mark.parametrize("tilt", [-20, 0, 20])
@pytest.mark.parametrize("scale", [20.0, 200.0])
def test_a_turn_is_read_off_the_nose_whatever_distance_and_tilt(yaw, tilt, scale):
    assert yaw_of(landmarks(yaw, tilt=tilt, scale=scale)) == pytest.approx(yaw, abs=0.1)


@pytest.mark.parametrize("turn", [0, 20, 40, 60])
def test_r26_a_picture_held_up_looks_ahead_however_it_is_turned(turn):
    """A flat face grows narrow and its nose stays between its eyes: the sides are never seen."""
    flat = landmarks() * np.array([math.cos(math.radians(turn)), 1.0], np.float32)
    assert yaw_of(flat) == pytest.approx(0, abs=0.1)


def test_eyes_at_one_point_are_no_face():
    assert math.isnan(yaw_of(np.zeros((5, 2), np.float32)))


# --- what a frame is good for ---


def face(yaw=0.0, *, size=160.0, at=(320.0, 240.0)):
    points = landmarks(yaw, scale=size / 3, at=at)
    return Face((at[0] - size / 2, at[1] - size / 2, size, size), 0.9, points)


def quality(yaw=0.0, *, covered=False, **parts):
    """Give the quality of a good picture but for what is named."""
    best = dict.fromkeys(("focus", "light", "glare", "whole", "size", "turn", "lean"), 1.0)
    return Quality(Parts(**(best | parts)), yaw, 0.0, 0.0, covered)


def seen(shown, yaw=0.0, **spoilt):
    """Give what an enrolment sees of a face turned by *yaw* in a frame."""
    return shown, face(yaw), quality(yaw, **spoilt)


def frame(level=130):
    return np.full((480, 640, 3), level, np.uint8)


def test_a_still_lit_near_face_that_fills_a_pose_is_good():
    enrolment = Enrolment()
    assert [enrolment.advise(*seen(frame())) for _ in range(3)] == [Advice.GOOD] * 3


@pytest.mark.parametrize(
    ("shown", "advice"),
    [
        ((frame(), face(size=MIN_FACE_PX - 1), quality()), Advice.COME_CLOSER),
        ((frame(), face(size=MIN_FACE_PX), quality()), Advice.GOOD),
        (seen(frame(round(DARK_FACE) - 1)), Advice.MORE_LIGHT),
        (seen(frame(round(BRIGHT_FACE) + 1)), Advice.LESS_LIGHT),
        ((frame(), face(at=(-500.0, 240.0)), quality()), Advice.MORE_LIGHT),
        (seen(frame(), 10), Advice.LOOK_AHEAD),
        (seen(frame(), 25), Advice.GOOD),
        (seen(frame(), 25, turn=0.1), Advice.GOOD),
        (seen(frame(), focus=ENROLLED_LEAST - 0.01), Advice.HOLD_STILL),
        (seen(frame(), focus=ENROLLED_LEAST), Advice.GOOD),
        (seen(frame(), light=0.6, turn=0.1), Advice.MORE_LIGHT),
        (seen(frame(), glare=0.6), Advice.LESS_LIGHT),
        (seen(frame(), whole=0.6), Advice.COME_IN),
        (seen(frame(), size=0.6), Advice.COME_CLOSER),
        (seen(frame(), lean=0.6), Advice.LOOK_AHEAD),
        (seen(frame(), focus=NAN), Advice.HOLD_STILL),
        (seen(frame(), covered=True), Advice.UNCOVER),
    ],
    ids=[
        *(
            "small",
            "just large enough",
            "dark",
            "glaring",
            "outside",
            "half turned",
            "turned",
            "turned as asked",
        ),
        *("blurred", "sharp enough", "noisy", "overlit", "cut", "far", "leaning", "no number", "masked"),
    ],
)
def test_what_spoils_a_frame_is_said_as_something_to_do(shown, advice):
    assert Enrolment().advise(*shown) is advice


@pytest.mark.parametrize(("shift", "advice"), [(8.0, Advice.GOOD), (12.0, Advice.HOLD_STILL)])
def test_a_face_that_moves_between_frames_is_asked_to_hold_still(shift, advice):
    enrolment = Enrolment()
    enrolment.advise(*seen(frame()))
    assert enrolment.advise(frame(), face(at=(320.0 + shift, 240.0)), quality()) is advice


def test_a_face_that_was_away_between_frames_has_not_moved():
    enrolment = Enrolment()
    enrolment.advise(*seen(frame()))
    assert enrolment.advise_without(Hint.NO_FACE) is Advice.NO_FACE
    assert enrolment.advise(frame(), face(at=(400.0, 240.0)), quality()) is Advice.GOOD


@pytest.mark.parametrize("hint", Hint)
def test_whatever_a_frame_without_a_face_is_called_there_is_something_to_do(hint):
    """Where the gate's screen has the hint, the desk says the same word."""
    advice = Enrolment().advise_without(hint)
    assert advice.value == ("hold-still" if hint is Hint.COMPARED else hint.value)


def test_an_enrolment_tells_the_pose_it_wants_and_how_much_is_done():
    enrolment = Enrolment()
    place = FacePlace(0.5, 0.5, 0.35)
    for done in range(3):
        progress = enrolment.progress(Advice.GOOD, place)
        assert (progress.pose, progress.done, progress.total) == (Pose.FRONT, done, CAPTURES)
        enrolment.take(towards(done), quality())
    assert enrolment.progress(Advice.TURN_LEFT, None).pose is Pose.LEFT
    enrolment.take(towards(1), quality(-20))
    enrolment.take(towards(2), quality(20))
    assert (enrolment.is_complete, enrolment.progress(Advice.GOOD, None)) == (True, None)


def test_r31_a_wiped_enrolment_holds_no_capture():
    enrolment, capture = Enrolment(), towards(0)
    enrolment.take(capture, quality())
    enrolment.wipe()
    assert (enrolment.captures, capture.any()) == ([], False)


def test_r31_a_dropped_capture_is_overwritten_and_its_pose_asked_for_again():
    enrolment, odd = Enrolment(), towards(90)
    for capture, yaw in ((towards(0), 0), (odd, 0), (towards(1), 0), (towards(2), 20), (towards(3), -20)):
        enrolment.take(capture, quality(yaw))
    assert enrolment.drop_outlier(at_least=0.5)
    assert (odd.any(), len(enrolment.captures)) == (False, CAPTURES - 1)
    assert enrolment.progress(Advice.ONCE_MORE, None).pose is Pose.FRONT


def test_captures_that_agree_lose_none():
    enrolment = Enrolment()
    for degrees, yaw in ((0, 0), (1, 0), (2, 0), (3, 20), (4, -20)):
        enrolment.take(towards(degrees), quality(yaw))
    assert not enrolment.drop_outlier(at_least=0.5)
    assert enrolment.template(at_least=0.5) is not None

"""The poses of an enrolment: what is asked for, what counts, and what a person is told to do (R26)."""

from __future__ import annotations

import itertools
import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.enrolment import (
    CAPTURES,
    PLAN,
    RENEW_AFTER,
    SIDE_LEAST,
    SIDE_MOST,
    Advice,
    Pose,
    Sitting,
    is_aged,
    pose_at,
)

FRONTS = (Pose.FRONT,) * PLAN[Pose.FRONT]
DONE = Sitting((*FRONTS, Pose.LEFT, Pose.RIGHT))


@pytest.mark.parametrize(
    ("yaw", "pose"),
    [
        (0.0, Pose.FRONT),
        (8.0, Pose.FRONT),
        (-8.0, Pose.FRONT),
        (8.1, None),
        (-11.9, None),
        (12.0, Pose.LEFT),
        (-12.0, Pose.RIGHT),
        (36.0, Pose.LEFT),
        (36.1, None),
        (-90.0, None),
        (math.nan, None),
        (math.inf, None),
    ],
)
def test_a_pose_is_a_range_of_turns_with_room_between(yaw, pose):
    assert pose_at(yaw) is pose


def test_r26_every_pose_is_asked_for_front_first():
    assert [Sitting(FRONTS[:n]).wanted for n in range(len(FRONTS))] == [Pose.FRONT] * len(FRONTS)
    assert Sitting(FRONTS).wanted is Pose.LEFT
    assert Sitting((*FRONTS, Pose.LEFT)).wanted is Pose.RIGHT
    assert DONE.wanted is None


@pytest.mark.parametrize("order", set(itertools.permutations(DONE.taken)))
def test_the_poses_may_come_in_any_order(order):
    sitting = Sitting()
    for pose in order:
        assert sitting.wanted is not None
        sitting = sitting.having(pose)
    assert (sitting.wanted, len(sitting.taken)) == (None, CAPTURES)


def test_a_pose_that_is_complete_takes_no_more():
    """Five looks straight ahead make no template: the sides are missing."""
    assert Sitting(FRONTS).fitting(0.0) is None
    assert Sitting((Pose.LEFT,)).fitting(20.0) is None


@pytest.mark.parametrize(
    ("taken", "yaw", "advice"),
    [
        ((), 0.0, Advice.GOOD),
        ((), 20.0, Advice.GOOD),
        ((), 10.0, Advice.LOOK_AHEAD),
        ((), 50.0, Advice.LOOK_AHEAD),
        ((Pose.LEFT,), 20.0, Advice.LOOK_AHEAD),
        (FRONTS, 0.0, Advice.TURN_LEFT),
        (FRONTS, 10.0, Advice.TURN_LEFT),
        (FRONTS, -10.0, Advice.TURN_LEFT),
        (FRONTS, 50.0, Advice.TURN_LESS),
        (FRONTS, -50.0, Advice.TURN_LESS),
        (FRONTS, -20.0, Advice.GOOD),
        ((*FRONTS, Pose.RIGHT), -20.0, Advice.TURN_OTHER_WAY),
        ((*FRONTS, Pose.LEFT), 0.0, Advice.TURN_RIGHT),
        ((*FRONTS, Pose.LEFT), 20.0, Advice.TURN_OTHER_WAY),
        ((*FRONTS, Pose.LEFT), -20.0, Advice.GOOD),
        (FRONTS, math.nan, Advice.TURN_LEFT),
        (DONE.taken, 0.0, Advice.LOOK_AHEAD),
    ],
)
def test_a_person_is_told_what_to_do_next(taken, yaw, advice):
    assert Sitting(taken).advise(yaw) is advice


@given(st.floats(), st.lists(st.sampled_from(Pose), max_size=CAPTURES).map(tuple))
def test_only_a_look_that_fills_a_pose_is_called_good(yaw, taken):
    sitting = Sitting(taken)
    assert (sitting.advise(yaw) is Advice.GOOD) == (sitting.fitting(yaw) is not None)


@given(st.floats(SIDE_LEAST, SIDE_MOST))
def test_left_and_right_are_mirrored(yaw):
    assert (pose_at(yaw), pose_at(-yaw)) == (Pose.LEFT, Pose.RIGHT)


def test_a_capture_that_is_taken_back_is_asked_for_again():
    sitting = Sitting((Pose.FRONT, Pose.LEFT, Pose.FRONT, Pose.FRONT, Pose.RIGHT))
    assert (sitting.wanted, sitting.without(Pose.LEFT).wanted) == (None, Pose.LEFT)
    assert sitting.without(Pose.FRONT).taken.count(Pose.FRONT) == 2


def test_a_face_taken_more_than_nine_months_ago_is_worth_taking_anew():
    taken = datetime(2026, 1, 1, tzinfo=UTC)
    assert [is_aged(taken, taken + RENEW_AFTER + each) for each in (timedelta(), timedelta(seconds=1))] == [
        False,
        True,
    ]

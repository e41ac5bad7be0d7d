"""A challenge is done by the motion that was asked for, in its time, by one face; anything else fails it."""

from __future__ import annotations

import pytest

from gate.core.liveness import CERTAINTY_LEAST, CHALLENGE_S, Challenge, Response
from gate.vision.liveness.challenge import (
    CLOSER_LEAST,
    NOD_LEAST,
    OTHER_LEAST,
    REACTION_S,
    TURN_LEAST,
    Answer,
)
from gate.vision.liveness.geometry import Parallax

STILL = Parallax(0.0, 0.0, 1.0)
WIDTH = 100.0
MOTIONS = {
    Challenge.TURN_LEFT: Parallax(2 * TURN_LEAST, 0.0, 30.0),
    Challenge.TURN_RIGHT: Parallax(-2 * TURN_LEAST, 0.0, 30.0),
    Challenge.NOD: Parallax(0.0, 2 * NOD_LEAST, 30.0),
}


def told(challenge, looks, *, asked_at=1.0, before=(STILL,) * 3):
    """Give what becomes of a challenge: *looks* are (seconds after it was asked, motion, width of the face)."""
    answer = Answer()
    for number, motion in enumerate(before):
        answer.observe(motion, WIDTH, number / 10)
    answer.ask(challenge, asked_at)
    for after, motion, width in looks:
        answer.observe(motion, width, asked_at + after)
    return answer.response(asked_at + (looks[-1][0] if looks else 0.0))


def shown(motion, *after):
    return [(each, motion, WIDTH) for each in after]


@pytest.mark.parametrize("asked", MOTIONS)
@pytest.mark.parametrize("done", MOTIONS)
def test_only_the_motion_that_was_asked_for_is_done(asked, done):
    expected = Response.DONE if asked is done else Response.FAILED
    assert told(asked, shown(MOTIONS[done], 0.8, 0.9)) is expected


def test_a_nod_may_begin_upwards():
    assert told(Challenge.NOD, shown(Parallax(0.0, -2 * NOD_LEAST, 30.0), 0.8, 0.9)) is Response.DONE


def test_a_film_that_shows_another_motion_first_has_failed_for_good():
    looks = shown(MOTIONS[Challenge.NOD], 0.5, 0.6) + shown(MOTIONS[Challenge.TURN_LEFT], 1.5, 1.6, 1.7)
    assert told(Challenge.TURN_LEFT, looks) is Response.FAILED


def test_swaying_the_other_way_is_no_other_motion():
    sway = Parallax(-0.95 * OTHER_LEAST * TURN_LEAST, 0.0, 30.0)
    looks = shown(sway, 0.5, 0.6, 0.7) + shown(MOTIONS[Challenge.TURN_LEFT], 1.0, 1.1)
    assert told(Challenge.TURN_LEFT, looks) is Response.DONE


def test_a_motion_that_ends_as_it_is_asked_was_no_answer():
    turn = MOTIONS[Challenge.TURN_LEFT]
    assert told(Challenge.TURN_LEFT, shown(turn, REACTION_S / 3, REACTION_S / 2)) is Response.FAILED


@pytest.mark.parametrize(
    ("after", "expected"), [(CHALLENGE_S, Response.WAITING), (CHALLENGE_S + 0.01, Response.FAILED)]
)
def test_it_is_waited_for_its_time_and_no_longer(after, expected):
    assert told(Challenge.NOD, shown(STILL, after)) is expected


def test_an_answer_after_its_time_has_failed():
    late = shown(MOTIONS[Challenge.NOD], CHALLENGE_S + 0.1, CHALLENGE_S + 0.2)
    assert told(Challenge.NOD, late) is Response.FAILED


def test_one_look_is_no_answer():
    looks = shown(MOTIONS[Challenge.NOD], 0.8) + shown(STILL, 0.9) + shown(MOTIONS[Challenge.NOD], 1.0)
    assert told(Challenge.NOD, looks) is Response.WAITING


@pytest.mark.parametrize("certainty", [CERTAINTY_LEAST - 0.1, float("nan")])
def test_a_motion_that_may_be_noise_is_no_answer(certainty):
    unsure = Parallax(2 * TURN_LEAST, 0.0, certainty)
    assert told(Challenge.TURN_LEFT, shown(unsure, 0.8, 0.9, 1.0)) is Response.WAITING


def test_a_motion_without_numbers_is_no_answer():
    lost = Parallax(float("nan"), float("nan"), 30.0)
    assert told(Challenge.TURN_LEFT, shown(lost, 0.8, 0.9, 1.0)) is Response.WAITING


def test_a_turn_counts_from_where_the_head_was_when_it_was_asked():
    turned = MOTIONS[Challenge.TURN_LEFT]
    assert told(Challenge.TURN_LEFT, shown(turned, 0.8, 0.9), before=(turned,) * 5) is Response.WAITING


def test_without_a_look_before_it_the_clips_first_look_counts():
    assert told(Challenge.NOD, shown(MOTIONS[Challenge.NOD], 0.8, 0.9), before=(None,)) is Response.DONE


@pytest.mark.parametrize(
    ("grown", "expected"), [(CLOSER_LEAST, Response.DONE), (CLOSER_LEAST - 0.01, Response.WAITING)]
)
def test_coming_closer_is_a_face_that_grows(grown, expected):
    looks = [(after, STILL, grown * WIDTH) for after in (0.8, 0.9)]
    assert told(Challenge.COME_CLOSER, looks) is expected


@pytest.mark.parametrize("width", [float("nan"), 0.0])
def test_a_face_without_a_width_never_came_closer(width):
    assert told(Challenge.COME_CLOSER, [(0.8, STILL, width), (0.9, STILL, width)]) is Response.WAITING


def test_a_face_that_is_lost_has_not_answered():
    answer = Answer()
    answer.ask(Challenge.NOD, 0.0)
    answer.lose()
    assert answer.response(0.1) is Response.FAILED
    assert not answer.is_awaited


def test_what_was_answered_stays_answered_and_a_second_challenge_is_not_heeded():
    answer = Answer()
    answer.observe(STILL, WIDTH, 0.0)
    answer.ask(Challenge.NOD, 0.0)
    answer.ask(Challenge.TURN_LEFT, 0.1)
    for at in (0.8, 0.9):
        answer.observe(MOTIONS[Challenge.NOD], WIDTH, at)
    answer.observe(MOTIONS[Challenge.TURN_RIGHT], WIDTH, 1.0)
    assert answer.response(CHALLENGE_S + 9) is Response.DONE


def test_nothing_asked_is_nothing_to_answer():
    assert Answer().response(9.0) is Response.NOT_ASKED

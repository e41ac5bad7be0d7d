"""The decisions, enumerated: what opens is one corner of every product, and NaN is nowhere in it."""

import itertools
import math
from dataclasses import fields

import pytest

from gate.core.liveness import Level, Verdict
from gate.core.policy import (
    Conditions,
    FacePlace,
    Finding,
    Hint,
    Rules,
    decide_credential,
    decide_face,
    is_match,
)
from gate.core.types import AttemptId, Method, NoticeVersion, Reason

VALUES = (math.nan, -math.inf, -1.0, 0.0, 0.39, 0.4, 0.49999, 0.5, 0.6, 1.0, math.inf)


@pytest.mark.parametrize(("score", "second"), list(itertools.product(VALUES, VALUES)))
def test_only_a_score_at_the_threshold_and_clear_of_the_second_matches(score, second):
    expected = not math.isnan(score) and not math.isnan(second) and score >= 0.5 and score - second >= 0.1
    assert is_match(score, second, threshold=0.5, margin=0.1) is expected


@pytest.mark.parametrize(
    ("threshold", "margin"), [(math.nan, 0.1), (0.5, math.nan), (math.inf, 0.1), (0.5, math.inf)]
)
def test_a_limit_that_is_not_a_finite_number_refuses_everybody(threshold, margin):
    assert not is_match(1.0, -1.0, threshold=threshold, margin=margin)


def test_r43_r55_what_vision_found_says_which_template_and_not_how_near():
    assert {each.name for each in fields(Finding)} == {"hint", "template", "place", "live"}
    assert not {"threshold", "margin"} & {each.name for each in fields(Rules)}


def test_r36_where_a_face_is_is_told_by_twentieths_of_the_zone_and_no_finer():
    assert FacePlace.near(0.512, 0.4749, 0.333) == FacePlace(0.5, 0.45, 0.35)
    assert FacePlace.near(0.512, 0.4749, 0.333).steps == (10, 9, 7)


def test_a_face_that_reaches_beyond_the_zone_is_placed_at_its_edge():
    assert FacePlace.near(-0.3, 1.2, 7.0) == FacePlace(0.0, 1.0, 1.0)


@pytest.mark.parametrize("share", [math.nan, math.inf, -math.inf])
def test_a_place_that_is_not_a_number_is_no_place(share):
    with pytest.raises(ValueError, match=str(share)):
        FacePlace.near(0.5, share, 0.5)


@pytest.mark.parametrize("step", [-1, 21])
def test_a_step_beyond_the_zone_is_no_place(step):
    with pytest.raises(ValueError, match=str(step)):
        FacePlace.of_steps(10, step, 10)


def test_where_a_face_is_never_reaches_a_log_by_the_findings_own_words():
    assert "0.5" not in repr(Finding(Hint.COME_CLOSER, place=FacePlace(0.5, 0.5, 0.2)))


@pytest.mark.parametrize(
    ("matched", "live", "saw_face"), list(itertools.product([True, False], Verdict, [True, False]))
)
def test_a_face_decision_is_granted_exactly_when_it_matched_and_lives(matched, live, saw_face):
    decision = decide_face(AttemptId("a"), matched=matched, live=live, saw_face=saw_face)
    assert (decision.granted, decision.method) == (matched and live is Verdict.LIVE, Method.FACE)
    assert decision.granted == (decision.reason is Reason.MATCHED)


@pytest.mark.parametrize(("level", "live"), list(itertools.product([None, *Level], Verdict)))
def test_what_vision_says_of_life_counts_wherever_any_is_asked_for(level, live):
    counted = Rules(NoticeVersion("1.0"), 2.0, liveness=level).lives(live)
    assert counted is (Verdict.LIVE if level is None else live)


@pytest.mark.parametrize("finding", list(Reason))
@pytest.mark.parametrize("method", [Method.CARD, Method.PIN])
def test_one_reason_opens_a_card_or_pin_and_every_other_refuses(method, finding):
    assert decide_credential(AttemptId("a"), method, finding).granted == (finding is Reason.KNOWN_CREDENTIAL)


def test_r01_r11_r12_any_missing_condition_is_named_as_an_obstacle():
    names = [condition.name for condition in fields(Conditions)]
    for missing in names:
        assert Conditions(**{name: name != missing for name in names}).obstacles == (missing,)
    begun = Conditions(switched_on=True, not_stopped=True)
    assert begun.obstacles == tuple(name for name in names if not getattr(begun, name))


def test_r87_face_that_was_ended_for_good_asks_for_nothing_that_would_not_help():
    assert Conditions(switched_on=True).obstacles == ("not_stopped",)


def test_face_that_is_switched_off_needs_no_other_reason():
    assert Conditions().obstacles == ("switched_on",)

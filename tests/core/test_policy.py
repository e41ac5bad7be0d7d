"""The decisions, enumerated: what opens is one corner of every product, and NaN is nowhere in it."""

import itertools
import math
from dataclasses import fields

import pytest

from gate.core.policy import Conditions, Finding, Rules, decide_credential, decide_face, is_match
from gate.core.types import AttemptId, Method, Reason

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
    assert {each.name for each in fields(Finding)} == {"hint", "template"}
    assert not {"threshold", "margin"} & {each.name for each in fields(Rules)}


@pytest.mark.parametrize(("matched", "saw_face"), list(itertools.product([True, False], repeat=2)))
def test_a_face_decision_is_granted_exactly_when_matched(matched, saw_face):
    decision = decide_face(AttemptId("a"), matched=matched, saw_face=saw_face)
    assert (decision.granted, decision.method) == (matched, Method.FACE)
    assert decision.granted == (decision.reason is Reason.MATCHED)


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

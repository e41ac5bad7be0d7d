"""The limits that every claim about success rests on."""

from __future__ import annotations

import numpy as np
import pytest

from tests.attack.limits import _at_most, at_most_by_summing, binomial, of_pairs, of_trials


@pytest.mark.parametrize(
    ("hits", "trials", "p"), [(0, 10, 0.1), (3, 10, 0.4), (9, 10, 0.8), (40, 100, 0.3), (5, 300, 0.02)]
)
def test_the_fast_binomial_sum_is_the_slow_one(hits, trials, p):
    assert _at_most(hits, trials, p) == pytest.approx(at_most_by_summing(hits, trials, p), rel=1e-9)


def test_limits_are_those_of_clopper_and_pearson():
    assert binomial(5, 10, 0.95) == pytest.approx((0.1871, 0.8129), abs=1e-4)
    assert binomial(0, 100, 0.95) == pytest.approx((0.0, 0.0362), abs=1e-4)


def test_limits_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(300):
        up, down, _ = rng.multinomial(200, [0.07, 0.04, 0.89])
        success = of_pairs(int(up), int(down), 200)
        held += success.low <= 0.515 <= success.high
    assert held > 294


def test_an_attacker_who_never_answers_is_right_half_of_the_time():
    assert of_pairs(0, 0, 5000).rate == 0.5
    assert of_pairs(0, 0, 5000).no_better_than_guessing
    assert not of_pairs(0, 0, 20).no_better_than_guessing
    assert not of_trials(560, 1000).no_better_than_guessing

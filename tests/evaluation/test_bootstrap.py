"""People are drawn again whole, and the same seed gives the same bounds."""

import numpy as np
import pytest

from gate.evaluation import bootstrap
from gate.evaluation.bootstrap import Resampled, bounded
from tests.evaluation.crowd import crowd

THRESHOLD = 0.15


@pytest.fixture(scope="module")
def trials():
    return crowd(12, 3, alike=0.3)


def drawn(trials, seed=1, draws=200):
    return Resampled.of(trials, np.random.default_rng(seed), draws)


def test_the_first_row_is_the_set_as_it_is(trials):
    resampled = drawn(trials)
    assert bootstrap.fmr(resampled, THRESHOLD).value == pytest.approx((trials.impostor >= THRESHOLD).mean())
    assert bootstrap.fnmr(resampled, 0.8).value == pytest.approx((trials.genuine < 0.8).mean())


def test_a_draw_counts_each_comparison_as_often_as_both_its_people_were_drawn(trials):
    resampled = drawn(trials)
    weights = resampled.weights[5]
    pairs = weights[trials.impostor_of].prod(axis=1)
    errs = (trials.impostor >= THRESHOLD).astype(float)
    assert resampled.impostor_mean(errs)[5] == pytest.approx((pairs * errs).sum() / pairs.sum())


def test_the_same_seed_gives_the_same_bounds_and_another_one_others(trials):
    first, again, other = (bootstrap.fmr(drawn(trials, seed), THRESHOLD) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_the_bounds_by_person_are_wider_than_those_that_take_pairs_as_independent(trials):
    by_person = bootstrap.fnmr(drawn(trials), 0.8)
    few_people = bootstrap.fnmr(drawn(crowd(4, 9, alike=0.3)), 0.8)
    assert few_people.high - few_people.low > 0
    assert by_person.low <= by_person.value <= by_person.high


def test_no_draw_with_a_comparison_bounds_nothing():
    assert bounded(np.array([0.0, np.nan, np.nan])).high == 1.0

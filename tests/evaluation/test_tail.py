"""A tail is fitted to enough scores only, and the heavier of two is taken."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from gate.evaluation.bootstrap import Resampled
from gate.evaluation.tail import Tails
from tests.evaluation.crowd import crowd


def tails(trials):
    return Tails.of(Resampled.of(trials, np.random.default_rng(1), 200))


@pytest.fixture(scope="module")
def trials():
    return crowd(30, 2)


def test_a_handful_of_people_has_no_tail():
    assert tails(crowd(5, 12)) is None
    assert tails(crowd(9, 1)) is None


def test_the_fitted_rate_agrees_with_what_was_counted_where_that_can_be_counted(trials):
    fitted = tails(trials)
    at = float(np.quantile(trials.impostor, 0.98))
    assert fitted.fmr(at).value == pytest.approx(0.02, rel=0.5)


def test_it_is_never_lighter_than_a_normal_tail(trials):
    fitted = tails(trials)
    scores = trials.impostor.astype(float)
    for at in (0.3, 0.4, 0.5):
        normal = 0.5 * math.erfc((at - scores.mean()) / scores.std() / math.sqrt(2))
        assert fitted.fmr(at).value >= normal


def test_where_the_exponential_tail_is_the_lighter_one_the_normal_one_counts(trials):
    flat = np.linspace(0, 0.3, len(trials.impostor), dtype=np.float32)  # ends abruptly: hardly any excess
    fitted = tails(replace(trials, impostor=np.random.default_rng(2).permutation(flat)))
    normal = 0.5 * math.erfc((0.5 - flat.mean()) / flat.std() / math.sqrt(2))
    assert fitted.fmr(0.5).value == pytest.approx(normal, rel=0.05)


def test_where_the_exponential_tail_is_the_heavier_one_it_counts(trials):
    scores = np.random.default_rng(2).exponential(0.08, len(trials.impostor)).astype(np.float32)
    fitted = tails(replace(trials, impostor=scores)).fmr(0.8).value
    assert math.exp(-10) / 3 < fitted < 3 * math.exp(-10)  # a normal tail would say 1e-19


def test_it_falls_with_the_threshold_and_its_bound_lies_above(trials):
    fitted = tails(trials)
    found = [fitted.fmr(at) for at in (0.3, 0.4, 0.5, 0.6)]
    assert all(a.high > b.high for a, b in itertools.pairwise(found))
    assert all(each.low <= each.value <= each.high for each in found)

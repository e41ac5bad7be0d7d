"""The figures of an experiment against known values and against counting."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.accuracy import fmr_for, fpir_at, n_max_at, rates_at, rates_at_fmr, share

SCORES = st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=40).map(sorted)


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [  # Clopper and Pearson's bounds as published tables give them
        (0, 10, 0.0, 0.3085),
        (1, 10, 0.0025, 0.4450),
        (3, 10, 0.0667, 0.6525),
        (10, 10, 0.6915, 1.0),
        (0, 300, 0.0, 0.0122),
        (50, 100, 0.3983, 0.6017),
    ],
)
def test_bounds_agree_with_published_tables(count, total, low, high):
    bounded = share(count, total)
    assert (bounded.low, bounded.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("total", range(1, 13))
def test_at_its_upper_bound_so_few_errors_are_seen_in_one_run_of_forty(total):
    for count in range(total):
        p = share(count, total).high
        seen = sum(math.comb(total, k) * p**k * (1 - p) ** (total - k) for k in range(count + 1))
        assert seen == pytest.approx(0.025, abs=1e-9)


def test_bounds_of_complementary_counts_mirror_each_other():
    for count, total in itertools.product((0, 1, 7, 400), (400, 1000)):
        bounded, mirrored = share(count, total), share(total - count, total)
        assert (bounded.low, bounded.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low), abs=1e-9)


def test_bounds_of_millions_of_comparisons_do_not_underflow():
    bounded = share(0, 10_000_000)
    assert bounded.high == pytest.approx(-math.log(0.025) / 1e7, rel=1e-6)
    assert share(10_000, 1_000_000).high == pytest.approx(0.010197, abs=1e-6)


@pytest.mark.parametrize(("count", "total"), [(-1, 3), (4, 3), (0, 0)])
def test_a_share_of_nothing_is_refused(count, total):
    with pytest.raises(ValueError, match="share"):
        share(count, total)


def test_a_score_at_the_threshold_is_a_match():
    rates = rates_at(0.5, [0.4, 0.5, 0.6], [0.1, 0.5])
    assert rates.fnmr.value == pytest.approx(1 / 3)
    assert rates.fmr.value == 0.5


def test_a_limit_of_zero_puts_the_threshold_just_above_every_impostor():
    rates = rates_at_fmr(0, [0.2, 0.9], [0.1, 0.3])
    assert rates.threshold == math.nextafter(0.3, 1)
    assert (rates.fmr.value, rates.fnmr.value) == (0, 0.5)


def test_impostors_that_tie_are_let_in_together_or_not_at_all():
    rates = rates_at_fmr(0.25, [0.9], [0.1, 0.1, 0.3, 0.3])
    assert rates.fmr.value == 0


@given(genuine=SCORES, impostor=SCORES, limit=st.sampled_from([0, 0.001, 0.01, 0.1, 0.5, 0.99]))
def test_the_limit_holds_and_no_lower_score_would_hold_it(genuine, impostor, limit):
    rates = rates_at_fmr(limit, genuine, impostor)
    assert rates.fmr.value <= limit
    lower = [score for score in impostor if score < rates.threshold]
    if lower:
        assert rates_at(lower[-1], genuine, impostor).fmr.value > limit


@pytest.mark.parametrize(
    ("fmr", "n", "expected"),
    [(0.5, 2, 0.75), (0, 100, 0), (1, 3, 1), (1.5, 3, 1), (1e-12, 1000, 1e-9)],
)
def test_a_stranger_meets_one_of_n_templates_as_often_as_one_comparison_or_another_errs(fmr, n, expected):
    assert fpir_at(fmr, n) == pytest.approx(expected, rel=1e-9)


@given(fpir=st.floats(1e-6, 0.5), n=st.integers(1, 100_000))
def test_the_rate_of_one_comparison_gives_the_aim_back(fpir, n):
    assert fpir_at(fmr_for(fpir, n), n) == pytest.approx(fpir, rel=1e-6)


@given(fmr=st.floats(0, 1), fpir=st.floats(1e-6, 0.5))
def test_the_largest_gallery_holds_the_aim_and_one_more_would_not(fmr, fpir):
    n = n_max_at(fmr, fpir, most=1000)
    assert n == 0 or fpir_at(fmr, n) <= fpir
    assert n == 1000 or fpir_at(fmr, n + 1) > fpir


def test_what_is_not_a_number_supports_no_gallery():
    assert (n_max_at(math.nan, 0.001), n_max_at(0.1, math.nan), n_max_at(-0.1, 0.5)) == (0, 0, 0)
    assert math.isnan(fpir_at(math.nan, 3))


@pytest.mark.parametrize(("fpir", "n"), [(0, 1), (1, 1), (math.nan, 1), (0.5, 0)])
def test_an_aim_that_is_none_is_refused(fpir, n):
    with pytest.raises(ValueError, match="aim"):
        fmr_for(fpir, n)

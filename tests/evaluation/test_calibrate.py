"""A threshold follows from evidence: never below the shipped one, the worst group counts, and too little says so."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from gate.core.accuracy import fpir_at
from gate.errors import RequestError
from gate.evaluation.bootstrap import Resampled, fmr
from gate.evaluation.calibrate import Aim, Basis, calibrate
from tests.core.test_operating import point
from tests.evaluation.crowd import crowd

DAY = date(2026, 11, 22)
DRAWS = 100


def made(trials, aim, **changes):
    groups = changes.pop("groups", None)
    shipped = point(threshold=0.2, **changes)
    return calibrate(trials, shipped, aim, dataset="made up", measured=DAY, groups=groups)


def counting(fpir, n):
    return Aim(fpir, n, Basis.COUNTING, draws=DRAWS)


@pytest.fixture(scope="module")
def trials():
    return crowd(40, 3)


def test_the_threshold_is_the_lowest_step_whose_bound_holds_the_aim(trials):
    found = made(trials, counting(0.01, 10))
    assert found.threshold > 0.2
    assert fpir_at(found.fmr.high, 10) <= 0.01
    resampled = Resampled.of(trials, np.random.default_rng((1, 0)), DRAWS)
    assert fpir_at(fmr(resampled, found.threshold - 0.005).high, 10) > 0.01 or found.fmr.high < 0.001


def test_it_never_falls_below_the_shipped_threshold(trials):
    assert made(crowd(40, 3, seed=4), counting(0.05, 1), n_max=5).threshold >= 0.2
    loose = calibrate(trials, point(threshold=0.9), counting(0.05, 1), dataset="d", measured=DAY)
    assert loose.threshold == 0.9
    assert loose.margin == point().margin


def test_the_gallery_it_is_good_for_is_what_the_bound_supports(trials):
    found = made(trials, counting(0.01, 5))
    assert found.n_max >= 5
    assert fpir_at(found.fmr.high, found.n_max) <= 0.01 < fpir_at(found.fmr.high, found.n_max + 1)


def test_too_little_evidence_by_counting_is_refused_with_what_it_reaches(trials):
    with pytest.raises(RequestError, match="reach 1 ") as refused:
        made(trials, counting(0.001, 1000))
    assert refused.value.code == "calibration-unsupported"


def test_a_tail_reaches_further_and_the_words_say_that_it_is_an_assumption(trials):
    found = made(trials, Aim(0.001, 100, Basis.TAIL, draws=DRAWS))
    assert found.n_max >= 100
    assert "assumption" in found.basis


def test_the_worst_group_counts():
    apart, alike = crowd(30, 3, seed=5), crowd(30, 3, seed=6, alike=0.8)
    names = tuple(f"a{n}" for n in range(30)) + tuple(f"b{n}" for n in range(30))
    from gate.vision.trials import trials_of

    both = trials_of(
        [*apart.owners, *(alike.owners + 30)],
        [*apart.matrix, *alike.matrix],
        people=names,
        images=180,
        failures={},
    )
    aim = counting(0.02, 3)
    groups = {name: name[0] for name in names}
    with_groups, without = made(both, aim, groups=groups), made(both, aim)
    assert with_groups.threshold > without.threshold
    assert with_groups.fmr.high >= 0.001
    assert "worst of 2 groups" in with_groups.basis


def test_a_group_without_two_people_is_refused(trials):
    with pytest.raises(RequestError, match="group rare"):
        made(trials, counting(0.05, 1), groups={"person 1": "rare"})


def test_a_score_that_is_not_a_number_supports_nothing(trials):
    broken = replace(trials, impostor=trials.impostor.copy())
    broken.impostor[7] = np.nan
    for basis in Basis:
        with pytest.raises(RequestError, match="no number"):
            made(broken, Aim(0.01, 5, basis, draws=DRAWS))


@pytest.mark.parametrize(("fpir", "n"), [(0, 1), (0.1, 0), (float("nan"), 5)])
def test_an_aim_that_is_none_is_refused(fpir, n):
    with pytest.raises(ValueError, match="aim"):
        Aim(fpir, n)

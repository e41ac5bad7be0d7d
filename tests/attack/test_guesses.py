"""The attackers' success at default settings, in short: docs/anonymity.md has the long measurement.

Everything is seeded, so the same code gives the same figures; other code is asked anew.
"""

from __future__ import annotations

import numpy as np
import pytest

from gate.core.anonymity import HERE, share_of
from tests.attack.device import DEFAULT, NOISE_OFF, Site
from tests.attack.guessing import attack
from tests.attack.limits import NO_BETTER_BELOW
from tests.attack.runs import measured
from tests.attack.worlds import SECRETS, watch, watch_crowd

ASKED = ("home-usual", "home-busy", "night", "link-hour", "neighbours")
SHORT = {60: 1456, 500: 784, 5000: 504}
SEED = 4711


@pytest.fixture(
    scope="module",
    params=[pytest.param(size, marks=pytest.mark.slow if size > 60 else ()) for size in SHORT],
)
def seen(request):
    return watch(Site(request.param), ASKED, days=SHORT[request.param], seed=SEED)


@pytest.mark.parametrize("name", ASKED)
def test_r44_at_default_settings_nobody_guesses_better_than_by_chance(seen, name):
    success = attack(*seen.pair(SECRETS[name]), seen.weekend).success()
    assert success.no_better_than_guessing, success


def test_without_noise_the_same_attackers_do_better_so_they_are_no_straw_men():
    days = watch(Site(60, NOISE_OFF), ("home-busy",), days=560, seed=SEED)
    assert attack(*days.pair(SECRETS["home-busy"]), days.weekend).success().low > NO_BETTER_BELOW


def test_without_noise_four_neighbours_find_out_who_comes_at_night_for_certain():
    days = watch(Site(500, NOISE_OFF), ("neighbours",), days=280, seed=SEED)
    assert attack(*days.pair(SECRETS["neighbours"]), days.weekend).success().low > 0.9


def test_r44_with_everybody_else_known_a_passage_stays_below_the_bound_of_epsilon():
    """Both tests and the number together: exp(epsilon) to 1 are the odds at most, but for one time in a thousand a test."""
    bound = 1 / (1 + np.exp(-float(DEFAULT.epsilon))) + 0.004
    for crowd in (9, 41, 100):
        days = watch_crowd(Site(60), crowd, times=700, seed=SEED)
        success = attack(*days.pair(SECRETS["evening"]), days.weekend).success()
        assert success.high < bound, success


def test_the_best_attacker_on_noise_alone_finds_what_theory_says_there_is():
    """A cell far above its threshold: all there is to find is the noise of one number, moved by one."""
    share = float(share_of(DEFAULT.epsilon, [(HERE, method) for method in DEFAULT.offered]))
    best = 0.5 + np.tanh(share / 2) / 2
    days = watch_crowd(Site(60), 150, times=2500, seed=SEED)
    success = attack(*days.pair(SECRETS["evening"]), days.weekend).success()
    assert success.low < best < success.high + 0.01


@pytest.mark.slow
@pytest.mark.parametrize(("size", "days"), [(60, 2240), (500, 1400), (5000, 560)])
def test_r44_every_attack_in_a_middling_run(size, days):
    _, figures = measured(Site(size), days=days, times=400, seed=SEED)
    assert [each for each in figures if each.kind == "day" and each.success.rate >= NO_BETTER_BELOW] == []

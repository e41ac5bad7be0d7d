"""Whatever happens to a gate, what must hold does: one seed for each kind of misfortune, and more by chance.

``make faults SEEDS=1000`` plays more of them; docs/reliability.md says what that gave.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.brokers import require_mosquitto
from tests.chaos import run
from tests.chaos.base import base_in
from tests.chaos.misfortunes import MISFORTUNES, possible_here

SEEDS = int(os.environ.get("FAULT_SEEDS", str(len(MISFORTUNES))))


def test_every_misfortune_comes_first_in_turn_and_a_seed_always_tells_the_same_story():
    kinds = possible_here()
    plans = [run.plan_of(seed) for seed in range(3 * len(kinds))]
    played = Counter(each.name for plan in plans for each in plan.misfortunes)
    assert all(played[each.name] >= 3 for each in kinds)
    assert plans == [run.plan_of(seed) for seed in range(3 * len(kinds))]
    assert any(plan.together for plan in plans)


slow = [pytest.mark.slow, pytest.mark.alone, pytest.mark.models, pytest.mark.portraits]


@pytest.fixture(scope="module")
def base():
    require_mosquitto()
    return base_in(run.BASE)


@pytest.fixture(scope="module")
def players(base, request):
    """Begin to play every seed that a test of this run will ask for."""
    asked = [each for each in request.session.items if "players" in getattr(each, "fixturenames", ())]
    with run.Players([each.callspec.params["seed"] for each in asked], timed=False) as players:
        yield players


class TestWholeService:
    """Many are played at once; each has a test of its own, which waits for it."""

    pytestmark = slow

    def test_a_gate_is_made_by_its_own_commands_and_pages(self, base):
        assert base.granted == 2

    @pytest.mark.parametrize("seed", sorted(range(SEEDS), key=lambda each: -run.plan_of(each).waits))
    def test_r02_r21_r46_r55_r66_every_invariant_holds_after_every_misfortune(self, seed, players):
        told = players.told(seed)
        assert not told.broken, told.words()[-20_000:]

"""Time that never runs backwards (R75: no clock set back postpones a deletion or revives a consent)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.clock import LEAP, TOLERANCE, TrustedTime, has_leapt, trusted

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
YEAR = timedelta(days=365)


@pytest.mark.parametrize("ahead", [timedelta(), SECOND, YEAR])
def test_a_clock_that_is_not_behind_is_believed(ahead):
    assert trusted(NOON + ahead, seen=NOON, elapsed=SECOND) == TrustedTime(NOON + ahead, True)


@pytest.mark.parametrize("behind", [SECOND, TOLERANCE])
def test_a_clock_slightly_behind_is_believed_and_time_runs_at_half_speed_until_it_caught_up(behind):
    assert trusted(NOON - behind, seen=NOON, elapsed=SECOND) == TrustedTime(NOON + SECOND / 2, True)


@pytest.mark.parametrize("behind", [TOLERANCE + SECOND, YEAR])
def test_a_clock_set_back_is_not_believed_and_time_runs_on(behind):
    assert trusted(NOON - behind, seen=NOON, elapsed=YEAR) == TrustedTime(NOON + YEAR, False)


@given(
    st.lists(
        st.tuples(st.timedeltas(-YEAR, YEAR), st.timedeltas(timedelta(), timedelta(hours=1))), max_size=20
    )
)
def test_trusted_time_never_runs_backwards_however_the_clock_is_set(steps):
    seen = NOON
    for shift, elapsed in steps:
        at = trusted(NOON + shift, seen=seen, elapsed=elapsed).at
        assert at >= seen
        seen = at


def test_a_small_glitch_is_caught_up_with():
    wall, seen = NOON, NOON + timedelta(minutes=4)
    for _ in range(600):
        wall += SECOND
        seen = trusted(wall, seen=seen, elapsed=SECOND).at
    assert seen == wall


def test_r75_a_clock_leaps_only_beyond_a_day_over_the_time_that_passed():
    assert not has_leapt(NOON + YEAR, seen=NOON, elapsed=YEAR - LEAP)
    assert has_leapt(NOON + YEAR + SECOND, seen=NOON, elapsed=YEAR - LEAP)

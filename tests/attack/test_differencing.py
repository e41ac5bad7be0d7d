"""Nothing below k follows from everything that was told, by any subtraction (R44)."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations

import numpy as np
import pytest

from gate.core.events import Counted
from tests.attack.compound import SIZES
from tests.attack.device import DEFAULT, MONDAY, NOISE_OFF, Site, counted
from tests.attack.differencing import Equation, Who, equations, follows, isolates, sums
from tests.attack.worlds import people

DAYS = 7


def a_week(size, epsilon):
    """Give who came in each hour, residents and guests apart, and everything told of a week."""
    site, found, told = Site(size, epsilon), {}, []
    for number, day in enumerate(people(site).days(np.random.default_rng(size), first=0, count=DAYS)):
        hours = counted(day)
        for at, hour in enumerate(hours):
            start = MONDAY + timedelta(days=number, hours=at)
            found[start, Who.RESIDENTS], found[start, Who.GUESTS] = hour.people.known, hour.beside.known
        told += site.told(hours, number=number, seed=number)
    return site, found, told


@pytest.mark.parametrize("size", SIZES[:2])
@pytest.mark.parametrize("epsilon", [DEFAULT.epsilon, NOISE_OFF])
def test_r44_no_thin_hour_follows_from_all_messages_of_a_week(size, epsilon):
    site, found, told = a_week(size, epsilon)
    known = equations(told)
    hours = {start for start, _ in found}
    thin = [hour for hour in hours if len(found[hour, Who.RESIDENTS] | found[hour, Who.GUESTS]) < site.k]
    assert len(thin) > 20
    assert [hour for hour in thin if follows(known, hour)] == []


@pytest.mark.parametrize("size", SIZES)
def test_r44_every_sum_that_subtraction_can_reach_has_k_people(size):
    """Without noise, so that what is told is exact: the reduced system has rows that share nothing, each of k people."""
    site, found, told = a_week(size, NOISE_OFF)
    rows = [unknowns for unknowns, _ in sums(equations(told))]
    assert len(rows) > DAYS
    assert all(not one & other for one, other in combinations(rows, 2))
    assert all(len(frozenset().union(*(found[hour] for hour in hours))) >= site.k for hours in rows)


def test_a_total_told_besides_would_be_found_to_give_a_thin_hour_away():
    """The attack works: with the day's total told besides its hours, the one hour withheld follows."""
    hours = [(MONDAY + timedelta(hours=n), Who.RESIDENTS) for n in range(24)]
    told = [Equation(frozenset({hour}), 30) for hour in hours[1:]]
    assert not isolates(told, hours[:1])
    assert isolates([*told, Equation(frozenset(hours), 30 * 23 + 2)], hours[:1])
    assert (frozenset(hours[:1]), 2) in sums([*told, Equation(frozenset(hours), 30 * 23 + 2)])


@pytest.mark.parametrize("size", SIZES)
def test_r44_how_many_messages_there_are_and_of_what_windows_is_the_same_on_an_empty_day(size):
    def windows(told):
        return [
            (type(each), getattr(each, "span", None), each.window_start, each.window_end) for each in told
        ]

    _, _, told = a_week(size, DEFAULT.epsilon)
    empty = [counted(day) for day in people(Site(60)).days(np.random.default_rng(0), first=0, count=DAYS)]
    nobody = [type(hour)() for hour in empty[0]]
    silent = [each for n in range(DAYS) for each in Site(size).told(nobody, number=n, seed=n)]
    assert windows(told) == windows(silent)
    assert all(each.people is None for each in silent if isinstance(each, Counted))

"""R44: cells of at least k people, each passage in one of them or in none, and nothing to be had by subtraction."""

import itertools
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.anonymity import (
    BLOCK,
    CHANCE,
    DAY,
    HERE,
    REFUSALS_OF_ONE,
    Hour,
    People,
    coarsen,
    least_people,
    next_window,
    rungs,
    share_of,
    silence,
)
from gate.core.events import WINDOW, Counted, Denied, Span
from gate.core.noise import margin
from gate.core.types import Method
from tests.core.told_days import (
    IN_TIME,
    MIDNIGHT,
    OFFERED,
    ONE,
    K,
    by_span,
    hour_of,
    noisy,
    plain,
    through_a_day,
    who,
)

# k, and the people


@pytest.mark.parametrize(("residents", "k"), [(0, 10), (199, 10), (200, 5), (5000, 5)])
def test_r44_a_small_site_needs_ten_people_in_a_cell(residents, k):
    assert least_people(residents) == k


def test_somebody_who_comes_five_times_is_one():
    assert hour_of(*[(Method.CARD, "a")] * 5) == hour_of((Method.CARD, "a"))


def test_somebody_who_comes_by_two_methods_is_one_of_the_first():
    assert hour_of((Method.CARD, "a"), (Method.FACE, "a")) == hour_of((Method.CARD, "a"))


def test_after_a_restart_no_more_people_are_claimed_than_there_surely_were():
    """Four before, and perhaps three of the same after: four."""
    after = hour_of(*[(Method.CARD, name) for name in "abcd"]).forgotten
    for name in "abc":
        after = after.passed(Method.CARD, who(name), OFFERED)
    assert after.people.least == 4


def test_after_a_restart_methods_are_told_of_those_who_are_known_alone():
    """Else somebody could count twice: before by card, after by face."""
    after = hour_of(*[(Method.CARD, name) for name in range(9)]).forgotten
    for method, name in itertools.product(OFFERED, range(K)):
        after = after.passed(method, who(f"{method}{name}"), OFFERED)
    (told,) = through_a_day([after], plain())
    assert (told.people, told.by_method) == (6, {Method.FACE: 3, Method.CARD: 3})


names = st.lists(st.integers(0, 12))
people_known = names.map(lambda found: People(known=frozenset(map(who, found))))


@IN_TIME
@given(st.lists(st.tuples(names, st.booleans()), max_size=8))
def test_however_often_it_forgets_the_claim_never_exceeds_the_truth(parts):
    claimed, truth = People(), set()
    for part, forgets in parts:
        for name in part:
            claimed = claimed.plus(who(name))
            truth.add(name)
        claimed = claimed.forgotten if forgets else claimed
        assert claimed.least <= len(truth)


@IN_TIME
@given(people_known, people_known, st.booleans(), st.booleans())
def test_a_union_claims_no_less_than_its_parts_and_no_more_than_there_are(one, other, first, second):
    truth = len(one.known | other.known)
    parts = (one.forgotten if first else one, other.forgotten if second else other)
    union = parts[0].union(parts[1])
    assert max(part.least for part in parts) <= union.least <= truth


def test_who_they_were_is_in_no_text_of_it():
    assert "7365637265" not in repr(hour_of((Method.CARD, "secret")))
    assert "secret" not in repr(hour_of((Method.CARD, "secret")))


# The ladder


def test_an_hour_with_enough_by_every_method_is_told_by_method():
    hour = hour_of(
        *[(method, f"{method}{name}") for method in OFFERED for name in range(K)], (Method.CARD, "x")
    )
    (told,) = through_a_day([hour], plain())
    assert (told.people, told.by_method) == (7, {Method.FACE: 3, Method.CARD: 4})


@pytest.mark.parametrize("few", range(K))
def test_with_too_few_by_one_method_no_method_is_told(few):
    """R44: nobody by a method that is offered looks like any number below k."""
    cards = [(Method.CARD, f"c{name}") for name in range(9)]
    (told,) = through_a_day([hour_of(*cards, *[(Method.FACE, name) for name in range(few)])], plain())
    assert (told.people, told.by_method) == (9 + few, None)


def test_r44_one_guest_with_a_code_changes_nothing_that_is_told_of_the_hour_or_the_four():
    """Else that the methods are told would prove that no guest came."""
    hour = hour_of(*[(method, f"{method}{name}") for method in OFFERED for name in range(K)])
    guest = hour.passed(Method.CODE, who("host"), OFFERED)
    day = [hour] * 23
    alone, together = through_a_day([hour, *day], plain()), through_a_day([guest, *day], plain())
    assert alone == together


def test_guests_count_in_the_day_as_the_residents_who_invited_them():
    hours = [Hour().passed(Method.CODE, who(f"host {place // 8}"), OFFERED) for place in range(24)]
    told = through_a_day(hours, plain())
    assert {each.people for each in told if isinstance(each, Counted) and each.span is not Span.DAY} == {None}
    assert [each.people for each in by_span(told, Span.DAY)] == [3]


@pytest.mark.parametrize("people", range(K))
def test_r44_an_hour_of_too_few_looks_like_an_empty_one(people):
    hour = hour_of(*[(Method.CARD, name) for name in range(people)] * 4)
    assert through_a_day([hour], plain()) == through_a_day([Hour()], plain())


def test_what_hours_withheld_is_told_for_four_hours_together_and_nothing_twice():
    hours = [hour_of((Method.CARD, "a"), (Method.FACE, f"f{place}")) for place in range(3)]
    hours.append(hour_of(*[(Method.CARD, name) for name in range(9)]))
    told = through_a_day(hours, plain())
    assert [each.people for each in by_span(told, Span.HOUR)] == [None, None, None, 9]
    (block,) = by_span(told, Span.BLOCK)
    assert (block.people, block.window_start, block.window_end) == (4, MIDNIGHT, MIDNIGHT + BLOCK)


def test_what_blocks_withheld_is_told_for_the_day_together():
    hours = [hour_of((Method.CARD, place)) if place % 8 == 0 else Hour() for place in range(24)]
    told = through_a_day(hours, plain())
    assert {each.people for each in by_span(told, Span.BLOCK)} == {None}
    (day,) = by_span(told, Span.DAY)
    assert (day.people, day.window_start, day.window_end) == (3, MIDNIGHT, MIDNIGHT + DAY)


def test_r44_one_passage_at_three_at_night_is_given_up_for_good():
    hours = [Hour()] * 3 + [hour_of((Method.CARD, "a"))] + [Hour()] * 44
    assert through_a_day(hours, plain()) == through_a_day([Hour()] * 48, plain())


def test_a_day_of_many_passages_by_too_few_people_is_given_up():
    hours = [hour_of((Method.CARD, "a"), (Method.FACE, "b"))] * 24
    assert {each.people for each in through_a_day(hours, plain()) if isinstance(each, Counted)} == {None}


def test_gates_are_merged_before_the_window_is_widened():
    """Where one device counts several gates: what neither may tell alone, both may tell together."""
    keys = list(itertools.product(("east", "west"), OFFERED))
    cells = {key: frozenset({who(key)}) for key in keys}
    people = People(known=frozenset().union(*cells.values()))
    assert coarsen(cells, people, plain(k=1)) == {frozenset({key}): 1 for key in cells}
    by_gate = coarsen(cells, people, plain(k=2))
    assert sorted((len(group), number) for group, number in by_gate.items()) == [(2, 2), (2, 2)]
    assert coarsen(cells, people, plain(k=4)) == {frozenset(cells): 4}
    assert coarsen(cells, people, plain(k=5)) == {}


def test_each_rung_covers_all_there_is_and_the_next_is_coarser():
    keys = list(itertools.product(("east", "west"), OFFERED))
    ways = rungs(keys)
    assert [len(way) for way in ways] == [4, 2, 1]
    assert all(sorted(itertools.chain(*way)) == sorted(keys) for way in ways)
    assert [len(way) for way in rungs([(HERE, method) for method in OFFERED])] == [2, 1]
    assert [len(way) for way in rungs([(HERE, Method.CARD)])] == [1]


# Refusals


@pytest.mark.parametrize(("refused", "told"), [(0, None), (5, None), (6, 6), (8, 6), (9, 9)])
def test_refusals_are_told_once_a_day_in_multiples_of_k(refused, told):
    hours = [Hour()] * 23 + [hour_of(refused=refused)]
    (denied,) = [each for each in through_a_day(hours, plain()) if isinstance(each, Denied)]
    assert denied == Denied(MIDNIGHT, MIDNIGHT + DAY, told, K, 0.0)


def test_refusals_of_a_whole_day_are_added_and_the_next_begins_at_none():
    told = through_a_day([hour_of(refused=1)] * 24 + [Hour()] * 24, plain())
    assert [each.refused for each in told if isinstance(each, Denied)] == [24, None]


# Noise


def test_with_noise_a_cell_is_shown_from_its_margin_on_and_never_below_k_people():
    share = share_of(Fraction(5), [(HERE, method) for method in OFFERED])
    over = margin(share, chance=CHANCE)
    assert noisy(over).lets(K, share)
    assert not noisy(over - 1).lets(K, share)
    assert not noisy(10 * over).lets(K - 1, share)
    assert noisy(over - 1).lets(K + 1, share)


def test_with_noise_a_number_is_never_told_below_k():
    assert noisy(-100).told(50, Fraction(1)) == K
    assert noisy(4).told(50, Fraction(1)) == 54


def test_with_noise_refusals_stay_round_and_rare_ones_stay_hidden():
    epsilon = REFUSALS_OF_ONE * ONE
    over = margin(ONE, chance=CHANCE)
    assert noisy(1, epsilon=epsilon).refusals(20) == 21
    assert noisy(-1, epsilon=epsilon).refusals(20) == 18
    assert noisy(50, epsilon=epsilon).refusals(K - 1) is None
    assert noisy(over - 1, epsilon=epsilon).refusals(K) is None


def test_many_refusals_of_one_person_share_the_budget():
    over = margin(ONE / REFUSALS_OF_ONE, chance=CHANCE)
    assert noisy(0, epsilon=ONE).refusals(K + over - 1) is None
    assert noisy(0, epsilon=ONE).refusals(K + over) is not None


def test_what_somebody_does_in_an_hour_costs_no_more_than_the_budget():
    """By method, all together, four hours, the day, and the number: five shares."""
    keys = [(HERE, method) for method in OFFERED]
    assert share_of(Fraction(1), keys) * 5 == 1
    both = [*keys, ("there", Method.CARD)]
    assert share_of(Fraction(1), both) * 6 == 1


# Which window is next


def test_an_hour_is_closed_when_it_is_over_and_no_sooner():
    nine = MIDNIGHT + 9 * WINDOW
    assert next_window(nine, nine + WINDOW - timedelta(microseconds=1), counting=True) is None
    assert next_window(nine, nine + WINDOW, counting=True) == (nine, nine + WINDOW)


def test_whole_days_long_ago_are_told_in_one_message():
    """The hours of the last week, and of the day in which the gate stopped, are told each for itself."""
    now = MIDNIGHT + 30 * DAY + timedelta(hours=5)
    closed, turns = MIDNIGHT + timedelta(hours=20), []
    while (window := next_window(closed, now, counting=False)) is not None:
        turns.append(window[1] - window[0])
        closed = window[1]
    assert turns == [WINDOW] * 4 + [22 * DAY] + [WINDOW] * (7 * 24 + 5)
    assert closed == MIDNIGHT + 30 * DAY + timedelta(hours=5)


def test_an_hour_in_which_the_gate_may_have_counted_is_never_one_of_many_days():
    assert next_window(MIDNIGHT, MIDNIGHT + 30 * DAY, counting=True) == (MIDNIGHT, MIDNIGHT + WINDOW)
    assert next_window(MIDNIGHT, MIDNIGHT + 30 * DAY, counting=False) == (MIDNIGHT, MIDNIGHT + 23 * DAY)


def test_days_without_a_gate_are_told_as_withheld():
    counted, denied = silence(MIDNIGHT, MIDNIGHT + 9 * DAY, plain())
    assert counted == Counted(Span.MERGED, MIDNIGHT, MIDNIGHT + 9 * DAY, None, None, K, 0.0)
    assert denied == Denied(MIDNIGHT, MIDNIGHT + 9 * DAY, None, K, 0.0)


@IN_TIME
@given(st.lists(st.tuples(names, names, st.integers(0, 3)), min_size=2, max_size=2))
def test_two_hours_taken_together_claim_no_more_people_than_there_were(parts):
    one, other = (
        hour_of(
            *[(Method.CARD, name) for name in cards],
            *[(Method.CODE, name) for name in codes],
            refused=refused,
        )
        for cards, codes, refused in parts
    )
    both = one.forgotten.union(other.forgotten)
    assert (
        both.people.least
        == max(one.people.least, other.people.least)
        <= len(one.people.known | other.people.known)
    )
    assert both.beside.least == max(one.beside.least, other.beside.least)
    assert both.refused == one.refused + other.refused

"""R44: nothing follows by subtraction: each passage is in one told cell or in none, whoever comes, and cells have k people."""

import itertools
import random
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from gate.core.anonymity import Disclosure
from gate.core.events import WINDOW, Counted
from tests.core.told_days import IN_TIME, MIDNIGHT, OFFERED, K, hour_of, plain, through_a_day

passages = st.lists(st.tuples(st.sampled_from(sorted(OFFERED)), st.integers(0, 7)), max_size=9)
days = st.dictionaries(st.integers(0, 23), passages, max_size=6).map(
    lambda found: [found.get(place, []) for place in range(24)]
)


def supports(day, told):
    """Give of each told cell the set of passages in it: all of its window that no narrower one told, and whose they are."""
    cells, claimed = [], set()
    for each in told:
        if not isinstance(each, Counted) or each.people is None:
            continue
        first = (each.window_start - MIDNIGHT) // WINDOW
        last = (each.window_end - MIDNIGHT) // WINDOW
        free = [
            (place, index)
            for place in range(first, last)
            for index in range(len(day[place]))
            if (place, index) not in claimed
        ]
        assert len(people_in(day, free)) == each.people, "a cell tells whoever no narrower one told"
        claimed.update(free)
        by_first = {}
        for place, index in free:
            method, name = day[place][index]
            by_first.setdefault(name, method)
        for method, number in (each.by_method or {}).items():
            part = [(place, index) for place, index in free if by_first[day[place][index][1]] is method]
            assert len(people_in(day, part)) == number
            cells.append(part)
        if each.by_method is None:
            cells.append(free)
    return cells


def people_in(day, cell):
    return {day[place][index][1] for place, index in cell}


@IN_TIME
@given(days)
def test_r44_no_two_told_cells_share_a_passage_and_each_has_k_people(day):
    """So a combination gives all passages of a cell one weight, and what has a weight is whole cells, of k people each."""
    cells = supports(day, through_a_day([hour_of(*passages) for passages in day], plain()))
    for one, other in itertools.combinations(cells, 2):
        assert not set(one) & set(other)
    for cell in cells:
        assert len(people_in(day, cell)) >= K


def reduced(rows):
    """Give the reduced row echelon form of *rows*, exactly."""
    rows, done = [list(map(Fraction, row)) for row in rows], 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((at for at in range(done, len(rows)) if rows[at][column]), None)
        if pivot is None:
            continue
        rows[done], rows[pivot] = rows[pivot], rows[done]
        rows[done] = [each / rows[done][column] for each in rows[done]]
        for at, row in enumerate(rows):
            if at != done and row[column]:
                rows[at] = [a - row[column] * b for a, b in zip(row, rows[done], strict=True)]
        done += 1
    return rows[:done]


@IN_TIME
@given(days)
def test_r44_the_linear_system_of_all_that_is_told_has_no_row_about_fewer_than_k_people(day):
    """As an attacker would: totals, their methods and their sums as equations, solved; every row is about k people or more."""
    told = through_a_day([hour_of(*passages) for passages in day], plain())
    cells = supports(day, told)
    passages = sorted({one for cell in cells for one in cell})
    equations = [[one in cell for one in passages] for cell in cells]
    equations += [
        [one in first or one in second for one in passages] for first, second in itertools.pairwise(cells)
    ]
    for row in reduced(equations):
        weighty = [passage for passage, weight in zip(passages, row, strict=True) if weight]
        assert len(people_in(day, weighty)) >= K


@IN_TIME
@given(days, days)
def test_the_messages_are_the_same_in_number_kind_window_and_order_whoever_comes(one, other):
    def shape(day):
        told = through_a_day([hour_of(*passages) for passages in day], plain())
        return [
            (type(each), getattr(each, "span", None), each.window_start, each.window_end) for each in told
        ]

    assert shape(one) == shape(other)


@IN_TIME
@given(days)
def test_every_passage_is_in_exactly_one_told_cell_or_in_none(day):
    cells = supports(day, through_a_day([hour_of(*passages) for passages in day], plain()))
    claimed = [passage for cell in cells for passage in cell]
    assert len(claimed) == len(set(claimed))


@IN_TIME
@given(days, st.integers(0, 23))
def test_what_a_restart_forgot_is_told_later_or_of_fewer_or_never(day, at):
    """No cell claims more people than came in its window."""
    places = itertools.count()
    hours = [hour_of(*passages) for passages in day]
    told = through_a_day(hours, plain(), keep=lambda each: each.forgotten if next(places) == at else each)
    for each in told:
        if isinstance(each, Counted) and each.people is not None:
            first, last = ((edge - MIDNIGHT) // WINDOW for edge in (each.window_start, each.window_end))
            assert K <= each.people <= len({name for hour in day[first:last] for _, name in hour})


@IN_TIME
@given(st.integers(0, 2**32), days)
def test_with_noise_every_number_is_at_least_k_and_its_price_is_said(seed, day):
    by = Disclosure(K, Fraction(5), random.Random(seed).randrange)
    for each in through_a_day([hour_of(*passages) for passages in day], by):
        number = each.people if isinstance(each, Counted) else each.refused
        assert number is None or number >= K
        assert each.epsilon == 5.0

"""R44: the staff see the cells that were told, and their sums, and nothing besides."""

from datetime import UTC, date, datetime, timedelta

import pytest

from gate.core.counts import Cell, Day, bounds, days_of, windows_of
from gate.core.events import WINDOW, Counted, Denied, Span
from gate.core.types import Method

DAY = date(2026, 11, 22)
BEGINS = datetime(2026, 11, 22, tzinfo=UTC)


def cell(span, start, hours, granted, by_method=None):
    begins = BEGINS + start * WINDOW
    return Counted(span, begins, begins + hours * WINDOW, granted, by_method, 5, 1.0)


def a_day(granted, blocks=(None,) * 6, whole=None):
    """Give all that is told of a day, in the order of its closing."""
    told = []
    for place, number in enumerate(granted):
        told.append(cell(Span.HOUR, place, 1, number))
        if place % 4 == 3:
            told.append(cell(Span.BLOCK, place - 3, 4, blocks[place // 4]))
    return [*told, cell(Span.DAY, 0, 24, whole)]


def test_the_windows_of_a_day_come_in_the_order_of_their_closing():
    told = a_day([7] * 4 + [None] * 20)
    windows = windows_of(reversed(told), DAY)
    assert [(each.span, each.end) for each in windows] == [(each.span, each.window_end) for each in told]


def test_a_window_says_its_methods_where_they_were_told():
    (window,) = windows_of([cell(Span.HOUR, 8, 1, 12, {Method.CARD: 7, Method.PIN: 5})], DAY)
    assert (window.people, window.by_method) == (Cell(12), {Method.CARD: 7, Method.PIN: 5})


@pytest.mark.parametrize(
    ("told", "granted"),
    [
        (a_day([7] * 24), Cell(168)),  # every hour told: nothing was held back
        (a_day([7] + [None] * 23, whole=30), Cell(37)),  # the day's own cell told: nor here
        (a_day([7] + [None] * 23), Cell(7, at_least=True)),
        (a_day([None] * 24, blocks=(None, None, 9, None, None, None)), Cell(9, at_least=True)),
        (a_day([None] * 24), Cell(None)),
        ([], Cell(None)),
    ],
)
def test_a_day_is_the_sum_of_its_told_cells_and_says_whether_there_may_be_more(told, granted):
    assert days_of(told, DAY, DAY) == (Day(DAY, granted, Cell(None)),)


def test_a_day_has_its_refusals_and_no_other_days():
    told = [Denied(*bounds(DAY), 15, 5), Denied(*bounds(DAY - timedelta(days=1)), 20, 5)]
    (day,) = days_of(told, DAY, DAY)
    assert day.refused == Cell(15)


def test_what_several_days_have_in_common_is_of_none_of_them():
    told = [
        cell(Span.MERGED, 0, 48, 50),
        cell(Span.MERGED, 2, 2, 50),
        Denied(BEGINS, BEGINS + 48 * WINDOW, 50, 5),
    ]
    days = days_of(told, DAY, DAY + timedelta(days=1))
    assert {(each.people, each.refused) for each in days} == {(Cell(None), Cell(None))}
    assert windows_of(told, DAY) == ()


def test_every_day_from_the_first_to_the_last_is_there():
    days = days_of([], DAY, DAY + timedelta(days=3))
    assert [each.day.day for each in days] == [22, 23, 24, 25]

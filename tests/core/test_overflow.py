"""R46: where the queue is full, two messages become one; numbers and alarms are added and none is lost."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.alarms import Alarm
from gate.core.events import WINDOW, Alarmed, Counted, Denied, Passage, Span
from gate.core.overflow import merged, pair_to_merge
from gate.core.types import Method

START = datetime(2026, 11, 22, tzinfo=UTC)


def hour(place, granted, k=5, epsilon=1.0):
    start = START + place * WINDOW
    by_method = None if granted is None else {Method.CARD: granted}
    return Counted(Span.HOUR, start, start + WINDOW, granted, by_method, k, epsilon)


def denied(day, refused, k=5):
    return Denied(START + timedelta(days=day), START + timedelta(days=day + 1), refused, k)


def alarm(kind=Alarm.FORCED, *, began=True, second=0, times=1):
    return Alarmed(kind, began, START + timedelta(seconds=second), times)


def test_two_hours_become_one_message_of_both_windows_that_names_no_method():
    both = merged(hour(0, 5, k=10), hour(3, 7, epsilon=2.0))
    assert both == Counted(Span.MERGED, START, START + 4 * WINDOW, 12, None, 5, 2.0)


@pytest.mark.parametrize(
    ("one", "other", "sum_"), [(None, None, None), (None, 7, 7), (7, None, 7), (7, 5, 12)]
)
def test_a_withheld_number_adds_nothing_and_two_of_them_stay_withheld(one, other, sum_):
    assert merged(hour(0, one), hour(1, other)).people == sum_
    assert merged(denied(0, one), denied(1, other)).refused == sum_


def test_refusals_of_two_days_become_one_message_of_both():
    assert merged(denied(0, 10, k=10), denied(1, 15)) == Denied(START, START + timedelta(days=2), 25, 5, 0.0)


def test_two_alarms_of_a_kind_become_one_that_counts_both_and_bears_the_later_time():
    assert merged(alarm(second=1, times=2), alarm(second=9)) == alarm(second=9, times=3)


def test_of_two_live_events_the_newer_stays():
    old, new = Passage(START, Method.CARD, granted=True), Passage(START + WINDOW, None, granted=False)
    assert merged(old, new) is new


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (hour(0, 5), denied(0, 10)),
        (alarm(), alarm(Alarm.FIRE)),
        (alarm(), alarm(began=False)),
        (alarm(), hour(0, 5)),
    ],
)
def test_messages_that_are_not_of_a_kind_are_never_made_one(one, other):
    assert pair_to_merge([one, other]) is None
    with pytest.raises(ValueError, match="kinds"):
        merged(one, other)


def test_the_oldest_message_that_has_a_fellow_goes_first():
    waiting = [alarm(Alarm.FIRE), alarm(), alarm(began=False), alarm(second=5), alarm(second=9)]
    assert pair_to_merge(waiting) == (1, 3)


@given(st.lists(st.one_of(st.none(), st.integers(5, 99)), min_size=2, max_size=30), st.integers(1, 9))
def test_however_often_messages_are_merged_their_sum_stays(numbers, bound):
    waiting = [hour(place, number) for place, number in enumerate(numbers)]
    while len(waiting) > bound:
        older, newer = pair_to_merge(waiting)
        waiting[older] = merged(waiting[older], waiting.pop(newer))
    assert sum(each.people or 0 for each in waiting) == sum(filter(None, numbers))
    assert all(one.window_end <= other.window_start for one, other in itertools.pairwise(waiting))

"""Requests have a due date, visible when near and overdue (R72); next of kin are named, related and checked (R73)."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from gate.core.rights import DUE, NEAR, NextOfKin, RequestState, due_at, last_day, state_of

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def test_r72_a_request_is_due_at_the_end_of_the_fifteenth_day():
    assert due_at(NOON) == datetime(2026, 12, 8, tzinfo=UTC)
    assert due_at(datetime(2026, 11, 22, tzinfo=UTC)) == due_at(NOON)


def test_r72_no_request_gets_less_than_fifteen_days_nor_more_than_sixteen():
    for hour in range(48):
        received = NOON + timedelta(hours=hour)
        assert DUE < due_at(received) - received <= DUE + DAY


def test_r72_the_last_day_told_is_one_on_which_an_answer_is_still_in_time():
    due = due_at(NOON)
    assert last_day(due) == (NOON + DUE).date()
    assert state_of(due, None, due - timedelta(seconds=1)) is not RequestState.OVERDUE


def test_the_day_is_counted_in_utc_whatever_zone_the_time_comes_in():
    assert due_at(NOON.astimezone(timezone(timedelta(hours=14)))) == due_at(NOON)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (NEAR + timedelta(seconds=1), RequestState.OPEN),
        (NEAR, RequestState.NEAR),
        (timedelta(seconds=1), RequestState.NEAR),
        (timedelta(), RequestState.OVERDUE),
        (-DAY, RequestState.OVERDUE),
    ],
)
def test_r72_a_request_is_near_in_its_last_three_days_and_overdue_after(before, expected):
    due = due_at(NOON)
    assert state_of(due, None, due - before) is expected


def test_a_closed_request_is_closed_however_late():
    assert state_of(NOON, NOON + DAY, NOON + 2 * DAY) is RequestState.CLOSED


@pytest.mark.parametrize("missing", range(3))
def test_r73_next_of_kin_say_who_they_are_what_relation_and_how_it_was_checked(missing):
    said = ["Li Wei", "daughter", "household register"]
    assert NextOfKin(*said).relation == "daughter"
    said[missing] = " "
    with pytest.raises(ValueError, match="needed"):
        NextOfKin(*said)

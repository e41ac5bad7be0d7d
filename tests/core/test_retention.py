"""Every row of the data table has a clock and a trigger (R75); the cut-offs are pure, time is an argument."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.retention import (
    DATA_TABLE,
    UNUSED,
    Item,
    cutoff,
    last_month_unused,
    month_end,
    months_before,
    years_before,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
times = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def test_r75_every_item_has_exactly_one_row_and_no_row_is_silent_on_clock_trigger_or_enforcement():
    assert [row.item for row in DATA_TABLE] == list(dict.fromkeys(row.item for row in DATA_TABLE))
    assert {row.item for row in DATA_TABLE} == set(Item)
    for row in DATA_TABLE:
        assert all((row.what, row.where, row.starts, row.kept, row.ends, row.enforced)), row.item


@pytest.mark.parametrize(
    ("item", "days"),
    [
        (Item.PERSON, 30),
        (Item.CREDENTIAL, 30),
        (Item.VISIT, 0),
        (Item.DECISION, 30),
        (Item.COUNT, 90),
        (Item.WAIT, 30),
    ],
)
def test_r75_spans_of_days_are_as_promised(item, days):
    assert cutoff(item, NOON) == NOON - timedelta(days=days)


@pytest.mark.parametrize(
    "item",
    [Item.CONSENT, Item.AUDIT, Item.REQUEST, Item.REGISTER, Item.ASSESSMENT, Item.RUN, Item.TOMBSTONE],
)
def test_r82_what_proves_things_is_kept_three_years(item):
    assert cutoff(item, NOON) == datetime(2023, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize("item", [Item.FRAME, Item.KEYS, Item.NOTICE])
def test_what_no_span_ends_has_no_cutoff(item):
    with pytest.raises(KeyError):
        cutoff(item, NOON)


def test_a_leap_day_three_years_back_is_the_last_of_february():
    assert years_before(datetime(2028, 2, 29, tzinfo=UTC), 3) == datetime(2025, 2, 28, tzinfo=UTC)
    assert years_before(datetime(2028, 2, 29, tzinfo=UTC), 4) == datetime(2024, 2, 29, tzinfo=UTC)


def test_a_month_before_the_31st_is_a_day_there_is():
    assert months_before(datetime(2027, 1, 31, tzinfo=UTC), 2) == datetime(2026, 11, 30, tzinfo=UTC)


def test_a_month_ends_where_the_next_begins():
    assert month_end(2026 * 12 + 10) == datetime(2026, 12, 1, tzinfo=UTC)
    assert month_end(2026 * 12 + 11) == datetime(2027, 1, 1, tzinfo=UTC)


@given(now=times, age=st.integers(0, 24))
def test_r75_a_template_is_unused_180_days_after_the_end_of_its_last_month_and_no_sooner(now, age):
    month = now.year * 12 + now.month - 1 - age
    assert (month <= last_month_unused(now)) == (month_end(month) + UNUSED <= now)

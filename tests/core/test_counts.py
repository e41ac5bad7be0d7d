from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gate.core.counts import DAYS_MOST, Cell, Hour, cell, days_of, hours_of, is_closed, since, total
from gate.core.events import SMALL_CELL, AccessCounts

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)


def hours(*granted, day=DAY):
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return [AccessCounts(start + timedelta(hours=place), count, 0) for place, count in enumerate(granted)]


@pytest.mark.parametrize("count", range(SMALL_CELL))
def test_r44_a_small_count_is_withheld_and_zero_looks_like_four(count):
    assert cell(count) == Cell(None)


def test_a_count_of_five_is_shown():
    assert cell(5) == Cell(5)


def test_r44_a_day_is_whole_only_where_its_hidden_hours_are_no_small_count_together():
    assert total([20, 3, 2], over=True) == Cell(25)
    assert total([20, 3, 1], over=True) == Cell(20, at_least=True)
    assert total([20, 4], over=True) == Cell(20, at_least=True)
    assert total([4, 0, 0], over=True) == Cell(None)
    assert total([1] * 24, over=True) == Cell(24)
    assert total([], over=True) == Cell(None)


def test_r44_no_hidden_hour_follows_by_subtraction():
    """For all days of up to four hours with counts below 8: what is shown leaves at least two ways, or hides five."""
    for days in range(8**4):
        counts = [(days // 8**place) % 8 for place in range(4)]
        shown = total(counts, over=True)
        hidden = [each for each in counts if each < SMALL_CELL]
        if shown.value is not None and not shown.at_least:
            assert sum(hidden) >= SMALL_CELL
            assert len(hidden) >= 2


def test_r44_a_day_that_goes_on_tells_no_more_than_its_hours():
    """Looking every hour and subtracting would else give each hour away."""
    assert total([20, 3, 2], over=False) == Cell(20, at_least=True)
    assert total([3, 3], over=False) == Cell(None)


def test_the_days_are_the_sites_own_today_last_with_gaps():
    zone = ZoneInfo("Asia/Shanghai")
    late = [AccessCounts(datetime(2026, 11, 19, 17, tzinfo=UTC), 9, 6)]  # the 20th there
    found = days_of([*late, *hours(20, 1)], NOW, zone, days=3)
    assert [each.day for each in found] == [DAY, date(2026, 11, 21), date(2026, 11, 22)]
    assert found[0].granted == Cell(29, at_least=True)
    assert found[0].refused == Cell(6, at_least=True)
    assert found[1].granted == Cell(None)


def test_where_a_zone_stands_half_an_hour_off_a_day_is_not_over_at_midnight():
    """Its last window ends at half past twelve: a total that grew then would tell that window."""
    zone = ZoneInfo("Asia/Kolkata")
    midnight = datetime(2026, 11, 20, 18, 40, tzinfo=UTC)  # 00:10 of the 21st there
    counts = [AccessCounts(datetime(2026, 11, 20, hour, tzinfo=UTC), 3, 0) for hour in range(10, 18)]
    assert days_of(counts, midnight, zone, days=2)[0].granted == Cell(None)
    assert days_of(counts, midnight + timedelta(hours=1), zone, days=2)[0].granted == Cell(24)


def test_no_day_is_so_old_that_retention_shortens_it():
    assert len(days_of([], NOW, UTC, days=500)) == DAYS_MOST
    assert since(NOW, 500) == NOW - timedelta(days=DAYS_MOST + 1)


def test_the_hours_of_a_day_come_in_order_and_no_others():
    counts = [*reversed(hours(9, 2)), *hours(7, day=date(2026, 11, 21))]
    first, second = hours_of(counts, DAY, UTC)
    assert first == Hour(datetime(2026, 11, 20, 0, tzinfo=UTC), Cell(9), Cell(None))
    assert second.granted == Cell(None)


def test_the_running_hour_is_nobodys_to_see():
    assert is_closed(AccessCounts(datetime(2026, 11, 22, 11, tzinfo=UTC), 1, 1), NOW)
    assert not is_closed(AccessCounts(datetime(2026, 11, 22, 12, tzinfo=UTC), 1, 1), NOW)

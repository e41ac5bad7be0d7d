"""A day or time as it is typed is one moment in the site's zone, or a clear refusal."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.commands.moments import begin_of, end_of, told
from gate.errors import RequestError

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")


def test_a_day_begins_with_its_first_second_and_ends_with_its_last():
    assert begin_of("2026-12-01", SHANGHAI) == datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert end_of("2026-12-01", SHANGHAI) == datetime(2026, 12, 1, 16, tzinfo=UTC)


def test_the_day_the_clocks_change_has_23_or_25_hours():
    lengths = [end_of(day, BERLIN) - begin_of(day, BERLIN) for day in ("2026-03-29", "2026-10-25")]
    assert [each.total_seconds() / 3600 for each in lengths] == [23, 25]


@pytest.mark.parametrize("text", ["2026-12-01T08:00", "2026-12-01 08:00", "2026-12-01T00:00+00:00"])
def test_a_time_is_the_sites_own_unless_it_says_otherwise(text):
    assert begin_of(text, SHANGHAI) == end_of(text, SHANGHAI) == datetime(2026, 12, 1, tzinfo=UTC)


def test_a_moment_is_told_as_the_sites_clocks_show_it():
    assert told(datetime(2026, 12, 1, tzinfo=UTC), SHANGHAI) == "2026-12-01 08:00 CST"


@given(st.text() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2})?", fullmatch=True))
def test_whatever_is_typed_is_a_moment_or_refused(text):
    try:
        code = None if begin_of(text, SHANGHAI).tzinfo is not None else "naive"
    except RequestError as error:
        code = error.code
    assert code in {None, "time-unfit"}

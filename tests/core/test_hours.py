"""Weekly hours are read whole or refused with the remedy, and judged by the clock on the wall."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.hours import (
    ALWAYS,
    CHINESE_ALWAYS,
    DAYS,
    LONGEST_TEXT,
    NONE,
    Hours,
    HoursFault,
    in_chinese,
    is_hours_name,
    parse,
)

MONDAY = datetime(2026, 11, 23)  # noqa: DTZ001 - the wall clock's time
BERLIN = ZoneInfo("Europe/Berlin")


def at(day, clock):
    hour, minute = map(int, clock.split(":"))
    return MONDAY + timedelta(days=DAYS.index(day), hours=hour, minutes=minute)


def within(text, day, clock):
    hours = parse(text)
    assert isinstance(hours, Hours), hours
    return hours.contains(at(day, clock))


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("mon 07:00-18:00", ["mon 07:00", "mon 17:59"], ["mon 06:59", "mon 18:00", "tue 12:00", "sun 12:00"]),
        ("mon-fri 07:00-18:00; sat 08:00-12:00", ["fri 07:00", "sat 08:00"], ["sat 12:00", "sun 09:00"]),
        ("mon,wed 07:00-08:00", ["mon 07:30", "wed 07:30"], ["tue 07:30"]),
        ("mon,wed-thu 07:00-08:00", ["thu 07:30"], ["tue 07:30", "fri 07:30"]),
        ("mon 07:00-12:00,13:00-18:00", ["mon 11:59", "mon 13:00"], ["mon 12:00", "mon 12:59"]),
        ("mon 22:00-06:00", ["mon 22:00", "tue 05:59"], ["mon 05:59", "tue 06:00", "tue 22:00"]),
        ("sun 22:00-06:00", ["sun 23:00", "mon 00:00", "mon 05:59"], ["mon 06:00", "sun 21:59", "tue 00:00"]),
        ("sun 23:00-00:01", ["mon 00:00"], ["mon 00:01"]),
        ("sat-mon 10:00-11:00", ["sat 10:00", "sun 10:00", "mon 10:00"], ["tue 10:00", "fri 10:00"]),
        ("mon 18:00-24:00", ["mon 23:59"], ["tue 00:00"]),
        ("mon 18:00-00:00", ["mon 23:59"], ["tue 00:00"]),
        ("sun 00:00-24:00", ["sun 00:00", "sun 23:59"], ["mon 00:00", "sat 23:59"]),
        (" MON-FRI  07:00 - 18:00 ; ", ["mon 07:00"], ["sat 07:00"]),
    ],
)
def test_a_minute_lies_within_from_the_first_to_before_the_last(text, inside, outside):
    assert [moment for moment in inside if not within(text, *moment.split())] == []
    assert [moment for moment in outside if within(text, *moment.split())] == []


def test_the_last_second_before_the_end_lies_within():
    assert parse("mon 07:00-18:00").contains(MONDAY.replace(hour=17, minute=59, second=59))


@pytest.mark.parametrize("text", [ALWAYS, " Always ", "mon-sun 00:00-24:00"])
def test_always_is_every_minute_of_the_week(text):
    hours = parse(text)
    assert all(hours.contains(MONDAY + timedelta(minutes=minute)) for minute in range(7 * 24 * 60))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", HoursFault.EMPTY),
        (" ; ;", HoursFault.EMPTY),
        ("mon 07:00-18:00" + ";" * LONGEST_TEXT, HoursFault.TOO_LONG),
        ("mon", HoursFault.NO_ENTRY),
        ("07:00-18:00", HoursFault.NO_ENTRY),
        ("mon 07:00-18:00 tue 07:00-18:00", HoursFault.NO_ENTRY),
        ("周八 07:00-18:00", HoursFault.NO_ENTRY),
        ("周一", HoursFault.NO_ENTRY),
        ("never 07:00-18:00", HoursFault.NO_DAY),
        ("mon- 07:00-18:00", HoursFault.NO_DAY),
        ("mon,,tue 07:00-18:00", HoursFault.NO_DAY),
        ("mon-tue-wed 07:00-18:00", HoursFault.NO_DAY),
        ("mon 7:00-18:00", HoursFault.NO_TIME),
        ("mon 07:00", HoursFault.NO_TIME),
        ("mon 07:00-", HoursFault.NO_TIME),
        ("mon 07:60-18:00", HoursFault.NO_TIME),
        ("mon 07:00-24:01", HoursFault.NO_TIME),
        ("mon 24:00-06:00", HoursFault.NO_TIME),
        ("mon 07:00-08:00,", HoursFault.NO_TIME),
        ("mon 08:00-08:00", HoursFault.NO_SPAN),
        ("mon 07:00-18:00; tue", HoursFault.NO_ENTRY),
    ],
)
def test_what_is_no_hours_is_told_with_what_to_write(text, fault):
    assert parse(text) is fault
    assert fault.remedy


def test_every_fault_has_its_remedy():
    assert len({fault.remedy for fault in HoursFault}) == len(HoursFault)


@given(st.text(alphabet="monfrisatalwy 0123456789:,;-周一五日星期至\uff1b", max_size=60))
def test_any_text_gives_hours_or_a_fault(text):
    found = parse(text)
    assert isinstance(found, Hours | HoursFault)
    if isinstance(found, Hours):
        assert parse(found.text) == found
        assert all(0 <= begin < end <= 7 * 24 * 60 for begin, end in found.spans)
        assert list(found.spans) == sorted(found.spans)


days = st.lists(st.sampled_from(DAYS), min_size=1, max_size=3, unique=True)
minutes = st.integers(0, 24 * 60 - 1)


@given(
    st.lists(
        st.tuples(days, minutes, minutes).filter(lambda each: each[1] != each[2]), min_size=1, max_size=4
    )
)
def test_hours_hold_what_each_of_their_entries_holds_and_nothing_else(entries):
    def clock(minute):
        return f"{minute // 60:02}:{minute % 60:02}"

    texts = [f"{','.join(named)} {clock(begin)}-{clock(end)}" for named, begin, end in entries]
    together, apart = parse("; ".join(texts)), [parse(text) for text in texts]
    for minute in range(0, 7 * 24 * 60, 7):
        moment = MONDAY + timedelta(minutes=minute)
        assert together.contains(moment) == any(each.contains(moment) for each in apart)


def inside(text, begin, hours):
    """Count the real minutes of *hours* from *begin* that lie within *text* by a clock in Berlin."""
    moments = (begin + timedelta(minutes=minute) for minute in range(60 * hours))
    return sum(parse(text).contains(moment.astimezone(BERLIN)) for moment in moments)


@pytest.mark.parametrize(
    ("text", "spring", "autumn", "usual"),
    [
        ("sun 02:15-02:45", 0, 60, 30),  # lies in the hour that is left out, and the one that comes twice
        ("sun 01:00-04:00", 120, 240, 180),
        ("sat 22:00-06:00", 420, 540, 480),
        ("sun 07:00-18:00", 660, 660, 660),
    ],
)
def test_where_the_clock_is_changed_hours_follow_the_wall_clock(text, spring, autumn, usual):
    assert inside(text, datetime(2026, 3, 28, 12, tzinfo=UTC), 34) == spring
    assert inside(text, datetime(2026, 10, 24, 12, tzinfo=UTC), 34) == autumn
    assert inside(text, datetime(2026, 11, 21, 12, tzinfo=UTC), 34) == usual


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("cleaners", True),
        ("n1-x", True),
        ("a" * 32, True),
        ("a" * 33, False),
        ("", False),
        ("Night", True),
        ("3a", True),
        ("保洁", True),
        ("夜-2", True),
        ("ночь", True),
        ("-a", False),
        ("=a", False),
        ("\u202ea", False),
        ("\uff4eight", False),  # a wide n: looks like another name
        ("Always", False),
        ("a b", False),
        ("a\n", False),
        (ALWAYS, False),
        (NONE, False),
    ],
)
def test_a_name_of_hours_can_be_typed_and_means_nothing_else(name, fits):
    assert is_hours_name(name) is fits


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("周一-周五 07:00-18:00; 周六 08:00-12:00", "mon-fri 07:00-18:00; sat 08:00-12:00"),
        ("周一至周五07:00-18:00\uff1b星期日 08:00-12:00", "mon-fri 07:00-18:00; sun 08:00-12:00"),
        ("周一、周三\uff0c星期天 \uff10\uff17\uff1a\uff10\uff10—18\uff1a00", "mon,wed,sun 07:00-18:00"),
        (f" {CHINESE_ALWAYS} ", ALWAYS),
    ],
)
def test_chinese_days_and_signs_are_read_as_the_english_ones(chinese, english):
    assert parse(chinese) == parse(english)
    assert parse(chinese).text == english


@pytest.mark.parametrize("text", [ALWAYS, "mon-fri 07:00-18:00; sat,sun 08:00-12:00,22:00-06:00"])
def test_hours_in_chinese_are_the_same_hours(text):
    assert not set("abcdefghijklmnopqrstuvwxyz") & set(in_chinese(text))
    assert parse(in_chinese(text)).text == text

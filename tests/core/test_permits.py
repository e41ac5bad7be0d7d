"""One rule says who may come in now, and it knows no method (R03)."""

from datetime import UTC, datetime, timedelta
from inspect import signature

import pytest

from gate.core.door_inputs import DoorHours
from gate.core.hours import HoursFault, parse
from gate.core.permits import Permit, Timetable, refusal
from gate.core.types import Reason

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
SECOND = timedelta(seconds=1)
DAY, NIGHT = parse("mon-fri 07:00-18:00"), parse("mon-fri 22:00-06:00")


def test_r03_the_rule_cannot_tell_one_method_from_another():
    assert list(signature(refusal).parameters) == ["permit", "local", "clock_trusted"]


@pytest.mark.parametrize(
    ("hours", "trusted", "refused"),
    [
        (None, True, False),
        (None, False, False),
        (DAY, True, False),
        (DAY, False, True),
        (NIGHT, True, True),
        (NIGHT, False, True),
        (HoursFault.UNREADABLE, True, True),
        (HoursFault.UNREADABLE, False, True),
    ],
)
def test_hours_admit_within_them_and_under_a_clock_that_is_believed(hours, trusted, refused):
    expected = Reason.NOT_NOW if refused else None
    assert refusal(Permit(hours), NOON, clock_trusted=trusted) is expected


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("hours", [None, DAY])
def test_nobody_comes_in_from_the_second_on_in_which_the_tenancy_ends(hours, trusted):
    assert refusal(Permit(hours, NOON), NOON, clock_trusted=trusted) is Reason.NOT_NOW
    later = refusal(Permit(hours, NOON + SECOND), NOON, clock_trusted=trusted)
    assert later is refusal(Permit(hours), NOON, clock_trusted=trusted)


@pytest.mark.parametrize(
    ("timetable", "says"),
    [
        (Timetable(), DoorHours.NORMAL),
        (Timetable(locked=DAY), DoorHours.ALWAYS_LOCKED),
        (Timetable(locked=NIGHT), DoorHours.NORMAL),
        (Timetable(open=DAY), DoorHours.ALWAYS_OPEN),
        (Timetable(open=NIGHT), DoorHours.NORMAL),
        (Timetable(locked=DAY, open=DAY), DoorHours.ALWAYS_LOCKED),
        (Timetable(locked=NIGHT, open=DAY), DoorHours.ALWAYS_OPEN),
        (Timetable(locked=HoursFault.UNREADABLE, open=DAY), DoorHours.NORMAL),
        (Timetable(locked=DAY, open=HoursFault.UNREADABLE), DoorHours.ALWAYS_LOCKED),
        (Timetable(open=HoursFault.UNREADABLE), DoorHours.NORMAL),
    ],
)
def test_the_door_keeps_its_own_hours_and_locked_ones_win(timetable, says):
    assert timetable.says(NOON, clock_trusted=True) is says


@pytest.mark.parametrize("timetable", [Timetable(locked=DAY), Timetable(open=DAY), Timetable(DAY, DAY)])
def test_a_clock_that_is_not_believed_neither_opens_nor_locks_the_door(timetable):
    assert timetable.says(NOON, clock_trusted=False) is DoorHours.NORMAL

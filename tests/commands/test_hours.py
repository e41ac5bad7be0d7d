"""``gate hours`` and ``gate door hours`` as somebody at a terminal meets them."""

from datetime import UTC, datetime, timedelta

import pytest

from gate.check import check_gate
from gate.core.door_inputs import DoorHours
from gate.core.types import Reason
from gate.settings import read_settings
from tests.settings_file import settings_file

THERE = 'time_zone = "Asia/Shanghai"'
SEVEN_THERE = datetime.now(UTC).replace(hour=23, minute=0) + timedelta(days=30)


@pytest.fixture
def config(tmp_path):
    return settings_file(tmp_path, site=THERE, door="may_stand_open = true")


@pytest.fixture
def ada(gate):
    assert gate("resident", "add", "--unit", "1203", said="Ada Chen\n\n40451\n").exit_code == 0


def refusal(store, at):
    return store.permits.refusal(store.people.find_by_unit("1203"), at, clock_trusted=True)


def test_hours_are_set_listed_given_and_hold_in_the_sites_zone(ada, gate, opened):
    assert gate("hours", "set", "day", "mon-sun 07:00-18:00").stdout == (
        "Hours day: mon-sun 07:00-18:00 (Asia/Shanghai).\n"
    )
    assert gate("hours", "give", "1203", "day").stdout == "Unit 1203 may come in in the hours day.\n"
    assert gate("hours", "list").stdout == "Times are those of Asia/Shanghai.\nday\tmon-sun 07:00-18:00\n"
    with opened() as store:
        assert refusal(store, SEVEN_THERE) is None
        assert refusal(store, SEVEN_THERE - timedelta(minutes=1)) is Reason.NOT_NOW


def test_always_takes_them_back(ada, gate, opened):
    gate("hours", "set", "day", "mon-sun 07:00-18:00")
    gate("hours", "give", "1203", "day")
    assert gate("hours", "give", "1203", "always").stdout == "Unit 1203 may come in at all times.\n"
    with opened() as store:
        assert refusal(store, SEVEN_THERE - timedelta(hours=1)) is None
    assert gate("hours", "remove", "day").stdout == "Hours day are removed.\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("hours", "set", "day", "mon 7-18"), "hours-unfit"),
        (("hours", "set", "always", "mon 07:00-18:00"), "hours-name"),
        (("hours", "remove", "day"), "hours-unknown"),
        (("hours", "give", "1203", "day"), "hours-unknown"),
        (("hours", "give", "9", "always"), "unit-unknown"),
        (("door", "hours", "--locked", "day"), "hours-unknown"),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_changes(ada, gate, arguments, code):
    result = gate(*arguments)
    assert result.exit_code == 1
    assert result.exception.code == code
    assert gate("hours", "list").stdout == "Times are those of Asia/Shanghai.\n"


def test_hours_in_use_are_not_removed(ada, gate):
    gate("hours", "set", "day", "mon-sun 07:00-18:00")
    gate("hours", "give", "1203", "day")
    assert gate("hours", "remove", "day").exception.code == "hours-in-use"


def test_altered_hours_are_told_by_the_list(gate, opened):
    gate("hours", "set", "day", "mon-sun 07:00-18:00")
    with opened() as store:
        store._database.write(lambda connection: connection.execute("UPDATE hours SET text = 'always'"))
    listed = gate("hours", "list")
    assert "day\tALTERED: opens nothing" in listed.stdout
    assert listed.exception.code == "hours-unreadable"


def test_the_check_says_in_which_zone_hours_are_meant_and_finds_altered_ones(config, gate, opened):
    def hours():
        [finding] = [each for each in check_gate(read_settings(config)) if each.subject == "hours"]
        return finding.ok, finding.seen

    assert hours() == (True, "meant in Asia/Shanghai; none yet")
    gate("hours", "set", "day", "mon-sun 07:00-18:00")
    assert hours() == (True, "meant in Asia/Shanghai; day; who has none may come in at all times")
    with opened() as store:
        store._database.write(lambda connection: connection.execute("UPDATE hours SET text = 'always'"))
    ok, seen = hours()
    assert not ok
    assert "gate hours set" in seen


def test_the_door_is_given_hours_and_they_are_taken_back(gate, opened):
    gate("hours", "set", "day", "mon-sun 07:00-18:00")
    gate("hours", "set", "night", "mon-sun 22:00-06:00")
    assert gate("door", "hours", "--locked", "night", "--open", "day").stdout == (
        "The door stands locked in: night\tmon-sun 22:00-06:00\n"
        "The door stands open in: day\tmon-sun 07:00-18:00\n"
    )
    with opened() as store:
        assert store.permits.door_hours(SEVEN_THERE, clock_trusted=True) is DoorHours.ALWAYS_OPEN
    assert gate("door", "hours", "--open", "none").stdout == (
        "The door stands locked in: night\tmon-sun 22:00-06:00\n"
    )
    assert gate("door", "hours", "--locked", "none").stdout == "The door keeps no hours of its own.\n"


def test_a_lock_that_is_not_made_for_it_is_given_no_open_hours(gate, config, tmp_path):
    gate("hours", "set", "day", "mon-sun 07:00-18:00")
    settings_file(tmp_path, site=THERE)
    assert gate("door", "hours", "--open", "day").exception.code == "door-cannot-stand-open"
    assert gate("door", "hours").stdout == "The door keeps no hours of its own.\n"

"""Named hours: set, given, kept by the door, and of no use to who alters them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gate.core.door_inputs import DoorHours
from gate.core.hours import HoursFault
from gate.core.types import Reason
from gate.errors import RequestError
from gate.store.account.audit import Action
from gate.store.permits import DoorHoursKind

DAY = "mon-sun 07:00-18:00"
NIGHT = "mon-sun 22:00-06:00"


@pytest.fixture
def refusal(store, resident, noon):
    """Give why the resident may not come in."""

    def refusal(at=noon, site=store, *, clock_trusted=True):
        return site.permits.refusal(site.people.get(resident), at, clock_trusted=clock_trusted)

    return refusal


def code_of(work):
    with pytest.raises(RequestError) as refused:
        work()
    return refused.value.code


def test_who_was_given_no_hours_comes_in_at_all_times(refusal, noon):
    assert {refusal(noon + timedelta(hours=hour)) for hour in range(24)} == {None}
    assert refusal(clock_trusted=False) is None


def test_hours_admit_within_and_refuse_outside_them(store, refusal, noon):
    store.permits.set("day", DAY, noon)
    store.permits.give("301", "day", noon)
    admitted = [hour for hour in range(24) if refusal(noon.replace(hour=hour)) is None]
    assert admitted == list(range(7, 18))
    assert refusal(clock_trusted=False) is Reason.NOT_NOW


def test_always_takes_the_hours_back(store, refusal, noon):
    store.permits.set("night", NIGHT, noon)
    store.permits.give("301", "night", noon)
    assert refusal() is Reason.NOT_NOW
    store.permits.give("301", None, noon)
    assert refusal() is None


def test_changed_hours_hold_at_once_for_all_who_have_them(store, refusal, noon):
    store.permits.set("shift", NIGHT, noon)
    store.permits.give("301", "shift", noon)
    assert refusal() is Reason.NOT_NOW
    store.permits.set("shift", DAY, noon)
    assert refusal() is None


def test_hours_are_meant_in_the_sites_time_zone(store, open_store, refusal):
    shanghai = open_store(zone=ZoneInfo("Asia/Shanghai"))
    at = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # 07:30 there
    store.permits.set("day", DAY, at)
    store.permits.give("301", "day", at)
    assert refusal(at) is Reason.NOT_NOW
    assert refusal(at, shanghai) is None


def test_hours_come_back_after_a_restart(store, open_store, refusal, noon):
    store.permits.set("night", NIGHT, noon)
    store.permits.give("301", "night", noon)
    store.close()
    again = open_store()
    assert refusal(site=again) is Reason.NOT_NOW
    assert [each.name for each in again.permits.list()] == ["night"]


@pytest.mark.parametrize(
    "alteration",
    [
        "UPDATE hours SET text = 'always' WHERE name = 'night'",
        "UPDATE hours SET text = CAST(x'ff' AS TEXT) WHERE name = 'night'",
        "UPDATE hours SET mac = x'00' WHERE name = 'night'",
        "UPDATE hours SET (text, mac) = (SELECT text, mac FROM hours WHERE name = 'any') WHERE name = 'night'",
        "DELETE FROM hours WHERE name = 'night'",
    ],
)
def test_altered_or_missing_hours_refuse_who_has_them_alone_and_are_told(
    store, refusal, intruder, noon, alteration
):
    other = store.people.add("302", "Ann", "")
    store.permits.set("any", "always", noon)
    store.permits.set("night", NIGHT, noon)
    store.permits.give("301", "night", noon)
    store.permits.give("302", "any", noon)
    with intruder() as connection:
        connection.execute(alteration)
    assert refusal() is Reason.NOT_NOW
    assert store.permits.refusal(store.people.get(other), noon, clock_trusted=True) is None
    assert store.permits.of("night") is HoursFault.UNREADABLE
    assert store.permits.unreadable() == ("night",)


@pytest.mark.parametrize("name", ["", "always", "none", "-night", "li na"])
def test_hours_need_a_name_that_can_be_typed(store, noon, name):
    assert code_of(lambda: store.permits.set(name, DAY, noon)) == "hours-name"


def test_a_text_that_is_no_hours_changes_nothing_and_names_the_remedy(store, noon):
    store.permits.set("day", DAY, noon)
    with pytest.raises(RequestError, match="HH:MM") as refused:
        store.permits.set("day", "mon 7-18", noon)
    assert refused.value.code == "hours-unfit"
    assert store.permits.of("day").text == DAY


def test_hours_that_are_not_there_can_be_neither_given_nor_kept_nor_removed(store, resident, noon):
    kept = {DoorHoursKind.OPEN: "day"}
    assert code_of(lambda: store.permits.give("301", "day", noon)) == "hours-unknown"
    assert code_of(lambda: store.permits.set_door(kept, noon)) == "hours-unknown"
    assert code_of(lambda: store.permits.remove("day", noon)) == "hours-unknown"
    assert store.people.get(resident).hours is None


def test_hours_are_given_to_nobody_in_an_empty_unit(store, noon):
    store.permits.set("day", DAY, noon)
    assert code_of(lambda: store.permits.give("999", "day", noon)) == "unit-unknown"


def test_hours_somebody_has_stay_and_go_once_nobody_does(store, resident, noon):
    store.permits.set("day", DAY, noon)
    store.permits.give("301", "day", noon)
    assert code_of(lambda: store.permits.remove("day", noon)) == "hours-in-use"
    store.permits.give("301", None, noon)
    store.permits.remove("day", noon)
    assert store.permits.list() == ()


def test_hours_the_door_keeps_stay(store, noon):
    store.permits.set("day", DAY, noon)
    store.permits.set_door({DoorHoursKind.LOCKED: "day"}, noon)
    assert code_of(lambda: store.permits.remove("day", noon)) == "hours-in-use"


def test_r35_who_has_which_hours_is_readable_nowhere(store, resident, intruder, noon):
    store.permits.set("nightshift", NIGHT, noon)
    store.permits.give("301", "nightshift", noon)
    with intruder() as connection:
        people = connection.execute("SELECT * FROM people").fetchall()
        given = connection.execute("SELECT * FROM audit_log WHERE action = 'hours-given'").fetchall()
    assert len(given) == 1
    assert "nightshift" not in str(people) + str(given)
    assert "nightshift" not in repr(store.people.get(resident))


def test_a_corrected_person_keeps_the_hours(store, resident, noon):
    store.permits.set("night", NIGHT, noon)
    store.permits.give("301", "night", noon)
    store._database.write(
        lambda connection: store.people.correct(connection, resident, unit="302", name="Li", contact="")
    )
    assert store.people.get(resident).hours == "night"


def test_the_door_keeps_hours_until_told_otherwise(store, noon):
    store.permits.set("day", DAY, noon)
    store.permits.set("night", NIGHT, noon)
    store.permits.set_door({DoorHoursKind.LOCKED: "night", DoorHoursKind.OPEN: "day"}, noon)
    midnight = noon.replace(hour=0)
    assert store.permits.door_hours(noon, clock_trusted=True) is DoorHours.ALWAYS_OPEN
    assert store.permits.door_hours(midnight, clock_trusted=True) is DoorHours.ALWAYS_LOCKED
    assert store.permits.door_hours(noon, clock_trusted=False) is DoorHours.NORMAL
    store.permits.set_door({DoorHoursKind.OPEN: None}, noon)
    assert store.permits.door_hours(noon, clock_trusted=True) is DoorHours.NORMAL
    assert store.permits.door_hours(midnight, clock_trusted=True) is DoorHours.ALWAYS_LOCKED


def test_half_of_a_wrong_order_to_the_door_is_not_carried_out(store, noon):
    store.permits.set("day", DAY, noon)
    kept = {DoorHoursKind.LOCKED: "day", DoorHoursKind.OPEN: "nothing"}
    assert code_of(lambda: store.permits.set_door(kept, noon)) == "hours-unknown"
    assert store.permits.door() == {}


@pytest.mark.parametrize(
    "alteration",
    [
        "UPDATE door_hours SET name = 'always-so'",
        "UPDATE door_hours SET kind = 'open'",
        "UPDATE hours SET text = 'always'",
        "PRAGMA foreign_keys = OFF; DELETE FROM hours WHERE name = 'night'",
        "INSERT INTO door_hours VALUES ('open', 'always-so', x'00')",
    ],
)
def test_r68_an_altered_timetable_opens_no_door(store, intruder, noon, alteration):
    store.permits.set("always-so", "always", noon)
    store.permits.set("night", NIGHT, noon)
    store.permits.set_door({DoorHoursKind.LOCKED: "night"}, noon)
    with intruder() as connection:
        for statement in alteration.split(";"):
            connection.execute(statement)
    assert store.permits.door_hours(noon, clock_trusted=True) is DoorHours.NORMAL
    assert store.permits.unreadable()


def test_r55_every_change_of_hours_is_on_record(store, resident, noon):
    before = len(store.audit.entries())
    store.permits.set("day", DAY, noon)
    store.permits.give("301", "day", noon)
    store.permits.give("301", None, noon)
    store.permits.set_door({DoorHoursKind.LOCKED: "day"}, noon)
    store.permits.set_door({DoorHoursKind.LOCKED: None}, noon)
    store.permits.remove("day", noon)
    entries = store.audit.entries()[before:]
    assert [(each.action, each.object) for each in entries] == [
        (Action.HOURS_SET, "day"),
        (Action.HOURS_GIVEN, resident),
        (Action.HOURS_GIVEN, resident),
        (Action.DOOR_HOURS_SET, "day"),
        (Action.DOOR_HOURS_SET, ""),
        (Action.HOURS_REMOVED, "day"),
    ]

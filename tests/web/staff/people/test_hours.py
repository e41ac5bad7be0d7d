"""Weekly hours by name and the door's own, at the console."""

from __future__ import annotations

import re

import pytest

from gate.store.permits import DoorHoursKind
from tests.web.staff.people.conftest import NOON

TEXT = "mon-fri 07:00-18:00"


def seen_of(console, name):
    page = console.get("/staff/hours").text
    return re.search(rf'name="name" value="{name}">\s*<input type="hidden" name="seen" value="(\w+)"', page)[
        1
    ]


def door_seen(console):
    page = console.get("/staff/hours").text
    return re.search(r'action="/staff/hours/door".*?name="seen" value="(\w+)"', page, re.DOTALL)[1]


def listed(console):
    return {each.name: each.hours.text for each in console.store.permits.list()}


def test_hours_are_entered_changed_and_removed(console):
    console.send("/staff/hours/set", name="cleaners", text=TEXT.upper(), seen="")
    assert listed(console) == {"cleaners": TEXT}
    console.send("/staff/hours/set", name="cleaners", text="always", seen=seen_of(console, "cleaners"))
    assert listed(console) == {"cleaners": "always"}
    console.send("/staff/hours/remove", name="cleaners", seen=seen_of(console, "cleaners"))
    assert listed(console) == {}
    assert [action for _, action in console.actions()][-3:] == ["hours-set", "hours-set", "hours-removed"]
    assert console.actions()[-1][0].startswith("staff:")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "Ada Chen"}, "name"),
        ({"name": "always"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "night"}, "name"),
        ({"text": ""}, "text"),
        ({"text": "on weekdays"}, "text"),
        ({"text": "mon 07:00-07:00"}, "text"),
        ({"text": "mon 07:00-18:00;" * 40}, "text"),
    ],
)
def test_what_is_wrong_with_new_hours_is_said_beside_its_field(console, fields, field):
    console.store.permits.set("night", "mon 22:00-06:00", NOON)
    answer = console.send("/staff/hours/set", **({"name": "cleaners", "text": TEXT, "seen": ""} | fields))
    assert answer.status_code == 422
    assert f'id="wrong-{field}"' in answer.text
    assert listed(console) == {"night": "mon 22:00-06:00"}


def test_a_change_that_cannot_be_is_said_beside_those_hours_and_stays_typed(console):
    console.store.permits.set("night", "mon 22:00-06:00", NOON)
    answer = console.send("/staff/hours/set", name="night", text="whenever", seen=seen_of(console, "night"))
    assert answer.status_code == 422
    assert 'id="wrong-text-night"' in answer.text
    assert 'value="whenever"' in answer.text
    assert listed(console) == {"night": "mon 22:00-06:00"}


@pytest.mark.parametrize("act", ["set", "remove"])
def test_of_two_who_change_hours_the_second_changes_nothing(console, act):
    console.store.permits.set("night", "mon 22:00-06:00", NOON)
    seen = seen_of(console, "night")
    console.store.permits.set("night", "tue 22:00-06:00", NOON)
    answer = console.send(f"/staff/hours/{act}", name="night", text="always", seen=seen)
    assert answer.status_code == 422
    assert "Somebody else changed this" in answer.text
    assert listed(console) == {"night": "tue 22:00-06:00"}


def test_hours_that_somebody_has_are_counted_and_not_removed(console):
    ada = console.move_in("1203", "Ada Chen")
    console.store.permits.set("night", "mon 22:00-06:00", NOON)
    seen = seen_of(console, "night")
    console.store.permits.give_to(ada, "night", NOON)
    assert "1 resident has them" in console.get("/staff/hours").text
    answer = console.send("/staff/hours/remove", name="night", seen=seen)
    assert "still in use" in answer.text
    assert listed(console)


def test_the_door_keeps_hours_of_its_own_and_only_a_change_is_on_record(console):
    console.store.permits.set("night", "mon-sun 22:00-06:00", NOON)
    log = len(console.actions())
    console.send("/staff/hours/door", locked="night", open="", seen=door_seen(console))
    assert console.store.permits.door()[DoorHoursKind.LOCKED].name == "night"
    assert len(console.actions()) == log + 1
    stale = console.send("/staff/hours/door", locked="", open="night", seen="0" * 32)
    assert stale.status_code == 422
    assert DoorHoursKind.OPEN not in console.store.permits.door()
    gone = console.send("/staff/hours/door", locked="nobody", open="", seen=door_seen(console))
    assert gone.status_code == 422
    console.send("/staff/hours/door", locked="", open="", seen=door_seen(console))
    assert console.store.permits.door() == {}


def test_altered_hours_and_hours_that_are_gone_are_told(console, intruder):
    ada = console.move_in("1203", "Ada Chen")
    for name in ("night", "cleaners"):
        console.store.permits.set(name, TEXT, NOON)
    console.store.permits.give_to(ada, "night", NOON)
    with intruder() as connection:
        connection.execute("DELETE FROM hours WHERE name = 'night'")
        connection.execute("UPDATE hours SET text = 'always' WHERE name = 'cleaners'")
    page = console.get("/staff/hours").text
    assert "hours that are not there any more" in page
    assert "night" in page
    assert "Altered past the gate" in page
    console.send("/staff/hours/set", name="cleaners", text=TEXT, seen=seen_of(console, "cleaners"))
    assert "Altered past the gate" not in console.get("/staff/hours").text


def test_hours_are_named_and_said_in_chinese_and_shown_so_to_who_reads_it(console):
    console.send("/staff/hours/set", name="保洁", text="周一至周五 07:00-18:00", seen="")
    assert listed(console) == {"保洁": TEXT}
    page = console.get("/staff/hours?lang=zh-CN").text
    assert "周一-周五 07:00-18:00" in page
    assert "时段名称" in page
    assert TEXT not in page

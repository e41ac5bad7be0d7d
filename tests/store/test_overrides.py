import pytest

from gate.core.roles import AccountId, Role, Staff
from gate.errors import RequestError
from gate.store.overrides import read_overrides

MANAGER = Staff(AccountId("a" * 16), frozenset({Role.MANAGER}))
OTHER = Staff(AccountId("b" * 16), frozenset({Role.MANAGER}))
SIX = {"door.release_s": 6.0}


def test_a_change_is_read_back_before_any_key_is_there(store, noon, database_path):
    assert read_overrides(database_path.parent) == {}
    assert store.overrides.change(SIX, seen=0, at=noon, by=MANAGER) == 1
    assert read_overrides(database_path.parent) == SIX
    assert store.overrides.newest == 1


def test_r80_each_version_tells_who_changed_what_and_when(store, noon):
    store.overrides.change(SIX, seen=0, at=noon, by=MANAGER)
    store.overrides.change({"site.officer": None}, seen=1, at=noon, by=OTHER)
    newest, first = store.overrides.history(most=10)
    assert (first.number, first.by, first.changed, first.whole) == (
        1,
        MANAGER.value,
        ("door.release_s",),
        True,
    )
    assert newest.changed == ("door.release_s", "site.officer")
    assert newest.by == OTHER.value
    assert [each.number for each in store.overrides.history(most=1)] == [2]
    assert [each.number for each in store.overrides.history(most=5, before=2)] == [1]


def test_what_the_oldest_version_shown_changed_is_told_against_the_one_before_it(store, noon):
    store.overrides.change(SIX, seen=0, at=noon, by=MANAGER)
    store.overrides.change(SIX | {"access.duress": True}, seen=1, at=noon, by=MANAGER)
    assert store.overrides.history(most=1)[0].changed == ("access.duress",)


def test_of_two_managers_who_saw_the_same_only_the_first_changes_anything(store, noon):
    store.overrides.change(SIX, seen=0, at=noon, by=MANAGER)
    with pytest.raises(RequestError, match="Somebody else") as refused:
        store.overrides.change({"door.release_s": 3.0}, seen=0, at=noon, by=OTHER)
    assert refused.value.code == "settings-moved"
    assert store.overrides.newest == 1


def test_r55_a_change_stands_in_the_audit_log_by_account_and_without_values(store, noon):
    store.overrides.change({"site.contact": "Ms Wang"}, seen=0, at=noon, by=MANAGER)
    line = store.audit.entries(newest=1)[0]
    assert (line.actor, line.action) == (MANAGER.value, "settings-changed")
    assert "site.contact" in line.detail
    assert "Wang" not in line.detail


@pytest.mark.parametrize("column", ["settings", "by", "at"])
def test_a_change_written_past_the_gate_shows(store, noon, intruder, column):
    store.overrides.change(SIX, seen=0, at=noon, by=MANAGER)
    with intruder() as connection:
        connection.execute("DROP TRIGGER overrides_stay")
        new = {"settings": '{"door.release_s":7.0}', "by": OTHER.value, "at": 1}[column]
        connection.execute(f"UPDATE overrides SET {column} = ?", (new,))
    assert store.overrides.altered
    assert not store.overrides.history(most=1)[0].whole


def test_a_version_that_another_device_signed_is_none_of_ours(store, noon, intruder):
    with intruder() as connection:
        connection.execute("INSERT INTO overrides VALUES (1, 0, 'x', '{}', ?)", (bytes(64),))
    assert store.overrides.altered


@pytest.mark.parametrize("text", ["", "[]", "{", '{"door.release_s":[1]}', "\udcff", '{"a":1,"a":2}'])
def test_what_is_no_change_of_settings_says_nothing(store, noon, intruder, database_path, text):
    with intruder() as connection:
        stored = text.encode("utf-8", "surrogateescape")
        connection.execute(
            "INSERT INTO overrides VALUES (1, 0, 'x', CAST(? AS TEXT), ?)", (stored, bytes(64))
        )
    assert read_overrides(database_path.parent) == {}


def test_no_database_and_no_table_say_nothing(tmp_path):
    assert read_overrides(tmp_path) == {}
    (tmp_path / "gate.sqlite3").write_bytes(b"no database at all" * 100)
    assert read_overrides(tmp_path) == {}


def test_a_recorded_change_never_changes(store, noon, intruder):
    store.overrides.change(SIX, seen=0, at=noon, by=MANAGER)
    with intruder() as connection, pytest.raises(Exception, match="never changes"):
        connection.execute("UPDATE overrides SET at = 1")


def test_r75_replaced_settings_go_after_three_years_and_the_present_ones_stay(store, noon):
    store.overrides.change(SIX, seen=0, at=noon, by=MANAGER)
    store.overrides.change({}, seen=1, at=noon.replace(day=23), by=MANAGER)
    store.retention.run(noon.replace(year=2029))
    assert len(store.overrides.history(most=5)) == 2
    store.retention.run(noon.replace(year=2029, day=24))
    assert [each.number for each in store.overrides.history(most=5)] == [2]

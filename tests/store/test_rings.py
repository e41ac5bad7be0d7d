from datetime import timedelta

from gate.core.alarms import Alarm
from gate.core.roles import AccountId, Role, Staff

GUARD = Staff(AccountId("a" * 16), frozenset({Role.GUARD}))


def test_what_rings_is_remembered_by_name_and_time_alone(store, open_store, noon, intruder):
    store.rings.begin(Alarm.DURESS, noon)
    store.rings.begin(Alarm.HELP, noon + timedelta(minutes=1))
    assert open_store().rings.standing() == (
        (Alarm.DURESS, noon),
        (Alarm.HELP, noon + timedelta(minutes=1)),
    )
    with intruder() as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(rings)")]
    assert columns == ["alarm", "at"]


def test_the_newest_time_counts(store, noon):
    store.rings.begin(Alarm.HELP, noon)
    store.rings.begin(Alarm.HELP, noon + timedelta(hours=1))
    assert store.rings.standing() == ((Alarm.HELP, noon + timedelta(hours=1)),)


def test_r55_who_acknowledged_stands_in_the_audit_log_by_account(store, noon):
    store.rings.begin(Alarm.DURESS, noon)
    store.rings.acknowledge(Alarm.DURESS, noon, GUARD)
    assert store.rings.standing() == ()
    line = store.audit.entries(newest=1)[0]
    assert (line.actor, line.action, line.object) == (GUARD.value, "alarm-acknowledged", "duress")


def test_what_a_newer_gate_let_ring_is_left_alone(store, noon, intruder):
    with intruder() as connection:
        connection.execute("INSERT INTO rings VALUES ('earthquake', 1)")
    assert store.rings.standing() == ()


def test_ending_what_does_not_ring_is_nothing(store):
    store.rings.end(Alarm.HELP)
    assert store.rings.standing() == ()

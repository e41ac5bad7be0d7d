"""What cannot be deleted is stopped, told once, and keeps nobody waiting (R76)."""

from datetime import timedelta

import pytest

from gate.core.retention import Item
from gate.errors import RequestError
from gate.store.account.audit import Action
from gate.store.upkeep.retention import Failure
from gate.store.upkeep.tombstones import Kind
from tests.passages import passage
from tests.store.upkeep.looks import BY_RESIDENT, DAY, UNTIL_UNUSED, actions, count, stones
from tests.tallies import told


def test_r76_a_failed_deletion_stops_neither_the_others_nor_the_run(store, decide, forbid, noon):
    for attempt in ("a", "b", "c"):
        passage(store, decide(attempt), at=noon)
    told(store, noon)
    forbid("DELETE", "decisions", "OLD.attempt = 'b'")
    report = store.retention.run(noon + 91 * DAY)
    assert report.deleted == {Item.DECISION: 2, Item.COUNT: 1}
    assert report.failed == (Failure(Item.DECISION, "b", "record-refused", stopped=True),)
    assert store._database.rows("SELECT attempt FROM decisions") == [("b",)]


def test_r76_a_template_that_cannot_be_deleted_is_matched_no_more_and_opens_nothing(
    store, resident, enrol, forbid, noon
):
    consent, (template,) = enrol(resident)
    other = store.people.add("302", "Bo", "")
    _, (others,) = enrol(other, at=noon + 100 * DAY)
    forbid("DELETE", "templates", f"OLD.id = '{template}'")
    report = store.retention.run(UNTIL_UNUSED)
    assert report.failed == (Failure(Item.UNUSED_TEMPLATE, consent, "record-refused", stopped=True),)
    assert [each for each, _ in store.templates.gallery(UNTIL_UNUSED).templates] == [others]
    assert (Kind.TEMPLATE, template) not in stones(store)
    assert not store.templates.permits(template, UNTIL_UNUSED)
    assert store.templates.permits(others, UNTIL_UNUSED)


def test_r76_an_expired_template_that_cannot_be_deleted_is_told_at_once_and_once(
    store, resident, enrol, forbid, noon
):
    consent, (template,) = enrol(resident, retention=DAY)
    forbid("DELETE", "templates")
    for seconds in range(3):
        store.retention.keep(noon + DAY + timedelta(seconds=20 * seconds))
    assert store.retention.standing == (Failure(Item.TEMPLATE, consent, "record-refused", stopped=True),)
    assert actions(store).count(Action.RETENTION_FAILED) == 1
    assert not store.templates.permits(template, noon + DAY)
    assert len(store.retention.runs()) == 1


def test_r76_the_alarm_stands_over_a_restart_until_the_record_is_gone(
    open_store, store, resident, enrol, forbid, allow, noon
):
    enrol(resident, retention=DAY)
    forbid("DELETE", "templates")
    store.retention.run(noon + DAY)
    again = open_store()
    assert [failure.item for failure in again.retention.standing] == [Item.TEMPLATE]
    allow()
    again.retention.run(noon + 2 * DAY)
    assert again.retention.standing == ()
    assert count(again, "templates") == 0


def test_r76_a_tenancy_whose_end_fails_opens_nothing_all_the_same(store, enrol, forbid, noon):
    store.residents.move_in("301", "Ada", "", "26:1", noon)
    enrol(store.people.find_by_unit("301").id)
    store.residents.set_end("301", noon, noon)
    forbid("DELETE", "templates")
    store.retention.keep(noon)
    assert [failure.stopped for failure in store.retention.standing] == [True]
    assert count(store, "credentials", "revoked_at IS NULL") == 0
    assert not store.credentials.check_card("26:1", noon).granted


def test_r76_a_face_that_outlives_the_tenancy_is_not_matched(store, enrol, forbid, noon):
    store.residents.move_in("301", "Ada", "", "26:1", noon)
    _, (template,) = enrol(store.people.find_by_unit("301").id)
    store.residents.set_end("301", noon, noon)
    forbid("DELETE", "templates")
    store.retention.keep(noon)
    assert not store.templates.permits(template, noon)
    assert store.templates.gallery(noon).templates == ()


def test_r76_a_record_that_cannot_go_whole_stays_whole_and_revoked(store, forbid, noon):
    store.residents.move_in("301", "Ada", "", "26:1", noon)
    person = store.people.find_by_unit("301").id
    store.residents.set_end("301", noon, noon)
    store.retention.keep(noon)
    forbid("DELETE", "people")
    before = stones(store)
    report = store.retention.run(noon + 30 * DAY - timedelta(seconds=1))
    assert report.failed == ()
    with_credentials = store.retention.run(noon + 30 * DAY)
    assert [failure.ref for failure in with_credentials.failed] == [person]
    assert (Kind.PERSON, person) not in stones(store)
    assert before <= stones(store)


def test_r76_what_can_be_neither_deleted_nor_stopped_is_not_safe(store, resident, enrol, forbid, noon):
    enrol(resident)
    forbid("DELETE", "templates")
    forbid("UPDATE OF restricted_at", "consents")
    report = store.retention.run(UNTIL_UNUSED)
    assert [failure.stopped for failure in report.failed] == [False]
    assert not store.retention.is_safe


def test_r55_no_failure_names_anybody(store, resident, enrol, forbid, noon):
    enrol(resident)
    forbid("DELETE", "templates")
    store.retention.run(UNTIL_UNUSED)
    told = str(store.retention.runs()) + str([entry.detail for entry in store.audit.entries()])
    assert "Li Na" not in told
    assert resident not in told


def crowd(store, noon, number):
    for unit in range(number):
        store.residents.move_in(str(500 + unit), "Somebody", "", None, noon)
        store.residents.set_end(str(500 + unit), noon, noon)


def test_r03_much_at_once_goes_in_parts_so_that_no_card_waits(store, noon):
    crowd(store, noon, 5)
    assert store.retention.run(noon, most=2).deleted == {Item.TENANCY: 2}
    assert [store.retention.keep(noon, most=2) for _ in range(3)] == [2, 1, 0]
    assert store.retention.run(noon).deleted == {Item.TENANCY: 3}


def test_what_a_run_left_over_of_any_kind_goes_between_the_runs(store, resident, noon):
    for card in range(5):
        store.credentials.issue_card(resident, f"26:{card}", at=noon, valid_until=noon + DAY)
    assert store.retention.run(noon + 40 * DAY, most=2).deleted == {Item.CREDENTIAL: 2}
    assert [store.retention.keep(noon + 40 * DAY, most=2) for _ in range(3)] == [2, 1, 0]


def test_r76_what_cannot_go_keeps_nobody_waiting_and_its_alarm_stands(store, forbid, noon):
    crowd(store, noon, 4)
    stuck = sorted(store.people.ending(noon))[:2]
    forbid("UPDATE OF unit_lookup", "people", f"OLD.id IN {tuple(stuck)}")
    for _ in range(4):
        store.retention.keep(noon, most=2)
    assert set(store.people.ending(noon)) == set(stuck)
    assert {failure.ref for failure in store.retention.standing} == set(stuck)


def test_r76_no_release_revives_a_face_whose_deletion_failed(store, resident, enrol, forbid, noon):
    consent, _ = enrol(resident, retention=DAY)
    forbid("DELETE", "templates")
    store.retention.keep(noon + DAY)
    assert [each.ref for each in store.retention.standing] == [consent]
    with pytest.raises(RequestError) as caught:
        store.consents.release(resident, at=noon + DAY, by=BY_RESIDENT)
    assert caught.value.code == "release-undeleted"
    assert store.consents.of(resident)[0].restricted_at is not None


def test_r71_a_residents_own_restriction_is_released_whatever_else_failed(
    store, resident, enrol, forbid, noon
):
    other = store.people.add("302", "Ann", "")
    enrol(resident, retention=DAY)
    enrol(other)
    store.consents.restrict(other, at=noon, by=BY_RESIDENT)
    forbid("DELETE", "templates")
    store.retention.keep(noon + DAY)
    assert store.consents.release(other, at=noon + DAY, by=BY_RESIDENT)

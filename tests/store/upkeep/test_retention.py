"""The retention engine deletes what is past its time, and says so; what it cannot delete it stops (R75, R76)."""

from datetime import UTC, datetime, timedelta

import pytest

from gate.core.consent import By, Channel
from gate.core.retention import Item, cutoff
from gate.core.types import Method
from gate.errors import RequestError
from gate.store import Kept
from gate.store.account.audit import Action
from gate.store.upkeep import tombstones
from gate.store.upkeep.retention import Failure
from gate.store.upkeep.tombstones import Kind
from tests.consents import agreement
from tests.passages import passage
from tests.tallies import told

DAY = timedelta(days=1)
YEAR = timedelta(days=365)
BY_RESIDENT = By(Channel.DESK, "resident")
UNTIL_UNUSED = datetime(2026, 12, 1, tzinfo=UTC) + timedelta(days=180)
"""NOON lies in November: 180 days after that month's end a template is unused."""


def count(store, table, where="TRUE"):
    return store._database.rows(f"SELECT count(*) FROM {table} WHERE {where}")[0][0]


def actions(store):
    return [entry.action for entry in store.audit.entries()]


def stones(store):
    return {(stone.kind, stone.ref) for stone in store._database.write(tombstones.buried)}


@pytest.fixture
def forbid(intruder):
    """Plant a fault: the table keeps its rows, all or those that *where* describes."""

    def forbid(deed, table, where="TRUE"):
        with intruder() as connection:
            connection.execute(
                f"CREATE TRIGGER planted_{table}_{deed.split()[0]} BEFORE {deed} ON {table} WHEN {where}"
                " BEGIN SELECT RAISE(ABORT, 'planted'); END"
            )

    return forbid


@pytest.fixture
def allow(intruder):
    def allow():
        with intruder() as connection:
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_schema WHERE name LIKE 'planted%'"
            ).fetchall():
                connection.execute(f"DROP TRIGGER {name}")

    return allow


# What time ends


def test_r75_a_consent_ends_with_its_template_to_the_second(store, resident, enrol, noon):
    enrol(resident, retention=DAY)
    assert store.retention.keep(noon + DAY - timedelta(seconds=1)) == 0
    assert store.retention.keep(noon + DAY) == 1
    assert count(store, "templates") == 0
    assert count(store, "consents", "state = 'expired'") == 1


def test_r75_a_template_goes_180_days_after_the_month_of_its_last_use(store, resident, enrol, noon):
    consent, _ = enrol(resident)
    assert store.retention.run(UNTIL_UNUSED - timedelta(seconds=1)).deleted == {}
    assert store.retention.run(UNTIL_UNUSED).deleted == {Item.UNUSED_TEMPLATE: 1}
    assert count(store, "templates") == 0
    assert "unused" in store.audit.entries()[-2].detail
    assert (Kind.CONSENT, consent) in stones(store)


def test_r75_a_passage_by_face_keeps_the_template_in_use(store, resident, enrol, decide, noon):
    _, (template,) = enrol(resident)
    later = noon + timedelta(days=60)
    granted = decide(method=Method.FACE)
    assert passage(store, granted, at=later, who=template) is Kept.COMMITTED
    assert store.retention.run(UNTIL_UNUSED).deleted.get(Item.UNUSED_TEMPLATE) is None
    assert count(store, "templates") == 1


def test_r36_of_a_passage_the_template_keeps_the_month_and_no_more(store, resident, enrol, decide, noon):
    _, (template,) = enrol(resident)
    january = datetime(2027, 1, 31, 23, 59, tzinfo=UTC)
    for attempt, at in (("a", january), ("b", january - timedelta(days=20)), ("c", noon)):
        passage(store, decide(attempt, method=Method.FACE), at=at, who=template)
    assert store._database.rows("SELECT last_used_month FROM templates") == [(2027 * 12,)]


@pytest.mark.parametrize("method", [Method.CARD, Method.PIN])
def test_a_card_or_pin_says_nothing_of_the_faces_use(store, resident, enrol, decide, noon, method):
    enrol(resident)
    assert passage(store, decide(method=method), at=noon + 60 * DAY, who=resident) is Kept.COMMITTED
    assert store._database.rows("SELECT last_used_month FROM templates") == [(2026 * 12 + 10,)]


def test_r75_a_former_residents_name_goes_thirty_days_after_the_tenancy(store, noon):
    store.residents.move_in("301", "Ada", "", "26:1", noon)
    person = store.people.find_by_unit("301").id
    store.residents.set_end("301", noon + DAY, noon)
    store.retention.run(noon + DAY)
    assert count(store, "people") == 1
    store.retention.run(noon + 31 * DAY - timedelta(seconds=1))
    assert count(store, "people") == 1
    report = store.retention.run(noon + 31 * DAY)
    assert (count(store, "people"), count(store, "credentials")) == (0, 0)
    assert report.deleted[Item.PERSON] == 1
    assert (Kind.PERSON, person) in stones(store)


def test_r75_a_revoked_card_goes_thirty_days_after_it_opens_nothing(store, resident, noon):
    store.credentials.issue_card(resident, "26:1", at=noon)
    store.credentials.issue_card(resident, "26:2", at=noon, valid_until=noon + DAY)
    store.credentials.issue_card(resident, "26:3", at=noon)
    store.credentials.revoke(store.credentials.of(resident)[0].id, noon)
    assert store.retention.run(noon + 30 * DAY).deleted == {Item.CREDENTIAL: 1}
    assert store.retention.run(noon + 31 * DAY).deleted == {Item.CREDENTIAL: 1}
    assert store.credentials.check_card("26:3", noon + 31 * DAY).granted


def test_r75_a_consent_record_goes_three_years_after_its_end_and_the_ledger_still_holds(
    store, resident, enrol, noon
):
    enrol(resident)
    store.consents.withdraw(resident, at=noon, by=BY_RESIDENT)
    before = noon.replace(year=2029) - timedelta(seconds=1)
    assert Item.CONSENT not in store.retention.run(before).deleted
    assert store.retention.run(noon.replace(year=2029)).deleted[Item.CONSENT] == 1
    assert count(store, "consents") == 0
    assert count(store, "consent_events", "sealed IS NOT NULL") == 0
    assert store.consents.verify() is None


def test_r75_a_refusal_is_forgotten_after_three_years(store, resident, noon):
    store.consents.refuse(resident, agreement(store), at=noon)
    assert Item.CONSENT not in store.retention.run(noon + YEAR).deleted
    assert store.retention.run(noon.replace(year=2029)).deleted[Item.CONSENT] == 1
    assert count(store, "consent_events", "sealed IS NOT NULL") == 0


def test_r75_counts_waits_runs_and_tombstones_have_their_times(store, resident, noon):
    told(store, noon)
    store.credentials.prepare_pin("301", noon)
    store._database.write(lambda c: tombstones.bury(c, Kind.REQUEST, "r", noon))
    first = store.retention.run(noon)
    assert first.deleted == {}
    assert store.retention.run(noon + 31 * DAY).deleted == {Item.WAIT: 2}
    assert store.retention.run(noon + 91 * DAY).deleted == {Item.COUNT: 1}
    late = store.retention.run(noon.replace(year=2029)).deleted
    assert (late[Item.RUN], late[Item.TOMBSTONE]) == (1, 1)


def test_r82_the_audit_log_ages_from_its_beginning_and_still_holds(store, resident, noon):
    store.residents.set_end("301", noon + YEAR, noon)
    late = noon.replace(year=2029) + DAY
    assert store.retention.run(late).deleted[Item.AUDIT] >= 1
    assert store.audit.verify(cutoff(Item.AUDIT, late)) is None


# The end of a tenancy


def test_r75_card_pin_and_face_end_with_the_tenancy_to_the_second(store, enrol, noon):
    pin = store.residents.move_in("301", "Ada", "", "26:1", noon)
    person = store.people.find_by_unit("301").id
    enrol(person)
    store.residents.set_end("301", noon + DAY, noon)
    assert store.credentials.check_card("26:1", noon + DAY - timedelta(seconds=1)).granted
    assert not store.credentials.check_card("26:1", noon + DAY).granted
    check = store.credentials.prepare_pin("301", noon + DAY)
    assert not store.credentials.finish_pin(check, ok=check.verify(pin), at=noon + DAY).granted

    assert store.retention.keep(noon + DAY) == 1
    assert count(store, "templates") == 0
    assert count(store, "credentials", "revoked_at IS NULL") == 0
    assert store._database.rows("SELECT state FROM consents") == [("invalidated",)]
    assert Action.TENANCY_ENDED in actions(store)


def test_the_unit_is_free_for_the_next_tenant_at_once_and_the_former_one_is_no_resident(store, noon):
    store.residents.move_in("301", "Ada", "", "26:1", noon)
    former = store.people.find_by_unit("301").id
    store.residents.set_end("301", noon, noon)
    store.retention.keep(noon)
    store.residents.move_in("301", "Bo", "", "26:1", noon)
    assert [person.name for person in store.people.list()] == ["Bo"]
    assert store.people.find_by_unit("301").id != former
    assert store.retention.keep(noon + DAY) == 0
    assert store.people.get(former).name == "Ada"


def test_an_end_can_be_taken_back_before_it_comes(store, noon):
    store.residents.move_in("301", "Ada", "", "26:1", noon)
    store.residents.set_end("301", noon + DAY, noon)
    store.residents.set_end("301", None, noon)
    assert store.retention.keep(noon + 2 * DAY) == 0
    assert store.credentials.check_card("26:1", noon + 2 * DAY).granted


# The run log


def test_r75_each_run_is_written_down_even_if_nothing_was_due(store, noon):
    reports = [store.retention.run(noon + hours * timedelta(hours=1)) for hours in range(3)]
    assert store.retention.runs() == tuple(reports)
    assert store.retention.runs(newest=1) == tuple(reports[-1:])
    assert Action.RETENTION_RAN not in actions(store)


def test_what_ended_between_two_runs_stands_in_the_next(store, resident, enrol, noon):
    enrol(resident, retention=DAY)
    store.retention.keep(noon + DAY)
    assert store.retention.runs() == ()
    assert store.retention.run(noon + DAY).deleted == {Item.TEMPLATE: 1}
    assert store.retention.run(noon + DAY).deleted == {}


# What cannot be deleted


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


# People whose record is damaged, and consents nobody can withdraw


def damage(intruder, person):
    with intruder() as connection:
        connection.execute("UPDATE people SET sealed = zeroblob(60) WHERE id = ?", (person,))


def test_a_damaged_person_is_told_of_and_card_and_pin_still_open(store, intruder, noon):
    pin = store.residents.move_in("301", "Ada", "", "26:1", noon)
    person = store.people.find_by_unit("301").id
    damage(intruder, person)
    report = store.retention.run(noon)
    assert report.failed == (Failure(Item.DAMAGED_PERSON, person, "record-altered", stopped=True),)
    assert store.credentials.check_card("26:1", noon).granted
    check = store.credentials.prepare_pin("301", noon)
    assert store.credentials.finish_pin(check, ok=check.verify(pin), at=noon).granted


def test_r24_a_consent_its_person_cannot_withdraw_ends_once_the_damage_was_told(
    store, resident, enrol, intruder, noon
):
    enrol(resident)
    healthy = store.people.add("302", "Bo", "")
    _, (others,) = enrol(healthy)
    damage(intruder, resident)
    assert Item.ORPHAN not in store.retention.run(noon).deleted
    assert store.retention.run(noon + timedelta(hours=1)).deleted == {Item.ORPHAN: 1}
    assert [each for each, _ in store.templates.gallery(noon).templates] == [others]


def test_damage_that_is_put_right_in_time_costs_nobody_the_consent(store, resident, enrol, intruder, noon):
    enrol(resident)
    with intruder() as connection:
        (sealed,) = connection.execute("SELECT sealed FROM people").fetchone()
        damage(intruder, resident)
        store.retention.run(noon)
        connection.execute("UPDATE people SET sealed = ?", (sealed,))
    assert store.retention.run(noon + timedelta(hours=1)).deleted == {}
    assert count(store, "templates") == 1


def test_damage_nobody_was_told_of_yet_ends_no_consent(store, resident, enrol, intruder, noon):
    enrol(resident)
    damage(intruder, resident)
    store.retention.run(noon)
    second = store.people.add("302", "Bo", "")
    enrol(second)
    damage(intruder, second)
    assert Item.ORPHAN not in store.retention.run(noon).deleted


def test_a_damaged_resident_can_be_removed_and_the_face_goes_with_the_next_run(
    store, resident, enrol, intruder, noon
):
    enrol(resident)
    damage(intruder, resident)
    assert store.residents.move_out("301", noon).damaged
    assert store.people.id_by_unit("301") is None
    assert store.retention.run(noon).deleted == {Item.ORPHAN: 1}
    assert count(store, "templates") == 0


# Templates whose key is gone


def test_r51_templates_of_a_lost_epoch_go_at_the_second_run(store, resident, enrol, intruder, noon):
    consent, _ = enrol(resident)
    with intruder() as connection:
        connection.execute("UPDATE meta SET value = 9 WHERE name = 'epoch'")
    assert store.retention.run(noon).failed == (
        Failure(Item.UNOPENABLE, consent, "epoch-lost", stopped=True),
    )
    assert count(store, "templates") == 1
    assert store.retention.run(noon).deleted == {Item.UNOPENABLE: 1}
    assert count(store, "templates") == 0


def test_keys_locked_away_are_no_loss(store, resident, enrol, noon):
    enrol(resident)
    store.tamper.raise_(noon)
    assert store.retention.run(noon).failed == ()
    assert store.retention.run(noon).deleted == {}
    assert count(store, "templates") == 1


# Registers and assessments


def superseded(store, table, rows):
    def work(connection):
        for row in rows:
            connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)

    store._database.write(work)


def test_r82_a_registers_present_revision_stays_and_an_old_one_goes_three_years_after_its_successor(
    store, noon
):
    at = [int(noon.timestamp()), int((noon + YEAR).timestamp())]
    superseded(
        store,
        "register_entries",
        [("e", revision + 1, "sign", at[revision], b"", b"") for revision in range(2)],
    )
    assert Item.REGISTER not in store.retention.run(noon.replace(year=2029)).deleted
    assert store.retention.run(noon.replace(year=2030)).deleted[Item.REGISTER] == 1
    assert store._database.rows("SELECT revision FROM register_entries") == [(2,)]


def test_r82_the_latest_assessment_stays(store, noon):
    at = [int(noon.timestamp()), int((noon + YEAR).timestamp())]
    superseded(
        store,
        "assessments",
        [(name, "0" * 64, when, b"", b"", b"") for name, when in zip("ab", at, strict=True)],
    )
    assert Item.ASSESSMENT not in store.retention.run(noon.replace(year=2029)).deleted
    assert store.retention.run(noon.replace(year=2030)).deleted[Item.ASSESSMENT] == 1
    assert store._database.rows("SELECT id FROM assessments") == [("b",)]


@pytest.mark.parametrize(
    "row", ["(1152921504606846976, '{}', '[]')", "(1, '[', '[]')", "(1, '{}', '[[1]]')", "(1, '[]', '[]')"]
)
def test_r02_a_damaged_run_keeps_no_gate_from_starting_and_the_next_run_mends_it(
    open_store, intruder, row, noon
):
    """R76: until then face is off."""
    open_store().close()
    with intruder() as connection:
        connection.execute(f"INSERT INTO retention_runs (at, deleted, failed) VALUES {row}")
    store = open_store()
    assert not store.retention.is_safe
    store.retention.run(noon)
    assert store.retention.is_safe


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

"""The retention engine deletes what is past its time, and writes down what it did (R75, R82)."""

from datetime import UTC, datetime, timedelta

import pytest

from gate.core.retention import Item, cutoff
from gate.core.types import Method
from gate.store import Kept
from gate.store.account.audit import Action
from gate.store.upkeep import tombstones
from gate.store.upkeep.tombstones import Kind
from tests.consents import agreement
from tests.passages import passage
from tests.store.upkeep.looks import BY_RESIDENT, DAY, UNTIL_UNUSED, YEAR, actions, count, stones
from tests.tallies import told

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

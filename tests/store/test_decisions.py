"""A decision and its count are on disk together before anything opens; no person is in them (R36)."""

from datetime import timedelta

import pytest

from gate.core.consent import Purpose
from gate.core.retention import Item
from gate.core.types import AttemptId, Method, TemplateId
from gate.errors import VaultError
from gate.store import Kept, Outcome
from tests.notices import publish_major
from tests.passages import passage
from tests.tallies import counted

HOUR = timedelta(hours=1)


@pytest.fixture
def counts(store):
    return lambda: [(start, *sums) for start, sums in sorted(counted(store).items())]


@pytest.fixture
def decisions(intruder):
    def decisions():
        with intruder() as connection:
            return connection.execute("SELECT * FROM decisions ORDER BY at, attempt").fetchall()

    return decisions


def test_no_table_could_hold_when_a_person_passed(store, intruder):
    """R36, R38: no attendance, scoring or blocklist can grow out of what is stored: a passage has no person."""
    assert list(Purpose) == [Purpose.OPEN_GATE]
    with intruder() as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        columns = {
            table: {row[1] for row in connection.execute(f"PRAGMA table_info({table})")} for table in tables
        }
    assert columns["decisions"] == {"attempt", "at", "gate", "method", "granted", "reason", "outcome"}
    assert [table for table, names in columns.items() if "attempt" in names] == ["decisions"]


def test_a_decision_and_its_count_are_written_together(store, decide, counts, decisions, noon):
    assert passage(store, decide("a1"), at=noon) is Kept.COMMITTED
    assert passage(store, decide("a2", granted=False, method=Method.PIN), at=noon) is Kept.COMMITTED
    at = int(noon.timestamp())
    assert decisions() == [
        ("a1", at, "north", "card", 1, "known-credential", None),
        ("a2", at, "north", "pin", 0, "unknown-credential", None),
    ]
    assert counts() == [(noon, 1, 1)]


def test_an_attempt_recorded_twice_is_refused_and_counted_once(store, decide, counts, decisions, noon):
    passage(store, decide("a1"), at=noon)
    with pytest.raises(VaultError) as refusal:
        passage(store, decide("a1", granted=False), at=noon - HOUR)
    assert refusal.value.code == "attempt-twice"
    assert len(decisions()) == 1
    assert counts() == [(noon, 1, 0)]


def test_a_face_with_an_active_consent_is_recorded_without_its_template(
    store, resident, enrol, decide, decisions, noon
):
    _, [template] = enrol(resident)
    assert passage(store, decide(method=Method.FACE), at=noon, who=template) is Kept.COMMITTED
    assert template not in str(decisions())


@pytest.mark.parametrize(
    "case", ["none", "unknown", "expired", "not yet", "outdated notice", "another model"]
)
def test_a_face_without_an_active_consent_writes_nothing_r21(
    open_store, store, resident, enrol, decide, counts, decisions, noon, case
):
    _, [template] = enrol(resident)
    named = {"none": None, "unknown": TemplateId("t")}.get(case, template)
    at = {"expired": noon + timedelta(days=365), "not yet": noon - HOUR}.get(case, noon)
    if case == "outdated notice":
        publish_major(store, noon)
    changed = {"model_sha256": "b" * 64} if case == "another model" else {}
    assert passage(open_store(**changed), decide(method=Method.FACE), at=at, who=named) is Kept.NOT_CONSENTED
    assert decisions() == []
    assert counts() == []


def test_after_a_face_was_not_permitted_the_refusal_is_recorded_under_the_same_attempt(store, decide, noon):
    assert passage(store, decide("a1", method=Method.FACE), at=noon) is Kept.NOT_CONSENTED
    assert passage(store, decide("a1", granted=False, method=Method.FACE), at=noon) is Kept.COMMITTED


def test_r44_somebody_by_card_and_by_face_is_one_person_of_the_hour(
    store, resident, enrol, decide, counts, noon
):
    _, [template] = enrol(resident)
    passage(store, decide("a1"), at=noon, who=resident)
    passage(store, decide("a2", method=Method.FACE), at=noon, who=template)
    passage(store, decide("a3"), at=noon)  # somebody else
    assert counts() == [(noon, 2, 0)]


def test_r44_a_guest_is_not_counted_in_the_hour(store, resident, decide, counts, noon):
    """A visitor's code is seldom: what hours tell must not show whether one was used."""
    passage(store, decide("a1", method=Method.CODE), at=noon, who=resident)
    assert counts() == [(noon, 0, 0)]


def test_r44_what_may_not_come_in_now_is_counted_for_nobody(store, resident, decide, counts, noon):
    assert passage(store, decide("a1"), at=noon, who="nobody") is Kept.NOT_NOW
    assert counts() == []


@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_the_door_did_is_added(store, decide, decisions, noon, outcome):
    passage(store, decide("a1"), at=noon)
    store.decisions.outcome(AttemptId("a1"), outcome)
    assert decisions()[0][-1] == outcome


def test_an_outcome_without_a_decision_is_told(store):
    with pytest.raises(VaultError) as refusal:
        store.decisions.outcome(AttemptId("a1"), Outcome.RELEASED)
    assert refusal.value.code == "attempt-unknown"


def test_r36_a_decision_is_kept_thirty_days(store, decide, decisions, noon):
    for days in (31, 30, 29, 0):
        passage(store, decide(f"a{days}"), at=noon - timedelta(days=days))
    assert store.retention.run(noon).deleted == {Item.DECISION: 2}
    assert [row[0] for row in decisions()] == ["a29", "a0"]


def test_a_time_without_a_zone_is_not_guessed_at(store, decide, decisions, noon):
    with pytest.raises(ValueError, match="zone"):
        passage(store, decide(), at=noon.replace(tzinfo=None))
    assert decisions() == []

"""R03 by construction: one place writes a grant, and there every method gets the same answer for the same person."""

import re
import sqlite3
import time
from datetime import timedelta
from itertools import product

import pytest

from gate.core.types import AttemptId, Decision, Method, Reason
from gate.settings import PROJECT
from gate.store import Kept

DAY, NIGHT = "mon-sun 07:00-18:00", "mon-sun 22:00-06:00"
HOURS = {"none": None, "within": DAY, "outside": NIGHT, "altered": DAY, "removed": DAY}
TENANCY = {"no end": None, "later": timedelta(days=1), "now": timedelta(), "over": -timedelta(hours=1)}
CASES = list(product(HOURS, TENANCY, [True, False]))


@pytest.fixture
def who(store, resident, enrol):
    """Give, by method, what shows whose attempt it was."""
    _, [template] = enrol(resident)
    return {method: template if method is Method.FACE else resident for method in Method}


@pytest.fixture
def ask(store, noon):
    """Ask for a grant, and give the answer."""

    def ask(method, who, at=noon, *, clock_trusted=True):
        decision = Decision(AttemptId(f"{method}"), method, granted=True, reason=Reason.KNOWN_CREDENTIAL)
        return store.decisions.record(decision, at=at, who=who, clock_trusted=clock_trusted)

    return ask


@pytest.fixture
def recorded(intruder):
    def recorded():
        with intruder() as connection:
            return connection.execute("SELECT count(*), sum(granted) FROM decisions").fetchone()

    return recorded


def arrange(store, intruder, noon, hours, tenancy):
    if HOURS[hours] is not None:
        store.permits.set("shift", HOURS[hours], noon)
        store.permits.give("301", "shift", noon)
    with intruder() as connection:
        if hours == "altered":
            connection.execute("UPDATE hours SET text = 'always'")
        if hours == "removed":
            connection.execute("DELETE FROM hours")
    if TENANCY[tenancy] is not None:
        store.residents.set_end("301", noon + TENANCY[tenancy], noon)


@pytest.mark.parametrize(("hours", "tenancy", "trusted"), CASES)
def test_r03_every_method_gets_the_same_answer(store, who, ask, intruder, noon, hours, tenancy, trusted):
    arrange(store, intruder, noon, hours, tenancy)
    answers = {method: ask(method, who[method], clock_trusted=trusted) for method in Method}
    allowed = tenancy in {"no end", "later"} and (hours == "none" or (hours == "within" and trusted))
    assert answers == dict.fromkeys(Method, Kept.COMMITTED if allowed else Kept.NOT_NOW)


@pytest.mark.parametrize("method", list(Method))
def test_what_is_refused_now_is_neither_written_nor_counted(store, who, ask, recorded, noon, method):
    store.permits.set("night", NIGHT, noon)
    store.permits.give("301", "night", noon)
    assert ask(method, who[method]) is Kept.NOT_NOW
    assert recorded() == (0, None)
    assert store._database.rows("SELECT count(*) FROM tally") == [(0,)]


@pytest.mark.parametrize("method", list(Method))
def test_a_grant_of_nobody_is_refused(ask, recorded, method):
    """R68: what cannot be looked up grants nothing."""
    refused = Kept.NOT_CONSENTED if method is Method.FACE else Kept.NOT_NOW
    assert (ask(method, None), ask(method, "somebody")) == (refused, refused)
    assert recorded() == (0, None)


@pytest.mark.parametrize("method", list(Method))
def test_one_kind_of_proof_does_not_pass_for_another(who, ask, method):
    swapped = who[Method.CARD if method is Method.FACE else Method.FACE]
    assert ask(method, swapped) is not Kept.COMMITTED


@pytest.mark.parametrize("method", list(Method))
def test_whose_record_was_altered_is_refused_whatever_the_method(who, ask, intruder, method):
    with intruder() as connection:
        connection.execute("UPDATE people SET sealed = x'00'")
    assert ask(method, who[method]) is (Kept.NOT_CONSENTED if method is Method.FACE else Kept.NOT_NOW)


@pytest.mark.parametrize("method", [Method.CARD, Method.PIN, Method.CODE])
def test_who_was_removed_meanwhile_is_refused(store, resident, ask, noon, method):
    store.residents.move_out("301", noon)
    assert ask(method, resident) is Kept.NOT_NOW


@pytest.mark.parametrize("method", list(Method))
def test_a_refusal_is_on_record_without_asking_whose_it_was(store, noon, recorded, method):
    decision = Decision(AttemptId("a"), method, granted=False, reason=Reason.NOT_NOW)
    assert store.decisions.record(decision, at=noon, who=None, clock_trusted=False) is Kept.COMMITTED
    assert recorded() == (1, 0)


def test_after_not_now_the_refusal_is_recorded_under_the_same_attempt(store, who, ask, noon, recorded):
    store.permits.set("night", NIGHT, noon)
    store.permits.give("301", "night", noon)
    assert ask(Method.CARD, who[Method.CARD]) is Kept.NOT_NOW
    refusal = Decision(AttemptId("card"), Method.CARD, granted=False, reason=Reason.NOT_NOW)
    assert store.decisions.record(refusal, at=noon, who=None, clock_trusted=True) is Kept.COMMITTED
    assert recorded() == (1, 0)


def test_hours_are_looked_at_as_the_grant_is_written_and_not_before(open_store, store, who, ask, noon):
    """A card verified a second ago, hours set beside the running gate meanwhile."""
    command_line = open_store()
    command_line.permits.set("night", NIGHT, noon)
    command_line.permits.give("301", "night", noon)
    assert ask(Method.CARD, who[Method.CARD]) is Kept.NOT_NOW


# The face's way to its person (R35)


def test_r35_a_face_is_of_the_person_whose_consent_it_lives_by(store, who, ask, noon):
    store.people.add("302", "Ann", "")
    store.permits.set("night", NIGHT, noon)
    store.permits.give("302", "night", noon)
    assert ask(Method.FACE, who[Method.FACE]) is Kept.COMMITTED


def test_a_lookup_bent_to_another_person_grants_no_face(store, who, ask, resident, intruder):
    other = store.people.add("302", "Ann", "")
    with intruder() as connection:
        [(lookup,)] = connection.execute("SELECT subject_lookup FROM people WHERE id = ?", (resident,))
        connection.execute("UPDATE people SET subject_lookup = NULL WHERE id = ?", (resident,))
        connection.execute("UPDATE people SET subject_lookup = ? WHERE id = ?", (lookup, other))
    assert ask(Method.FACE, who[Method.FACE]) is Kept.NOT_CONSENTED


def test_people_from_before_the_upgrade_are_found_by_their_faces_after_the_next_start(
    open_store, store, who, noon, intruder
):
    damaged = store.people.add("302", "Ann", "")
    store.close()
    with intruder() as connection:
        connection.execute("UPDATE people SET subject_lookup = NULL")
        connection.execute("UPDATE people SET sealed = x'00' WHERE id = ?", (damaged,))
    again = open_store()
    face = Decision(AttemptId("f"), Method.FACE, granted=True, reason=Reason.MATCHED)
    kept = again.decisions.record(face, at=noon, who=who[Method.FACE], clock_trusted=True)
    assert kept is Kept.COMMITTED
    assert again._database.rows("SELECT id FROM people WHERE subject_lookup IS NULL") == [(damaged,)]


def test_the_lookup_beside_a_person_is_not_the_word_beside_the_consent(store, resident, enrol, intruder):
    enrol(resident)
    with intruder() as connection:
        [(lookup,)] = connection.execute("SELECT subject_lookup FROM people").fetchall()
        biometric = str(connection.execute("SELECT * FROM consents, templates").fetchall())
    assert len(lookup) == 32
    assert lookup.hex() not in biometric
    assert repr(lookup) not in biometric


# Templates of one person, for a comparison with these alone


def test_the_templates_of_a_person_are_theirs_and_only_while_they_may_open(store, resident, enrol, noon):
    other = store.people.add("302", "Ann", "")
    _, mine = enrol(resident)
    enrol(other)
    assert store.templates.of_person(resident, noon) == mine
    assert store.templates.of_person(resident, noon + timedelta(days=365)) == ()
    assert store.templates.of_person("nobody", noon) == ()


def test_whose_record_was_altered_has_no_templates(store, who, resident, intruder, noon):
    with intruder() as connection:
        connection.execute("UPDATE people SET sealed = x'00'")
    assert store.templates.of_person(resident, noon) == ()


# Nothing else writes a grant


def test_r03_one_statement_in_the_whole_gate_inserts_decisions():
    writes = re.compile(
        r"(INSERT|REPLACE)[^;\"]*\bINTO\s+decisions\b|UPDATE\s+decisions\b[^\"]*", re.IGNORECASE
    )
    found = [
        (path.relative_to(PROJECT).as_posix(), " ".join(match[0].split()))
        for path in sorted((PROJECT / "gate").rglob("*.py"))
        for match in writes.finditer(path.read_text(encoding="utf-8"))
    ]
    assert sorted(found) == [
        ("gate/store/decisions.py", "INSERT INTO decisions"),
        ("gate/store/decisions.py", "UPDATE decisions SET outcome = ? WHERE attempt = ?"),
    ]


@pytest.mark.parametrize("column", ["attempt", "at", "gate", "method", "granted", "reason"])
def test_a_refusal_on_record_turns_into_no_grant(store, noon, intruder, column):
    decision = Decision(AttemptId("a"), Method.CARD, granted=False, reason=Reason.NOT_NOW)
    store.decisions.record(decision, at=noon, who=None, clock_trusted=True)
    with intruder() as connection, pytest.raises(sqlite3.IntegrityError, match="never changes"):
        connection.execute(f"UPDATE decisions SET {column} = 1")


def test_r03_looking_at_the_hours_takes_a_moment(store, resident, noon):
    store.permits.set("day", DAY, noon)
    store.permits.give("301", "day", noon)
    began = time.thread_time()
    for _ in range(100):
        person = store.people.readable(resident)
        assert store.permits.refusal(person, noon, clock_trusted=True) is None
    assert (time.thread_time() - began) / 100 < 0.005, "the aim is 1 ms; 5 leave room for a slow machine"

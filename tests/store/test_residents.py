"""Residents move in, lose a card, forget a PIN and move out: each whole, or not at all."""

from datetime import timedelta

import pytest

from gate.core.consent import ConsentState
from gate.core.types import Method
from gate.errors import RequestError
from gate.store.account.audit import Actor
from gate.store.residents import MovedOut
from tests.consents import give
from tests.notices import publish_notice

TABLES = ("people", "credentials", "templates")


def rows(store):
    return [store._database.rows(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES]


def opens(store, unit, pin, at):
    check = store.credentials.prepare_pin(unit, at)
    return store.credentials.finish_pin(check, ok=check.verify(pin), at=at).granted


@pytest.fixture
def ada(store, noon):
    return store.residents.move_in("1203", "Ada Chen", "", "26:40451", noon)


def test_who_moves_in_opens_with_the_card_and_the_pin(store, ada, noon):
    person = store.people.find_by_unit("1203")
    assert person.name == "Ada Chen"
    assert store.credentials.check_card("26:40451", noon).person == person.id
    assert opens(store, "1203", ada, noon)


def test_a_card_is_not_needed_to_move_in(store, noon):
    pin = store.residents.move_in("1203", "Ada Chen", "", None, noon)
    assert opens(store, "1203", pin, noon)
    assert rows(store) == [1, 1, 0]


@pytest.mark.parametrize(
    ("unit", "card", "code"),
    [
        ("1204", "26:40451", "card-taken"),
        ("1204", "4", "card-unfit"),
        ("1203", "26:1", "unit-taken"),
        ("x", None, "unit-unfit"),
    ],
)
def test_who_cannot_move_in_as_asked_leaves_nothing(store, ada, noon, unit, card, code):
    with pytest.raises(RequestError) as refusal:
        store.residents.move_in(unit, "Eve", "", card, noon)
    assert refusal.value.code == code
    assert rows(store) == [1, 2, 0]


def test_a_new_card_ends_the_older_ones_and_leaves_the_pin(store, ada, noon):
    store.credentials.issue_card(store.people.find_by_unit("1203").id, "26:7", at=noon)
    store.residents.new_card("1203", "26:40452", noon)
    cards = ("26:40451", "26:7", "26:40452")
    assert [store.credentials.check_card(card, noon).granted for card in cards] == [False, False, True]
    assert opens(store, "1203", ada, noon)


def test_the_same_card_may_be_given_anew(store, ada, noon):
    store.residents.new_card("1203", "26:40451", noon)
    assert store.credentials.check_card("26:40451", noon).granted


def test_a_new_card_that_another_holds_leaves_the_old_one(store, ada, noon):
    store.residents.move_in("1204", "Bo", "", "26:8", noon)
    with pytest.raises(RequestError) as refusal:
        store.residents.new_card("1203", "26:8", noon)
    assert refusal.value.code == "card-taken"
    assert store.credentials.check_card("26:40451", noon).granted


def test_a_new_pin_ends_the_old_one(store, ada, noon):
    fresh = store.residents.new_pin("1203", noon)
    assert opens(store, "1203", fresh, noon)
    assert fresh == ada or not opens(store, "1203", ada, noon)


def test_who_moves_out_leaves_no_credential_no_template_and_no_name(
    store, ada, enrol, intruder, tmp_path, noon
):
    store.residents.move_in("1204", "Bo", "", "26:8", noon)
    _, [template] = enrol(store.people.find_by_unit("1203").id)
    with intruder() as connection:
        planted = connection.execute("SELECT sealed FROM templates").fetchall()
        planted += connection.execute("SELECT sealed FROM people ORDER BY rowid LIMIT 1").fetchall()

    assert store.residents.move_out("1203", noon) == MovedOut(scrubbed=True, damaged=False)

    assert rows(store) == [1, 2, 0]
    assert not store.credentials.check_card("26:40451", noon).granted
    assert not opens(store, "1203", ada, noon)
    assert store.templates.permits(template, noon) is False
    assert store._database.rows("SELECT state FROM consents") == [(ConsentState.INVALIDATED,)]
    for path in (tmp_path / "data").iterdir():
        assert not any(sealed in path.read_bytes() for [sealed] in planted), path.name
    assert store.residents.move_in("1203", "Cy", "", "26:40451", noon)


def test_a_unit_without_a_resident_is_told_as_such(store, noon):
    acts = (
        lambda: store.residents.new_card("9", "26:1", noon),
        lambda: store.residents.new_pin("9", noon),
        lambda: store.residents.move_out("9", noon),
        lambda: store.residents.new_pins("9", noon),
        lambda: store.residents.end_duress("9"),
        lambda: store.residents.revoke("9", [Method.CARD], noon),
    )
    for act in acts:
        with pytest.raises(RequestError) as refusal:
            act()
        assert refusal.value.code == "unit-unknown"


def test_a_revoked_card_stays_as_history_until_the_person_moves_out(store, ada, noon):
    later = noon + timedelta(days=1)
    store.residents.new_card("1203", "26:40452", later)
    issued = store.credentials.of(store.people.find_by_unit("1203").id)
    assert [each.revoked_at for each in issued if each.method is Method.CARD] == [later, None]


def test_r35_no_line_of_the_log_names_a_person_beside_the_record_that_ended_with_them(store, ada, noon):
    publish_notice(store, noon)
    person = store.people.find_by_unit("1203").id
    give(store, person, at=noon)
    store.residents.move_out("1203", noon + timedelta(days=1))
    lines = [(entry.action, entry.object) for entry in store.audit.entries()]
    removed = lines.index(("person-removed", ""))
    assert lines[removed - 1][0] == "consent-invalidated"


def test_r35_no_line_of_the_log_names_a_person_beside_a_consent_ended_with_the_tenancy(store, ada, noon):
    publish_notice(store, noon)
    give(store, store.people.find_by_unit("1203").id, at=noon)
    end = noon + timedelta(days=1)
    store.residents.set_end("1203", end, noon)
    store.retention.keep(end)
    lines = [(entry.action, entry.object) for entry in store.audit.entries()]
    assert lines[lines.index(("tenancy-ended", "")) - 1][0] == "consent-invalidated"


def test_a_card_beside_the_earlier_ones_leaves_them_in_force(store, ada, noon):
    store.residents.new_card("1203", "26:7", noon, valid_until=noon + timedelta(days=1), beside=True)
    assert [store.credentials.check_card(card, noon).granted for card in ("26:40451", "26:7")] == [True, True]
    assert not store.credentials.check_card("26:7", noon + timedelta(days=1)).granted


def test_a_card_for_no_time_leaves_the_earlier_ones(store, ada, noon):
    with pytest.raises(RequestError) as refusal:
        store.residents.new_card("1203", "26:7", noon, valid_until=noon)
    assert refusal.value.code == "validity-unfit"
    assert store.credentials.check_card("26:40451", noon).granted


def test_what_is_revoked_opens_no_more_and_is_on_record(store, ada, noon):
    host = store.people.find_by_unit("1203").id
    code = store.visits.issue(host, noon, noon + timedelta(days=1), at=noon).text
    store.residents.revoke("1203", [Method.CARD, Method.PIN, Method.CODE], noon)
    assert not store.credentials.check_card("26:40451", noon).granted
    assert not opens(store, "1203", ada, noon)
    assert not store.visits.check(code, noon, clock_trusted=True).granted
    assert store.audit.entries()[-1].action == "credential-revoked"


def test_a_found_card_is_ended_and_on_record_without_its_number(store, ada, noon):
    store.residents.block_card("26:40451", noon)
    assert not store.credentials.check_card("26:40451", noon).granted
    last = store.audit.entries()[-1]
    assert (last.action, last.object) == ("credential-revoked", store.people.find_by_unit("1203").id)
    assert "40451" not in repr(store.audit.entries())


def test_a_card_nobody_holds_is_told_as_such_and_nothing_is_on_record(store, ada, noon):
    before = store.audit.entries()
    with pytest.raises(RequestError) as refusal:
        store.residents.block_card("26:7", noon)
    assert refusal.value.code == "card-unknown"
    assert store.audit.entries() == before


UNFIT = [
    ("name-unfit", {"name": ""}),
    ("name-unfit", {"name": "x" * 101}),
    ("name-unfit", {"name": "=1+1"}),
    ("contact-unfit", {"contact": "=HYPERLINK(1)"}),
    ("contact-unfit", {"contact": "a\x07"}),
    ("contact-unfit", {"contact": "y" * 3000}),
]


@pytest.mark.parametrize(("code", "wrong"), UNFIT)
def test_r71_no_correction_writes_what_may_not_stand_in_a_record(store, ada, noon, code, wrong):
    before = store.people.find_by_unit("1203")
    facts = {"unit": "1203", "name": "Ada Chan", "contact": "", **wrong}
    with pytest.raises(RequestError) as refused:
        store.residents.correct(before.id, **facts, at=noon, actor=Actor.DESK)
    assert refused.value.code == code
    assert store.people.find_by_unit("1203") == before


@pytest.mark.parametrize(("code", "wrong"), UNFIT)
def test_nobody_moves_in_with_facts_that_may_not_stand_in_a_record(store, noon, code, wrong):
    facts = {"name": "Ada Chan", "contact": "", **wrong}
    with pytest.raises(RequestError) as refused:
        store.residents.move_in("1203", facts["name"], facts["contact"], None, noon)
    assert refused.value.code == code
    assert rows(store) == [0, 0, 0]

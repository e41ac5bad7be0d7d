"""People are sealed apart from everything biometric (R35)."""

import pytest

from gate.core.types import PersonId
from gate.errors import RequestError, VaultError


def test_a_person_comes_back_by_id_by_unit_and_in_the_list(store, resident):
    other = store.people.add("302", "Ann", "")
    person = store.people.get(resident)
    assert (person.unit, person.name, person.contact) == ("301", "Li Na", "+86 555 0199")
    assert store.people.find_by_unit("301") == person
    assert store.people.find_by_unit("999") is None
    assert [each.id for each in store.people.list()] == [resident, other]


def test_a_unit_has_one_person(store, resident):
    with pytest.raises(RequestError) as refusal:
        store.people.add("301", "Somebody else", "")
    assert refusal.value.code == "unit-taken"
    assert len(store.people.list()) == 1


@pytest.mark.parametrize("unit", ["", "3-01", "123456789", "\u0663", "301\n"])
def test_a_unit_that_cannot_be_typed_is_refused(store, unit):
    with pytest.raises(RequestError) as refusal:
        store.people.add(unit, "Ann", "")
    assert refusal.value.code == "unit-unfit"


def test_an_unknown_person_is_told_as_such(store):
    with pytest.raises(RequestError) as refusal:
        store.people.get(PersonId("nobody"))
    assert refusal.value.code == "person-unknown"


def test_nothing_personal_is_readable_in_the_files(store, resident, tmp_path, noon):
    store.credentials.issue_card(resident, "0451-CARD", at=noon)
    store.credentials.issue_pin(resident, "739154", at=noon)
    subject = store.people.get(resident).subject
    data = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir() if path.name != "ballast")
    for secret in ("Li Na", "555 0199", "0451-CARD", "739154", subject):
        assert secret.encode() not in data


def test_the_biometric_table_leads_to_no_person_r35(store, resident, enrol, intruder):
    enrol(resident)
    with intruder() as connection:
        biometric = str(connection.execute("SELECT * FROM consents, templates").fetchall())
    assert resident not in biometric


def test_swapped_people_are_refused_by_name_of_the_record(store, resident, intruder):
    other = store.people.add("302", "Ann", "")
    with intruder() as connection:
        rows = dict(connection.execute("SELECT id, sealed FROM people").fetchall())
        for mine, theirs in ((resident, other), (other, resident)):
            connection.execute("UPDATE people SET sealed = ? WHERE id = ?", (rows[theirs], mine))
    with pytest.raises(VaultError, match=resident) as refusal:
        store.people.get(resident)
    assert "Ann" not in str(refusal.value)


def test_a_person_never_shows_in_a_log_line(store, resident):
    assert "Li Na" not in repr(store.people.get(resident))

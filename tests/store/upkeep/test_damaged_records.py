"""Records that cannot be read: of whom, of a lost key, of a run (R24, R51)."""

from datetime import timedelta

import pytest

from gate.core.retention import Item
from gate.store.upkeep.retention import Failure
from tests.store.upkeep.looks import count


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

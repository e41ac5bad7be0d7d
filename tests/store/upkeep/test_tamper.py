"""An opened case locks face and its keys until somebody looked; card and PIN go on (R60)."""

import pytest

from gate.core.consent import By, Channel
from gate.errors import VaultError
from gate.store.account.audit import Action
from tests.consents import agreement


def actions(store):
    return [entry.action for entry in store.audit.entries()]


def test_r60_the_keys_leave_memory_and_no_template_opens(store, resident, enrol, noon):
    enrol(resident)
    store.tamper.raise_(noon)
    assert store.tamper.is_raised
    with pytest.raises(VaultError) as refusal:
        store.templates.gallery(noon)
    assert refusal.value.code == "epoch-sealed"


def test_r60_nobody_is_enrolled_meanwhile(store, resident, noon):
    epoch = store.epochs.current.number
    store.tamper.raise_(noon)
    with pytest.raises(VaultError) as refusal:
        store.consents.enrol(resident, agreement(store), at=noon, epoch=epoch, template=bytes(512))
    assert refusal.value.code == "epoch-sealed"


def test_r60_a_restart_forgets_nothing(open_store, store, resident, enrol, noon):
    enrol(resident)
    store.tamper.raise_(noon)
    again = open_store()
    assert again.tamper.is_raised
    with pytest.raises(VaultError):
        again.templates.gallery(noon)


def test_r60_card_and_pin_open_and_a_withdrawal_is_done(store, resident, enrol, noon):
    enrol(resident)
    store.credentials.issue_card(resident, "26:1", at=noon)
    pin = store.credentials.issue_pin(resident, at=noon)
    store.tamper.raise_(noon)
    assert store.credentials.check_card("26:1", noon).granted
    check = store.credentials.prepare_pin("301", noon)
    assert store.credentials.finish_pin(check, ok=check.verify(pin), at=noon).granted
    assert store.consents.withdraw(resident, at=noon, by=By(Channel.GATE, "resident"))
    assert store.templates.count() == 0


def test_r60_it_is_noted_once_however_often_the_contact_opens(store, noon):
    for _ in range(3):
        store.tamper.raise_(noon)
    assert actions(store).count(Action.TAMPERED) == 1


def test_r60_after_a_look_face_comes_back_with_the_next_start_and_not_before(
    open_store, store, resident, enrol, noon
):
    enrol(resident)
    store.tamper.raise_(noon)
    beside = open_store()
    assert beside.tamper.clear(noon)
    store.tamper.keep()
    assert store.tamper.is_raised
    again = open_store()
    assert not again.tamper.is_raised
    assert len(again.templates.gallery(noon).templates) == 1
    assert actions(again)[-1] == Action.TAMPER_CLEARED


def test_clearing_what_was_not_raised_does_nothing(store, noon):
    assert not store.tamper.clear(noon)
    assert Action.TAMPER_CLEARED not in actions(store)


def test_r60_a_note_the_disk_refused_locks_face_all_the_same_and_is_made_later(store, intruder, noon):
    with intruder() as connection:
        connection.execute(
            "CREATE TRIGGER planted BEFORE INSERT ON meta WHEN NEW.name = 'tamper'"
            " BEGIN SELECT RAISE(ABORT, 'planted'); END"
        )
        with pytest.raises(VaultError):
            store.tamper.raise_(noon)
        assert store.tamper.is_raised
        assert not store.tamper.is_noted
        connection.execute("DROP TRIGGER planted")
    store.tamper.keep()
    assert store.tamper.is_noted


def test_r60_what_another_process_noted_locks_this_one(open_store, store, noon):
    beside = open_store()
    beside.tamper.raise_(noon)
    store.tamper.keep()
    assert store.tamper.is_raised


def test_r60_a_note_deleted_past_the_gate_keeps_face_locked_until_somebody_clears_it(
    store, open_store, intruder, noon
):
    store.tamper.raise_(noon)
    with intruder() as connection:
        connection.execute("DELETE FROM meta WHERE name = 'tamper'")
    again = open_store()
    assert again.tamper.is_raised
    assert again.tamper.clear(noon)
    assert not open_store().tamper.is_raised


def test_r87_a_lock_deleted_past_the_gate_stays_shut(store, intruder, noon):
    store.assessments.approve("c" * 64, "{}", "Ann", "manager", noon)
    assert store.assessments.is_approved("c" * 64)
    store.assessments.stop("north", noon, {})
    with intruder() as connection:
        connection.execute("DELETE FROM meta WHERE name = 'face-stopped'")
    assert not store.assessments.is_approved("c" * 64)

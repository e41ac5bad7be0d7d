"""R82, R83, R85: registers whose entries are sealed, and whose earlier revisions stay."""

import sqlite3
from dataclasses import replace
from datetime import date, timedelta

import pytest

from gate.core.registers import (
    Filing,
    Incident,
    Processing,
    Processor,
    Recipient,
    Register,
    Sign,
    Training,
)
from gate.errors import RequestError, VaultError
from gate.store.account.audit import Action

DAY = date(2026, 11, 22)
BANK = Recipient("Canary Bank", "+86 1", "none", "post", "names")


@pytest.fixture
def registers(store):
    return store.registers


def one_of_each(noon):
    return {
        Register.RECIPIENT: BANK,
        Register.PROCESSOR: Processor("Fixers", "+86 2", "repair", "none", "sealed", DAY),
        Register.PROCESSING: Processing("entry", "residents", "names", "none", "tenancy", "sealed"),
        Register.TRAINING: Training("Zoe", "guard", "consent", DAY, DAY + timedelta(days=365)),
        Register.INCIDENT: Incident("names", "loss", "calls", "locked", "be wary", "desk", noon, noon),
        Register.SIGN: Sign("main door", DAY, DAY),
        Register.FILING: Filing("CAC", "1", DAY),
    }


@pytest.mark.parametrize("register", list(Register))
def test_what_is_entered_is_given_back_as_it_was(registers, noon, register):
    fields = one_of_each(noon)[register]
    entry = registers.add(register, fields, noon)
    assert [(each.id, each.revision, each.fields) for each in registers.current(register)] == [
        (entry, 1, fields)
    ]
    assert all(registers.current(other) == () for other in Register if other is not register)


def test_r82_a_change_is_a_revision_and_the_earlier_one_stays(registers, noon):
    entry = registers.add(Register.RECIPIENT, BANK, noon)
    later = noon + timedelta(days=1)
    assert registers.revise(entry, replace(BANK, name="Other Bank"), later) == 2
    assert [each.fields.name for each in registers.current(Register.RECIPIENT)] == ["Other Bank"]
    assert [(each.revision, each.at, each.fields.name) for each in registers.history(entry)] == [
        (1, noon, "Canary Bank"),
        (2, later, "Other Bank"),
    ]
    assert registers.revisions(Register.RECIPIENT) == ((entry, 2),)


def test_entries_are_given_in_the_order_they_were_made_whatever_was_revised(registers, noon):
    first, second = (
        registers.add(Register.SIGN, Sign(where, DAY), noon + timedelta(seconds=number))
        for number, where in enumerate(("first", "second"))
    )
    registers.revise(first, Sign("first", DAY), noon + timedelta(days=1))
    assert [each.id for each in registers.current(Register.SIGN)] == [first, second]


def test_an_unknown_entry_is_refused(registers, noon):
    for act in (lambda: registers.newest("no"), lambda: registers.revise("no", BANK, noon)):
        with pytest.raises(RequestError) as refusal:
            act()
        assert refusal.value.code == "entry-unknown"


def test_fields_of_another_register_are_refused_and_nothing_is_written(registers, noon):
    with pytest.raises(RequestError) as refusal:
        registers.add(Register.SIGN, BANK, noon)
    assert refusal.value.code == "register-form"
    assert registers.current(Register.SIGN) == ()


def test_r55_every_change_stands_in_the_audit_log_without_its_words(store, noon):
    entry = store.registers.add(Register.RECIPIENT, BANK, noon)
    line = store.audit.entries(newest=1)[0]
    assert (line.action, line.object, line.detail) == (
        Action.REGISTER_CHANGED,
        entry,
        '{"register":"recipient","revision":1}',
    )


def test_r50_nothing_readable_of_an_entry_is_in_the_database(store, noon, database_path):
    store.registers.add(Register.RECIPIENT, BANK, noon)
    store.close()
    assert not any(b"Canary Bank" in file.read_bytes() for file in database_path.parent.iterdir())


@pytest.mark.parametrize(
    "change",
    [
        "sealed = zeroblob(length(sealed))",
        "wrapped_key = zeroblob(length(wrapped_key))",
        "revision = 2",
        "at = at + 1",
        "register = 'processor'",
        "register = 'nothing'",
        "id = 'other'",
    ],
)
def test_r50_an_altered_or_moved_entry_is_told(registers, noon, intruder, change):
    entry = registers.add(Register.RECIPIENT, BANK, noon)
    with intruder() as connection:
        connection.execute("DROP TRIGGER register_entries_never_change")
        connection.execute(f"UPDATE register_entries SET {change}")
    with pytest.raises(VaultError) as refusal:
        registers.newest("other" if "id =" in change else entry)
    assert refusal.value.code == "record-altered"


def test_r82_the_database_itself_refuses_to_change_a_revision(registers, noon, intruder):
    registers.add(Register.RECIPIENT, BANK, noon)
    with intruder() as connection, pytest.raises(sqlite3.IntegrityError, match="add a revision"):
        connection.execute("UPDATE register_entries SET at = at + 1")

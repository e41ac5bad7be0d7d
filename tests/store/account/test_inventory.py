"""R35, R82: the inventory is made of the real schema, so that no column is kept that nobody wrote down."""

import pytest

from gate.core.retention import Item
from gate.settings import PROJECT
from gate.store.account.inventory import as_markdown, inventory, schema_columns
from gate.store.account.inventory_words import COLUMNS, Class


def test_every_column_of_the_schema_is_classified_and_none_that_is_not_there():
    classified = {(table, column) for table, columns in COLUMNS.items() for column in columns}
    assert set(schema_columns()) - classified == set(), (
        "classify these in gate/store/account/inventory_words.py"
    )
    assert classified - set(schema_columns()) == set(), "these are gone from the schema"


def test_the_document_is_the_one_the_schema_gives():
    text = (PROJECT / "docs" / "data-inventory.md").read_text(encoding="utf-8")
    assert text == as_markdown(), "run python -m gate.store.account.inventory docs/data-inventory.md"


def test_the_schema_is_that_of_a_store(store):
    real = {
        (table, column[1])
        for (table,) in store._database.rows(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        for column in store._database.rows(f"PRAGMA table_info({table})")
    }
    assert set(schema_columns()) == real


@pytest.mark.parametrize("held", [each for each in inventory() if each.column == "sealed"], ids=str)
def test_r50_what_is_sealed_is_personal_or_more(held):
    assert held.data_class in {Class.PERSONAL, Class.SENSITIVE, Class.SECRET}
    assert "AES-256-GCM" in held.sealed


def test_r35_beside_a_template_stands_nothing_that_names_anybody():
    classes = {each.column: each.data_class for each in inventory() if each.table == "templates"}
    assert classes["sealed"] is Class.SENSITIVE
    assert not {"name", "unit", "contact", "person_id", "subject_ref"} & set(classes)


def test_r75_every_personal_column_has_an_end():
    spans = {(each.table, each.column): COLUMNS[each.table][each.column] for each in inventory()}
    endless = {
        where
        for where, words in spans.items()
        if words.data_class is not Class.OPERATIONAL and not isinstance(words.item, Item)
    }
    # The chain of the ledger outlives its content: a random id and a time, no word of anybody.
    assert endless == {("consent_events", "record"), ("consent_events", "at")}


@pytest.mark.parametrize("held", [each for each in inventory() if each.sealed == "no: a random id"], ids=str)
def test_r82_only_a_random_id_is_told_to_be_one(held):
    assert held.what.startswith(("random id", "the random word"))

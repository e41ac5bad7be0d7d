"""The data inventory: what every column of the real schema holds, how it is sealed, how long it stays.

``python -m gate.store.account.inventory FILE`` writes it; a test fails when a column is not in it or the file has drifted.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gate.core.retention import DATA_TABLE, Item
from gate.store.account.inventory_words import COLUMNS, Class
from gate.store.db import shipped_migrations

TITLE: Final = "# Data inventory"


@dataclass(frozen=True, slots=True)
class Held:
    """One column of the database. what, sealed: in plain words. kept: from the table of retention."""

    table: str
    column: str
    what: str
    data_class: Class
    sealed: str
    kept: str


def schema_columns() -> tuple[tuple[str, str], ...]:
    """Give every table and column that the shipped schema makes, in its order; reads no database of anybody."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for script in shipped_migrations():
            connection.executescript(script)
        tables = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        ).fetchall()
        return tuple(
            (table, column[1])
            for (table,) in tables
            for column in connection.execute(f"PRAGMA table_info({table})")
        )


def inventory() -> tuple[Held, ...]:
    """Give every column of the schema as it is classified. Raises KeyError for one that is not."""
    kept = {row.item: row.kept for row in DATA_TABLE}
    held = []
    for table, column in schema_columns():
        words = COLUMNS[table][column]
        item = words.item
        held.append(
            Held(
                table,
                column,
                words.what,
                words.data_class,
                words.sealed,
                kept[item] if isinstance(item, Item) else item,
            )
        )
    return tuple(held)


def as_markdown() -> str:
    """Give the inventory as the text of its file."""
    lines = [
        TITLE,
        "",
        "Generated from the schema by `python -m gate.store.account.inventory docs/data-inventory.md`; the build fails when it",
        "drifts. What is held in memory only, and what ends each span, stands in `gate/core/data_table.py`.",
        "",
        "| table | column | what it holds | class | sealed | kept |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {each.table} | {each.column} | {each.what} | {each.data_class} | {each.sealed} | {each.kept} |"
        for each in inventory()
    ]
    lines += [
        "",
        "## In memory and apart from the database",
        "",
        "| what | class | where | kept |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {row.what} | {row.data_class} | {row.where} | {row.kept} |"
        for row in DATA_TABLE
        if row.item in _NOT_IN_DATABASE
    ]
    return "\n".join(lines) + "\n"


_NOT_IN_DATABASE: Final = (Item.FRAME, Item.WINDOW_SET, Item.KEYS)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(as_markdown(), encoding="utf-8")

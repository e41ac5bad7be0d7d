"""Faults in a database, planted from outside."""

import pytest


@pytest.fixture
def forbid(intruder):
    """Plant a fault: the table keeps its rows, all or those that *where* describes."""

    def forbid(deed, table, where="TRUE"):
        with intruder() as connection:
            connection.execute(
                f"CREATE TRIGGER planted_{table}_{deed.split()[0]} BEFORE {deed} ON {table} WHEN {where}"
                " BEGIN SELECT RAISE(ABORT, 'planted'); END"
            )

    return forbid


@pytest.fixture
def allow(intruder):
    def allow():
        with intruder() as connection:
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_schema WHERE name LIKE 'planted%'"
            ).fetchall():
                connection.execute(f"DROP TRIGGER {name}")

    return allow

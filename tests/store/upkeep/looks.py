"""What the tests of retention look at in a store."""

from datetime import UTC, datetime, timedelta

from gate.core.consent import By, Channel
from gate.store.upkeep import tombstones

DAY = timedelta(days=1)
YEAR = timedelta(days=365)
BY_RESIDENT = By(Channel.DESK, "resident")
UNTIL_UNUSED = datetime(2026, 12, 1, tzinfo=UTC) + timedelta(days=180)
"""NOON lies in November: 180 days after that month's end a template is unused."""


def count(store, table, where="TRUE"):
    return store._database.rows(f"SELECT count(*) FROM {table} WHERE {where}")[0][0]


def actions(store):
    return [entry.action for entry in store.audit.entries()]


def stones(store):
    return {(stone.kind, stone.ref) for stone in store._database.write(tombstones.buried)}

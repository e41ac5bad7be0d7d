from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate import app
from gate.demo.operator import prepare_site
from gate.demo.settings import desk_settings
from gate.notice import load_sources, publish
from tests.consents import give

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CANARIES = ("Canary Person", "canary@example.org", "80417", "Canary Approver", "Canary Trainee")
"""Names, contact and unit of people: none of them may be in what leaves the device."""


@pytest.fixture
def noon():
    return NOON


@pytest.fixture
def settings(tmp_path: Path):
    """Give the settings of a desk gate with face switched on."""
    return desk_settings(tmp_path)


@pytest.fixture
def changed(settings):
    """Give the settings with a section's fields changed."""

    def changed(section, **fields):
        part = getattr(settings, section).model_copy(update=fields)
        return settings.model_copy(update={section: part})

    return changed


@pytest.fixture
def open_store():
    opened = []

    def opener(settings):
        opened.append(app.open_store(settings))
        return opened[-1]

    yield opener
    for store in opened:
        store.close()


@pytest.fixture
def store(settings, open_store):
    """Give a store with a notice and no approval."""
    store = open_store(settings)
    publish(store.notices, load_sources(settings), NOON)
    return store


@pytest.fixture
def site(settings, open_store):
    """Give the store of a site that an operator prepared: notice published, assessment approved."""
    store = open_store(settings)
    prepare_site(store, settings, NOON)
    return store


def enter_people(store, count):
    """Enter people with a face template each; their names are canaries."""
    people = []
    for number in range(count):
        unit = CANARIES[2] if number == 0 else str(number)
        person = store.people.add(unit, CANARIES[0], CANARIES[1])
        give(store, person, at=NOON)
        people.append(person)
    return people

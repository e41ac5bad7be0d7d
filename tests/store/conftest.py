from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.core.types import AttemptId, Decision, Method, Reason
from gate.store import Store
from tests.consents import TERMS, give
from tests.notices import publish_notice
from tests.stores import lay_started, open_in

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
YEAR = timedelta(days=365)
OF_A_FIRST_START = {"data_dir", "keys_dir", "credentials_dir", "gate_id", "custody", "ask", "tpm"}
"""What decides how a store is made, and where."""


@pytest.fixture
def noon() -> datetime:
    return NOON


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Callable[..., Store]]:
    opened = []

    def opener(*, with_notice: bool = True, anew: bool = False, **changed: object) -> Store:
        """Open the store, started once before unless *anew*; *changed*: what Store.open takes."""
        if not (anew or OF_A_FIRST_START & changed.keys()):
            lay_started(tmp_path, with_notice=with_notice)
        store = open_in(tmp_path, **changed)
        opened.append(store)
        if with_notice and store.notices.newest_number is None:
            publish_notice(store, NOON)
        return store

    yield opener
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store) -> Store:
    return open_store()


@pytest.fixture
def resident(store):
    return store.people.add("301", "Li Na", "+86 555 0199")


@pytest.fixture
def enrol(store, open_store):
    def enrol(person, *, at=NOON, template=bytes(512), retention=YEAR, **said):
        """Give consent and template; *retention* is the site's at that time, *said* as tests.consents has it."""
        terms = replace(TERMS, retention=retention)
        site = store if retention == YEAR else open_store(terms=terms)
        enrolled = give(site, person, at=at, template=template, **said)
        return enrolled.consent, (enrolled.template,)

    return enrol


@pytest.fixture
def database_path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "gate.sqlite3"


@pytest.fixture
def intruder(database_path):
    """Somebody who writes to the database past the store, without the triggers if need be."""

    @contextmanager
    def connect() -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(database_path, isolation_level=None)) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            yield connection

    return connect


@pytest.fixture
def decide():
    def decide(attempt="a1", *, granted=True, method=Method.CARD):
        reason = Reason.KNOWN_CREDENTIAL if granted else Reason.UNKNOWN_CREDENTIAL
        return Decision(AttemptId(attempt), method, granted, reason)

    return decide

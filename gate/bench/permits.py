"""What it costs at a passage to look whether the person may come in now, among many who have hours (R03)."""

from __future__ import annotations

import os
import secrets
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Final

from gate.app import open_store
from gate.bench.desk import UNIT, bench_settings, move_in
from gate.core.types import Decision, Method, Reason, Seconds
from gate.service import new_attempt
from gate.store import Kept, Store
from gate.store.database import Database
from gate.store.db import DATABASE_NAME

HOURS: Final = "bench"
_PAGE_BYTES: Final = 4096
_CALLS: Final = 20
_COPY: Final = """INSERT INTO people (id, unit_lookup, wrapped_key, sealed, subject_lookup)
    SELECT ?, ?, wrapped_key, sealed, ? FROM people WHERE id = ?"""


def permit_figures(models_dir: Path, *, people: int, passages: int) -> dict[str, object]:
    """Record *passages* of one of *people* with hours; time the permit alone, and a page put on the same disk in turns."""
    with tempfile.TemporaryDirectory(prefix="gate-bench-") as folder:
        settings = bench_settings(Path(folder), models_dir)
        move_in(settings)
        with closing(open_store(settings)) as store, (Path(folder) / "page").open("wb", buffering=0) as page:
            store.permits.set(HOURS, "mon-sun 00:00-24:00", datetime.now(UTC))
            store.permits.give(UNIT, HOURS, datetime.now(UTC))
            _multiply(store, settings.storage.data_dir / DATABASE_NAME, people)
            works = _works(store, page.fileno())
            spent: dict[str, list[Seconds]] = {name: [] for name in works}
            for _ in range(passages):
                for name, work in works.items():
                    began = perf_counter()
                    work()
                    spent[name].append(perf_counter() - began)
    return {
        "people_with_hours": people,
        "permit_us": median(spent["permit"]) / _CALLS * 1e6,
        "permit_by_face_us": median(spent["permit_by_face"]) / _CALLS * 1e6,
        "record_ms": median(spent["record"]) * 1e3,
        "record_p99_ms": quantiles(spent["record"], n=100)[98] * 1e3,
        "record_over_disk_ratio": median(spent["record"]) / median(spent["disk"]),
        "disk_p99_ms": quantiles(spent["disk"], n=100)[98] * 1e3,
    }


def _works(store: Store, page: int) -> dict[str, Callable[[], object]]:
    [resident] = (each for each in store.people.list(limit=1))
    subject, content = resident.subject, secrets.token_bytes(_PAGE_BYTES)

    def permit() -> None:
        for _ in range(_CALLS):
            person = store.people.readable(resident.id)
            assert person is not None
            store.permits.refusal(person, datetime.now(UTC), clock_trusted=True)

    def permit_by_face() -> None:
        for _ in range(_CALLS):
            person = store.people.by_subject(subject)
            assert person is not None
            store.permits.refusal(person, datetime.now(UTC), clock_trusted=True)

    def record() -> None:
        decision = Decision(new_attempt(), granted=True, reason=Reason.KNOWN_CREDENTIAL, method=Method.CARD)
        kept = store.decisions.record(decision, at=datetime.now(UTC), who=resident.id, clock_trusted=True)
        assert kept is Kept.COMMITTED

    def disk() -> None:
        os.write(page, content)
        os.fsync(page)

    return {"permit": permit, "permit_by_face": permit_by_face, "record": record, "disk": disk}


def _multiply(store: Store, path: Path, people: int) -> None:
    """Bring the people to *people*, in one transaction: copies of the one, each under ids of its own."""
    [resident] = store.people.list(limit=1)

    def work(connection: sqlite3.Connection) -> None:
        rows = (
            (secrets.token_hex(16), secrets.token_bytes(32), secrets.token_bytes(32), resident.id)
            for _ in range(people - 1)
        )
        connection.executemany(_COPY, rows)

    with closing(Database(path)) as database:
        database.write(work)

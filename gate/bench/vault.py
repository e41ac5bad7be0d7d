"""What sealing, opening and changing the epoch cost, and how much of the disk a resident takes."""

from __future__ import annotations

import secrets
import sqlite3
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gate.app import open_store
from gate.bench.desk import agreement_to, bench_settings, draw_template
from gate.core.types import Seconds
from gate.demo.operator import prepare_site
from gate.store import Store
from gate.store.consent.templates import BOUND_TERMS, TEMPLATE_BYTES, template_binding
from gate.store.database import Database
from gate.store.db import DATABASE_NAME
from gate.store.vault import Binding, Vault
from gate.vision.renewal import renewed_now

_CALLS = 200
_PLACE = Binding("templates", "0" * 32, 1, "0" * 32, "0" * 64)


def vault_figures(models_dir: Path, *, rounds: int, gallery: int, residents: int) -> dict[str, object]:
    """Measure one vault and one store; *gallery* templates are opened and renewed, *residents* weighed."""
    with tempfile.TemporaryDirectory(prefix="gate-bench-") as folder:
        settings = bench_settings(Path(folder), models_dir)
        store = open_store(settings)
        path = settings.storage.data_dir / DATABASE_NAME
        try:
            prepare_site(store, settings, datetime.now(UTC))
            weight = _bytes_per_resident(store, path, residents)
            _multiply(store, path, gallery)
            opening = _gallery_s(store)
            rotation = _rotation(store)
        finally:
            store.close()
    return {
        **_ratios(rounds),
        "gallery": gallery,
        "gallery_open_s": opening,
        **rotation,
        "resident_bytes": weight,
    }


def _ratios(rounds: int) -> dict[str, object]:
    """Time one sealed template against bare AES-GCM calls of the same bytes, in turns, so that noise meets all alike.

    A bare call comes twice: with a key of its own, as every record has, and with a key set up beforehand.
    """
    plain, data, nonce = secrets.token_bytes(TEMPLATE_BYTES), _PLACE.encode(), secrets.token_bytes(12)
    key = secrets.token_bytes(32)
    ready, vault = AESGCM(key), Vault(key)
    sealed, bare = vault.seal(plain, _PLACE), ready.encrypt(nonce, plain, data)
    works: dict[str, Callable[[], object]] = {
        "seal": lambda: vault.seal(plain, _PLACE),
        "open": lambda: vault.open(sealed, _PLACE),
        "bare_seal": lambda: AESGCM(key).encrypt(secrets.token_bytes(12), plain, data),
        "bare_open": lambda: AESGCM(key).decrypt(nonce, bare, data),
        "ready_seal": lambda: ready.encrypt(nonce, plain, data),
        "ready_open": lambda: ready.decrypt(nonce, bare, data),
    }
    spent: dict[str, list[Seconds]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            spent[name].append(_timed(work))
    us = {name: median(each) / _CALLS * 1e6 for name, each in spent.items()}
    return {
        "seal_us": us["seal"],
        "open_us": us["open"],
        "seal_ratio": us["seal"] / us["bare_seal"],
        "open_ratio": us["open"] / us["bare_open"],
        "seal_ready_key_ratio": us["seal"] / us["ready_seal"],
        "open_ready_key_ratio": us["open"] / us["ready_open"],
    }


def _timed(work: Callable[[], object]) -> Seconds:
    began = perf_counter()
    for _ in range(_CALLS):
        work()
    return perf_counter() - began


def _bytes_per_resident(store: Store, path: Path, residents: int) -> float:
    """Enter *residents* with card, PIN, consent record and template; give what each adds to the database."""
    before = _size(store, path)
    pin = store.credentials.make_pin(store.people.add("0", "Bench", ""))
    for number in range(1, residents + 1):
        at = datetime.now(UTC)
        person = store.people.add(str(number), "Zhang Weimin", "+86 10 5555 0100")
        store.credentials.issue_card(person, f"26:{number}", at=at)
        store.credentials.issue_pin(person, pin, at=at)
        epoch = store.epochs.number
        store.consents.enrol(person, agreement_to(store), at=at, epoch=epoch, template=draw_template())
    return (_size(store, path) - before) / residents


def _size(store: Store, path: Path) -> int:
    store.reclaim()
    database = Database(path)
    try:
        database.scrub()
        used: int = database.rows(
            "SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count"
        )[0][0]
        page: int = database.rows("PRAGMA page_size")[0][0]
    finally:
        database.close()
    return used * page


def _multiply(store: Store, path: Path, gallery: int) -> None:
    """Bring the gallery to *gallery* templates, in one transaction: copies of one consent, each under its own id."""
    epoch = store.epochs.current
    database = Database(path)
    [(model, created_at, month)] = database.rows(
        "SELECT model_sha256, created_at, last_used_month FROM templates ORDER BY rowid LIMIT 1"
    )
    [consent] = database.rows("SELECT * FROM consents WHERE given_at = :at LIMIT 1", at=created_at)
    missing = gallery - store.templates.count()

    def work(connection: sqlite3.Connection) -> None:
        marks = ", ".join("?" * len(consent))
        for _ in range(missing):
            template, record = secrets.token_hex(16), secrets.token_hex(16)
            connection.execute(
                f"INSERT INTO consents VALUES ({marks})",  # noqa: S608 - as many marks as columns
                (record, secrets.token_hex(16), *consent[2:]),
            )
            sql = f"SELECT {BOUND_TERMS} FROM consents WHERE id = ?"  # noqa: S608 - our own words
            (terms,) = connection.execute(sql, (record,)).fetchone()
            binding = template_binding(template, record, model, epoch.number, terms)
            sealed = epoch.vault.seal(draw_template(), binding)
            connection.execute(
                "INSERT INTO templates VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
                (
                    template,
                    record,
                    model,
                    epoch.number,
                    sealed.wrapped_key,
                    sealed.content,
                    created_at,
                    month,
                ),
            )

    try:
        database.write(work)
    finally:
        database.close()


def _gallery_s(store: Store) -> Seconds:
    spent = []
    for _ in range(3):
        began = perf_counter()
        gallery = store.templates.gallery(datetime.now(UTC))
        spent.append(perf_counter() - began)
        assert not gallery.faulty
    return min(spent)


def _rotation(store: Store) -> dict[str, object]:
    """Change the epoch once, step by step: what holds the service's loop, and what happens aside."""
    steps: list[tuple[str, Seconds]] = []

    def timed(where: str, began: Seconds) -> Seconds:
        now = perf_counter()
        steps.append((where, now - began))
        return now

    known, at = store.epochs.shelved(), datetime.now(UTC)
    began = perf_counter()
    renewal = store.rotation.begin(known)
    began = timed("loop", began)
    rows, templates = renewal.survivors()
    assert renewal.old is not None
    renewed = renewed_now(renewal.old.seed, renewal.new.seed, templates)
    moves = renewal.sealed(rows, renewed)
    store.epochs.write(renewal.new.number, renewal.secret)
    began = timed("aside", began)
    finished = store.rotation.finish(renewal, moves, at)
    assert finished
    began = timed("loop", began)
    store.epochs.destroy(renewal.stale(finished=True))
    timed("aside", began)
    return {
        f"rotation_{where}_s": sum(spent for name, spent in steps if name == where)
        for where in ("loop", "aside")
    }

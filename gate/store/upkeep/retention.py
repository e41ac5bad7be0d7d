"""The retention engine (R75, R76): deletes what is past its time, by itself, and keeps a log that proves it ran.

Each record goes in a savepoint of its own: one that cannot be deleted stops neither the others nor the run. It is then
taken out of all processing, and the alarm stands until a later run has deleted it. What is due and since when is said
in ``gate/core/retention.py``; how one record is erased, in ``gate/store/upkeep/erasures.py``.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gate.core.canonical import canonical
from gate.core.retention import Item
from gate.errors import GateError, VaultError
from gate.store.account.audit import Action, Actor, AuditLog, Who
from gate.store.database import Database, Row
from gate.store.times import seconds_of, time_of
from gate.store.upkeep.erasures import Bulk, Erasure, Erasures, Purge

REFUSED: Final = "record-refused"
PROMPT: Final = frozenset({Item.TEMPLATE, Item.TENANCY})
"""What ends at a second that people know: looked at every 20 s. The rest is looked at hourly."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A record that is past its time and could not be deleted. ref: its random id, empty for a whole item.

    stopped: whether it was taken out of all processing (R76).
    """

    item: Item
    ref: str
    code: str
    stopped: bool


@dataclass(frozen=True, slots=True)
class RunReport:
    """What one run did."""

    at: datetime
    deleted: Mapping[Item, int]
    failed: tuple[Failure, ...]


@dataclass(slots=True)
class _Tally:
    deleted: Counter[Item] = field(default_factory=Counter)
    failed: list[Failure] = field(default_factory=list)


class Retention:
    """The engine and its retention_runs table. Time is always an argument: trusted time (gate/core/clock.py)."""

    def __init__(self, database: Database, audit: AuditLog, erasures: Erasures) -> None:
        self._database = database
        self._audit = audit
        self._erasures = erasures
        self._standing = self._last_failed()
        self._prompt: Counter[Item] = Counter()
        self._backlog: frozenset[Item] = frozenset()

    @property
    def standing(self) -> tuple[Failure, ...]:
        """Give what the last run could not delete: the alarm that stands. Reads no database."""
        return self._standing

    @property
    def is_safe(self) -> bool:
        """Tell whether everything that could not be deleted is at least out of processing; if not, face goes off."""
        return all(failure.stopped for failure in self._standing)

    def run(self, now: datetime, *, most: int | None = None, by: Who = Actor.GATE) -> RunReport:
        """Delete everything that is due, and write down that it was done. Raises VaultError if nothing can be written.

        most: of each kind, where a door waits meanwhile; ``keep`` goes on with the rest. by: who had it run.
        """
        tally = self._erase(frozenset(Item), now, most)
        report = RunReport(now, dict(self._prompt + tally.deleted), tuple(tally.failed))
        self._write_down(report, by)
        self._prompt.clear()
        return report

    def keep(self, now: datetime, *, most: int | None = None) -> int:
        """End what ends at a known second, and go on with what a run left over; write a run only for news.

        Returns how many records went.
        """
        items = PROMPT | self._backlog
        tally = self._erase(items, now, most)
        self._prompt += tally.deleted  # the next run tells of them
        if not set(tally.failed) <= set(self._standing):
            others = tuple(each for each in self._standing if each.item not in items)
            self._write_down(RunReport(now, {}, (*others, *tally.failed)))
        return tally.deleted.total()

    def runs(self, *, newest: int | None = None) -> tuple[RunReport, ...]:
        """Give all runs that are kept, or only the *newest*, oldest first. Raises VaultError ``record-altered``."""
        sql = "SELECT at, deleted, failed FROM retention_runs ORDER BY seq DESC LIMIT :most"
        rows = self._database.rows(sql, most=-1 if newest is None else newest)
        return tuple(_report(row) for row in reversed(rows))

    def _last_failed(self) -> tuple[Failure, ...]:
        try:
            last = self.runs(newest=1)
        except VaultError as error:
            if error.code != "record-altered":
                raise
            # What it could not stop is not known: face waits for the next run, card and PIN do not (R02, R76).
            return (Failure(Item.RUN, "", error.code, stopped=False),)
        return last[0].failed if last else ()

    def _erase(self, items: frozenset[Item], now: datetime, most: int | None) -> _Tally:
        tally = _Tally()
        self._backlog -= items
        scrub = False
        for erasure in self._erasures.all():
            if erasure.item not in items:
                continue
            try:
                done, failed = self._erase_due(erasure, now, most)
            except GateError as error:  # the item could not even be looked at: the next one may fare better
                failed = [Failure(erasure.item, "", error.code, stopped=not isinstance(erasure, Erasure))]
                done = 0
            tally.deleted[erasure.item] += done
            tally.failed.extend(failed)
            scrub = scrub or (done > 0 and isinstance(erasure, Erasure) and erasure.scrubs)
        if scrub:
            self._database.scrub()
        return _Tally(+tally.deleted, tally.failed)

    def _erase_due(
        self, erasure: Erasure | Bulk | Purge, now: datetime, most: int | None
    ) -> tuple[int, list[Failure]]:
        match erasure:
            case Purge():
                return erasure.act(now), []
            case Bulk():
                return self._erase_bulk(erasure, now, most)
            case Erasure():
                return self._erase_each(erasure, now, most)

    def _erase_bulk(self, bulk: Bulk, now: datetime, most: int | None) -> tuple[int, list[Failure]]:
        try:
            return self._database.write(lambda connection: bulk.erase_all(connection, now)), []
        except VaultError as error:
            if error.code != REFUSED:
                raise
        return self._erase_each(bulk.one_by_one(), now, most)

    def _erase_each(self, erasure: Erasure, now: datetime, most: int | None) -> tuple[int, list[Failure]]:
        if not erasure.find(now):
            return 0, []  # most runs find nothing: they begin no transaction
        known = {each.ref: each for each in self._standing if each.item is erasure.item}

        def work(connection: sqlite3.Connection) -> tuple[int, list[Failure], list[str]]:
            # What failed before comes last, so that it never keeps the others waiting.
            refs = sorted(erasure.find(now), key=lambda ref: ref in known)
            chosen, left = refs[:most], refs[len(refs[:most]) :]
            failed = [_erase_one(connection, erasure, ref, now) for ref in chosen]
            failures = [each for each in failed if each is not None]
            return len(chosen) - len(failures), failures, left

        done, failures, left = self._database.write(work)
        if left:
            self._backlog |= {erasure.item}
        return done, [*failures, *(known[ref] for ref in left if ref in known)]

    def _write_down(self, report: RunReport, by: Who = Actor.GATE) -> None:
        counts = {item.value: count for item, count in report.deleted.items()}
        failed = [[each.item.value, each.ref, each.code, each.stopped] for each in report.failed]
        is_news = set(report.failed) != set(self._standing)

        def work(connection: sqlite3.Connection) -> None:
            sql = "INSERT INTO retention_runs (at, deleted, failed) VALUES (?, ?, ?)"
            connection.execute(
                sql, (seconds_of(report.at), canonical(counts).decode(), canonical(failed).decode())
            )
            if counts:
                self._audit.note(connection, by, Action.RETENTION_RAN, at=report.at, detail=counts)
            for each in report.failed if is_news else ():
                self._audit.note(
                    connection,
                    Actor.GATE,
                    Action.RETENTION_FAILED,
                    at=report.at,
                    object=each.ref,
                    detail={"item": each.item.value, "code": each.code, "stopped": int(each.stopped)},
                )

        self._database.write(work)
        self._standing = report.failed


def _erase_one(connection: sqlite3.Connection, erasure: Erasure, ref: str, now: datetime) -> Failure | None:
    """Erase one record, or take it out of processing where it cannot be (R76)."""
    try:
        with _savepoint(connection):
            erasure.erase(connection, ref, now)
    except (sqlite3.IntegrityError, GateError) as error:
        code = error.code if isinstance(error, GateError) else REFUSED
        return Failure(erasure.item, ref, code, stopped=_stop(connection, erasure, ref, now))
    return None


def _stop(connection: sqlite3.Connection, erasure: Erasure, ref: str, now: datetime) -> bool:
    try:
        with _savepoint(connection):
            erasure.stop(connection, ref, now)
    except (sqlite3.IntegrityError, GateError):
        return False
    return True


@contextmanager
def _savepoint(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("SAVEPOINT record")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # SQLite itself rolls all of it back on some errors
            connection.execute("ROLLBACK TO record")
        raise
    finally:
        if connection.in_transaction:
            connection.execute("RELEASE record")


def _report(row: Row) -> RunReport:
    at, deleted, failed = row
    try:
        return RunReport(
            time_of(at),
            {Item(name): int(count) for name, count in json.loads(deleted).items()},
            tuple(
                Failure(Item(item), str(ref), str(code), bool(stopped))
                for item, ref, code, stopped in json.loads(failed)
            ),
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise VaultError(
            "record-altered",
            "The record of a retention run was damaged or altered.",
            remedy="The next run writes a new one; find out who wrote to the database.",
        ) from error

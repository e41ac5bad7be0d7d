"""Figures for governance: counts and times from columns that name nobody; no record is opened for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gate.errors import VaultError
from gate.store.database import Database
from gate.store.times import time_of


@dataclass(frozen=True, slots=True)
class ConsentCount:
    """How many consents of one state, notice version and language there are."""

    state: str
    version: str
    language: str
    count: int


@dataclass(frozen=True, slots=True)
class RequestTimes:
    """One request of a person as the ledger of requests shows it outside: nobody's name, no words of anybody."""

    id: str
    kind: str
    received_at: datetime
    due_at: datetime
    closed_at: datetime | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class NoticeText:
    """One archived text of a published notice."""

    version: str
    language: str
    form: str
    sha256: str
    text: str
    published_at: datetime


class Figures:
    """Counts over the whole store. Every method raises VaultError when the database cannot serve."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def consents(self) -> tuple[ConsentCount, ...]:
        """Count the consents by state, notice version and language."""
        sql = """SELECT state, notice_version, language, count(*) FROM consents
            GROUP BY state, notice_version, language ORDER BY state, notice_version, language"""
        return tuple(ConsentCount(*row) for row in self._database.rows(sql))

    def people_with_templates(self) -> int:
        """Count the people of whom a template is kept (R84)."""
        sql = """SELECT count(DISTINCT subject_ref) FROM templates
            JOIN consents ON consents.id = templates.consent_id"""
        count: int = self._database.rows(sql)[0][0]
        return count

    def first_reached(self, people: int) -> datetime | None:
        """Give when so many consents first held at once, None if they never did."""
        sql = """SELECT min(at) FROM (
            SELECT at, sum(change) OVER (ORDER BY at, change) AS held FROM (
                SELECT given_at AS at, 1 AS change FROM consents
                UNION ALL SELECT ended_at, -1 FROM consents WHERE ended_at IS NOT NULL
            )
        ) WHERE held >= :people"""
        at: int | None = self._database.rows(sql, people=people)[0][0]
        return None if at is None else _time(at)

    def requests(self) -> tuple[RequestTimes, ...]:
        """Give the times of every request, oldest first."""
        sql = (
            "SELECT id, kind, received_at, due_at, closed_at, outcome FROM requests ORDER BY received_at, id"
        )
        return tuple(
            RequestTimes(
                id_, kind, _time(got), _time(due), None if closed is None else _time(closed), outcome
            )
            for id_, kind, got, due, closed, outcome in self._database.rows(sql)
        )

    def tombstones(self) -> dict[str, int]:
        """Count what was erased, by kind (R51)."""
        sql = "SELECT kind, count(*) FROM tombstones GROUP BY kind ORDER BY kind"
        return dict(self._database.rows(sql))

    def notices(self) -> tuple[NoticeText, ...]:
        """Give every archived notice text, in the order of publication."""
        sql = """SELECT version, language, form, sha256, text, published_at FROM notices
            ORDER BY published_at, version, language, form"""
        return tuple(
            NoticeText(version, language, form, sha256, text, _time(at))
            for version, language, form, sha256, text, at in self._database.rows(sql)
        )

    def epoch(self) -> int:
        """Give the number of the epoch in force: each erasure raises it."""
        number: int = self._database.rows("SELECT value FROM meta WHERE name = 'epoch'")[0][0]
        return number


def _time(seconds: int) -> datetime:
    try:
        return time_of(seconds)
    except VaultError as error:
        raise VaultError(
            "record-altered",
            "A record tells no time that can be.",
            remedy="Restore the last backup; find out who wrote to the database.",
        ) from error

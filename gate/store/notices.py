"""The archive of published notices: every language and form of a version together, word for word, for good (R11, R14)."""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import datetime

from gate.core.canonical import canonical
from gate.core.notice_lint import lint
from gate.core.notices import (
    KEYS,
    Change,
    Draft,
    Form,
    Key,
    Published,
    change_between,
    is_version,
    next_version,
    numbers_of,
    read_terms,
    sha256_of,
)
from gate.core.types import NoticeVersion
from gate.errors import RequestError, VaultError
from gate.store.account.audit import Action, Actor, AuditLog, Who
from gate.store.database import Database, Row
from gate.store.times import seconds_of, time_of


class Notices:
    """The notices table. What was altered there is not given any more, so that face goes off (R11)."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit

    @property
    def current(self) -> Published | None:
        """Give the newest version, None while none is published or where its rows were altered."""
        newest = self.newest_number
        return None if newest is None else self.version(newest)

    @property
    def current_version(self) -> NoticeVersion | None:
        """Give the number of ``current``."""
        current = self.current
        return current.version if current else None

    @property
    def newest_number(self) -> NoticeVersion | None:
        """Give the highest number in the archive, whether its texts can still be trusted or not."""
        return max(self.numbers(), key=numbers_of, default=None)

    def numbers(self) -> tuple[NoticeVersion, ...]:
        """Give the number of every version in the archive, oldest first."""
        rows = self._database.rows("SELECT DISTINCT version FROM notices")
        versions = [NoticeVersion(version) for (version,) in rows]
        return tuple(sorted(filter(is_version, versions), key=numbers_of))

    def version(self, version: NoticeVersion) -> Published | None:
        """Give one version, None where there is none or a row of it was altered, removed or added."""
        sql = "SELECT language, form, sha256, text, terms, published_at FROM notices WHERE version = :version"
        return _published(version, self._database.rows(sql, version=version))

    def all(self) -> tuple[Published, ...]:
        """Give every version whose rows hold, oldest first."""
        found = (self.version(version) for version in self.numbers())
        return tuple(each for each in found if each is not None)

    def publish(self, draft: Draft, *, at: datetime, actor: Who = Actor.INSTALLER) -> Published:
        """Write every language and form of *draft* in one transaction, or nothing, and give what was written.

        Raises RequestError ``notice-lint`` where the lint refuses it, ``notice-version`` where its number does not
        follow the archive's newest, or follows as a minor one though what people agreed to has changed (R22).
        """
        found = lint(draft)
        if found:
            raise RequestError(
                "notice-lint",
                f"The notice cannot be published: {len(found)} findings, the first: {found[0]}",
                remedy="Run gate notice lint for all of them.",
            )
        terms, texts = draft.terms.spelled(), draft.texts
        sha256 = {key: sha256_of(text) for key, text in texts.items()}
        detail = {"version": draft.version, "sha256": _digest_of(sha256, terms)}

        def work(connection: sqlite3.Connection) -> None:
            self._check_number(draft)
            connection.executemany(
                "INSERT INTO notices VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(draft.version, *key, sha256[key], texts[key], terms, seconds_of(at)) for key in KEYS],
            )
            self._audit.note(
                connection, actor, Action.NOTICE_PUBLISHED, at=at, object=draft.version, detail=detail
            )

        self._database.write(work)
        return Published(draft.version, texts, sha256, draft.terms, time_of(seconds_of(at)))

    def _check_number(self, draft: Draft) -> None:
        newest, current = self.newest_number, self.current
        allowed = {next_version(newest, Change.MAJOR)}
        if current is not None:
            change = change_between(current.terms, draft.terms, current.texts, draft.texts)
            if change is not Change.MAJOR:
                allowed.add(next_version(newest, Change.MINOR))
        if draft.version not in allowed:
            raise RequestError(
                "notice-version",
                f"Notice {draft.version} cannot follow {newest or 'an empty archive'}.",
                remedy=f"Number it {' or '.join(sorted(allowed))}; gate notice publish does so by itself.",
            )


def _published(version: NoticeVersion, rows: list[Row]) -> Published | None:
    """Read the rows of one version, None where they are not what was published."""
    texts: dict[Key, str] = {}
    sha256: dict[Key, str] = {}
    origins = set()
    try:
        for language, form, digest, text, terms, published_at in rows:
            key = (language, Form(form))
            texts[key], sha256[key] = text, digest
            origins.add((terms, published_at))
        if set(texts) != set(KEYS) or any(sha256_of(texts[key]) != sha256[key] for key in KEYS):
            return None
        ((terms, published_at),) = origins
        return Published(version, texts, sha256, read_terms(terms), time_of(published_at))
    except (ValueError, VaultError):
        return None


def _digest_of(sha256: dict[Key, str], terms: str) -> str:
    """Give one hash of a whole version, for the audit log."""
    return hashlib.sha256(canonical([[*map(list, sorted(sha256.items())), terms]])).hexdigest()

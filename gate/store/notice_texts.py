"""The notice's words before they are filled: a draft on its way, and the site's own texts once they were published (R14)."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gate.core.canonical import canonical
from gate.core.notices import KEYS, Draft, Key, Published
from gate.errors import RequestError
from gate.store.account.audit import Who
from gate.store.database import Database
from gate.store.notices import Notices
from gate.store.times import seconds_of, time_of

NO_DRAFT = ""
"""The digest of a draft that is not there."""


@dataclass(frozen=True, slots=True)
class KeptTexts:
    """All texts of one notice, unfilled and marked; by: an account or a role, as the audit log has it."""

    texts: Mapping[Key, str] = field(repr=False)
    at: datetime
    by: str

    @property
    def digest(self) -> str:
        """Give the digest by which a later state is told from this one."""
        return digest_of(self.texts)


def digest_of(texts: Mapping[Key, str]) -> str:
    """Give the SHA-256 of unfilled texts, in hexadecimal."""
    return hashlib.sha256(_spelled(texts).encode()).hexdigest()


class NoticeTexts:
    """The notice_texts table. A row that cannot be read counts as none: the folder's texts then speak for the site."""

    def __init__(self, database: Database, notices: Notices) -> None:
        self._database = database
        self._notices = notices

    @property
    def site(self) -> Mapping[Key, str] | None:
        """Give the texts that stand in place of the folder's, None where no page ever published any."""
        kept = self._read("site")
        return None if kept is None else kept.texts

    @property
    def draft(self) -> KeptTexts | None:
        """Give the draft, None where nobody works on one."""
        return self._read("draft")

    def keep(self, texts: Mapping[Key, str], *, at: datetime, by: Who, seen: str) -> None:
        """Write the draft, every language and form of it. seen: digest of the draft it was made from, or NO_DRAFT.

        Raises RequestError ``draft-changed`` where somebody else wrote meanwhile; then nothing is written.
        """

        def work(connection: sqlite3.Connection) -> None:
            self._refuse_changed(seen)
            _put(connection, "draft", _spelled(texts), at, by)

        self._database.write(work)

    def drop(self, *, seen: str) -> None:
        """Throw the draft away. Raises RequestError ``draft-changed``."""

        def work(connection: sqlite3.Connection) -> None:
            self._refuse_changed(seen)
            connection.execute("DELETE FROM notice_texts WHERE stage = 'draft'")

        self._database.write(work)

    def publish(self, draft: Draft, *, at: datetime, by: Who, seen: str) -> Published:
        """Publish what the kept draft gives, and let it be the site's texts from now on, in one transaction.

        draft: those very texts, filled. Raises RequestError: ``draft-changed``, and as ``Notices.publish``.
        """

        def work(connection: sqlite3.Connection) -> Published:
            self._refuse_changed(seen)
            kept = self.draft
            published = self._notices.publish(draft, at=at, actor=by)
            if kept is not None:
                _put(connection, "site", _spelled(kept.texts), at, by)
                connection.execute("DELETE FROM notice_texts WHERE stage = 'draft'")
            return published

        return self._database.write(work)

    def back_to_folder(self) -> None:
        """Forget the texts written on pages: those of the folder speak for the site again."""
        self._database.write(lambda connection: connection.execute("DELETE FROM notice_texts"))

    def _refuse_changed(self, seen: str) -> None:
        draft = self.draft
        if (NO_DRAFT if draft is None else draft.digest) != seen:
            raise RequestError(
                "draft-changed",
                "Somebody else changed the draft meanwhile; nothing was written.",
                remedy="Compare both below, put in what is missing, and save again.",
            )

    def _read(self, stage: str) -> KeptTexts | None:
        rows = self._database.rows("SELECT texts, at, by FROM notice_texts WHERE stage = :stage", stage=stage)
        if not rows:
            return None
        spelled, at, by = rows[0]
        try:
            read = {(language, form): text for language, form, text in json.loads(spelled)}
            texts = {key: str(read[key]) for key in KEYS}
        except (ValueError, TypeError, KeyError):
            return None
        return KeptTexts(texts, time_of(at), by)


def _put(connection: sqlite3.Connection, stage: str, spelled: str, at: datetime, by: Who) -> None:
    connection.execute(
        "REPLACE INTO notice_texts VALUES (?, ?, ?, ?)", (stage, spelled, seconds_of(at), by.value)
    )


def _spelled(texts: Mapping[Key, str]) -> str:
    return canonical([[key[0], key[1].value, texts[key]] for key in KEYS]).decode()

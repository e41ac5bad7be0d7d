"""Consents and the templates that live by them: given together, ended together (R20, R24)."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from gate.core.consent import Consent, ConsentState, Purpose, SubjectRef, major
from gate.core.types import ConsentId, NoticeVersion, PersonId, TemplateId
from gate.errors import RequestError
from gate.store.database import Database, Row
from gate.store.epochs import Epochs
from gate.store.notices import Notices
from gate.store.people import People
from gate.store.times import month_of, seconds_of, time_of
from gate.store.vault import Binding

EMBEDDING_BYTES = 512
"""One template: 128 little-endian float32."""


def consent_of(row: Row) -> Consent:
    """Read a whole row of the consents table."""
    consent, subject, purpose, notice, language, given_at, expires_at, ended_at, state, restricted_at = row
    return Consent(
        id=ConsentId(consent),
        subject=SubjectRef(subject),
        purpose=Purpose(purpose),
        notice=NoticeVersion(notice),
        language=language,
        given_at=time_of(given_at),
        expires_at=time_of(expires_at),
        ended_at=None if ended_at is None else time_of(ended_at),
        state=ConsentState(state),
        restricted_at=None if restricted_at is None else time_of(restricted_at),
    )


def template_binding(template: str, consent: str, model_sha256: str, epoch: int) -> Binding:
    """Bind a template to its consent, the model that made it and the epoch (R50)."""
    return Binding("templates", template, epoch, consent, model_sha256)


class Consents:
    """The consents table, and the only writer of templates."""

    def __init__(
        self, database: Database, people: People, epochs: Epochs, notices: Notices, model_sha256: str
    ) -> None:
        self._database = database
        self._people = people
        self._epochs = epochs
        self._notices = notices
        self._model_sha256 = model_sha256

    def enrol(
        self,
        person: PersonId,
        *,
        notice_version: NoticeVersion,
        language: str,
        at: datetime,
        expires_at: datetime,
        embeddings: Sequence[bytes],
    ) -> tuple[ConsentId, tuple[TemplateId, ...]]:
        """Write the consent and its templates in one transaction; an earlier consent and its templates end in it.

        embeddings: at least one, each EMBEDDING_BYTES long. Raises RequestError: ``notice-outdated``,
        ``consent-span``, ``embedding-shape``, ``person-unknown``.
        """
        self._check_terms(notice_version, at, expires_at, embeddings)
        subject = self._people.get(person).subject
        consent = ConsentId(secrets.token_hex(16))
        row = (
            consent,
            subject,
            Purpose.OPEN_GATE,
            notice_version,
            language,
            seconds_of(at),
            seconds_of(expires_at),
        )

        def work(connection: sqlite3.Connection) -> tuple[TemplateId, ...]:
            end_given(connection, subject, ConsentState.INVALIDATED, at)
            connection.execute("INSERT INTO consents VALUES (?, ?, ?, ?, ?, ?, ?, NULL, 'given', NULL)", row)
            return tuple(self._insert_template(connection, consent, each, at) for each in embeddings)

        templates = self._database.write(work)
        self._database.scrub()
        return consent, templates

    def of(self, person: PersonId) -> tuple[Consent, ...]:
        """Give every consent of the person, ended ones too, oldest first. Raises RequestError ``person-unknown``."""
        subject = self._people.get(person).subject
        sql = "SELECT * FROM consents WHERE subject_ref = :subject ORDER BY rowid"
        return tuple(consent_of(row) for row in self._database.rows(sql, subject=subject))

    def withdraw(self, person: PersonId, at: datetime) -> bool:
        """End the person's consent and destroy its templates with their keys, at once; a second time is fine.

        Cards and PINs are untouched (R04). Returns False if another connection still reads the old bytes from the
        log; ``Store.reclaim`` then removes them (R24: within 60 s). Raises RequestError ``person-unknown``.
        """
        subject = self._people.get(person).subject
        self._database.write(lambda connection: end_given(connection, subject, ConsentState.WITHDRAWN, at))
        return self._database.scrub()

    def expire(self, at: datetime) -> int:
        """End every consent that has run out by *at*, its templates destroyed with their keys. Returns how many.

        A clock set back later brings none of them back. Bytes a reader holds up go at ``Store.reclaim``.
        """

        def work(connection: sqlite3.Connection) -> int:
            sql = "SELECT id FROM consents WHERE state = 'given' AND expires_at <= ?"
            return _end(connection, sql, (seconds_of(at),), ConsentState.EXPIRED, at)

        expired = self._database.write(work)
        if expired:
            self._database.scrub()
        return expired

    def _check_terms(
        self, notice: NoticeVersion, at: datetime, expires_at: datetime, embeddings: Sequence[bytes]
    ) -> None:
        current = self._notices.current_version
        try:
            is_current = current is not None and major(notice) == major(current)
        except ValueError:
            is_current = False
        if not is_current:
            raise RequestError(
                "notice-outdated",
                f"Consent was asked under notice {notice}, the current one is {current}.",
                remedy="Show the current notice and ask again.",
            )
        if seconds_of(expires_at) <= seconds_of(at):
            raise RequestError(
                "consent-span", "The consent would end before it begins.", remedy="Choose a later end."
            )
        if not embeddings or any(len(each) != EMBEDDING_BYTES for each in embeddings):
            raise RequestError(
                "embedding-shape",
                f"Enrolment needs at least one embedding, each of {EMBEDDING_BYTES} bytes.",
                remedy="Take the face again, live.",
            )

    def _insert_template(
        self, connection: sqlite3.Connection, consent: ConsentId, embedding: bytes, at: datetime
    ) -> TemplateId:
        template = TemplateId(secrets.token_hex(16))
        epoch = self._epochs.current
        binding = template_binding(template, consent, self._model_sha256, epoch.number)
        sealed = epoch.vault.seal(embedding, binding)
        connection.execute(
            "INSERT INTO templates VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                template,
                consent,
                self._model_sha256,
                epoch.number,
                sealed.wrapped_key,
                sealed.content,
                seconds_of(at),
                month_of(at),
            ),
        )
        return template


def end_given(connection: sqlite3.Connection, subject: SubjectRef, state: ConsentState, at: datetime) -> None:
    """End the subject's given consent with its templates, inside the caller's transaction; it scrubs afterwards."""
    sql = "SELECT id FROM consents WHERE state = 'given' AND subject_ref = ?"
    _end(connection, sql, (subject,), state, at)


def _end(
    connection: sqlite3.Connection, sql: str, values: tuple[object, ...], state: ConsentState, at: datetime
) -> int:
    found: list[tuple[str]] = connection.execute(sql, values).fetchall()
    for (consent,) in found:
        connection.execute("DELETE FROM templates WHERE consent_id = ?", (consent,))
        connection.execute(
            "UPDATE consents SET state = ?, ended_at = ? WHERE id = ?", (state, seconds_of(at), consent)
        )
    return len(found)

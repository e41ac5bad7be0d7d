"""The single steps that acts of consent are made of, each inside the caller's transaction."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

from gate.core.consent import (
    AgeBand,
    Agreement,
    By,
    Channel,
    Consent,
    ConsentTerms,
    Indication,
    Purpose,
    SubjectRef,
    indication_of,
)
from gate.core.consent_record import Asked, ConsentEvent, EventKind, Reason, asked_for
from gate.core.types import ConsentId, TemplateId
from gate.store.account.audit import Action, Actor, AuditLog
from gate.store.consent.ledger import Entry, Ledger, noted_in_audit
from gate.store.consent.reading import Endable
from gate.store.consent.templates import BOUND_TERMS, template_binding
from gate.store.keyring.epochs import Epochs
from gate.store.times import month_of, seconds_of
from gate.store.upkeep import tombstones
from gate.store.upkeep.tombstones import Kind
from gate.store.vault import Sealed

_ACTIONS: Final[Mapping[EventKind, Action]] = MappingProxyType(
    {
        EventKind.GIVEN: Action.CONSENT_GIVEN,
        EventKind.REFUSED: Action.CONSENT_REFUSED,
        EventKind.RECONFIRMED: Action.CONSENT_RECONFIRMED,
        EventKind.WITHDRAWN: Action.CONSENT_WITHDRAWN,
        EventKind.EXPIRED: Action.CONSENT_EXPIRED,
        EventKind.INVALIDATED: Action.CONSENT_INVALIDATED,
    }
)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a consent ends. moved: its template lives on under a new consent of the same person."""

    kind: EventKind
    by: By
    at: datetime
    reason: Reason | None = None
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """A template to be written, protected. lookalike: as it was taken it came near somebody else's (never whose)."""

    content: bytes = field(repr=False)
    lookalike: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked of a person and what they answered, in one moment. until: an earlier end than the terms give."""

    kind: EventKind
    agreement: Agreement
    at: datetime
    until: datetime | None = None


def actor_of(by: By) -> Actor:
    """Give whom the audit log names for an act through a channel."""
    match by.channel:
        case Channel.DESK:
            return Actor.DESK
        case Channel.GATE | Channel.SELF_SERVICE:
            return Actor.RESIDENT
        case Channel.DEVICE:
            return Actor.GATE if by.actor == "gate" else Actor.INSTALLER


class ConsentWriter:
    """Writes standing, event and audit line of each step together."""

    def __init__(
        self,
        ledger: Ledger,
        audit: AuditLog,
        epochs: Epochs,
        *,
        terms: ConsentTerms,
        gate_id: str,
        model_sha256: str,
    ) -> None:
        self._ledger = ledger
        self._audit = audit
        self._epochs = epochs
        self._terms = terms
        self._gate_id = gate_id
        self._model_sha256 = model_sha256

    def answer(
        self, connection: sqlite3.Connection, subject: SubjectRef, answer: Answer
    ) -> tuple[Entry, Entry]:
        """Write a new record's first two events, what was asked and what was answered, and give them."""
        agreement, at = answer.agreement, answer.at
        record = ConsentId(secrets.token_hex(16))
        asked = asked_for(agreement, self._terms, self._model_sha256, at, until=answer.until)

        def event(kind: EventKind, indication: Indication, asked: Asked | None) -> ConsentEvent:
            return ConsentEvent(record, subject, kind, at, agreement.by, indication, self._gate_id, asked)

        request = self._ledger.append(connection, event(EventKind.REQUESTED, Indication.NONE, asked))
        return request, self._append(connection, event(answer.kind, agreement.indication, None))

    def begin(
        self, connection: sqlite3.Connection, request: Entry, answer: Answer, taken: Taken
    ) -> TemplateId:
        """Let the consent stand from now on, and write its template (R20)."""
        event, at = request.event, seconds_of(answer.at)
        assert event.asked is not None
        connection.execute(
            "INSERT INTO consents VALUES (?, ?, ?, ?, ?, ?, ?, NULL, 'given', NULL, ?)",
            (
                event.record,
                event.subject,
                Purpose.OPEN_GATE,
                event.asked.notice,
                event.asked.language,
                at,
                seconds_of(event.asked.expires_at),
                event.asked.age_band is AgeBand.UNDER_14,
            ),
        )
        return self._insert_template(connection, event.record, taken, answer.at)

    def end(self, connection: sqlite3.Connection, consent: Consent | Endable, ending: Ending) -> Entry:
        """End a consent that stands: its templates go first, with a tombstone for each (R24, R51)."""
        rows = connection.execute("SELECT id FROM templates WHERE consent_id = ?", (consent.id,)).fetchall()
        for (template,) in rows:
            tombstones.bury(connection, Kind.TEMPLATE, template, ending.at)
        connection.execute("DELETE FROM templates WHERE consent_id = ?", (consent.id,))
        tombstones.bury(connection, Kind.CONSENT, consent.id, ending.at)
        event = ConsentEvent(
            consent.id,
            consent.subject,
            ending.kind,
            ending.at,
            ending.by,
            indication_of(ending.by),
            self._gate_id,
            reason=ending.reason,
            erased=0 if ending.moved else len(rows),
        )
        sql = "UPDATE consents SET state = ?, ended_at = ? WHERE id = ?"
        connection.execute(sql, (ending.kind.value, seconds_of(ending.at), consent.id))
        return self._append(connection, event)

    def template_of(self, connection: sqlite3.Connection, consent: Consent) -> Taken | None:
        """Open the consent's template, None where it has none of this model and epoch. Raises VaultError if altered."""
        epoch = self._epochs.current
        sql = f"""SELECT templates.id, wrapped_key, sealed, lookalike, {BOUND_TERMS}
            FROM templates JOIN consents ON consents.id = consent_id
            WHERE consent_id = ? AND model_sha256 = ? AND epoch = ?"""  # noqa: S608 - our own words
        row = connection.execute(sql, (consent.id, self._model_sha256, epoch.number)).fetchone()
        if row is None:
            return None
        template, wrapped_key, content, lookalike, terms = row
        binding = template_binding(template, consent.id, self._model_sha256, epoch.number, terms)
        return Taken(epoch.vault.open(Sealed(wrapped_key, content), binding), bool(lookalike))

    def _append(self, connection: sqlite3.Connection, event: ConsentEvent) -> Entry:
        entry = self._ledger.append(connection, event)
        detail = noted_in_audit(entry) | ({"reason": event.reason.value} if event.reason else {})
        action = _ACTIONS[event.kind]
        self._audit.note(
            connection, actor_of(event.by), action, at=event.at, object=event.record, detail=detail
        )
        return entry

    def _insert_template(
        self, connection: sqlite3.Connection, consent: ConsentId, taken: Taken, at: datetime
    ) -> TemplateId:
        template = TemplateId(secrets.token_hex(16))
        epoch = self._epochs.current
        sql = f"SELECT {BOUND_TERMS} FROM consents WHERE id = ?"  # noqa: S608 - our own words
        (terms,) = connection.execute(sql, (consent,)).fetchone()
        binding = template_binding(template, consent, self._model_sha256, epoch.number, terms)
        sealed = epoch.vault.seal(taken.content, binding)
        connection.execute(
            "INSERT INTO templates VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                template,
                consent,
                self._model_sha256,
                epoch.number,
                sealed.wrapped_key,
                sealed.content,
                seconds_of(at),
                month_of(at),
                taken.lookalike,
            ),
        )
        return template

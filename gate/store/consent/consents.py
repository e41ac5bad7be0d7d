"""Consents and the templates that live by them: given together, ended together (R20, R24).

Every change writes the standing, the ledger's event and the audit log's line in one transaction.
"""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from gate.core.consent import (
    AgeBand,
    Agreement,
    Approver,
    By,
    Channel,
    ConsentTerms,
    age_fault,
    fourteen_from,
    major,
)
from gate.core.consent_record import EventKind, ExpiryReason, InvalidationReason
from gate.core.receipt import Receipt
from gate.core.types import ConsentId, PersonId, TemplateId
from gate.errors import RequestError, VaultError
from gate.store.account.audit import Action, AuditLog
from gate.store.account.signing import Signer
from gate.store.consent.faults import fault
from gate.store.consent.ledger import Ledger
from gate.store.consent.reading import ENDABLE, ConsentRecords, Endable, given
from gate.store.consent.receipts import issue
from gate.store.consent.templates import TEMPLATE_BYTES
from gate.store.consent.writing import Answer, ConsentWriter, Ending, Taken, actor_of
from gate.store.database import Database
from gate.store.keyring.epochs import Epochs
from gate.store.notices import Notices
from gate.store.people import People, Person
from gate.store.times import seconds_of, time_of

MINOR_OPEN_FOR: Final = timedelta(minutes=15)
_BY_GATE: Final = By(Channel.DEVICE, "gate")

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class MinorOpening:
    """A child's record is open to staff until then. Only ``Consents.open_minor`` makes one, and the audit log knows."""

    person: PersonId
    until: datetime


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What an enrolment wrote."""

    consent: ConsentId
    template: TemplateId
    receipt: Receipt


class Consents(ConsentRecords):
    """The consents table, and the only writer of templates.

    Every act raises RequestError ``person-unknown`` for nobody known, and VaultError when the store cannot serve; then
    nothing of it is written.
    """

    def __init__(
        self,
        database: Database,
        people: People,
        epochs: Epochs,
        notices: Notices,
        ledger: Ledger,
        audit: AuditLog,
        signer: Signer,
        *,
        terms: ConsentTerms,
        gate_id: str,
        model_sha256: str,
    ) -> None:
        """terms: what the site fixes for every consent."""
        super().__init__(database, people, ledger, signer)
        self._epochs = epochs
        self._notices = notices
        self._audit = audit
        self._terms = terms
        self._children_off = terms.under_14_retention is None
        self._pen = ConsentWriter(
            ledger, audit, epochs, terms=terms, gate_id=gate_id, model_sha256=model_sha256
        )

    def enrol(
        self,
        person: PersonId,
        agreement: Agreement,
        *,
        at: datetime,
        epoch: int,
        template: bytes,
        lookalike: bool = False,
        opening: MinorOpening | None = None,
    ) -> Enrolled:
        """Write the consent and its template in one transaction; an earlier consent and its template end in it.

        template: TEMPLATE_BYTES, protected under *epoch*, taken live. lookalike: it came near somebody else's. opening: for a child (R27). Raises RequestError:
        ``notice-outdated``, ``notice-text``, ``enrol-stale``, ``embedding-shape``, ``under-14-off``,
        ``guardian-missing``, ``guardian-needless``, ``birthday-wrong``, ``birthday-differs``, ``minor-approval``.
        """
        answer = Answer(EventKind.GIVEN, agreement, _whole(at))
        self.check(person, agreement, at=answer.at, opening=opening)
        if len(template) != TEMPLATE_BYTES:
            raise fault("embedding-shape")

        def work(connection: sqlite3.Connection) -> Enrolled:
            self._refuse_stale(connection, epoch)
            known = self._people.get(person)
            superseded = InvalidationReason.SUPERSEDED
            self._end_given(
                connection, known, Ending(EventKind.INVALIDATED, agreement.by, answer.at, superseded)
            )
            return self._begin(connection, known, answer, Taken(template, lookalike))

        return self._scrubbed(self._database.write(work))

    def check(
        self,
        person: PersonId,
        agreement: Agreement,
        *,
        at: datetime,
        opening: MinorOpening | None = None,
    ) -> None:
        """Refuse what ``enrol`` would refuse of an answer, before any camera opens. Raises RequestError as it does."""
        self._check_notice(agreement)
        found = age_fault(agreement, self._terms, at, self._people.get(person).turns_14_on)
        if found is not None:
            raise fault(found.value)
        is_open = opening is not None and opening.person == person and at < opening.until
        if agreement.age_band is AgeBand.UNDER_14 and not is_open:
            raise fault("minor-approval")

    def reconfirm(
        self, person: PersonId, agreement: Agreement, *, at: datetime, opening: MinorOpening | None = None
    ) -> Receipt:
        """Let the person's template live on under a new consent to a new major notice; no camera is needed (R22).

        It ends when the old one would have: a new span takes a new face. Raises RequestError as ``enrol`` does, and
        ``reconfirm-nothing`` where there is no consent with a template, ``reconfirm-needless`` where it still holds.
        """
        at = _whole(at)
        self.check(person, agreement, at=at, opening=opening)

        def work(connection: sqlite3.Connection) -> Receipt:
            known = self._people.get(person)
            old = given(self._consents_of(known))
            template = None
            if old is not None and old.given_at <= at < old.expires_at:
                template = self._pen.template_of(connection, old)
            if old is None or template is None:
                raise fault("reconfirm-nothing")
            if major(old.notice) == major(agreement.notice):
                raise fault("reconfirm-needless")
            superseded = InvalidationReason.SUPERSEDED
            ending = Ending(EventKind.INVALIDATED, agreement.by, at, superseded, moved=True)
            self._pen.end(connection, old, ending)
            answer = Answer(EventKind.RECONFIRMED, agreement, at, until=old.expires_at)
            return self._begin(connection, known, answer, template).receipt

        return self._scrubbed(self._database.write(work))

    def refuse(self, person: PersonId, agreement: Agreement, *, at: datetime) -> Receipt:
        """Write that the person declined, so that nobody asks again (R05); a consent that still stood is withdrawn.

        agreement: what was shown, and how they declined it. Raises RequestError ``notice-outdated``, ``notice-text``.
        """
        at = _whole(at)
        self._check_notice(agreement)

        def work(connection: sqlite3.Connection) -> Receipt:
            known = self._people.get(person)
            self._end_given(connection, known, Ending(EventKind.WITHDRAWN, agreement.by, at))
            self._forget_refusal(connection, known)
            answer = Answer(EventKind.REFUSED, agreement, at)
            request, refused = self._pen.answer(connection, known.subject, answer)
            self._people.remember_refusal(connection, person, refused.event.record)
            return issue(self._signer, request, refused)

        return self._scrubbed(self._database.write(work))

    def withdraw(self, person: PersonId, *, at: datetime, by: By) -> Receipt | None:
        """End the person's consent and destroy its template with its key, at once; None where none stood.

        Cards and PINs are untouched (R04). Bytes that another reader holds up go at ``Store.reclaim`` (R24: 60 s).
        """
        return self._end_of(person, Ending(EventKind.WITHDRAWN, by, _whole(at)))

    def invalidate(
        self, person: PersonId, reason: InvalidationReason, *, at: datetime, by: By
    ) -> Receipt | None:
        """End the person's consent for *reason*, not by their own wish, as ``withdraw`` does; None where none stood."""
        return self._end_of(person, Ending(EventKind.INVALIDATED, by, _whole(at), reason))

    def invalidate_all(self, reason: InvalidationReason, *, at: datetime, by: By) -> int:
        """End every consent that stands, in one transaction. Returns how many."""
        ending = Ending(EventKind.INVALIDATED, by, _whole(at), reason)

        def work(connection: sqlite3.Connection) -> int:
            consents = [Endable(*row) for row in connection.execute(ENDABLE).fetchall()]
            for consent in consents:
                self._pen.end(connection, consent, ending)
            return len(consents)

        return self._scrubbed(self._database.write(work))

    def end_record(
        self,
        connection: sqlite3.Connection,
        consent: ConsentId,
        reason: InvalidationReason,
        *,
        at: datetime,
        by: By = _BY_GATE,
    ) -> bool:
        """End one consent for *reason*, inside the caller's transaction, which scrubs after; False if none stood."""
        row = connection.execute(f"{ENDABLE} AND id = ?", (consent,)).fetchone()
        if row is not None:
            self._pen.end(connection, Endable(*row), Ending(EventKind.INVALIDATED, by, _whole(at), reason))
        return row is not None

    def end_tenancy(
        self,
        connection: sqlite3.Connection,
        person: Person,
        *,
        at: datetime,
        by: By = _BY_GATE,
        reason: InvalidationReason = InvalidationReason.TENANCY_ENDED,
    ) -> Receipt | None:
        """End what a person leaves behind: the consent, and what was kept of a refusal.

        Inside the caller's transaction, which scrubs after. None where no consent stood.
        """
        if person.refusal:
            self._ledger.prune(connection, person.refusal)
        return self._end_given(connection, person, Ending(EventKind.INVALIDATED, by, _whole(at), reason))

    def expire(self, at: datetime) -> int:
        """End every consent that has run out by *at*, and children's where face for them is off. Returns how many.

        A clock set back later brings none of them back. Raises VaultError once all others have ended, if one could
        not (R76).
        """
        at = _whole(at)
        due = self._due(at, children_off=self._children_off)
        trouble: VaultError | None = None
        for consent in due:
            try:
                self._end_due(consent, at)
            except VaultError as error:
                trouble = error
        if due:
            self._database.scrub()
        if trouble is not None:
            raise trouble
        return len(due)

    def expired(self, at: datetime) -> tuple[ConsentId, ...]:
        """Give the consents that ``expire`` would end, and the altered ones, for whoever ends them one by one."""
        due = self._due(_whole(at), children_off=self._children_off)
        return tuple(dict.fromkeys([*(each.id for each in due), *self._altered()]))

    def expire_record(self, consent: ConsentId, *, at: datetime) -> bool:
        """End one of the ``expired``; False if it is none any more. Its caller scrubs.

        Raises VaultError ``record-altered`` for one of which nobody can tell when it ends.
        """
        due = self._due(_whole(at), children_off=self._children_off, only=consent)
        if not due and (altered := self._altered(consent)):
            raise altered[consent]
        for each in due:
            self._end_due(each, _whole(at))
        return bool(due)

    def restrict(self, person: PersonId, *, at: datetime, by: By) -> bool:
        """Leave the person's face alone without ending the consent (R71); False where none stands, or it is so already."""
        return self._set_restricted(person, seconds_of(at), Action.FACE_RESTRICTED, at, by)

    def release(self, person: PersonId, *, at: datetime, by: By) -> bool:
        """Take a restriction back; False where there is none. Raises RequestError ``release-undeleted``."""
        return self._set_restricted(person, None, Action.FACE_RELEASED, at, by)

    def open_minor(self, person: PersonId, approver: Approver, *, at: datetime, by: By) -> MinorOpening:
        """Open a child's record to staff for MINOR_OPEN_FOR, with a second approval, on record (R27)."""
        records = self.of(person)
        opened = records[-1].id if records else secrets.token_hex(16)  # R35: never the person beside a record
        detail = {"approver": approver.value, "channel": by.channel.value}
        self._audit.write(actor_of(by), Action.MINOR_OPENED, at=at, object=opened, detail=detail)
        return MinorOpening(person, at + MINOR_OPEN_FOR)

    def prune(self, connection: sqlite3.Connection, record: ConsentId) -> int:
        """Drop the contents of a record's events, inside the caller's transaction; digests and signatures stay."""
        return self._ledger.prune(connection, record)

    def _check_notice(self, agreement: Agreement) -> None:
        current = self._notices.current
        try:
            is_current = current is not None and major(agreement.notice) == major(current.version)
        except ValueError:
            is_current = False
        shown = self._notices.version(agreement.notice) if is_current else None
        if shown is None:
            raise RequestError(
                "notice-outdated",
                f"Consent was asked under notice {agreement.notice}, the current one is "
                f"{current.version if current else 'none'}.",
                remedy="Show the current notice and ask again.",
            )
        in_language = {sha for (language, _), sha in shown.sha256.items() if language == agreement.language}
        if agreement.notice_sha256 not in in_language:
            raise fault("notice-text")

    def _refuse_stale(self, connection: sqlite3.Connection, epoch: int) -> None:
        """Refuse a template of another epoch than the one in force, here and in the database, which others may renew."""
        stored = connection.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()
        if {epoch} != {self._epochs.current.number, *stored}:
            raise fault("enrol-stale")

    def _begin(
        self, connection: sqlite3.Connection, person: Person, answer: Answer, taken: Taken
    ) -> Enrolled:
        """Write a consent that stands from now on; an earlier refusal is over with it."""
        self._forget_refusal(connection, person)
        self._people.remember_birthday(connection, person.id, answer.agreement.turns_14_on)
        request, written = self._pen.answer(connection, person.subject, answer)
        sealed = self._pen.begin(connection, request, answer, taken)
        return Enrolled(written.event.record, sealed, issue(self._signer, request, written))

    def _forget_refusal(self, connection: sqlite3.Connection, person: Person) -> None:
        if person.refusal:
            self._ledger.prune(connection, person.refusal)
            self._people.remember_refusal(connection, person.id, None)

    def _end_of(self, person: PersonId, ending: Ending) -> Receipt | None:
        known = self._people.get(person)
        receipt = self._database.write(lambda connection: self._end_given(connection, known, ending))
        return self._scrubbed(receipt)

    def _end_given(self, connection: sqlite3.Connection, person: Person, ending: Ending) -> Receipt | None:
        consent = self._endable_of(person)
        if consent is None:
            return None
        request = self._request_of(consent.id)
        return issue(self._signer, request, self._pen.end(connection, consent, ending))

    def _end_due(self, consent: Endable, at: datetime) -> None:
        """End one consent by itself: run out, at the 14th birthday, or because face is off for children."""
        request = self._request_of(consent.id)
        birthday = request.event.asked.turns_14_on if request and request.event.asked else None
        ending = Ending(EventKind.INVALIDATED, _BY_GATE, at, InvalidationReason.UNDER_14_OFF)
        if consent.is_over:
            turned = birthday is not None and fourteen_from(birthday) <= at
            reason = ExpiryReason.TURNED_14 if turned else ExpiryReason.SPAN_OVER
            ending = Ending(EventKind.EXPIRED, _BY_GATE, at, reason)
        self._database.write(lambda connection: self._pen.end(connection, consent, ending))

    def _set_restricted(
        self, person: PersonId, value: int | None, action: Action, at: datetime, by: By
    ) -> bool:
        known = self._people.get(person)

        def work(connection: sqlite3.Connection) -> bool:
            consent = given(self._consents_of(known))
            if consent is None or (consent.restricted_at is None) == (value is None):
                return False
            if value is None:
                self._refuse_revival(consent.id)
            connection.execute("UPDATE consents SET restricted_at = ? WHERE id = ?", (value, consent.id))
            self._audit.note(connection, actor_of(by), action, at=at, object=consent.id)
            return True

        return self._database.write(work)

    def _scrubbed(self, result: Kind) -> Kind:
        """Empty the write-ahead log after an act, so that nothing that ended is left in it."""
        self._database.scrub()
        return result


def _whole(at: datetime) -> datetime:
    return time_of(seconds_of(at))

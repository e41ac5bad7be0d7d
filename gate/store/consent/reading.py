"""Reading consents: their standing, the events behind it, and the receipts that attest them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gate.core.chain import Break
from gate.core.consent import AgeBand, Channel, Consent, ConsentState, SubjectRef
from gate.core.consent_record import TRANSITIONS, ConsentEvent, EventKind, Standing, state_of
from gate.core.receipt import Receipt
from gate.core.types import ConsentId, NoticeVersion, PersonId
from gate.errors import VaultError
from gate.store.account.signing import Signer
from gate.store.consent.faults import fault
from gate.store.consent.ledger import Entry, Ledger
from gate.store.consent.receipts import issue
from gate.store.consent.templates import consent_of
from gate.store.database import Database
from gate.store.people import People, Person
from gate.store.times import seconds_of

ENDABLE = "SELECT id, subject_ref FROM consents WHERE state = 'given'"
_STANDING = """SELECT id, subject_ref, purpose, notice_version, language, given_at, expires_at, under_14, restricted_at
    FROM consents WHERE state = 'given'"""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts over all records whose events are kept: how they stand, under which notice, answered through which channel."""

    by_state: Mapping[Standing, int] = field(default_factory=dict)
    by_version: Mapping[NoticeVersion, int] = field(default_factory=dict)
    by_channel: Mapping[Channel, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Endable:
    """What an end needs of a consent that stands: whatever else of its row was altered, it can still be ended (R24).

    is_over: whether its span is.
    """

    id: ConsentId
    subject: SubjectRef
    is_over: bool = False


class ConsentRecords:
    """The consents table and the ledger behind it, as they are read."""

    def __init__(self, database: Database, people: People, ledger: Ledger, signer: Signer) -> None:
        self._database = database
        self._people = people
        self._ledger = ledger
        self._signer = signer

    def of(self, person: PersonId) -> tuple[Consent, ...]:
        """Give every consent of the person, ended ones too, oldest first. Raises RequestError ``person-unknown``."""
        return self._consents_of(self._people.get(person))

    def record(self, person: PersonId) -> tuple[ConsentEvent, ...]:
        """Give every kept event of the person's records in order: the person's own view (R70).

        Staff read a child's only after ``Consents.open_minor`` (R27). Raises RequestError ``person-unknown``, VaultError
        ``record-altered``.
        """
        return tuple(entry.event for entry in self._entries_of(self._people.get(person)))

    def receipts(self, person: PersonId) -> tuple[Receipt, ...]:
        """Issue the receipt of every answer and every end in the person's records again, oldest first (R25).

        Raises RequestError ``person-unknown``, VaultError ``record-altered``.
        """
        requests: dict[ConsentId, Entry] = {}
        receipts = []
        for entry in self._entries_of(self._people.get(person)):
            if entry.event.kind is EventKind.REQUESTED:
                requests[entry.event.record] = entry
            else:
                receipts.append(issue(self._signer, requests.get(entry.event.record), entry))
        return tuple(receipts)

    def statistics(self) -> Statistics:
        """Count all records by standing and notice version, and their answers by channel."""
        states: Counter[Standing] = Counter()
        versions: Counter[NoticeVersion] = Counter()
        channels: Counter[Channel] = Counter()
        for events in self._by_record(self._ledger.all()).values():
            standing = _standing(events)
            if standing is not None:
                states[standing] += 1
            versions.update(event.asked.notice for event in events if event.asked is not None)
            channels.update(event.by.channel for event in events if event.kind in TRANSITIONS[Standing.ASKED])
        return Statistics(dict(states), dict(versions), dict(channels))

    def verify(self) -> Break | None:
        """Give the first place where the ledger does not hold, or where a consent stands that it does not bear out."""
        # At one moment: a consent given between two reads would look as one that the ledger does not bear out.
        return self._database.snapshot(lambda _: self._first_break())

    def _first_break(self) -> Break | None:
        broken = self._ledger.verify()
        if broken is not None:
            return broken
        entries = tuple(self._ledger.all())
        last = {entry.event.record: entry.seq for entry in entries}
        records = self._by_record(entries)
        restricted = self._ledger.restricted()
        for record, *terms, restricted_at in self._database.rows(_STANDING):
            events, seq = records.get(record, []), last.get(record, 0)
            if _standing(events) is not Standing.GIVEN:
                return Break(seq, "a consent stands as given that the ledger does not bear out")
            if terms != _terms_of(events):
                return Break(seq, "a consent stands on other terms than the ledger bears out")
            if restricted_at is None and record in restricted:
                return Break(seq, "a consent stands unrestricted although the audit log noted a restriction")
        return None

    def _consents_of(self, person: Person) -> tuple[Consent, ...]:
        sql = "SELECT * FROM consents WHERE subject_ref = :subject ORDER BY rowid"
        return tuple(consent_of(row) for row in self._database.rows(sql, subject=person.subject))

    def _endable_of(self, person: Person) -> Endable | None:
        """Give the person's consent that stands, altered or not."""
        rows = self._database.rows(f"{ENDABLE} AND subject_ref = :subject", subject=person.subject)
        return Endable(*rows[0]) if rows else None

    def _due(self, at: datetime, *, children_off: bool, only: ConsentId | None = None) -> tuple[Endable, ...]:
        """Give the consents that end by themselves at *at*: run out, or children's where face for them is off."""
        sql = """SELECT id, subject_ref, expires_at <= :at FROM consents WHERE state = 'given'
            AND (expires_at <= :at OR (under_14 AND :off)) AND (:only IS NULL OR id = :only)"""
        rows = self._database.rows(sql, at=seconds_of(at), off=children_off, only=only)
        return tuple(Endable(consent, subject, bool(is_over)) for consent, subject, is_over in rows)

    def _refuse_revival(self, consent: ConsentId) -> None:
        """Raise RequestError ``release-undeleted`` where the last retention run failed to delete the consent (R76)."""
        rows = self._database.rows("SELECT failed FROM retention_runs ORDER BY seq DESC LIMIT 1")
        if rows and f'"{consent}"' in rows[0][0]:  # ids are random words: no other one holds this one
            raise fault("release-undeleted")

    def _altered(self, only: ConsentId | None = None) -> dict[ConsentId, VaultError]:
        """Give the consents that stand and cannot be read: nobody can tell when they end."""
        sql = "SELECT * FROM consents WHERE state = 'given' AND (:only IS NULL OR id = :only)"
        altered = {}
        for row in self._database.rows(sql, only=only):
            try:
                consent_of(row)
            except VaultError as error:
                altered[ConsentId(row[0])] = error
        return altered

    def _entries_of(self, person: Person) -> tuple[Entry, ...]:
        records = [consent.id for consent in self._consents_of(person)]
        if person.refusal:
            records.append(person.refusal)
        entries = [entry for record in records for entry in self._ledger.events_of(record)]
        return tuple(sorted(entries, key=lambda entry: entry.seq))

    def _request_of(self, record: ConsentId) -> Entry | None:
        """Give the event that says what was asked, None where it cannot be read: that must hinder no end."""
        try:
            entries = self._ledger.events_of(record)
        except VaultError:
            return None
        return next((entry for entry in entries if entry.event.asked is not None), None)

    @staticmethod
    def _by_record(entries: Iterable[Entry]) -> dict[ConsentId, list[ConsentEvent]]:
        records: dict[ConsentId, list[ConsentEvent]] = {}
        for entry in entries:
            records.setdefault(entry.event.record, []).append(entry.event)
        return records


def _standing(events: Iterable[ConsentEvent]) -> Standing | None:
    try:
        return state_of(events)
    except ValueError:
        return None  # an order that cannot be: for ``Ledger.verify`` to tell


def _terms_of(events: Iterable[ConsentEvent]) -> list[str | int]:
    """Give what the consents table must say of a record, in the order of _STANDING, from what was asked and when."""
    for event in events:
        if event.asked is not None:
            asked, given_at = event.asked, seconds_of(event.at)
            ends_at, child = seconds_of(asked.expires_at), int(asked.age_band is AgeBand.UNDER_14)
            return [event.subject, asked.purpose, asked.notice, asked.language, given_at, ends_at, child]
    return []


def given(consents: Iterable[Consent]) -> Consent | None:
    """Give the one that stands as given, None where none does."""
    return next((consent for consent in consents if consent.state is ConsentState.GIVEN), None)

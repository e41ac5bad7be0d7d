"""Reading consents: their standing, the events behind it, and the receipts that attest them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gate.core.chain import Break
from gate.core.consent import Channel, Consent, ConsentState
from gate.core.consent_record import TRANSITIONS, ConsentEvent, EventKind, Standing, state_of
from gate.core.receipt import Receipt
from gate.core.types import ConsentId, NoticeVersion, PersonId
from gate.errors import VaultError
from gate.store.account.signing import Signer
from gate.store.consent.ledger import Entry, Ledger
from gate.store.consent.receipts import issue
from gate.store.consent.templates import consent_of
from gate.store.database import Database
from gate.store.people import People, Person


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts over all records whose events are kept: how they stand, under which notice, answered through which channel."""

    by_state: Mapping[Standing, int] = field(default_factory=dict)
    by_version: Mapping[NoticeVersion, int] = field(default_factory=dict)
    by_channel: Mapping[Channel, int] = field(default_factory=dict)


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
        broken = self._ledger.verify()
        if broken is not None:
            return broken
        entries = tuple(self._ledger.all())
        last = {entry.event.record: entry.seq for entry in entries}
        records = self._by_record(entries)
        for (record,) in self._database.rows("SELECT id FROM consents WHERE state = 'given'"):
            if record not in records or _standing(records[record]) is not Standing.GIVEN:
                return Break(
                    last.get(record, 0), "a consent stands as given that the ledger does not bear out"
                )
        return None

    def _consents_of(self, person: Person) -> tuple[Consent, ...]:
        sql = "SELECT * FROM consents WHERE subject_ref = :subject ORDER BY rowid"
        return tuple(consent_of(row) for row in self._database.rows(sql, subject=person.subject))

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


def given(consents: Iterable[Consent]) -> Consent | None:
    """Give the one that stands as given, None where none does."""
    return next((consent for consent in consents if consent.state is ConsentState.GIVEN), None)

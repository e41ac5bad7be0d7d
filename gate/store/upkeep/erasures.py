"""How each kind of record is found when it is due, erased, and taken out of processing where it cannot be erased."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from gate.core.consent_record import InvalidationReason
from gate.core.credentials import CredentialId
from gate.core.retention import Item, cutoff, last_month_unused
from gate.core.types import ConsentId, Method, PersonId
from gate.errors import VaultError
from gate.store.account.audit import Action, Actor, AuditLog
from gate.store.consent.consents import Consents
from gate.store.consent.ledger import Ledger
from gate.store.credentials import Credentials
from gate.store.database import Database
from gate.store.keyring.epochs import Epochs
from gate.store.people import Everybody, People
from gate.store.times import seconds_of
from gate.store.upkeep import tombstones
from gate.store.upkeep.tombstones import Kind
from gate.store.visits import Visits

Act = Callable[[sqlite3.Connection, str, datetime], None]

_BULK = (
    (
        Item.DECISION,
        "DELETE FROM decisions WHERE at <= :cut",
        "SELECT attempt FROM decisions WHERE at <= :cut",
        "DELETE FROM decisions WHERE attempt = :ref",
    ),
    (
        Item.COUNT,
        "DELETE FROM outbox WHERE due <= :cut AND sent_at IS NOT NULL",
        "SELECT message_id FROM outbox WHERE due <= :cut AND sent_at IS NOT NULL",
        "DELETE FROM outbox WHERE message_id = :ref",
    ),
    (
        Item.VISIT,
        "DELETE FROM visits WHERE valid_until <= :cut",
        "SELECT id FROM visits WHERE valid_until <= :cut",
        "DELETE FROM visits WHERE id = :ref",
    ),
    (
        Item.WAIT,
        "DELETE FROM throttle WHERE not_before <= :cut",
        "SELECT hex(unit_lookup) FROM throttle WHERE not_before <= :cut",
        "DELETE FROM throttle WHERE hex(unit_lookup) = :ref",
    ),
    (
        Item.REGISTER,
        """DELETE FROM register_entries WHERE EXISTS (SELECT 1 FROM register_entries AS later
            WHERE later.id = register_entries.id AND later.revision > register_entries.revision AND later.at <= :cut)""",
        """SELECT id || '/' || revision FROM register_entries WHERE EXISTS (SELECT 1 FROM register_entries AS later
            WHERE later.id = register_entries.id AND later.revision > register_entries.revision AND later.at <= :cut)""",
        "DELETE FROM register_entries WHERE id || '/' || revision = :ref",
    ),
    (
        Item.ASSESSMENT,
        """DELETE FROM assessments WHERE EXISTS (SELECT 1 FROM assessments AS later
            WHERE later.rowid > assessments.rowid AND later.approved_at <= :cut)""",
        """SELECT id FROM assessments WHERE EXISTS (SELECT 1 FROM assessments AS later
            WHERE later.rowid > assessments.rowid AND later.approved_at <= :cut)""",
        "DELETE FROM assessments WHERE id = :ref",
    ),
    (
        Item.OVERRIDE,
        """DELETE FROM overrides WHERE EXISTS (SELECT 1 FROM overrides AS later
            WHERE later.version > overrides.version AND later.at <= :cut)""",
        """SELECT version FROM overrides WHERE EXISTS (SELECT 1 FROM overrides AS later
            WHERE later.version > overrides.version AND later.at <= :cut)""",
        "DELETE FROM overrides WHERE version = :ref",
    ),
    (
        Item.ACCOUNT,
        "DELETE FROM accounts WHERE disabled_at <= :cut",
        "SELECT id FROM accounts WHERE disabled_at <= :cut",
        "DELETE FROM accounts WHERE id = :ref",
    ),
    (
        Item.APPROVAL,
        "DELETE FROM approvals WHERE asked_at <= :cut",
        "SELECT id FROM approvals WHERE asked_at <= :cut",
        "DELETE FROM approvals WHERE id = :ref",
    ),
    (
        Item.TOKEN,
        "DELETE FROM tokens WHERE expires_at <= :cut OR revoked_at <= :cut",
        "SELECT id FROM tokens WHERE expires_at <= :cut OR revoked_at <= :cut",
        "DELETE FROM tokens WHERE id = :ref",
    ),
    (
        Item.ONE_TIME_CODE,
        "DELETE FROM one_time_codes WHERE expires_at <= :cut",
        "SELECT hex(lookup) FROM one_time_codes WHERE expires_at <= :cut",
        "DELETE FROM one_time_codes WHERE hex(lookup) = :ref",
    ),
    (
        Item.RUN,
        "DELETE FROM retention_runs WHERE at <= :cut",
        "SELECT seq FROM retention_runs WHERE at <= :cut",
        "DELETE FROM retention_runs WHERE seq = :ref",
    ),
    (
        Item.TOMBSTONE,
        "DELETE FROM tombstones WHERE at <= :cut",
        "SELECT seq FROM tombstones WHERE at <= :cut",
        "DELETE FROM tombstones WHERE seq = :ref",
    ),
)


@dataclass(frozen=True, slots=True)
class Erasure:
    """One kind of record. find: the ids of what is due. scrubs: whether what is erased must leave the log at once."""

    item: Item
    find: Callable[[datetime], Sequence[str]]
    erase: Act
    stop: Act
    scrubs: bool = False


@dataclass(frozen=True, slots=True)
class Bulk:
    """A kind of record that is deleted in one go, and one by one only where that failed. Nothing processes it."""

    item: Item
    all_due: str
    find_due: str
    one: str
    database: Database

    def erase_all(self, connection: sqlite3.Connection, now: datetime) -> int:
        """Delete what is due. Returns how many."""
        return connection.execute(self.all_due, {"cut": seconds_of(cutoff(self.item, now))}).rowcount

    def one_by_one(self) -> Erasure:
        """Give the slow way, which tells what cannot be deleted."""

        def find(now: datetime) -> Sequence[str]:
            rows = self.database.rows(self.find_due, cut=seconds_of(cutoff(self.item, now)))
            return [str(ref) for (ref,) in rows]

        def erase(connection: sqlite3.Connection, ref: str, _now: datetime) -> None:
            connection.execute(self.one, {"ref": ref})

        return Erasure(self.item, find, erase, _nothing)


@dataclass(frozen=True, slots=True)
class Purge:
    """A kind of record whose table shortens itself. act: deletes what is due and gives how many."""

    item: Item
    act: Callable[[datetime], int]


class Erasures:
    """Every kind of record that time ends, in the order in which they are erased."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        people: People,
        credentials: Credentials,
        visits: Visits,
        consents: Consents,
        ledger: Ledger,
        epochs: Epochs,
    ) -> None:
        self._database = database
        self._audit = audit
        self._people = people
        self._credentials = credentials
        self._visits = visits
        self._consents = consents
        self._ledger = ledger
        self._epochs = epochs

    def all(self) -> tuple[Erasure | Bulk | Purge, ...]:
        """Give them all, for one run: what opens doors first, what proves things last."""
        everybody = cache(
            self._people.everybody
        )  # every record is opened once a run: the door's loop waits meanwhile
        return (
            Erasure(Item.TENANCY, self._people.ending, self._end_tenancy, self._stop_person, scrubs=True),
            Erasure(Item.TEMPLATE, self._expired, self._expire, self._restrict, scrubs=True),
            Erasure(Item.UNUSED_TEMPLATE, self._unused, self._end_unused, self._restrict, scrubs=True),
            Erasure(Item.UNOPENABLE, self._unopenable, self._end_unopenable, _nothing, scrubs=True),
            Erasure(
                Item.ORPHAN,
                lambda _now: self._orphans(everybody),
                self._end_orphan,
                self._restrict,
                scrubs=True,
            ),
            Erasure(Item.DAMAGED_PERSON, lambda _now: everybody().damaged, self._tell_damage, _nothing),
            Erasure(Item.CREDENTIAL, self._ended_credentials, self._delete_credential, self._revoke_one),
            Erasure(Item.PERSON, self._former_people, self._delete_person, self._stop_person, scrubs=True),
            Erasure(Item.CONSENT, self._old_records, self._delete_record, self._restrict, scrubs=True),
            Erasure(Item.CONSENT, self._old_answers, self._forget_answer, _nothing, scrubs=True),
            Erasure(Item.REQUEST, self._old_requests, self._delete_request, _nothing, scrubs=True),
            Purge(Item.AUDIT, lambda now: self._audit.purge(cutoff(Item.AUDIT, now))),
            *(Bulk(item, every, find, one, self._database) for item, every, find, one in _BULK),
        )

    def _end_tenancy(self, connection: sqlite3.Connection, ref: str, now: datetime) -> None:
        """Revoke cards, PIN and codes, invalidate the consent, give the unit number back; the person stays 30 days."""
        person = PersonId(ref)
        self._revoke(connection, ref, now)
        ended = None
        with suppress(
            VaultError
        ):  # an altered record tells no subject: its consent is an orphan, and ends as one
            ended = self._consents.end_tenancy(connection, self._people.get(person), at=now)
        self._people.give_unit_back(connection, person)
        # R35: the line before names the record that ended; beside it the person must not stand.
        self._audit.note(
            connection, Actor.GATE, Action.TENANCY_ENDED, at=now, object="" if ended is not None else ref
        )

    def _revoke(self, _connection: sqlite3.Connection, ref: str, now: datetime) -> None:
        for method in (Method.CARD, Method.PIN):
            self._credentials.revoke_all(PersonId(ref), method, now)
        self._visits.revoke_all(PersonId(ref))

    def _stop_person(self, connection: sqlite3.Connection, ref: str, now: datetime) -> None:
        self._revoke(connection, ref, now)
        with suppress(VaultError):
            sql = "UPDATE consents SET restricted_at = coalesce(restricted_at, ?) WHERE subject_ref = ? AND state = 'given'"
            connection.execute(sql, (seconds_of(now), self._people.get(PersonId(ref)).subject))

    def _expired(self, now: datetime) -> Sequence[str]:
        return self._consents.expired(now)

    def _expire(self, _connection: sqlite3.Connection, ref: str, now: datetime) -> None:
        self._consents.expire_record(ConsentId(ref), at=now)

    def _restrict(self, connection: sqlite3.Connection, ref: str, now: datetime) -> None:
        """Take a consent out of matching, whatever keeps it and its template there (R76)."""
        sql = "UPDATE consents SET restricted_at = coalesce(restricted_at, ?) WHERE id = ?"
        connection.execute(sql, (seconds_of(now), ref))

    def _unused(self, now: datetime) -> Sequence[str]:
        sql = """SELECT consent_id FROM templates JOIN consents ON consents.id = consent_id
            WHERE state = 'given' AND expires_at > :now
            GROUP BY consent_id HAVING max(last_used_month) <= :month"""
        rows = self._database.rows(sql, now=seconds_of(now), month=last_month_unused(now))
        return [ref for (ref,) in rows]

    def _end_unused(self, connection: sqlite3.Connection, ref: str, now: datetime) -> None:
        self._consents.end_record(connection, ConsentId(ref), InvalidationReason.UNUSED, at=now)

    def _unopenable(self, _now: datetime) -> Sequence[str]:
        """Give the consents whose template is of another epoch, or of one whose secret is gone."""
        try:
            epoch = self._epochs.current.number
        except VaultError as error:
            if error.code != "epoch-lost":
                return ()  # the keys are locked away, or cannot be read just now: that is no loss
            epoch = None
        sql = """SELECT DISTINCT consent_id FROM templates JOIN consents ON consents.id = consent_id
            WHERE state = 'given' AND epoch IS NOT :epoch"""
        return [ref for (ref,) in self._database.rows(sql, epoch=epoch)]

    def _end_unopenable(self, connection: sqlite3.Connection, ref: str, now: datetime) -> None:
        if ref not in self._told(Item.UNOPENABLE):
            raise VaultError(
                "epoch-lost",
                "A face template is of an epoch whose secret is gone.",
                remedy="Put the right keys or the right database back within the hour; else it is erased.",
            )
        self._consents.end_record(connection, ConsentId(ref), InvalidationReason.TEMPLATE_LOST, at=now)

    def _orphans(self, opened: Callable[[], Everybody]) -> Sequence[str]:
        """Give the consents that stand though nobody here could withdraw them.

        While a person's record does not open, nobody can tell whose consent is an orphan: then only if that damage
        was told of in the run before this one, so that somebody could have put the record back.
        """
        given = self._database.rows("SELECT id, subject_ref FROM consents WHERE state = 'given'")
        if not given:
            return ()
        everybody = opened()
        known = {person.subject for person in everybody.people}
        orphans = [ref for ref, subject in given if subject not in known]
        return orphans if orphans and set(everybody.damaged) <= self._told(Item.DAMAGED_PERSON) else ()

    def _end_orphan(self, connection: sqlite3.Connection, ref: str, now: datetime) -> None:
        self._consents.end_record(connection, ConsentId(ref), InvalidationReason.PERSON_ERASED, at=now)

    def _told(self, item: Item) -> set[str]:
        """Give what of *item* the run before this one told of."""
        rows = self._database.rows("SELECT failed FROM retention_runs ORDER BY seq DESC LIMIT 1")
        try:
            failed = json.loads(rows[0][0]) if rows else []
            return {ref for name, ref, *_ in failed if name == item}
        except (ValueError, TypeError):
            return set()  # a damaged run told of nothing: whatever waits for it waits for the next

    def _tell_damage(self, _connection: sqlite3.Connection, ref: str, _now: datetime) -> None:
        self._people.get(PersonId(ref))  # raises; nothing but the desk removes a person before their time

    def _ended_credentials(self, now: datetime) -> Sequence[str]:
        sql = "SELECT id FROM credentials WHERE revoked_at <= :cut OR valid_until <= :cut"
        return [ref for (ref,) in self._database.rows(sql, cut=seconds_of(cutoff(Item.CREDENTIAL, now)))]

    def _delete_credential(self, connection: sqlite3.Connection, ref: str, now: datetime) -> None:
        tombstones.bury(connection, Kind.CREDENTIAL, ref, now)
        connection.execute("DELETE FROM credentials WHERE id = ?", (ref,))

    def _revoke_one(self, _connection: sqlite3.Connection, ref: str, now: datetime) -> None:
        self._credentials.revoke(CredentialId(ref), now)

    def _former_people(self, now: datetime) -> Sequence[str]:
        sql = "SELECT id FROM people WHERE ends_at <= :cut"
        return [ref for (ref,) in self._database.rows(sql, cut=seconds_of(cutoff(Item.PERSON, now)))]

    def _delete_person(self, connection: sqlite3.Connection, ref: str, now: datetime) -> None:
        self._people.remove(connection, PersonId(ref), now)
        self._audit.note(connection, Actor.GATE, Action.PERSON_REMOVED, at=now, object=ref)

    def _old_records(self, now: datetime) -> Sequence[str]:
        sql = "SELECT id FROM consents WHERE ended_at <= :cut"
        return [ref for (ref,) in self._database.rows(sql, cut=seconds_of(cutoff(Item.CONSENT, now)))]

    def _delete_record(self, connection: sqlite3.Connection, ref: str, _now: datetime) -> None:
        self._ledger.prune(connection, ConsentId(ref))
        connection.execute("DELETE FROM consents WHERE id = ?", (ref,))

    def _old_answers(self, now: datetime) -> Sequence[str]:
        """Give the records of answers that began no consent, such as refusals, whose last event is old enough."""
        sql = """SELECT record FROM consent_events
            WHERE sealed IS NOT NULL AND record NOT IN (SELECT id FROM consents)
            GROUP BY record HAVING max(at) <= :cut"""
        return [ref for (ref,) in self._database.rows(sql, cut=seconds_of(cutoff(Item.CONSENT, now)))]

    def _forget_answer(self, connection: sqlite3.Connection, ref: str, _now: datetime) -> None:
        self._ledger.prune(connection, ConsentId(ref))

    def _old_requests(self, now: datetime) -> Sequence[str]:
        sql = "SELECT id FROM requests WHERE closed_at <= :cut"
        return [ref for (ref,) in self._database.rows(sql, cut=seconds_of(cutoff(Item.REQUEST, now)))]

    def _delete_request(self, connection: sqlite3.Connection, ref: str, now: datetime) -> None:
        tombstones.bury(connection, Kind.REQUEST, ref, now)
        connection.execute("DELETE FROM requests WHERE id = ?", (ref,))


def _nothing(_connection: sqlite3.Connection, _ref: str, _now: datetime) -> None:
    """Stop nothing: no part of the gate processes such a record."""

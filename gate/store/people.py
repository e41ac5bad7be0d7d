"""People: name, unit and contact, sealed under a key of their own, apart from all biometric data (R35)."""

from __future__ import annotations

import hmac
import json
import secrets
import sqlite3
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from gate.core.consent import SubjectRef, fourteen_from
from gate.core.credentials import is_unit
from gate.core.types import ConsentId, PersonId
from gate.errors import RequestError, VaultError
from gate.store.database import Database, Row
from gate.store.times import seconds_of, time_of
from gate.store.upkeep import tombstones
from gate.store.upkeep.tombstones import Kind
from gate.store.vault import Binding, Sealed, Vault

_SELECT = "SELECT id, wrapped_key, sealed, ends_at FROM people"
_ENDED_BYTES = 16
"""Whose tenancy ended gave the unit number back: random bytes, shorter than a lookup's 32, stand in its place."""
_ENTER = """INSERT INTO people (id, unit_lookup, wrapped_key, sealed, subject_lookup)
    VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
_UNFILLED = f"{_SELECT} WHERE subject_lookup IS NULL"
_SEALED_AS = 1  # people outlive every epoch; 1 is what the first release bound them to


RECENT_MOST = 256
"""So many changed records are known one by one; whoever looks after more reads them all."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who may come in. *subject* is the one link to this person's consents and templates.

    refusal: the record of a declined consent, so as not to ask again (R05). ends_at: the end of the tenancy, if set.
    turns_14_on: a child's birthday, where a guardian told it (R27). hours: the name of the hours they may come in, None at
    all times.
    """

    id: PersonId
    unit: str = field(repr=False)
    name: str = field(repr=False)
    contact: str = field(repr=False)
    subject: SubjectRef = field(repr=False)
    refusal: ConsentId | None = field(default=None, repr=False)
    ends_at: datetime | None = None
    turns_14_on: date | None = field(default=None, repr=False)
    hours: str | None = field(default=None, repr=False)

    def is_child(self, now: datetime) -> bool:
        """Tell whether staff open this record with a second approval only: under 14 by what a guardian told (R27)."""
        return self.turns_14_on is not None and now < fourteen_from(self.turns_14_on)


@dataclass(frozen=True, slots=True)
class SealedPerson:
    """A newcomer, ready to be written. row: as the table has it."""

    person: PersonId
    row: Row = field(repr=False)


@dataclass(frozen=True, slots=True)
class PeopleMark:
    """How far the table was when somebody looked. others: of other connections; own: acts of this one."""

    others: int
    own: int


@dataclass(frozen=True, slots=True)
class Everybody:
    """All people whose record opens, and the ids of those whose record was altered."""

    people: tuple[Person, ...] = field(repr=False)
    damaged: tuple[PersonId, ...]


def fresh_person() -> PersonId:
    """Draw an id that nobody has."""
    return PersonId(secrets.token_hex(16))


class People:
    """The people table. Reading a row that was altered raises VaultError ``record-altered``."""

    def __init__(self, database: Database, vault: Vault, *, unit_key: bytes, subject_key: bytes) -> None:
        """unit_key, subject_key: of the keyed HMACs by which a unit and a consent lead to a person."""
        self._database = database
        self._vault = vault
        self._unit_key = unit_key
        self._subject_key = subject_key
        self._acts = 0
        self._recent: deque[PersonId] = deque(maxlen=RECENT_MOST)

    @property
    def mark(self) -> PeopleMark:
        """Give what differs once the table was changed, here or by another connection."""
        [[others]] = self._database.rows("PRAGMA data_version")
        return PeopleMark(others, self._acts)

    def changed_since(self, mark: PeopleMark) -> frozenset[PersonId] | None:
        """Give whose records may have changed since *mark*; None where that may be anybody's."""
        now = self.mark
        acts = now.own - mark.own
        if now.others != mark.others or not 0 <= acts <= len(self._recent):
            return None
        return frozenset(list(self._recent)[len(self._recent) - acts :])

    def add(self, unit: str, name: str, contact: str, *, person: PersonId | None = None) -> PersonId:
        """Enter a person, under a fresh id unless *person* was drawn before.

        Raises RequestError: ``unit-unfit`` for the keypad, or ``unit-taken``.
        """
        _refuse_unfit(unit)
        sealed = self.sealed(unit, name, contact, person=person)

        def insert(connection: sqlite3.Connection) -> PersonId:
            if not self.enter(connection, [sealed]):
                raise _taken()
            return sealed.person

        return self._database.write(insert)

    def sealed(
        self, unit: str, name: str, contact: str, hours: str | None = None, *, person: PersonId | None = None
    ) -> SealedPerson:
        """Seal somebody's facts as ``enter`` takes them; writes nothing. unit: fit for the keypad."""
        person = person or fresh_person()
        subject = SubjectRef(secrets.token_hex(16))
        sealed = self._seal(Person(person, unit, name, contact, subject, hours=hours))
        row = (person, self._lookup(unit), sealed.wrapped_key, sealed.content, self._subject_lookup(subject))
        return SealedPerson(person, row)

    def enter(self, connection: sqlite3.Connection, newcomers: Collection[SealedPerson]) -> int:
        """Write newcomers, inside the caller's transaction; give how many: one whose unit is taken is left out."""
        rows = [each.row for each in newcomers]
        self._touched(*(each.person for each in newcomers))
        return connection.executemany(_ENTER, rows).rowcount

    def get(self, person: PersonId) -> Person:
        """Give the person. Raises RequestError ``person-unknown``."""
        rows = self._database.rows(f"{_SELECT} WHERE id = :person", person=person)
        if not rows:
            raise RequestError(
                "person-unknown", "There is no such person here.", remedy="Look the person up again by unit."
            )
        return self._person(rows[0])

    def find_by_unit(self, unit: str) -> Person | None:
        """Give the person entered under *unit*, or None."""
        rows = self._database.rows(f"{_SELECT} WHERE unit_lookup = :unit", unit=self._lookup(unit))
        return self._person(rows[0]) if rows else None

    def readable(self, person: PersonId) -> Person | None:
        """Give the person, or None where there is no such record or it was altered."""
        rows = self._database.rows(f"{_SELECT} WHERE id = :person", person=person)
        return next(iter(self._opened(rows).people), None)

    def by_subject(self, subject: SubjectRef) -> Person | None:
        """Give whose consents carry *subject*, or None where the record is gone, altered or somebody else's.

        The one way from a face to its person: through a key that no table holds (R35).
        """
        sql = f"{_SELECT} WHERE subject_lookup = :subject"
        people = self._opened(self._database.rows(sql, subject=self._subject_lookup(subject))).people
        return next((each for each in people if each.subject == subject), None)

    def fill_subjects(self) -> None:
        """Let records from before this release be found by their consents, in one transaction; altered ones are not."""
        people = self._opened(self._database.rows(_UNFILLED)).people
        if not people:
            return

        def work(connection: sqlite3.Connection) -> None:
            sql = "UPDATE people SET subject_lookup = ? WHERE id = ?"
            connection.executemany(sql, [(self._subject_lookup(each.subject), each.id) for each in people])

        self._database.write(work)

    def id_by_unit(self, unit: str) -> PersonId | None:
        """Give the id of who is entered under *unit*, or None; opens nothing, so that damage hinders nobody."""
        rows = self._database.rows("SELECT id FROM people WHERE unit_lookup = :unit", unit=self._lookup(unit))
        return PersonId(rows[0][0]) if rows else None

    def unit_key(self, unit: str) -> bytes:
        """Give the keyed HMAC of *unit*, 32 bytes, whether or not anybody is entered under it."""
        return self._lookup(unit)

    def unit_key_of(self, person: PersonId) -> bytes | None:
        """Give what ``unit_key`` gives for the person's unit, also where the record is damaged; None for nobody."""
        rows = self._database.rows("SELECT unit_lookup FROM people WHERE id = :person", person=person)
        return rows[0][0] if rows else None

    def list(self, offset: int = 0, limit: int = -1) -> tuple[Person, ...]:
        """Give up to *limit* people (-1: all) after the first *offset*, in the order of their entry.

        Whose tenancy has ended is not among them, nor whose record was altered: ``everybody`` tells of those.
        """
        sql = f"{_SELECT} WHERE length(unit_lookup) = 32 ORDER BY rowid LIMIT :limit OFFSET :offset"
        return self._opened(self._database.rows(sql, limit=limit, offset=offset)).people

    def units(self) -> dict[bytes, PersonId]:
        """Give the keyed HMAC of every unit that somebody is entered under, and who; opens nothing."""
        rows = self._database.rows("SELECT unit_lookup, id FROM people WHERE length(unit_lookup) = 32")
        return {lookup: PersonId(person) for lookup, person in rows}

    def everybody(self) -> Everybody:
        """Give all people, former ones too, as far as their records open."""
        return self._opened(self._database.rows(f"{_SELECT} ORDER BY rowid"))

    def correct(
        self, connection: sqlite3.Connection, person: PersonId, *, unit: str, name: str, contact: str
    ) -> bool:
        """Seal the person's corrected facts, inside the caller's transaction; False if they are so already.

        Raises RequestError: ``person-unknown``, ``unit-unfit``, ``unit-taken``.
        """
        _refuse_unfit(unit)
        before = self.get(person)
        if (before.unit, before.name, before.contact) == (unit, name, contact):
            return False
        after = replace(before, unit=unit, name=name, contact=contact)
        if unit != before.unit:
            if self.id_by_unit(unit) is not None:
                raise _taken()
            sql = "UPDATE people SET unit_lookup = ? WHERE id = ? AND length(unit_lookup) = 32"
            connection.execute(sql, (self._lookup(unit), person))
        self._reseal(connection, after)
        return True

    def remember_refusal(
        self, connection: sqlite3.Connection, person: PersonId, record: ConsentId | None
    ) -> None:
        """Seal in who declined, or forget it, inside the caller's transaction (R05)."""
        self._reseal(connection, replace(self.get(person), refusal=record))

    def remember_birthday(
        self, connection: sqlite3.Connection, person: PersonId, turns_14_on: date | None
    ) -> None:
        """Seal in until when a child's record needs a second approver, inside the caller's transaction (R27)."""
        self._reseal(connection, replace(self.get(person), turns_14_on=turns_14_on))

    def remember_hours(self, connection: sqlite3.Connection, person: PersonId, hours: str | None) -> None:
        """Seal in the name of the hours the person may come in, inside the caller's transaction; None: at all times."""
        self._reseal(connection, replace(self.get(person), hours=hours))

    def set_end(self, connection: sqlite3.Connection, person: PersonId, at: datetime | None) -> None:
        """Set the end of the tenancy, or take it back before it came, inside the caller's transaction."""
        self._touched(person)
        sql = "UPDATE people SET ends_at = ? WHERE id = ? AND length(unit_lookup) = 32"
        connection.execute(sql, (None if at is None else seconds_of(at), person))

    def ending(self, now: datetime) -> tuple[PersonId, ...]:
        """Give those whose tenancy ended by *now* and who still hold their unit number."""
        sql = "SELECT id FROM people WHERE ends_at <= :now AND length(unit_lookup) = 32"
        return tuple(PersonId(row[0]) for row in self._database.rows(sql, now=seconds_of(now)))

    def give_unit_back(self, connection: sqlite3.Connection, person: PersonId) -> None:
        """Free the person's unit number for the next, inside the caller's transaction."""
        self._touched(person)
        sql = "UPDATE people SET unit_lookup = ? WHERE id = ?"
        connection.execute(sql, (secrets.token_bytes(_ENDED_BYTES), person))

    def remove(self, connection: sqlite3.Connection, person: PersonId, at: datetime) -> None:
        """Delete the person with cards and PIN for good, inside the caller's transaction (R51: with tombstones)."""
        self._touched(person)
        for (credential,) in connection.execute(
            "SELECT id FROM credentials WHERE person_id = ?", (person,)
        ).fetchall():
            tombstones.bury(connection, Kind.CREDENTIAL, credential, at)
        connection.execute("DELETE FROM credentials WHERE person_id = ?", (person,))
        connection.execute("DELETE FROM people WHERE id = ?", (person,))
        tombstones.bury(connection, Kind.PERSON, person, at)

    def _touched(self, *people: PersonId) -> None:
        """Remember whose record this connection is about to change; what is rolled back counts as well."""
        self._acts += len(people)
        self._recent.extend(people)

    def _opened(self, rows: Iterable[Row]) -> Everybody:
        people, damaged = [], []
        for row in rows:
            try:
                people.append(self._person(row))
            except VaultError:  # record-altered: the only one that opening a row in hand raises
                damaged.append(PersonId(row[0]))
        return Everybody(tuple(people), tuple(damaged))

    def _person(self, row: Row) -> Person:
        person, wrapped_key, content, ends_at = row
        facts = json.loads(self._vault.open(Sealed(wrapped_key, content), _binding(person)))
        birthday = facts.get("turns_14_on")
        return Person(
            id=PersonId(person),
            unit=facts["unit"],
            name=facts["name"],
            contact=facts["contact"],
            subject=SubjectRef(facts["subject"]),
            refusal=facts.get("refusal"),
            ends_at=None if ends_at is None else time_of(ends_at),
            turns_14_on=None if birthday is None else date.fromisoformat(birthday),
            hours=facts.get("hours"),
        )

    def _seal(self, person: Person) -> Sealed:
        facts = {
            "unit": person.unit,
            "name": person.name,
            "contact": person.contact,
            "subject": person.subject,
            "refusal": person.refusal,
            "turns_14_on": person.turns_14_on and person.turns_14_on.isoformat(),
            "hours": person.hours,
        }
        return self._vault.seal(json.dumps(facts).encode(), _binding(person.id))

    def _reseal(self, connection: sqlite3.Connection, person: Person) -> None:
        self._touched(person.id)
        sealed = self._seal(person)
        sql = "UPDATE people SET wrapped_key = ?, sealed = ? WHERE id = ?"
        connection.execute(sql, (sealed.wrapped_key, sealed.content, person.id))

    def _lookup(self, unit: str) -> bytes:
        return hmac.digest(self._unit_key, unit.encode(), "sha256")

    def _subject_lookup(self, subject: SubjectRef) -> bytes:
        return hmac.digest(self._subject_key, subject.encode(), "sha256")


def _binding(person: str) -> Binding:
    return Binding("people", person, _SEALED_AS)


def _refuse_unfit(unit: str) -> None:
    if not is_unit(unit):
        raise RequestError(
            "unit-unfit",
            "A unit is 1 to 8 digits, as it is typed at the keypad.",
            remedy="Write building, floor and flat as one number.",
        )


def _taken() -> RequestError:
    return RequestError("unit-taken", "This unit is already entered.", remedy="Choose another unit number.")

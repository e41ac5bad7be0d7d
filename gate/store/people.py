"""People: name, unit and contact, sealed under a key of their own, apart from all biometric data (R35)."""

from __future__ import annotations

import hmac
import json
import secrets
import sqlite3
from dataclasses import dataclass, field

from gate.core.consent import SubjectRef
from gate.core.credentials import is_unit
from gate.core.types import PersonId
from gate.errors import RequestError
from gate.store.database import Database, Row
from gate.store.vault import Binding, Sealed, Vault

_SELECT = "SELECT id, wrapped_key, sealed FROM people"


@dataclass(frozen=True, slots=True)
class Person:
    """Who may come in. *subject* is the one link to this person's consents and templates."""

    id: PersonId
    unit: str = field(repr=False)
    name: str = field(repr=False)
    contact: str = field(repr=False)
    subject: SubjectRef = field(repr=False)


def fresh_person() -> PersonId:
    """Draw an id that nobody has."""
    return PersonId(secrets.token_hex(16))


class People:
    """The people table. Reading a row that was altered raises VaultError ``record-altered``."""

    def __init__(self, database: Database, vault: Vault, lookup_key: bytes, epoch: int) -> None:
        self._database = database
        self._vault = vault
        self._lookup_key = lookup_key
        self._epoch = epoch

    def add(self, unit: str, name: str, contact: str, *, person: PersonId | None = None) -> PersonId:
        """Enter a person, under a fresh id unless *person* was drawn before.

        Raises RequestError: ``unit-unfit`` for the keypad, or ``unit-taken``.
        """
        if not is_unit(unit):
            raise RequestError(
                "unit-unfit",
                "A unit is 1 to 8 digits, as it is typed at the keypad.",
                remedy="Write building, floor and flat as one number.",
            )
        person = person or fresh_person()
        facts = json.dumps({"unit": unit, "name": name, "contact": contact, "subject": secrets.token_hex(16)})
        sealed = self._vault.seal(facts.encode(), self._binding(person))
        row = (person, self._lookup(unit), sealed.wrapped_key, sealed.content)

        def insert(connection: sqlite3.Connection) -> PersonId:
            sql = "INSERT INTO people VALUES (?, ?, ?, ?, NULL) ON CONFLICT DO NOTHING"
            if not connection.execute(sql, row).rowcount:
                raise RequestError(
                    "unit-taken", "This unit is already entered.", remedy="Choose another unit number."
                )
            return person

        return self._database.write(insert)

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

    def list(self, offset: int = 0, limit: int = -1) -> tuple[Person, ...]:
        """Give up to *limit* people (-1: all) after the first *offset*, in the order of their entry."""
        sql = f"{_SELECT} ORDER BY rowid LIMIT :limit OFFSET :offset"
        return tuple(self._person(row) for row in self._database.rows(sql, limit=limit, offset=offset))

    def remove(self, connection: sqlite3.Connection, person: PersonId) -> None:
        """Delete the person with cards and PIN, inside the caller's transaction."""
        connection.execute("DELETE FROM credentials WHERE person_id = ?", (person,))
        connection.execute("DELETE FROM people WHERE id = ?", (person,))

    def _person(self, row: Row) -> Person:
        person, wrapped_key, content = row
        facts = json.loads(self._vault.open(Sealed(wrapped_key, content), self._binding(person)))
        return Person(id=PersonId(person), **facts)

    def _lookup(self, unit: str) -> bytes:
        return hmac.digest(self._lookup_key, unit.encode(), "sha256")

    def _binding(self, person: str) -> Binding:
        return Binding("people", person, self._epoch)

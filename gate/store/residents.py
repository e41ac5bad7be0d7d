"""What the front desk does for residents: each act is one transaction, whole or not at all."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from gate.core.consent import ConsentState
from gate.core.types import Method
from gate.errors import RequestError
from gate.store.consents import end_given
from gate.store.credentials import Credentials
from gate.store.database import Database
from gate.store.people import People, Person, fresh_person


class Residents:
    """People, their credentials and their consents, taken together."""

    def __init__(self, database: Database, people: People, credentials: Credentials) -> None:
        self._database = database
        self._people = people
        self._credentials = credentials

    def move_in(self, unit: str, name: str, contact: str, card: str | None, at: datetime) -> str:
        """Enter a person with a generated PIN and, if given, a card; return the PIN, once.

        Raises RequestError, and then nothing is written: ``unit-unfit``, ``unit-taken``, ``card-unfit``,
        ``card-taken``.
        """
        person = fresh_person()
        pin = self._credentials.make_pin(person)

        def work(_connection: sqlite3.Connection) -> str:
            self._people.add(unit, name, contact, person=person)
            if card is not None:
                self._credentials.issue_card(person, card, at=at)
            return self._credentials.issue_pin(person, pin, at=at)

        return self._database.write(work)

    def new_card(self, unit: str, card: str | None, at: datetime) -> None:
        """Give the unit's resident a card, or None for now, in place of all earlier ones.

        Raises RequestError, and then the earlier ones stay: ``unit-unknown``, ``card-unfit``, ``card-taken``.
        """
        person = self._find(unit).id

        def work(_connection: sqlite3.Connection) -> None:
            self._credentials.revoke_all(person, Method.CARD, at)
            if card is not None:
                self._credentials.issue_card(person, card, at=at)

        self._database.write(work)

    def new_pin(self, unit: str, at: datetime) -> str:
        """Give the unit's resident a fresh PIN in place of the earlier one. Raises RequestError ``unit-unknown``."""
        return self._credentials.issue_pin(self._find(unit).id, at=at)

    def move_out(self, unit: str, at: datetime) -> bool:
        """Delete the unit's resident with cards, PIN and templates; the consent stays as an ended, nameless record.

        Returns False if a reader holds old bytes up: they go at ``Store.reclaim``. Raises RequestError
        ``unit-unknown``.
        """
        person = self._find(unit)

        def work(connection: sqlite3.Connection) -> None:
            end_given(connection, person.subject, ConsentState.WITHDRAWN, at)
            self._people.remove(connection, person.id)

        self._database.write(work)
        return self._database.scrub()

    def _find(self, unit: str) -> Person:
        person = self._people.find_by_unit(unit)
        if person is None:
            raise RequestError(
                "unit-unknown", "No resident is entered under this unit.", remedy="See gate resident list."
            )
        return person

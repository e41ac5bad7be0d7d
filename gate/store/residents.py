"""What the front desk does for residents: each act is one transaction, whole or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime

from gate.core.consent import By, Channel
from gate.core.receipt import Receipt
from gate.core.types import Method, PersonId
from gate.errors import RequestError, VaultError
from gate.store.account.audit import Action, Actor, AuditLog
from gate.store.consent.consents import Consents, MinorOpening
from gate.store.consent.faults import fault
from gate.store.consent.reading import given
from gate.store.credentials import Credentials
from gate.store.database import Database
from gate.store.people import People, Person, fresh_person
from gate.store.visits import Visits


@dataclass(frozen=True, slots=True)
class FreshPins:
    """A PIN and the duress PIN beside it, shown once."""

    pin: str = field(repr=False)
    duress_pin: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MovedOut:
    """How a removal went. scrubbed: False if a reader holds old bytes up, which go at ``Store.reclaim``.

    damaged: the person's record did not open, so that nobody can tell which consent was theirs; the retention engine
    ends it as one that nobody can withdraw. receipt: of the face that was deleted, None where there was none; it cannot
    be issued again, for nobody is left to ask (R25).
    """

    scrubbed: bool
    damaged: bool
    receipt: Receipt | None = field(default=None, compare=False)


class Residents:
    """People, their credentials and their consents, taken together; every act is on record in the audit log (R55)."""

    def __init__(
        self,
        database: Database,
        people: People,
        credentials: Credentials,
        visits: Visits,
        consents: Consents,
        audit: AuditLog,
    ) -> None:
        self._database = database
        self._people = people
        self._credentials = credentials
        self._visits = visits
        self._consents = consents
        self._audit = audit

    def move_in(self, unit: str, name: str, contact: str, card: str | None, at: datetime) -> str:
        """Enter a person with a generated PIN and, if given, a card; return the PIN, once.

        Raises RequestError, and then nothing is written: ``unit-unfit``, ``unit-taken``, ``card-unfit``,
        ``card-taken``.
        """
        person = fresh_person()
        pin = self._credentials.make_pin(person)

        def work(connection: sqlite3.Connection) -> str:
            self._people.add(unit, name, contact, person=person)
            self._note(connection, Action.PERSON_ADDED, person, at)
            if card is not None:
                self._credentials.issue_card(person, card, at=at)
                self._note(connection, Action.CREDENTIAL_ISSUED, person, at, Method.CARD)
            self._note(connection, Action.CREDENTIAL_ISSUED, person, at, Method.PIN)
            return self._credentials.issue_pin(person, pin, at=at)

        return self._database.write(work)

    def new_card(
        self,
        unit: str,
        card: str | None,
        at: datetime,
        *,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        beside: bool = False,
    ) -> None:
        """Give the unit's resident a card, or None for now, in place of all earlier ones, or *beside* them.

        valid_from, valid_until: when it opens, None for no bound. Raises RequestError, and then the earlier ones stay:
        ``unit-unknown``, ``card-unfit``, ``card-taken``, ``validity-unfit``.
        """
        person = self._find(unit).id

        def work(connection: sqlite3.Connection) -> None:
            if not beside:
                self._credentials.revoke_all(person, Method.CARD, at)
                self._note(connection, Action.CREDENTIAL_REVOKED, person, at, Method.CARD)
            if card is not None:
                self._credentials.issue_card(
                    person, card, at=at, valid_from=valid_from, valid_until=valid_until
                )
                self._note(connection, Action.CREDENTIAL_ISSUED, person, at, Method.CARD)

        self._database.write(work)

    def new_pin(self, unit: str, at: datetime) -> str:
        """Give the unit's resident a fresh PIN in place of the earlier one. Raises RequestError ``unit-unknown``."""
        person = self._find(unit).id
        pin = self._credentials.make_pin(person)

        def work(connection: sqlite3.Connection) -> str:
            self._note(connection, Action.CREDENTIAL_ISSUED, person, at, Method.PIN)
            return self._credentials.issue_pin(person, pin, at=at)

        return self._database.write(work)

    def new_pins(self, unit: str, at: datetime) -> FreshPins:
        """Give the unit's resident a fresh PIN and a duress PIN in place of the earlier ones.

        Raises RequestError ``unit-unknown``.
        """
        person = self._find(unit).id
        fresh, duress_pin = self._credentials.make_pins(person)

        def work(connection: sqlite3.Connection) -> None:
            # The log tells of a new PIN: who has a duress PIN is for nobody to read there.
            self._note(connection, Action.CREDENTIAL_ISSUED, person, at, Method.PIN)
            self._credentials.issue_pin(person, fresh, at=at)

        self._database.write(work)
        return FreshPins(fresh.pin, duress_pin)

    def end_duress(self, unit: str) -> None:
        """End the duress PIN of the unit's resident, if there is one; the PIN stays. Raises RequestError ``unit-unknown``."""
        self._credentials.end_duress(self._find(unit).id)

    def revoke(self, unit: str, methods: Collection[Method], at: datetime) -> None:
        """End what the unit's resident has of *methods*, CARD, PIN and CODE, for good. Raises RequestError ``unit-unknown``."""
        person = self._find(unit).id

        def work(connection: sqlite3.Connection) -> None:
            for method in methods:
                if method is Method.CODE:
                    self._visits.revoke_all(person)
                else:
                    self._credentials.revoke_all(person, method, at)
                self._note(connection, Action.CREDENTIAL_REVOKED, person, at, method)

        self._database.write(work)

    def block_card(self, card: str, at: datetime) -> None:
        """End a card for good, whoever holds it. Raises RequestError ``card-unknown`` where it opens for nobody."""

        def work(connection: sqlite3.Connection) -> None:
            holder = self._credentials.revoke_card(card, at)
            if holder is None:
                raise RequestError(
                    "card-unknown",
                    "This card opens for nobody here; nothing was changed.",
                    remedy="Compare the value with what a reader shows.",
                )
            self._note(connection, Action.CREDENTIAL_REVOKED, holder, at, Method.CARD)

        self._database.write(work)

    def set_end(self, unit: str, ends_at: datetime | None, at: datetime) -> None:
        """Set the end of the tenancy, or take it back before it came; card, PIN and face end at that second (R75).

        The record goes 30 days later, the unit number is free at once. Raises RequestError ``unit-unknown``.
        """
        person = self._find(unit).id

        def work(connection: sqlite3.Connection) -> None:
            self._people.set_end(connection, person, ends_at)
            self._note(connection, Action.PERSON_CORRECTED, person, at)

        self._database.write(work)

    def correct(
        self, person: PersonId, *, unit: str, name: str, contact: str, at: datetime, actor: Actor
    ) -> bool:
        """Put the person's facts right (R71), whole or not at all; False if they were so already.

        Raises RequestError: ``person-unknown``, ``unit-unfit``, ``unit-taken``.
        """

        def work(connection: sqlite3.Connection) -> bool:
            if not self._people.correct(connection, person, unit=unit, name=name, contact=contact):
                return False
            self._audit.note(connection, actor, Action.PERSON_CORRECTED, at=at, object=person)
            return True

        corrected = self._database.write(work)
        self._database.scrub()
        return corrected

    def correct_birthday(
        self, person: PersonId, turns_14_on: date, opening: MinorOpening, *, at: datetime, actor: Actor
    ) -> None:
        """Put a child's fourteenth birthday right, with the second approval that *opening* stands for (R27).

        Raises RequestError: ``person-unknown``, ``minor-approval``; ``birthday-unknown`` where none is on record;
        ``birthday-stands`` while a consent runs that was given under the other day.
        """
        if opening.person != person or at >= opening.until:
            raise fault("minor-approval")

        def work(connection: sqlite3.Connection) -> None:
            if self._people.get(person).turns_14_on is None:
                raise fault("birthday-unknown")
            if given(self._consents.of(person)) is not None:
                raise fault("birthday-stands")
            self._people.remember_birthday(connection, person, turns_14_on)
            detail = {"corrected": "birthday"}
            self._audit.note(connection, actor, Action.PERSON_CORRECTED, at=at, object=person, detail=detail)

        self._database.write(work)
        self._database.scrub()

    def move_out(self, unit: str, at: datetime) -> MovedOut:
        """Delete the unit's resident with cards, PIN and templates; the consent stays as an ended, nameless record.

        An altered record goes as well: it is found by its unit, unopened. Raises RequestError ``unit-unknown``.
        """
        person = self._people.id_by_unit(unit)
        if person is None:
            raise _unknown()
        known = self._if_readable(person)

        def work(connection: sqlite3.Connection) -> Receipt | None:
            receipt = None
            if known is not None:
                by = By(Channel.DEVICE, "installer")
                receipt = self._consents.end_tenancy(connection, known, at=at, by=by)
            self._people.remove(connection, person, at)
            # R35: the line before names the record that ended; beside it the person must not stand.
            named = person if receipt is None else PersonId("")
            self._note(connection, Action.PERSON_REMOVED, named, at)
            return receipt

        receipt = self._database.write(work)
        return MovedOut(self._database.scrub(), damaged=known is None, receipt=receipt)

    def _if_readable(self, person: PersonId) -> Person | None:
        try:
            return self._people.get(person)
        except VaultError:
            return None

    def _find(self, unit: str) -> Person:
        person = self._people.find_by_unit(unit)
        if person is None:
            raise _unknown()
        return person

    def _note(
        self,
        connection: sqlite3.Connection,
        action: Action,
        person: PersonId,
        at: datetime,
        method: Method | None = None,
    ) -> None:
        detail = None if method is None else {"method": method.value}
        self._audit.note(connection, Actor.INSTALLER, action, at=at, object=person, detail=detail)


def _unknown() -> RequestError:
    return RequestError(
        "unit-unknown", "No resident is entered under this unit.", remedy="See gate resident list."
    )

"""What is done for one person who is known by their record: each act is one transaction, whole or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime

from gate.core.consent import By, Channel
from gate.core.credentials import CredentialId
from gate.core.receipt import Receipt
from gate.core.roster import CONTACT_MOST, NAME_MOST, Column, facts_faults
from gate.core.types import Method, PersonId
from gate.errors import RequestError, VaultError
from gate.store.account.audit import Action, Actor, AuditLog, Who
from gate.store.consent.consents import Consents, MinorOpening
from gate.store.consent.faults import fault
from gate.store.consent.reading import given
from gate.store.credentials import Credentials, FreshPin
from gate.store.database import Database
from gate.store.people import People, Person, fresh_person
from gate.store.visits import Visits


@dataclass(frozen=True, slots=True)
class Drawn:
    """A PIN for a person, and the duress PIN beside it or None, drawn before the act that gives it.

    A hash is too slow for the loop that serves the door: it is made elsewhere, and written here.
    """

    person: PersonId
    fresh: FreshPin = field(repr=False)
    duress_pin: str | None = field(default=None, repr=False)


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


class Tenants:
    """People, their credentials and their consents, taken together; every act is on record in the audit log (R55).

    by: who acts; the installer at the command line where nothing else is said. Acts on nobody known raise RequestError
    ``person-unknown``, and nothing is written.
    """

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

    def draw(self, person: PersonId | None = None, *, duress: bool = False) -> Drawn:
        """Draw a PIN, and with *duress* one for use under threat; for somebody to move in where *person* is None.

        Slow (one argon2id each), free of I/O, safe in any thread.
        """
        person = person or fresh_person()
        if not duress:
            return Drawn(person, self._credentials.make_pin(person))
        return Drawn(person, *self._credentials.make_pins(person))

    def move_in(
        self,
        unit: str,
        name: str,
        contact: str,
        card: str | None,
        at: datetime,
        *,
        by: Who = Actor.INSTALLER,
        drawn: Drawn | None = None,
    ) -> str:
        """Enter a person with a generated PIN and, if given, a card; return the PIN, once.

        drawn: made by ``draw`` beforehand, else it is made here. Raises RequestError, and then nothing is written:
        ``unit-unfit``, ``unit-taken``, ``name-unfit``, ``contact-unfit``, ``card-unfit``, ``card-taken``.
        """
        _refuse_unfit(unit, name, contact)
        drawn = drawn or self.draw()
        person = drawn.person

        def work(connection: sqlite3.Connection) -> str:
            self._people.add(unit, name, contact, person=person)
            self._note(connection, by, Action.PERSON_ADDED, person, at)
            if card is not None:
                self._credentials.issue_card(person, card, at=at)
                self._note(connection, by, Action.CREDENTIAL_ISSUED, person, at, Method.CARD)
            self._note(connection, by, Action.CREDENTIAL_ISSUED, person, at, Method.PIN)
            return self._credentials.issue_pin(person, drawn.fresh, at=at)

        return self._database.write(work)

    def give_card(
        self,
        person: PersonId,
        card: str | None,
        at: datetime,
        *,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        beside: bool = False,
        by: Who = Actor.INSTALLER,
    ) -> None:
        """Give the person a card, or None for now, in place of all earlier ones, or *beside* them.

        valid_from, valid_until: when it opens, None for no bound. Raises RequestError, and then the earlier ones stay:
        ``card-unfit``, ``card-taken``, ``validity-unfit``.
        """

        def work(connection: sqlite3.Connection) -> None:
            if not beside:
                self._credentials.revoke_all(person, Method.CARD, at)
                self._note(connection, by, Action.CREDENTIAL_REVOKED, person, at, Method.CARD)
            if card is not None:
                self._credentials.issue_card(
                    person, card, at=at, valid_from=valid_from, valid_until=valid_until
                )
                self._note(connection, by, Action.CREDENTIAL_ISSUED, person, at, Method.CARD)

        self._database.write(work)

    def give_pin(self, drawn: Drawn, at: datetime, *, by: Who = Actor.INSTALLER) -> None:
        """Give a person the PIN that was *drawn* for them, in place of the earlier one and its duress PIN."""

        def work(connection: sqlite3.Connection) -> None:
            # The log tells of a new PIN: who has a duress PIN is for nobody to read there.
            self._note(connection, by, Action.CREDENTIAL_ISSUED, drawn.person, at, Method.PIN)
            self._credentials.issue_pin(drawn.person, drawn.fresh, at=at)

        self._database.write(work)

    def end_duress_of(self, person: PersonId) -> None:
        """End the person's duress PIN, if there is one; the PIN stays, and no log tells of it."""
        self._credentials.end_duress(person)

    def revoke_one(
        self, person: PersonId, credential: CredentialId, at: datetime, *, by: Who = Actor.INSTALLER
    ) -> None:
        """End one card or PIN of the person for good. Raises RequestError ``credential-unknown``, also where it ended."""

        def work(connection: sqlite3.Connection) -> None:
            standing = [each for each in self._credentials.of(person) if each.revoked_at is None]
            method = next((each.method for each in standing if each.id == credential), None)
            if method is None:
                raise RequestError(
                    "credential-unknown",
                    "This card or PIN is not there any more; nothing was changed.",
                    remedy="Look at the person's page again.",
                )
            self._credentials.revoke(credential, at)
            self._note(connection, by, Action.CREDENTIAL_REVOKED, person, at, method)

        self._database.write(work)

    def revoke_of(
        self, person: PersonId, methods: Collection[Method], at: datetime, *, by: Who = Actor.INSTALLER
    ) -> None:
        """End what the person has of *methods*, CARD, PIN and CODE, for good."""

        def work(connection: sqlite3.Connection) -> None:
            for method in methods:
                if method is Method.CODE:
                    self._visits.revoke_all(person)
                else:
                    self._credentials.revoke_all(person, method, at)
                self._note(connection, by, Action.CREDENTIAL_REVOKED, person, at, method)

        self._database.write(work)

    def block_card(self, card: str, at: datetime, *, by: Who = Actor.INSTALLER) -> None:
        """End a card for good, whoever holds it. Raises RequestError ``card-unknown`` where it opens for nobody."""

        def work(connection: sqlite3.Connection) -> None:
            holder = self._credentials.revoke_card(card, at)
            if holder is None:
                raise RequestError(
                    "card-unknown",
                    "This card opens for nobody here; nothing was changed.",
                    remedy="Compare the value with what a reader shows.",
                )
            self._note(connection, by, Action.CREDENTIAL_REVOKED, holder, at, Method.CARD)

        self._database.write(work)

    def set_end_of(
        self, person: PersonId, ends_at: datetime | None, at: datetime, *, by: Who = Actor.INSTALLER
    ) -> None:
        """Set the end of the tenancy, or take it back before it came; card, PIN and face end at that second (R75).

        The record goes 30 days later, the unit number is free at once.
        """

        def work(connection: sqlite3.Connection) -> None:
            self._people.get(person)
            self._people.set_end(connection, person, ends_at)
            self._note(connection, by, Action.PERSON_CORRECTED, person, at)

        self._database.write(work)

    def correct(
        self, person: PersonId, *, unit: str, name: str, contact: str, at: datetime, actor: Who
    ) -> bool:
        """Put the person's facts right (R71), whole or not at all; False if they were so already.

        Raises RequestError: ``unit-unfit``, ``unit-taken``, ``name-unfit``, ``contact-unfit``.
        """
        _refuse_unfit(unit, name, contact)

        def work(connection: sqlite3.Connection) -> bool:
            if not self._people.correct(connection, person, unit=unit, name=name, contact=contact):
                return False
            self._audit.note(connection, actor, Action.PERSON_CORRECTED, at=at, object=person)
            return True

        corrected = self._database.write(work)
        self._database.scrub()
        return corrected

    def correct_birthday(
        self, person: PersonId, turns_14_on: date, opening: MinorOpening, *, at: datetime, actor: Who
    ) -> None:
        """Put a child's fourteenth birthday right, with the second approval that *opening* stands for (R27).

        Raises RequestError: ``minor-approval``; ``birthday-unknown`` where none is on record; ``birthday-stands`` while
        a consent runs that was given under the other day.
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

    def leave(self, person: PersonId, at: datetime, *, by: Who = Actor.INSTALLER) -> MovedOut:
        """Delete the person with cards, PIN and templates; the consent stays as an ended, nameless record.

        An altered record goes as well, unopened.
        """
        known = self._if_readable(person)

        def work(connection: sqlite3.Connection) -> Receipt | None:
            receipt = None
            if known is not None:
                receipt = self._consents.end_tenancy(connection, known, at=at, by=_channel_of(by))
            self._people.remove(connection, person, at)
            # R35: the line before names the record that ended; beside it the person must not stand.
            named = person if receipt is None else PersonId("")
            self._note(connection, by, Action.PERSON_REMOVED, named, at)
            return receipt

        receipt = self._database.write(work)
        return MovedOut(self._database.scrub(), damaged=known is None, receipt=receipt)

    def _if_readable(self, person: PersonId) -> Person | None:
        try:
            return self._people.get(person)
        except VaultError:
            return None

    def _note(
        self,
        connection: sqlite3.Connection,
        by: Who,
        action: Action,
        person: PersonId,
        at: datetime,
        method: Method | None = None,
    ) -> None:
        detail = None if method is None else {"method": method.value}
        self._audit.note(connection, by, action, at=at, object=person, detail=detail)


def _refuse_unfit(unit: str, name: str, contact: str) -> None:
    """Refuse a name and a contact that may not stand in a record, whoever typed them; a unit is looked at as it is written."""
    faults = facts_faults(unit, name, contact)
    if Column.NAME in faults:
        raise RequestError(
            "name-unfit",
            f"A name is 1 to {NAME_MOST} characters on one line, and begins like no formula; nothing was written.",
            remedy="Write the name as it is said, without =, +, - or @ before it.",
        )
    if Column.CONTACT in faults:
        raise RequestError(
            "contact-unfit",
            f"A contact is at most {CONTACT_MOST} characters on one line, and begins like no formula; nothing was written.",
            remedy="Write a telephone number such as +86 10 5555 0100, an address, or nothing.",
        )


def _channel_of(by: Who) -> By:
    """Give how the consent's record tells where a tenancy was ended: at the command line, or by staff."""
    return By(Channel.DEVICE, "installer") if by is Actor.INSTALLER else By(Channel.DESK, "desk")

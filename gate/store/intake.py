"""Many people at once: sealed in slices while the door goes on, then written in one short transaction or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from gate.core.types import PersonId
from gate.errors import RequestError
from gate.store.account.audit import Action, AuditLog, Who
from gate.store.credentials import Credentials, MadeCard
from gate.store.database import Database
from gate.store.people import People, SealedPerson

T = TypeVar("T")
_SLICE: Final = 100
"""Rows written before the door may go first: a few milliseconds."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody to be entered, with fit facts. card: as a reader sends it."""

    unit: str
    name: str = field(repr=False)
    contact: str = field(repr=False)
    card: str | None = field(default=None, repr=False)
    hours: str | None = None


@dataclass(frozen=True, slots=True)
class AddedCard:
    """A card beside those that somebody who is entered already has."""

    person: PersonId
    card: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is ready to be written. holders: whose record must still be there."""

    people: tuple[SealedPerson, ...]
    cards: tuple[MadeCard, ...]
    holders: tuple[PersonId, ...]
    hours: frozenset[str]


@dataclass(frozen=True, slots=True)
class Roll:
    """Which units and cards are taken, by the keyed HMACs that ``unit_key`` and ``card_key`` give: nobody's facts."""

    units: dict[bytes, PersonId] = field(repr=False)
    cards: dict[bytes, PersonId] = field(repr=False)


class Intake:
    """Entering many people. No PIN is drawn: each costs a hash, and has to be handed over in person."""

    def __init__(self, database: Database, people: People, credentials: Credentials, audit: AuditLog) -> None:
        self._database = database
        self._people = people
        self._credentials = credentials
        self._audit = audit

    def roll(self) -> Roll:
        """Give who is entered under which unit, and who holds which card."""
        return Roll(self._people.units(), self._credentials.card_holders())

    def prepare(self, some: Sequence[Newcomer | AddedCard]) -> Prepared:
        """Seal *some* people and make their cards: some 30 us each, writes nothing; call it with a slice at a time."""
        people, cards, holders = [], [], []
        for each in some:
            if isinstance(each, AddedCard):
                holders.append(each.person)
                cards.append(self._credentials.made_card(each.person, each.card))
                continue
            sealed = self._people.sealed(each.unit, each.name, each.contact, each.hours)
            people.append(sealed)
            if each.card is not None:
                cards.append(self._credentials.made_card(sealed.person, each.card))
        named = (each.hours for each in some if isinstance(each, Newcomer))
        return Prepared(tuple(people), tuple(cards), tuple(holders), frozenset(filter(None, named)))

    def enter(self, prepared: Collection[Prepared], *, file_sha256: str, at: datetime, by: Who) -> None:
        """Write all of it in one transaction, with one line in the log: how many, and of which file.

        Raises RequestError ``import-stale`` where a unit or a card was taken meanwhile, or somebody or some hours went;
        then nothing is written. It takes half a second for thousands: call it in another thread than the store's, where
        it gives way to the door, and raises VaultError ``database-busy`` where the door wrote all the while.
        """
        people = [each for some in prepared for each in some.people]
        cards = [each for some in prepared for each in some.cards]
        holders = {each for some in prepared for each in some.holders}
        hours = frozenset[str]().union(*(some.hours for some in prepared))

        def work(connection: sqlite3.Connection) -> None:
            stands = holders <= set(self._people.units().values()) and hours <= _hours(connection)
            if not stands:
                raise _stale()
            for some in _slices(people):
                self._database.give_way()
                if self._people.enter(connection, some) < len(some):
                    raise _stale()
            for cut in _slices(cards):
                self._database.give_way()
                if self._credentials.enter_cards(connection, cut) < len(cut):
                    raise _stale()
            detail = {"people": len(people), "cards": len(cards)}
            self._audit.note(connection, by, Action.PEOPLE_IMPORTED, at=at, object=file_sha256, detail=detail)

        self._database.write_beside(work)


def _slices(some: Sequence[T]) -> Iterator[Sequence[T]]:
    return (some[at : at + _SLICE] for at in range(0, len(some), _SLICE))


def _hours(connection: sqlite3.Connection) -> frozenset[str]:
    return frozenset(name for (name,) in connection.execute("SELECT name FROM hours"))


def _stale() -> RequestError:
    return RequestError(
        "import-stale",
        "Something was changed since the file was looked at; nothing was entered.",
        remedy="Send the file again, and look at what it would do now.",
    )

"""Residents at the console: looked up, entered, corrected, with their cards and PIN, until they move out (R04, R71, R75)."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import Final

from gate.commands.moments import begin_of, end_of
from gate.core.cards import card_number
from gate.core.consent import ConsentState
from gate.core.credentials import CredentialId
from gate.core.enrolment import is_aged
from gate.core.receipt import Receipt
from gate.core.roles import Staff
from gate.core.roster import Column, quoted
from gate.core.types import NoticeVersion, PersonId
from gate.desk import standing_of
from gate.errors import RequestError
from gate.office.accounts.desk import Hashing
from gate.office.children import ChildRecords
from gate.office.directory import SLICE, Directory
from gate.office.hours import HoursOffice
from gate.office.importing import ImportOffice
from gate.office.seen import changed, digest
from gate.office.visits import VisitsOffice
from gate.ports import Clock
from gate.settings import Settings
from gate.store import Store
from gate.store.account.audit import Action, Actor
from gate.store.credentials import IssuedCredential
from gate.store.people import Person
from gate.web.context import FaceStanding
from gate.web.staff.ports.approvals import ApprovalView
from gate.web.staff.ports.people import (
    CredentialState,
    CredentialView,
    Facts,
    Found,
    Left,
    PeopleOffice,
    Sheet,
    ShownPin,
)

_SOON: Final = timedelta(days=1)
"""A mistyped day erases a face: an end that is so near has to be confirmed."""
_LINES_LOOKED_AT: Final = 20_000
"""So many lines of the audit log are looked through for cards that residents took: a few milliseconds' work."""
_OF_A_CARD: Final = '{"method":"card"}'
_EXPORTED: Final = (Column.UNIT, Column.NAME, Column.CONTACT, Column.HOURS)


@dataclass(frozen=True, slots=True)
class PeopleParts:
    """What the work on residents needs.

    hashing: does one slow hash behind the door's PINs. notice: the one in force. left: told when a face may have gone with
    somebody.
    """

    store: Store
    clock: Clock
    settings: Settings
    directory: Directory
    children: ChildRecords
    hashing: Hashing
    notice: Callable[[], NoticeVersion]
    left: Callable[[], None]


class ResidentsOffice:
    """The residents of one gate."""

    def __init__(self, parts: PeopleParts) -> None:
        self._parts = parts
        self._store = parts.store
        self._clock = parts.clock
        self._children = parts.children
        self._zone: tzinfo = parts.settings.site.zone

    @property
    def takes_duress(self) -> bool:
        """Tell whether the site takes duress PINs."""
        return self._parts.settings.access.duress

    @property
    def hours_names(self) -> Sequence[str]:
        """Name the hours that somebody may be given."""
        return [each.name for each in self._store.permits.list()]

    @property
    def has_lookalikes(self) -> bool:
        """Tell whether anybody's face came near somebody else's."""
        return self._store.templates.has_lookalikes

    async def search(self, query: str, page: int, *, alike: bool = False) -> Found:
        """Give one page of those whom *query* tells; with *alike* of those alone whose face came near another's."""
        among = frozenset(self._store.templates.lookalikes()) if alike else None
        return await self._parts.directory.search(query, page, among)

    async def in_order(self) -> Sequence[PersonId]:
        """Name all who hold a unit, in the order of the units."""
        return [each.person for each in await self._parts.directory.everybody()]

    def sheet(self, who: Staff, person: PersonId) -> Sheet:
        """Give one resident's record; of a child's that is shut, what nobody has to open."""
        known, now = self._store.people.get(person), self._clock.now()
        issued = self._store.credentials.of(person)
        taken = self._taken_by(person)
        credentials = tuple(_credential(each, now, self._zone) for each in issued)
        codes = len(self._store.visits.of(person, now))
        if self._children.is_shut(who, person):
            return Sheet(
                person, known.unit, "", "", None, None, FaceStanding.NONE, credentials, codes,
                seen="", child=True, is_open=False, cards_taken=taken,
            )  # fmt: skip
        opening = self._children.opening(who, person)
        return Sheet(
            person=person,
            unit=known.unit,
            name=known.name,
            contact=known.contact,
            hours=known.hours,
            ends_at=known.ends_at and known.ends_at.astimezone(self._zone),
            standing=self._standing(known, now),
            credentials=credentials,
            codes=codes,
            seen=_seen(known),
            child=known.is_child(now),
            opened_until=None if opening is None else opening.until.astimezone(self._zone),
            cards_taken=taken,
            face_aged=self._is_face_aged(person, now),
            lookalike=self._store.templates.is_lookalike(person),
        )

    def _is_face_aged(self, person: PersonId, now: datetime) -> bool:
        given = (each for each in self._store.consents.of(person) if each.state is ConsentState.GIVEN)
        uses = (self._store.templates.use_of(each.id) for each in given)
        return any(used is not None and is_aged(used[0], now) for used in uses)

    async def move_in(self, who: Staff, facts: Facts, card: str) -> tuple[PersonId, ShownPin]:
        """Enter somebody with a fresh PIN and, if one is named, a card."""
        number = number_of(card) if card else None
        # What can be refused at once is refused before a hash is paid for.
        if self._store.people.id_by_unit(facts.unit) is not None:
            raise RequestError(
                "unit-taken", "This unit is already entered.", remedy="Choose another unit number."
            )
        drawn = await self._parts.hashing(self._store.residents.draw)
        pin = self._store.residents.move_in(
            facts.unit, facts.name, facts.contact, number, self._clock.now(), by=who, drawn=drawn
        )
        return drawn.person, ShownPin(facts.unit, pin)

    def correct(self, who: Staff, person: PersonId, facts: Facts, *, seen: str) -> bool:
        """Put the facts right; False if they were so already."""
        self._refuse_changed(who, person, seen)
        return self._store.residents.correct(
            person,
            unit=facts.unit,
            name=facts.name,
            contact=facts.contact,
            at=self._clock.now(),
            actor=who,
        )

    def give_card(
        self, who: Staff, person: PersonId, card: str, *, begins: str = "", until: str = "", beside: bool
    ) -> None:
        """Give a card in place of the earlier ones, or beside them."""
        self._store.residents.give_card(
            person,
            number_of(card),
            self._clock.now(),
            valid_from=begin_of(begins, self._zone) if begins else None,
            valid_until=end_of(until, self._zone) if until else None,
            beside=beside,
            by=who,
        )

    def revoke(self, who: Staff, person: PersonId, credential: CredentialId) -> None:
        """End one card or PIN at once."""
        self._store.residents.revoke_one(person, credential, self._clock.now(), by=who)

    async def new_pin(self, who: Staff, person: PersonId, *, duress: bool) -> ShownPin:
        """Give a fresh PIN, and with *duress* one for use under threat.

        A child's needs the opening as its facts do: whoever has the PIN reads all of it on the child's own page (R27).
        """
        self._children.refuse_shut(who, person)
        if duress and not self.takes_duress:
            raise RequestError(
                "duress-off",
                "This site takes no duress PINs; nothing was changed.",
                remedy="Set access.duress = true in the settings file, and start the gate again.",
            )
        known = self._store.people.get(person)
        draw = partial(self._store.residents.draw, person, duress=duress)
        drawn = await self._parts.hashing(draw)
        self._store.residents.give_pin(drawn, self._clock.now(), by=who)
        return ShownPin(known.unit, drawn.fresh.pin, drawn.duress_pin)

    def end_duress(self, who: Staff, person: PersonId) -> None:  # noqa: ARG002 - on record nowhere: nobody is to read who has one
        """End the duress PIN, if there is one."""
        self._store.people.get(person)
        self._store.residents.end_duress_of(person)

    def give_hours(self, who: Staff, person: PersonId, name: str, *, seen: str) -> None:
        """Let the person in within these hours only; an empty name: at all times."""
        self._refuse_changed(who, person, seen)
        self._store.permits.give_to(person, name or None, self._clock.now(), by=who)

    def set_end(self, who: Staff, person: PersonId, day: str, *, seen: str, sure: bool) -> None:
        """Set the last day of the tenancy, or take it back; *sure* where it is here or a day away."""
        self._refuse_changed(who, person, seen)
        ends_at = end_of(day, self._zone) if day else None
        if ends_at is not None and ends_at <= self._clock.now() + _SOON and not sure:
            raise RequestError(
                "end-soon",
                "With that day card, PIN and face end now or within a day, and it cannot be undone; nothing was changed.",
                remedy="Say that this is meant, or name another day.",
            )
        self._store.residents.set_end_of(person, ends_at, self._clock.now(), by=who)

    def move_out(self, who: Staff, person: PersonId, *, unit: str) -> Left:
        """Delete the person, once the unit was typed again."""
        self._children.refuse_shut(who, person)
        if unit != self._store.people.get(person).unit:
            raise RequestError(
                "not-confirmed",
                "The units differ; nothing was deleted.",
                remedy="Type the unit of this resident.",
            )
        moved = self._store.residents.leave(person, self._clock.now(), by=who)
        self._parts.directory.forget()
        self._parts.left()
        receipt: Receipt | None = moved.receipt
        return Left(unit, receipt, moved.damaged)

    def block_card(self, who: Staff, card: str) -> None:
        """End a card for good, whoever holds it."""
        self._store.residents.block_card(number_of(card), self._clock.now(), by=who)

    async def export(self, who: Staff) -> AsyncIterator[str]:
        """Give all residents as CSV, a slice at a time, with the byte order mark that spreadsheets ask for."""
        self._store.audit.write(who, Action.PEOPLE_EXPORTED, at=self._clock.now())
        yield "\ufeff" + _line(list(_EXPORTED))
        present = list(self._store.people.units().values())
        for at in range(0, len(present), SLICE):
            now = self._clock.now()
            known = map(self._store.people.readable, present[at : at + SLICE])
            yield "".join(
                _line(
                    [each.unit, "", "", ""]
                    if each.is_child(now)
                    else [each.unit, quoted(each.name), quoted(each.contact), each.hours or ""]
                )
                for each in known
                if each is not None
            )
            await asyncio.sleep(0)

    def approval(self, who: Staff, person: PersonId) -> ApprovalView | None:
        """Give the newest approval that *who* asked for about this record."""
        return self._children.approval(who, person)

    def ask_to_open(self, who: Staff, person: PersonId, reason: str) -> None:
        """Ask a second person to let *who* open a child's record."""
        self._store.people.get(person)
        self._children.ask(who, person, reason)

    def open_child(self, who: Staff, person: PersonId) -> None:
        """Open a child's record with the approval there is."""
        self._children.open(who, person)

    def _taken_by(self, person: PersonId) -> tuple[datetime, ...]:
        """Tell when the person gave themselves a card at the desk, the newest first."""
        lines = self._store.audit.about(
            person, Actor.RESIDENT, Action.CREDENTIAL_ISSUED, latest=_LINES_LOOKED_AT
        )
        return tuple(each.at.astimezone(self._zone) for each in lines if each.detail == _OF_A_CARD)

    def _standing(self, known: Person, now: datetime) -> FaceStanding:
        standing = standing_of(self._store.consents.of(known.id), now, self._parts.notice())
        return FaceStanding.DECLINED if standing is FaceStanding.NONE and known.refusal else standing

    def _refuse_changed(self, who: Staff, person: PersonId, seen: str) -> None:
        """Refuse what was asked about a record that is shut, or looks different by now."""
        self._children.refuse_shut(who, person)
        if seen != _seen(self._store.people.get(person)):
            raise changed()


def people_office(
    store: Store,
    clock: Clock,
    settings: Settings,
    *,
    children: ChildRecords,
    hashing: Hashing,
    notice: Callable[[], NoticeVersion],
    left: Callable[[], None],
) -> PeopleOffice:
    """Give all that the pages do for residents; the rest as ``PeopleParts`` has it."""
    directory = Directory(store, clock)
    parts = PeopleParts(store, clock, settings, directory, children, hashing, notice, left)
    return PeopleOffice(
        people=ResidentsOffice(parts),
        imports=ImportOffice(store, clock, directory),
        hours=HoursOffice(store, clock, directory, time_zone=settings.site.time_zone),
        visits=VisitsOffice(store, clock, settings),
    )


def number_of(card: str) -> str:
    """Give a typed card as a reader sends it. Raises RequestError ``card-unfit``; the value stays out of the message."""
    number = card_number(card)
    if number is None:
        raise RequestError(
            "card-unfit",
            "A card's value is a whole number, of 26 bits, or with its length before it, such as 34:123456789.",
            remedy="Hold the card to the reader with gate reader read, and copy what it shows; nothing was changed.",
        )
    return number


def _seen(known: Person) -> str:
    ends = known.ends_at.isoformat() if known.ends_at else None
    return digest(known.unit, known.name, known.contact, known.hours, ends)


def _credential(issued: IssuedCredential, now: datetime, zone: tzinfo) -> CredentialView:
    state, until = CredentialState.OPENS, issued.valid_until
    if issued.revoked_at is not None:
        state, until = CredentialState.ENDED, issued.revoked_at
    elif issued.valid_until is not None and issued.valid_until <= now:
        state = CredentialState.OVER
    elif issued.valid_from is not None and issued.valid_from > now:
        state = CredentialState.NOT_YET
    begins = issued.valid_from and issued.valid_from.astimezone(zone)
    return CredentialView(issued.id, issued.method, state, begins, until and until.astimezone(zone))


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()

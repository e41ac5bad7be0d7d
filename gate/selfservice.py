"""What people do about their own data once their PIN is known (R24, R70, R71)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, timedelta, tzinfo
from typing import Final, Protocol

from gate.commands.moments import begin_of, end_of
from gate.core.consent import By, Channel
from gate.core.credentials import SignedIn, pin_fault
from gate.core.own_record import OwnRecord
from gate.core.receipt import Receipt
from gate.core.rights import RequestKind
from gate.core.types import Method, PersonId
from gate.errors import RequestError
from gate.identifying import PinPages
from gate.ports import Clock
from gate.rights import Records
from gate.service import Service
from gate.store.account.audit import Action, Actor
from gate.store.tenants import Drawn
from gate.store.visits import OpenVisit
from gate.web.context import FreshCode, GuestCode, RenewedPin

_BY = By(Channel.SELF_SERVICE, "resident")
_IN_WORDS: Final = (RequestKind.CORRECT, RequestKind.EXPLAIN)
"""What nobody can answer unless it says what is meant."""


AGAIN: Final = timedelta(minutes=30)
"""As long as a session lasts at most: so long the same words are the same request, not another one."""

NO_PIN: Final = ""
"""What no PIN is: it costs a try, and opens nothing."""


class TakesCodes(Protocol):
    """The codes that the gate's screen shows; ``gate.office.gatecodes.GateCodes`` is one."""

    def take(self, code: str) -> bool:
        """Use *code* up; tells whether it was good."""


class SelfService:
    """One's own page of one gate."""

    def __init__(
        self,
        *,
        clock: Clock,
        service: Service,
        pins: PinPages,
        records: Records,
        codes: TakesCodes,
        zone: tzinfo = UTC,
    ) -> None:
        """codes: what the gate's screen shows. zone: in which people type times here."""
        self._clock = clock
        self._pins = pins
        self._service = service
        self._records = records
        self._store = records.store
        self._codes = codes
        self._zone = zone

    def take_code(self, code: str) -> bool:
        """Use up a code that the gate's screen showed; tells whether it was good."""
        return self._codes.take(code)

    async def sign_in(self, unit: str, pin: str, *, at_gate: bool) -> SignedIn:
        """Give whose unit and PIN these are. Raises RequestError as ``PinPages.identify`` does.

        at_gate: whether a code from the gate came with them; without one no PIN is right, and the try counts as a wrong
        one, so that guessing codes is as slow as guessing PINs.
        """
        return await self._pins.identify(unit, pin if at_gate else NO_PIN)

    async def change_pin(self, person: PersonId, present: str, chosen: str, again: str) -> RenewedPin:
        """Give the person another PIN. Raises RequestError: ``pin-differs``, ``pin-weak``, ``pin-wrong``, ``sign-in-wait``."""
        chosen, again = chosen.strip(), again.strip()
        if chosen != again:
            raise RequestError(
                "pin-differs",
                "The two new PINs differ; nothing was changed.",
                remedy="Type the same one twice.",
            )
        if chosen and pin_fault(chosen) is not None:
            raise RequestError(
                "pin-weak",
                "This PIN is too easy to guess; nothing was changed.",
                remedy="Take 6 to 12 digits without a run or a pattern, or let the gate draw one.",
            )
        unit = self._store.people.get(person).unit
        try:
            await self._pins.identify(unit, present)
        except RequestError as error:
            if error.code != "sign-in-wrong":
                raise
            raise RequestError(
                "pin-wrong",
                "This is not your present PIN; nothing was changed.",
                remedy="Type the PIN you use now.",
            ) from None
        drawn = await self._service.verifier.hash_for_staff(lambda: self._drawn(person, chosen))
        self._store.residents.give_pin(drawn, self._clock.now(), by=Actor.RESIDENT)
        return RenewedPin(self._signed_in(person), drawn.fresh.pin)

    def visits(self, person: PersonId) -> Sequence[GuestCode]:
        """Give the person's codes for visitors that nobody used yet, oldest first."""
        return [_seen(each) for each in self._store.visits.of(person, self._clock.now())]

    def invite(self, person: PersonId, begins: str, until: str) -> FreshCode:
        """Issue a code for a visitor. Raises RequestError: ``time-unfit``, ``visit-span``, ``visit-many``."""
        now = self._clock.now()
        begin = begin_of(begins, self._zone) if begins else now
        end = end_of(until, self._zone)
        fresh = self._store.visits.issue(person, begin, end, at=now, actor=Actor.RESIDENT)
        return FreshCode(_seen(fresh.visit), fresh.text)

    def revoke_visit(self, person: PersonId, visit: str) -> None:
        """Take a code back. Raises RequestError ``visit-unknown``, also for one of somebody else's."""
        now = self._clock.now()
        mine = visit in {each.id for each in self._store.visits.of(person, now)}
        self._store.visits.revoke(visit if mine else "", now, actor=Actor.RESIDENT)

    def still_holds(self, signed_in: SignedIn) -> bool:
        """Tell whether the PIN of a sign-in is still in force and the tenancy not over."""
        return self._store.credentials.still_holds(signed_in, self._clock.now())

    def record(self, person: PersonId) -> OwnRecord:
        """Give all that is held of the person. Raises RequestError ``signed-out`` once the tenancy has ended."""
        record = self._records.own_record(person, self._clock.now())
        if record.tenancy_ends_at is not None and record.tenancy_ends_at <= record.at:
            raise RequestError(
                "signed-out", "You are signed out.", remedy="Ask the contact on the notice for your data."
            )
        return record

    def withdraw(self, person: PersonId) -> Receipt | None:
        """End the consent, destroy the template, and stop matching it before the next decision (R24)."""
        receipt = self._store.consents.withdraw(person, at=self._clock.now(), by=_BY)
        self._service.withdrawn(person)
        return receipt

    def receipts(self, person: PersonId) -> Sequence[Receipt]:
        """Issue all receipts of the person again, oldest first."""
        return self._store.consents.receipts(person)

    def restrict(self, person: PersonId) -> None:
        """Leave the person's face alone from the next decision on (R71)."""
        self._store.consents.restrict(person, at=self._clock.now(), by=_BY)
        self._service.reload_gallery()

    def release(self, person: PersonId) -> None:
        """Take the restriction back."""
        self._store.consents.release(person, at=self._clock.now(), by=_BY)
        self._service.reload_gallery()

    def ask(self, person: PersonId, kind: RequestKind, details: str) -> str:
        """Take a request in and give its id; whoever objects has their face left alone until it is answered (R71).

        The same words sent again within AGAIN, such as from a page that one went back to, are the request they were.
        Raises RequestError: ``request-empty`` where nothing says what to correct or explain; ``requests-many``, and the
        face of who objects is left alone all the same.
        """
        if kind in _IN_WORDS and not details.strip():
            raise RequestError(
                "request-empty",
                "It does not say what is to be corrected or explained, so nothing was sent.",
                remedy="Say it in your own words, then send it again.",
            )
        if kind is RequestKind.OBJECT:
            self.restrict(person)
        now, details = self._clock.now(), details.strip()
        for each in self._store.requests.of(person):
            waits = each.closed_at is None and now - each.received_at < AGAIN
            if waits and each.kind is kind and each.facts is not None and each.facts.details == details:
                return each.id
        return self._store.requests.open(
            kind,
            person,
            details,
            channel=Channel.SELF_SERVICE,
            at=now,
            actor=Actor.RESIDENT,
        )

    def note_export(self, person: PersonId) -> None:
        """Note that the person took a copy."""
        self._store.audit.write(Actor.RESIDENT, Action.RECORD_EXPORTED, at=self._clock.now(), object=person)

    def _drawn(self, person: PersonId, chosen: str) -> Drawn:
        if not chosen:
            return self._store.residents.draw(person)
        return Drawn(person, self._store.credentials.make_pin(person, chosen))

    def _signed_in(self, person: PersonId) -> SignedIn:
        """Give the sign-in that the person's present PIN stands for."""
        pin = next(
            each
            for each in self._store.credentials.of(person)
            if each.method is Method.PIN and each.revoked_at is None
        )
        return SignedIn(person, pin.id)


def _seen(visit: OpenVisit) -> GuestCode:
    return GuestCode(visit.id, visit.valid_from, visit.valid_until)

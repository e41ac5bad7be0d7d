"""What the desk does with a resident present: consent with a live enrolment, refusal and withdrawal, one step each."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gate.core.cards import card_number
from gate.core.consent import (
    AgeBand,
    Agreement,
    By,
    Channel,
    Consent,
    ConsentState,
    Guardian,
    Indication,
    major,
)
from gate.core.enrolment import Progress
from gate.core.receipt import Receipt
from gate.core.roles import Staff
from gate.core.types import AttemptId, NoticeVersion, PersonId, Seconds
from gate.errors import RequestError
from gate.identifying import PinPages
from gate.ports import Clock, Vision
from gate.service import Service, new_attempt
from gate.store import Store
from gate.store.account.audit import Actor
from gate.store.consent.consents import MINOR_OPEN_FOR, MinorOpening
from gate.store.people import Person
from gate.web.context import FaceStanding, Identified, Resident, Said

CAPTURE_S: Seconds = 45.0
"""For five captures in three poses by somebody who reads each advice; whoever knows them needs a few seconds."""

OpeningOf = Callable[[Staff, PersonId], MinorOpening | None]
InOrder = Callable[[], Awaitable[Sequence[PersonId]]]
"""Names all who hold a unit, in the order in which lists have them."""


@dataclass(slots=True)
class LiveCapture:
    """The one template of an enrolment while it is awaited; between enrolments it takes none."""

    attempt: AttemptId | None = None
    progress: Progress | None = None
    _taken: tuple[int, bytes] | None = field(default=None, repr=False)
    lookalike: bool = False
    """Whether the template taken last comes near somebody else's."""
    _done: asyncio.Event = field(default_factory=asyncio.Event)
    _fault: RequestError | None = None

    def begin(self) -> AttemptId:
        """Start anew and give the id under which the camera must report."""
        self.attempt, self.progress, self._taken, self._fault = new_attempt(), None, None, None
        self.lookalike = False
        self._done.clear()
        return self.attempt

    def heed(self, attempt: str, progress: Progress) -> None:
        """Keep how far the present enrolment is."""
        if attempt == self.attempt and not self._done.is_set():
            self.progress = progress

    def take(self, attempt: str, epoch: int, template: bytes, *, lookalike: bool = False) -> None:
        """Keep the template of the present enrolment, protected as *epoch* has it, and whether it comes near another's."""
        if attempt == self.attempt and not self._done.is_set():
            self._taken, self.lookalike = (epoch, template), lookalike
            self._done.set()

    def fail(self, attempt: str, code: str, what: str, remedy: str) -> None:
        """End the present enrolment: vision says *what* is wrong, and the *remedy*; *code* tells the person from the camera."""
        if attempt == self.attempt and not self._done.is_set():
            code = code if code.startswith("enrol-") else "enrol-camera"
            self._fault = RequestError(code, what, remedy=remedy)
            self._done.set()

    async def collected(self, patience: Seconds) -> tuple[int, bytes]:
        """Wait for the template; give its epoch and its protected form.

        Raises RequestError when the camera fails, the captures disagree, or nobody holds still in time.
        """
        try:
            async with asyncio.timeout(patience):
                await self._done.wait()
        except TimeoutError:
            raise RequestError(
                "enrol-no-face",
                "No clear face was seen.",
                remedy="Stand before the camera, one person, in good light, and turn the head as the page asks.",
            ) from None
        if self._fault is not None:
            raise self._fault
        assert self._taken is not None
        return self._taken

    def end(self) -> None:
        """Drop what was taken."""
        self.attempt = self.progress = self._taken = None


class Desk:
    """Consent, its refusal and its withdrawal at one gate's desk, with the person there."""

    def __init__(
        self,
        *,
        clock: Clock,
        store: Store,
        service: Service,
        capture: LiveCapture,
        pins: PinPages,
        children_enabled: bool,
    ) -> None:
        """children_enabled: whether the site has face for children under 14 (R27)."""
        self._clock = clock
        self._store = store
        self._service = service
        self._capture = capture
        self._pins = pins
        self.children_enabled = children_enabled
        self.opening_of: OpeningOf = lambda _staff, _person: None
        self.in_order: InOrder = self._as_entered
        self._enrolling: PersonId | None = None
        service.on_withdrawal(self._give_up)

    def residents(self, offset: int = 0, limit: int = 50) -> Sequence[Resident]:
        """Give up to *limit* residents after the first *offset*, in order of entry, with how they stand to face."""
        return [self._seen(each) for each in self._store.people.list(offset, limit)]

    def resident(self, person: PersonId) -> Resident:
        """Give one resident. Raises RequestError ``person-unknown``."""
        return self._seen(self._store.people.get(person))

    async def by_unit(self, offset: int, limit: int) -> Sequence[Resident]:
        """Give residents as ``residents`` does, in the order of their units; a record that does not open is not in it."""
        ordered = await self.in_order()
        return [self.resident(person) for person in ordered[offset : offset + limit]]

    def find(self, unit: str) -> Resident | None:
        """Give the resident entered under *unit*, None where there is none."""
        known = self._store.people.find_by_unit(unit.strip())
        return None if known is None else self._seen(known)

    async def identify(self, unit: str, pin: str) -> PersonId:
        """Give who types this at the desk. Raises RequestError as ``PinPages.identify`` does."""
        return (await self._pins.identify(unit, pin)).person

    def identify_card(self, card: str) -> PersonId:
        """Give whose card this is. Raises RequestError as ``PinPages.identify_card`` does."""
        return self._pins.identify_card(card)

    @property
    def progress(self) -> Progress | None:
        """Give how far the enrolment under way is, None before the first frame and where there is none."""
        return self._capture.progress

    def looks_alike(self, person: PersonId) -> bool:
        """Tell whether this person's face came near somebody else's as it was taken; False where they have none."""
        return self._store.templates.is_lookalike(person)

    def refuse_early(self, person: PersonId, said: Said, *, by: Staff | None = None) -> None:
        """Raise what ``enrol`` would raise of an answer, before any camera opens."""
        agreement = _agreed(said)
        opening = self._opening(person, said, by)
        self._store.consents.check(person, agreement, at=self._clock.now(), opening=opening)

    async def enrol(self, person: PersonId, said: Said, *, by: Staff | None = None) -> Receipt:
        """Write the consent the person just gave, with a template taken live (R20, R26).

        by: the staff at the desk, for whom a child's record was opened (R27). Raises RequestError when the camera is
        busy, the captures are of no use or of a face that is enrolled already, or the store refuses what was said; then
        nothing is written.
        """
        opening = self._opening(person, said, by)
        agreement = _agreed(said)
        self._store.consents.check(person, agreement, at=self._clock.now(), opening=opening)
        async with self._service.lend_camera() as vision:
            self._enrolling = person
            epoch, template = await self._template(vision, person)
            lookalike = self._capture.lookalike
        if self._enrolling != person:
            raise RequestError(
                "enrol-withdrawn",
                "Consent was withdrawn meanwhile.",
                remedy="Begin again if it is wanted after all.",
            )
        enrolled = self._store.consents.enrol(
            person,
            agreement,
            at=self._clock.now(),
            epoch=epoch,
            template=template,
            lookalike=lookalike,
            opening=opening,
        )
        self._service.reload_gallery()
        return enrolled.receipt

    def reconfirm(self, person: PersonId, said: Said, *, by: Staff | None = None) -> Receipt:
        """Let the template live on under a new consent to a new major notice (R22). by: as ``enrol`` has it."""
        receipt = self._store.consents.reconfirm(
            person,
            _agreed(said),
            at=self._clock.now(),
            opening=self._opening(person, said, by),
        )
        self._service.reload_gallery()
        return receipt

    def decline(self, person: PersonId, said: Said) -> Receipt:
        """Remember that the person declined; a consent that still stood ends with it (R05)."""
        self._give_up(person)
        named = said.identified is Identified.BY_STAFF
        declined = _agreement(said, Indication.PRESSED if named else Indication.CREDENTIAL_AND_PRESSED)
        receipt = self._store.consents.refuse(person, declined, at=self._clock.now())
        self._service.reload_gallery()
        return receipt

    def withdraw(self, person: PersonId) -> Receipt | None:
        """End the person's consent, destroy the template, and stop matching it before the next decision (R24).

        Never hindered: no approval is asked, of a child's guardian neither. None where there was no consent.
        """
        self._give_up(person)
        by = By(Channel.DESK, "resident")
        receipt = self._store.consents.withdraw(person, at=self._clock.now(), by=by)
        self._service.reload_gallery()
        return receipt

    async def fresh_pin(self, person: PersonId, *, by: Staff) -> str:
        """Give the person a fresh PIN in place of the earlier one; return it, once. Raises ``staff-sign-in-wait``."""
        drawn = await self._service.verifier.hash_for_staff(lambda: self._store.residents.draw(person))
        self._store.residents.give_pin(drawn, self._clock.now(), by=by)
        return drawn.fresh.pin

    def is_open(self, staff: Staff, person: PersonId) -> bool:
        """Tell whether a second person let *staff* open this child's record, and it is open still (R27)."""
        return self.opening_of(staff, person) is not None

    def give_card(self, person: PersonId, card: str) -> None:
        """Give the person, who types it themselves, a card beside those they have. Raises ``card-unfit``, ``card-taken``.

        The audit log tells that the resident did it: staff were signed out, and find it on the person's page.
        """
        number = card_number(card.strip())
        if number is None:
            raise RequestError(
                "card-unfit", "This is no card's number.", remedy="Type what is printed on it, or 26:number."
            )
        self._store.residents.give_card(person, number, self._clock.now(), beside=True, by=Actor.RESIDENT)

    def receipts(self, person: PersonId) -> Sequence[Receipt]:
        """Issue all receipts of a person again, oldest first; of a child only those of the last MINOR_OPEN_FOR.

        What was just decided is handed to the guardian who is there. Earlier ones are part of the child's record, which
        opens with a second approval only (R27): gate rights export.
        """
        issued = self._store.consents.receipts(person)
        now = self._clock.now()
        if not self._store.people.get(person).is_child(now):
            return issued
        return [each for each in issued if each.facts.at > now - MINOR_OPEN_FOR]

    def _seen(self, person: Person) -> Resident:
        now = self._clock.now()
        child = person.is_child(now)
        consents = self._store.consents.of(person.id)
        standing = standing_of(consents, now, self._service.notice)
        if standing is FaceStanding.NONE and person.refusal:
            standing = FaceStanding.DECLINED
        agreed_to = next((each.notice for each in consents if each.state is ConsentState.GIVEN), None)
        name = "" if child else person.name
        methods = self._store.credentials.methods_of(person.id, now)
        return Resident(person.id, person.unit, name, standing, child, agreed_to, methods)

    async def _as_entered(self) -> Sequence[PersonId]:
        return [each.id for each in self._store.people.list(0, -1)]

    def _opening(self, person: PersonId, said: Said, by: Staff | None) -> MinorOpening | None:
        """Give what a second person allowed *by* for this child; without it the store refuses (R27)."""
        return None if said.child is None or by is None else self.opening_of(by, person)

    def _give_up(self, person: PersonId) -> None:
        if self._enrolling == person:
            self._enrolling = None  # a withdrawal outlives an enrolment that began before it

    async def _template(self, vision: Vision, person: PersonId) -> tuple[int, bytes]:
        """Give one template taken live, like no other's but *person*'s own, and the epoch it is protected under."""
        own = self._store.templates.of_person(person, self._clock.now())
        vision.open_camera(self._capture.begin(), enrol=True, own=own)
        try:
            return await self._capture.collected(CAPTURE_S)
        finally:
            vision.close_camera()
            vision.forget()
            self._capture.end()


def standing_of(consents: Sequence[Consent], now: datetime, notice: NoticeVersion) -> FaceStanding:
    """Tell how somebody with these *consents* stands to face at *now*, under the *notice* in force."""
    for consent in consents:
        if consent.state is ConsentState.GIVEN and consent.given_at <= now < consent.expires_at:
            if major(consent.notice) != major(notice):
                return FaceStanding.OUTDATED
            return FaceStanding.RESTRICTED if consent.restricted_at else FaceStanding.GIVEN
    return FaceStanding.NONE


def _agreed(said: Said) -> Agreement:
    """Give an agreement by tick and press; its record tells whether a card or PIN said who that was, or the staff."""
    named = said.identified is Identified.BY_STAFF
    return _agreement(
        said, Indication.TICKED_AND_PRESSED if named else Indication.CREDENTIAL_TICKED_AND_PRESSED
    )


def _agreement(said: Said, indication: Indication) -> Agreement:
    child = said.child
    return Agreement(
        notice=said.notice,
        language=said.language,
        by=By(Channel.DESK, "guardian" if child else "resident"),
        indication=indication,
        age_band=AgeBand.UNDER_14 if child else AgeBand.FROM_14,
        notice_sha256=said.notice_sha256,
        guardian=Guardian(secrets.token_hex(16), child.relation, child.checked_by) if child else None,
        turns_14_on=child.turns_14_on if child else None,
    )

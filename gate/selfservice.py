"""What people do about their own data once their PIN is known (R24, R70, R71)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from gate.core.consent import By, Channel
from gate.core.credentials import PIN_DIGITS_MOST, SignedIn, is_unit
from gate.core.own_record import OwnRecord
from gate.core.receipt import Receipt
from gate.core.rights import RequestKind
from gate.core.types import PersonId, Reason, Seconds, UnitPin
from gate.errors import RequestError
from gate.ports import Clock
from gate.rights import Records
from gate.service import Service
from gate.store.account.audit import Action, Actor

SIGN_INS_MOST: Final = 5
"""Right PINs of one unit that a page takes within SIGN_INS_S: each costs the device a slow hash."""
SIGN_INS_S: Final[Seconds] = 60.0
_BY = By(Channel.SELF_SERVICE, "resident")
_IN_WORDS: Final = (RequestKind.CORRECT, RequestKind.EXPLAIN)
"""What nobody can answer unless it says what is meant."""


class SelfService:
    """One's own page of one gate."""

    def __init__(self, *, clock: Clock, service: Service, records: Records) -> None:
        self._clock = clock
        self._service = service
        self._records = records
        self._store = records.store
        self._sign_ins: deque[tuple[str, Seconds]] = (
            deque()
        )  # at most SIGN_INS_MOST for each unit that exists

    async def sign_in(self, unit: str, pin: str) -> SignedIn:
        """Give whose unit and PIN these are, as slowly and in the same words for a unit that does not exist.

        Wrong tries wait as long as at the keypad, but are counted apart from it; so many right ones wait too. Raises
        RequestError: ``sign-in-wrong``, ``sign-in-wait``.
        """
        typed = UnitPin(unit.strip(), pin.strip())
        if not is_unit(typed.unit) or len(typed.pin) > PIN_DIGITS_MOST:
            raise _wrong()
        if self._signs_in_too_often(typed.unit):
            raise _wait()
        verdict = await self._service.identify(typed)
        if verdict.reason is Reason.THROTTLED:
            raise _wait()
        if verdict.person is None or verdict.pin is None:
            raise _wrong()
        self._sign_ins.append((typed.unit, self._clock.monotonic()))
        return SignedIn(verdict.person, verdict.pin)

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
        return self._store.requests.open(
            kind,
            person,
            details.strip(),
            channel=Channel.SELF_SERVICE,
            at=self._clock.now(),
            actor=Actor.RESIDENT,
        )

    def _signs_in_too_often(self, unit: str) -> bool:
        oldest = self._clock.monotonic() - SIGN_INS_S
        while self._sign_ins and self._sign_ins[0][1] <= oldest:
            self._sign_ins.popleft()
        return sum(each == unit for each, _ in self._sign_ins) >= SIGN_INS_MOST

    def note_export(self, person: PersonId) -> None:
        """Note that the person took a copy."""
        self._store.audit.write(Actor.RESIDENT, Action.RECORD_EXPORTED, at=self._clock.now(), object=person)


def _wait() -> RequestError:
    return RequestError(
        "sign-in-wait",
        "Too many tries just now.",
        remedy="Wait a little before the next PIN. Card and PIN at the gate do not wait for this.",
    )


def _wrong() -> RequestError:
    return RequestError(
        "sign-in-wrong",
        "Unit and PIN do not belong together.",
        remedy="Type both as at the keypad. The desk gives a new PIN to whoever forgot theirs.",
    )

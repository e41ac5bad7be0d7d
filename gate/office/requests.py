"""What people ask about their own data, answered in time: seen, exported, corrected, left alone (R70 to R73)."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gate.core.canonical import canonical
from gate.core.consent import By, Channel, ConsentState
from gate.core.rights import Outcome, RequestKind, last_day
from gate.core.roles import Act, Staff
from gate.core.types import PersonId
from gate.errors import GateError, RequestError
from gate.office.children import ChildRecords
from gate.ports import Clock
from gate.rights import Records, exported
from gate.store import Store
from gate.store.account.audit import Action
from gate.store.people import Person
from gate.store.requests import Facts, Request
from gate.web.staff.ports.approvals import ApprovalsPort
from gate.web.staff.ports.requests import PAGE, NewRequest, RequestLine, RequestView, Subject

_BY: Final = By(Channel.DESK, "desk")
_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Told:
    """Whom the office tells. withdrew: that somebody withdrew; changed: that somebody's face is left alone, or not."""

    withdrew: Callable[[PersonId], None]
    changed: Callable[[], None]


class RequestsOffice:
    """The requests of one gate's people."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        records: Records,
        children: ChildRecords,
        told: Told,
        approvals: ApprovalsPort,
    ) -> None:
        self._store = store
        self._clock = clock
        self._records = records
        self._children = children
        self._told = told
        self._approvals = approvals

    def waiting(self) -> Sequence[RequestLine]:
        """Give the open requests, the earliest due first."""
        now = self._clock.now()
        return tuple(self._line(each, now) for each in self._store.requests.list())

    def answered(self, offset: int) -> Sequence[RequestLine]:
        """Give up to PAGE + 1 closed requests after the first *offset*, the newest answer first."""
        now = self._clock.now()
        return tuple(self._line(each, now) for each in self._store.requests.closed(offset, PAGE + 1))

    def get(self, request: str, who: Staff) -> RequestView:
        """Give one request as *who* may see it: of a child's shut record no word, only that it waits (R27)."""
        found = self._store.requests.get(request)
        line = self._line(found, self._clock.now())
        facts = found.facts
        if facts is None:
            return RequestView(line, None, "", "", None, None)
        person = self._person(facts.person)
        if person is not None and self._children.is_shut(who, person.id):
            approval = self._children.approval(who, person.id)
            return RequestView(line, facts.channel, "", "", None, None, child=True, approval=approval)
        return RequestView(
            line,
            facts.channel,
            facts.details,
            facts.answer,
            facts.kin,
            None if person is None else self._subject(person),
            child=person is not None and self._children.is_child(person.id),
            gone=facts.person is not None and person is None,
            needs_second=_needs_second(facts),
            export=self._approvals.find(who, Act.EXPORT_RECORD, _subject_of(request)),
        )

    def open(self, who: Staff, asked: NewRequest) -> str:
        """Take a request in at the desk; whoever objects has their face left alone at once (R71)."""
        if not asked.details.strip():
            raise RequestError(
                "details-missing",
                "It does not say what is asked.",
                remedy="Write it in the person's own words.",
            )
        person = self._found(asked.unit.strip())
        if asked.kind is RequestKind.OBJECT and person is not None:
            self._leave_alone(person)
        return self._store.requests.open(
            asked.kind,
            person,
            asked.details.strip(),
            channel=Channel.DESK,
            at=self._clock.now(),
            actor=who,
            kin=asked.kin,
        )

    def answer(self, who: Staff, request: str, outcome: Outcome, answer: str) -> None:
        """Close it with its answer, which the person reads on their own page."""
        self._refuse_shut(who, request)
        self._store.requests.close(request, outcome, answer.strip(), at=self._clock.now(), actor=who)

    def ask_to_open(self, who: Staff, request: str, reason: str) -> None:
        """Ask a second person to allow that *who* opens the child's record the request is about (R27)."""
        self._children.ask(who, self._about(request), reason)

    def open_child(self, who: Staff, request: str) -> None:
        """Open that record for a quarter of an hour."""
        self._children.open(who, self._about(request))

    def record(self, who: Staff, request: str) -> bytes:
        """Give all that is held of the person as one zip file, for them; that it was taken is on record (R70).

        Of a request that staff took in a second person allows it: else one of them could write it, and read anybody.
        """
        person, now = self._opened(who, request), self._clock.now()
        if self._store.requests.get(request).closed_at is not None:
            raise RequestError(
                "request-closed",
                "The request was answered already.",
                remedy="Open a new request if more is asked.",
            )
        files = exported(self._records.own_record(person, now))
        if _needs_second(self._store.requests.get(request).facts):
            self._use_up(who, request)
        self._store.audit.write(who, Action.RECORD_EXPORTED, at=now, object=person)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(zipfile.ZipInfo(name, _NO_TIME), content)
        return packed.getvalue()

    def ask_to_export(self, who: Staff, request: str, reason: str) -> None:
        """Ask a second person to allow that *who* takes the record out, once."""
        self._opened(who, request)
        self._approvals.ask(who, Act.EXPORT_RECORD, _subject_of(request), reason)

    def correct(self, who: Staff, request: str, *, unit: str, name: str, contact: str, seen: str) -> None:
        """Put the person's facts right, unless somebody else did meanwhile (R71)."""
        person = self._opened(who, request)
        if _digest(self._store.people.get(person)) != seen:
            raise RequestError(
                "person-changed",
                "Somebody else corrected this record meanwhile; nothing was written.",
                remedy="Compare with what it says now, then save again.",
            )
        self._store.residents.correct(
            person,
            unit=unit.strip(),
            name=name.strip(),
            contact=contact.strip(),
            at=self._clock.now(),
            actor=who,
        )

    def restrict(self, who: Staff, request: str) -> None:
        """Leave the person's face alone from the next decision on (R71)."""
        self._leave_alone(self._opened(who, request))

    def release(self, who: Staff, request: str) -> None:
        """Take the restriction back at the person's wish."""
        self._store.consents.release(self._opened(who, request), at=self._clock.now(), by=_BY)
        self._told.changed()

    def withdraw(self, who: Staff, request: str) -> None:
        """End the consent, destroy the template, and stop matching it before the next decision (R24)."""
        del who  # a withdrawal waits for no approval, of a child's face neither
        person = self._about(request)
        self._store.consents.withdraw(person, at=self._clock.now(), by=_BY)
        self._told.withdrew(person)

    def _use_up(self, who: Staff, request: str) -> None:
        """Use the approval up. Raises RequestError ``approval-missing``."""
        subject = _subject_of(request)
        approval = self._approvals.find(who, Act.EXPORT_RECORD, subject)
        if approval is None:
            raise RequestError(
                "approval-missing",
                "Staff took this request in: a second person has to allow that the record is handed out.",
                remedy="Ask one first.",
            )
        self._approvals.take(approval.id, who, Act.EXPORT_RECORD, subject)

    def _leave_alone(self, person: PersonId) -> None:
        self._store.consents.restrict(person, at=self._clock.now(), by=_BY)
        self._told.changed()

    def _found(self, unit: str) -> PersonId | None:
        if not unit:
            return None
        person = self._store.people.find_by_unit(unit)
        if person is None:
            raise RequestError(
                "unit-unknown",
                "No resident is entered under this unit.",
                remedy="Correct it, or leave it empty if nobody who lives here is meant.",
            )
        return person.id

    def _about(self, request: str) -> PersonId:
        """Give whom the request is about. Raises RequestError ``subject-none``."""
        facts = self._store.requests.get(request).facts
        person = None if facts is None else self._person(facts.person)
        if person is None:
            raise RequestError(
                "subject-none",
                "The request is about nobody who is entered here.",
                remedy="Answer it in words.",
            )
        return person.id

    def _opened(self, who: Staff, request: str) -> PersonId:
        person = self._about(request)
        self._children.refuse_shut(who, person)
        return person

    def _refuse_shut(self, who: Staff, request: str) -> None:
        facts = self._store.requests.get(request).facts
        person = None if facts is None else self._person(facts.person)
        if person is not None:
            self._children.refuse_shut(who, person.id)

    def _person(self, person: PersonId | None) -> Person | None:
        """Give who this is; None for nobody, or for somebody whose record is gone or was altered."""
        try:
            return None if person is None else self._store.people.get(person)
        except GateError:
            return None

    def _subject(self, person: Person) -> Subject:
        given = [each for each in self._store.consents.of(person.id) if each.state is ConsentState.GIVEN]
        return Subject(
            person=person.id,
            unit=person.unit,
            name=person.name,
            contact=person.contact,
            seen=_digest(person),
            has_face=bool(given),
            restricted=any(each.restricted_at for each in given),
        )

    def _line(self, request: Request, now: datetime) -> RequestLine:
        person = None if request.facts is None else self._person(request.facts.person)
        return RequestLine(
            id=request.id,
            kind=request.kind,
            state=request.state(now),
            received_at=request.received_at,
            last_day=last_day(request.due_at),
            closed_at=request.closed_at,
            outcome=request.outcome,
            unit=None if person is None else person.unit,
            readable=request.facts is not None,
        )


def _needs_second(facts: Facts | None) -> bool:
    """Tell whether somebody else than the resident on their own page, or at the gate, says that it was asked."""
    return facts is None or facts.channel not in {Channel.SELF_SERVICE, Channel.GATE}


def _subject_of(request: str) -> str:
    return f"request {request}"


def _digest(person: Person) -> str:
    return hashlib.sha256(canonical([person.unit, person.name, person.contact])).hexdigest()

"""What the pages need about what people ask concerning their own data: due dates, answers, and what is done (R70 to R73)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Protocol

from gate.core.consent import Channel
from gate.core.rights import NextOfKin, Outcome, RequestKind, RequestState
from gate.core.roles import Staff
from gate.core.types import PersonId
from gate.web.staff.ports.approvals import ApprovalView

WORDS_MOST: Final = 2000
"""Characters of what is asked, or of an answer."""
PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One request in the list. unit: None where nobody who is entered here asked. last_day: on which an answer is in time.

    readable: False where the record was altered; its due date stands all the same.
    """

    id: str
    kind: RequestKind
    state: RequestState
    received_at: datetime
    last_day: date
    closed_at: datetime | None
    outcome: Outcome | None
    unit: str | None = field(repr=False)
    readable: bool


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a request is about. seen: a digest that ``correct`` wants again. has_face: a consent stands.

    restricted: their face is left alone at their wish.
    """

    person: PersonId
    unit: str = field(repr=False)
    name: str = field(repr=False)
    contact: str = field(repr=False)
    seen: str
    has_face: bool
    restricted: bool


@dataclass(frozen=True, slots=True)
class RequestView:
    """One request. child: it is about a child's record; while *subject* is None then, it needs a second approval (R27).

    gone: it names somebody who is no longer entered. details, answer, kin: empty while a child's record is shut.
    needs_second: staff took it in, so that a second person allows the record to be handed out; export: the newest that was
    asked for that.
    """

    line: RequestLine
    channel: Channel | None
    details: str = field(repr=False)
    answer: str = field(repr=False)
    kin: NextOfKin | None = field(repr=False)
    subject: Subject | None
    child: bool = False
    gone: bool = False
    approval: ApprovalView | None = None
    needs_second: bool = False
    export: ApprovalView | None = None

    @property
    def is_shut(self) -> bool:
        """Tell whether a child's record must be opened by a second person first."""
        return self.child and self.subject is None


@dataclass(frozen=True, slots=True)
class NewRequest:
    """What somebody asked at the desk. unit: empty where nobody who lives here is meant."""

    kind: RequestKind
    unit: str = field(repr=False)
    details: str = field(repr=False)
    kin: NextOfKin | None = field(default=None, repr=False)


class RequestsPort(Protocol):
    """Every method may raise VaultError; those that take an id, RequestError ``request-unknown``."""

    def waiting(self) -> Sequence[RequestLine]:
        """Give the open requests, the earliest due first."""

    def answered(self, offset: int) -> Sequence[RequestLine]:
        """Give up to PAGE + 1 closed requests after the first *offset*, the newest answer first."""

    def get(self, request: str, who: Staff) -> RequestView:
        """Give one request as *who* may see it."""

    def open(self, who: Staff, asked: NewRequest) -> str:
        """Take a request in at the desk; give its id. An objection leaves the face alone at once (R71).

        Raises RequestError: ``unit-unknown``, ``details-missing``, ``details-long``, ``kin-missing``.
        """

    def answer(self, who: Staff, request: str, outcome: Outcome, answer: str) -> None:
        """Close it. Raises RequestError: ``answer-missing``, ``details-long``, ``request-closed``."""

    def ask_to_open(self, who: Staff, request: str, reason: str) -> None:
        """Ask a second person to allow that *who* opens the child's record the request is about (R27).

        Raises RequestError ``reason-unfit``.
        """

    def open_child(self, who: Staff, request: str) -> None:
        """Open that record for a quarter of an hour. Raises RequestError ``approval-missing``."""

    def record(self, who: Staff, request: str) -> bytes:
        """Give all that is held of the person, for them: a zip file of one JSON file and a page in each language (R70).

        That it was taken is on record. Raises RequestError: ``subject-none``, ``minor-approval``, ``request-closed``; ``approval-missing``
        where staff took the request in and no second person allowed it.
        """

    def ask_to_export(self, who: Staff, request: str, reason: str) -> None:
        """Ask a second person to allow that *who* takes the record out, once.

        Raises RequestError: ``subject-none``, ``minor-approval``, ``reason-unfit``, ``approval-many``.
        """

    def correct(self, who: Staff, request: str, *, unit: str, name: str, contact: str, seen: str) -> None:
        """Put the person's facts right (R71).

        Raises RequestError: ``subject-none``, ``minor-approval``, ``person-changed``, ``unit-unfit``, ``unit-taken``,
        ``name-unfit``, ``contact-unfit``.
        """

    def restrict(self, who: Staff, request: str) -> None:
        """Leave the person's face alone from the next decision on. Raises RequestError ``subject-none``."""

    def release(self, who: Staff, request: str) -> None:
        """Take that back. Raises RequestError ``subject-none``."""

    def withdraw(self, who: Staff, request: str) -> None:
        """End the person's consent and destroy the template (R24). Raises RequestError ``subject-none``."""

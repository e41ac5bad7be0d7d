"""What the registers hold: one form for each kind of entry (R16, R82, R83, R85, FRM 15)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final


class Register(StrEnum):
    """The registers that a gate keeps."""

    RECIPIENT = "recipient"
    PROCESSOR = "processor"
    PROCESSING = "processing"
    TRAINING = "training"
    INCIDENT = "incident"
    SIGN = "sign"
    FILING = "filing"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody personal data is passed to, who decides on it for purposes of their own (PIPL 23)."""

    name: str
    contact: str
    purpose: str
    method: str
    categories: str
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Processor:
    """Somebody who handles personal data on the controller's behalf, under an agreement (PIPL 21)."""

    name: str
    contact: str
    purpose: str
    categories: str
    measures: str
    agreed_on: date
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Processing:
    """One line of the record of processing activities (PIPL 55, 56; GDPR 30)."""

    purpose: str
    people: str
    categories: str
    recipients: str
    retention: str
    measures: str
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Training:
    """That somebody of the staff was trained. The name stays inside: what leaves the device tells the role."""

    staff: str = field(repr=False)
    role: str
    topic: str
    trained_on: date
    next_due: date
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """A leak, alteration or loss, or the likelihood of one, with the contents that PIPL 57 asks a notice to have.

    why_people_not_told: only where the measures taken avoid the harm effectively (PIPL 57); else it stays empty.
    """

    categories: str
    cause: str
    harm: str
    measures_taken: str
    measures_for_people: str
    contact: str
    found_at: datetime
    contained_at: datetime | None = None
    authority_told_at: datetime | None = None
    people_told_at: datetime | None = None
    why_people_not_told: str = ""


@dataclass(frozen=True, slots=True)
class Sign:
    """Where a sign with the notice hangs, and when somebody last looked (R16)."""

    placement: str
    checked_on: date
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Filing:
    """That the cyberspace authority was given what it asks of large holders of face data (FRM 15)."""

    authority: str
    reference: str
    filed_on: date
    ended_on: date | None = None


Fields = Recipient | Processor | Processing | Training | Incident | Sign | Filing

FORMS: dict[Register, type[Fields]] = {
    Register.RECIPIENT: Recipient,
    Register.PROCESSOR: Processor,
    Register.PROCESSING: Processing,
    Register.TRAINING: Training,
    Register.INCIDENT: Incident,
    Register.SIGN: Sign,
    Register.FILING: Filing,
}


_FOLLOWS: Final = {
    "agreed_on": ("ended_on",),
    "trained_on": ("next_due", "ended_on"),
    "checked_on": ("ended_on",),
    "filed_on": ("ended_on",),
    "found_at": ("contained_at", "authority_told_at", "people_told_at"),
}
"""What was done, and what can only come after it."""


@dataclass(frozen=True, slots=True)
class Impossible:
    """A field whose day cannot be. before: the field it may not come before, None where it has not come yet."""

    name: str
    before: str | None = None


def impossible(fields: Fields, today: date) -> Impossible | None:
    """Give the first day of the entry that cannot be: done after *today*, or over before it began; None if all can be."""
    for done, follows in _FOLLOWS.items():
        at = getattr(fields, done, None)
        if at is None:
            continue
        if (at.date() if isinstance(at, datetime) else at) > today:
            return Impossible(done)
        for name in follows:
            later = getattr(fields, name)
            if later is not None and later < at:
                return Impossible(name, before=done)
    return None


def has_ended(fields: Fields, today: date) -> bool:
    """Tell whether the entry speaks of something that is over. An incident never is: it stays on the record."""
    if isinstance(fields, Incident):
        return False
    return fields.ended_on is not None and fields.ended_on <= today

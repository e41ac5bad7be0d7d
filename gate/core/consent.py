"""What a consent is and when it holds. Face works for nobody without one (R20, R21, R22)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, NewType, assert_never

from gate.core.types import ConsentId, NoticeVersion

_VERSION = re.compile(r"(?P<major>[0-9]+)\.[0-9]+")
RETENTION_MOST: Final = timedelta(days=365)
UNDER_14_RETENTION_MOST: Final = timedelta(days=180)
_CHILDHOOD: Final = timedelta(days=14 * 366)
_EASTMOST: Final = timedelta(hours=14)
"""A birthday begins first where clocks are this far ahead of UTC: no child is matched on it, wherever the gate is."""

SubjectRef = NewType("SubjectRef", str)
"""The random word that stands for a person beside biometric data; the sealed person record tells whose (R35)."""


class Purpose(StrEnum):
    """What face data may be used for: one purpose, never bundled (R06)."""

    OPEN_GATE = "open-gate"


class Channel(StrEnum):
    """Where a consent was asked, given or withdrawn."""

    DESK = "desk"
    GATE = "gate"
    SELF_SERVICE = "self-service"
    DEVICE = "device"  # the gate by itself, or at its command line


ACTORS: Final = frozenset({"resident", "guardian", "next-of-kin", "desk", "installer", "gate"})


@dataclass(frozen=True, slots=True)
class By:
    """Through which channel, and by whom, as a role out of ACTORS. Raises ValueError for any other word: no names."""

    channel: Channel
    actor: str

    def __post_init__(self) -> None:
        if self.actor not in ACTORS:
            raise ValueError("The actor of a consent event is a role.")


class Indication(StrEnum):
    """How the person showed what they want. Each is an act of theirs; silence and a box ticked beforehand are none.

    Where the word tells of no card, PIN or sign-in, it was the staff who said who the person is.
    """

    TICKED_AND_PRESSED = "ticked-and-pressed"
    CREDENTIAL_TICKED_AND_PRESSED = "card-or-pin-ticked-and-pressed"
    PRESSED = "pressed"
    CREDENTIAL_AND_PRESSED = "card-or-pin-and-pressed"
    SIGNED_IN_AND_PRESSED = "signed-in-and-pressed"
    TOLD_STAFF = "told-staff"
    NONE = "none"  # what the gate does by itself


def indication_of(by: By) -> Indication:
    """Give how an end of consent is shown through each channel: one press, or a word to the staff (R24)."""
    match by.channel:
        case Channel.DESK:
            return Indication.PRESSED
        case Channel.GATE:
            return Indication.CREDENTIAL_AND_PRESSED
        case Channel.SELF_SERVICE:
            return Indication.SIGNED_IN_AND_PRESSED
        case Channel.DEVICE:
            return Indication.NONE if by.actor == "gate" else Indication.TOLD_STAFF
        case _:
            assert_never(by.channel)


class AgeBand(StrEnum):
    """Whether a guardian consents. Staff declare it with the person present; it is never estimated (R27)."""

    UNDER_14 = "under-14"
    FROM_14 = "from-14"


class Relation(StrEnum):
    """What the guardian is to the child."""

    PARENT = "parent"
    LEGAL_GUARDIAN = "legal-guardian"


class RelationProof(StrEnum):
    """What the relation was checked against. The paper is looked at and handed back: no copy, no number."""

    HOUSEHOLD_REGISTER = "household-register"
    BIRTH_CERTIFICATE = "birth-certificate"
    GUARDIANSHIP_PAPER = "guardianship-paper"


class Approver(StrEnum):
    """Whose second approval opens a child's record to staff (R27, R53)."""

    MANAGER = "manager"
    PRIVACY_OFFICER = "privacy-officer"


@dataclass(frozen=True, slots=True)
class Guardian:
    """Who consented for a child. ref: a random word, which names nobody."""

    ref: str
    relation: Relation
    checked_by: RelationProof


@dataclass(frozen=True, slots=True)
class ConsentTerms:
    """What the site fixes for every consent. under_14_retention: None where face is off for children (R27)."""

    controller: str
    contact: str
    retention: timedelta
    under_14_retention: timedelta | None = None
    processors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a person answered, and how: to which text, in which language, through which act.

    notice_sha256: of the text that stood before them, in hexadecimal. turns_14_on: told by the guardian.
    """

    notice: NoticeVersion
    language: str
    by: By
    indication: Indication
    age_band: AgeBand
    notice_sha256: str = ""
    guardian: Guardian | None = None
    turns_14_on: date | None = None


class AgeFault(StrEnum):
    """Why what was said of a person's age cannot carry a consent (R27)."""

    OFF = "under-14-off"
    GUARDIAN = "guardian-missing"
    NO_GUARDIAN = "guardian-needless"
    BIRTHDAY = "birthday-wrong"
    DIFFERS = "birthday-differs"


class ConsentState(StrEnum):
    """Where a consent stands. It only ever leaves GIVEN, never returns to it."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    INVALIDATED = "invalidated"  # a newer one took its place, the tenancy or the service ended: no withdrawal


@dataclass(frozen=True, slots=True)
class Consent:
    """One person's agreement to one purpose, under one notice, for one span. Times are aware, UTC, to the second."""

    id: ConsentId
    subject: SubjectRef
    purpose: Purpose
    notice: NoticeVersion
    language: str
    given_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    state: ConsentState
    restricted_at: datetime | None = None
    """Since when the person has their face left alone without withdrawing; None: not (R71)."""
    under_14: bool = False


def major(version: NoticeVersion) -> int:
    """Give the major part of ``major.minor``. Raises ValueError if *version* is not two plain numbers."""
    parts = _VERSION.fullmatch(version)
    if parts is None:
        raise ValueError(version)
    return int(parts["major"])


def is_active(consent: Consent, at: datetime, current_notice: NoticeVersion) -> bool:
    """Tell whether the consent carries face at *at*: given, begun, unexpired, not restricted, and under the current major notice."""
    return (
        consent.state is ConsentState.GIVEN
        and consent.restricted_at is None
        and consent.given_at <= at < consent.expires_at
        and major(consent.notice) == major(current_notice)
    )


def fourteen_from(turns_14_on: date) -> datetime:
    """Give the moment from which a child counts as 14: the birthday's first, in the zone that is furthest ahead."""
    return datetime.combine(turns_14_on, time(), UTC) - _EASTMOST


def age_fault(
    agreement: Agreement, terms: ConsentTerms, at: datetime, known: date | None = None
) -> AgeFault | None:
    """Tell what is wrong with age and guardian at *at*; None if nothing is. known: the birthday told before."""
    if agreement.age_band is AgeBand.FROM_14:
        if agreement.guardian or agreement.turns_14_on:
            return AgeFault.NO_GUARDIAN
        # Whom a guardian spoke for once consents alone from the birthday on, whatever staff tick.
        return AgeFault.GUARDIAN if known is not None and at < fourteen_from(known) else None
    if terms.under_14_retention is None:
        return AgeFault.OFF
    if agreement.guardian is None or agreement.by.actor != "guardian":
        return AgeFault.GUARDIAN
    birthday = agreement.turns_14_on
    if birthday is None or not at < fourteen_from(birthday) <= at + _CHILDHOOD:
        return AgeFault.BIRTHDAY
    # Nobody grows older by telling another day: that takes a correction, with a second approval.
    return AgeFault.DIFFERS if known not in {None, birthday} else None


def expiry_of(agreement: Agreement, terms: ConsentTerms, at: datetime) -> datetime:
    """Give when a consent given at *at* runs out: the site's span, within ours, and never past the 14th birthday."""
    if agreement.turns_14_on is None:
        return at + min(terms.retention, RETENTION_MOST)
    span = min(terms.under_14_retention or timedelta(), terms.retention, UNDER_14_RETENTION_MOST)
    return min(at + span, fourteen_from(agreement.turns_14_on))

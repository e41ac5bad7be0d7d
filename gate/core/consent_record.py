"""The consent record, in the groups of ISO/IEC TS 27560: what was asked, what was answered, how it ended.

A record is a row of events. The first says what was asked, word for word enough to show it later; the others say what
became of it. No field can hold a photo, handwriting, a name or a network address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from gate.core.consent import (
    AgeBand,
    Agreement,
    By,
    Channel,
    ConsentTerms,
    Guardian,
    Indication,
    Purpose,
    Relation,
    RelationProof,
    SubjectRef,
    expiry_of,
)
from gate.core.types import ConsentId, NoticeVersion

SCHEMA: Final = "gate-consent-1"
METHOD: Final = "compared-on-this-device"
STORAGE: Final = "this-device-encrypted"
BASIS: Final = "consent"
NOTICE_ID: Final = "gate-notice"


class DataCategory(StrEnum):
    """What a consent covers."""

    FACE_IMAGE = "face-image-in-memory"  # at most one second after the decision, never stored
    FACE_TEMPLATE = "face-template"
    LAST_USED_MONTH = "last-used-month"


class EventKind(StrEnum):
    """What happened to a record."""

    REQUESTED = "requested"
    GIVEN = "given"
    REFUSED = "refused"
    RECONFIRMED = "reconfirmed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    INVALIDATED = "invalidated"


class ExpiryReason(StrEnum):
    """Why a consent ran out."""

    SPAN_OVER = "span-over"
    TURNED_14 = "turned-14"


class InvalidationReason(StrEnum):
    """Why a consent ended though nobody withdrew it."""

    SUPERSEDED = "superseded"
    TENANCY_ENDED = "tenancy-ended"
    PERSON_ERASED = "person-erased"
    SERVICE_STOPPED = "service-stopped"
    UNDER_14_OFF = "under-14-off"
    UNUSED = "unused"
    TEMPLATE_LOST = "template-lost"
    ERASED_BEFORE = "erased-before"  # a tombstone says so: an older copy of the data had brought it back
    RESTORED_WITHOUT_TOMBSTONES = "restored-without-tombstones"
    OBJECTED = "objected"
    DECEASED = "deceased"


class Standing(StrEnum):
    """What a record's events come to."""

    ASKED = "asked"
    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    INVALIDATED = "invalidated"


Reason = ExpiryReason | InvalidationReason

TRANSITIONS: Final[Mapping[Standing | None, Mapping[EventKind, Standing]]] = MappingProxyType(
    {
        None: {EventKind.REQUESTED: Standing.ASKED},
        Standing.ASKED: {
            EventKind.GIVEN: Standing.GIVEN,
            EventKind.RECONFIRMED: Standing.GIVEN,
            EventKind.REFUSED: Standing.REFUSED,
        },
        Standing.GIVEN: {
            EventKind.WITHDRAWN: Standing.WITHDRAWN,
            EventKind.EXPIRED: Standing.EXPIRED,
            EventKind.INVALIDATED: Standing.INVALIDATED,
        },
        Standing.REFUSED: {},
        Standing.WITHDRAWN: {},
        Standing.EXPIRED: {},
        Standing.INVALIDATED: {},
    }
)
"""Which event may follow which standing, and what it comes to; anything else is refused."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of whom: subject, processing, parties, notice. expires_at: when a consent to it runs out."""

    age_band: AgeBand
    guardian: Guardian | None
    turns_14_on: date | None
    purpose: Purpose
    retention: timedelta
    expires_at: datetime
    model_sha256: str
    controller: str
    contact: str
    processors: tuple[str, ...]
    notice: NoticeVersion
    notice_sha256: str
    language: str
    data: tuple[DataCategory, ...] = tuple(DataCategory)
    method: str = METHOD
    storage: str = STORAGE


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """One event of one record. at: aware, UTC, whole seconds. device: the gate's own id.

    asked: with ``requested`` and with nothing else. reason: with ``expired`` and ``invalidated``. erased: how many
    templates were destroyed with it.
    """

    record: ConsentId
    subject: SubjectRef
    kind: EventKind
    at: datetime
    by: By
    indication: Indication
    device: str
    asked: Asked | None = None
    reason: Reason | None = None
    erased: int = 0


def asked_for(
    agreement: Agreement,
    terms: ConsentTerms,
    model_sha256: str,
    at: datetime,
    *,
    until: datetime | None = None,
) -> Asked:
    """Put together what was asked at *at*. until: an earlier end than the terms give."""
    expires_at = expiry_of(agreement, terms, at)
    expires_at = min(expires_at, until or expires_at)
    return Asked(
        age_band=agreement.age_band,
        guardian=agreement.guardian,
        turns_14_on=agreement.turns_14_on,
        purpose=Purpose.OPEN_GATE,
        retention=expires_at - at,
        expires_at=expires_at,
        model_sha256=model_sha256,
        controller=terms.controller,
        contact=terms.contact,
        processors=terms.processors,
        notice=agreement.notice,
        notice_sha256=agreement.notice_sha256,
        language=agreement.language,
    )


def follow(standing: Standing | None, event: ConsentEvent) -> Standing:
    """Give what a record comes to when *event* follows *standing* (None: no event yet).

    Raises ValueError where it may not follow, or where the event lacks what its kind needs.
    """
    _check(event)
    try:
        return TRANSITIONS[standing][event.kind]
    except KeyError:
        raise ValueError(f"{event.kind} cannot follow {standing or 'nothing'}.") from None


def _check(event: ConsentEvent) -> None:
    """Raise ValueError where *event* lacks what its kind needs, or has what another needs."""
    ends_by_itself = event.kind in {EventKind.EXPIRED, EventKind.INVALIDATED}
    wanted = ExpiryReason if event.kind is EventKind.EXPIRED else InvalidationReason
    if (event.kind is EventKind.REQUESTED) != (event.asked is not None):
        raise ValueError("What was asked stands in the request, and nowhere else.")
    if ends_by_itself != (event.reason is not None) or (
        ends_by_itself and not isinstance(event.reason, wanted)
    ):
        raise ValueError("An end that nobody asked for has a reason of its kind, and nothing else has.")


def state_of(events: Iterable[ConsentEvent]) -> Standing | None:
    """Replay a record's *events* from the first on; None for no events.

    Raises ValueError for an order that cannot be, and for events of different records or subjects.
    """
    standing: Standing | None = None
    owner: tuple[ConsentId, SubjectRef] | None = None
    for event in events:
        owner = owner or (event.record, event.subject)
        if owner != (event.record, event.subject):
            raise ValueError("These events are not of one record.")
        standing = follow(standing, event)
    return standing


def to_json(event: ConsentEvent) -> dict[str, object]:
    """Give the event as JSON values, in the groups of the standard; times in RFC 3339, spans in seconds."""
    asked = event.asked
    groups: dict[str, object] = {} if asked is None else {"asked": _asked_json(asked)}
    return groups | {
        "schema": SCHEMA,
        "record": event.record,
        "subject": event.subject,
        "event": {
            "kind": event.kind.value,
            "at": time_text(event.at),
            "channel": event.by.channel.value,
            "actor": event.by.actor,
            "indication": event.indication.value,
            "device": event.device,
            "reason": event.reason and event.reason.value,
            "erased": event.erased,
        },
    }


def _asked_json(asked: Asked) -> dict[str, object]:
    return {
        "age_band": asked.age_band.value,
        "guardian": asked.guardian and asdict(asked.guardian),
        "turns_14_on": asked.turns_14_on and asked.turns_14_on.isoformat(),
        "processing": {
            "purpose": asked.purpose.value,
            "data": [category.value for category in asked.data],
            "method": asked.method,
            "storage": asked.storage,
            "retention_s": asked.retention // timedelta(seconds=1),
            "expires_at": time_text(asked.expires_at),
            "model_sha256": asked.model_sha256,
            "recipients": [],
        },
        "parties": {
            "controller": asked.controller,
            "contact": asked.contact,
            "processors": list(asked.processors),
        },
        "notice": {
            "id": NOTICE_ID,
            "version": asked.notice,
            "sha256": asked.notice_sha256,
            "language": asked.language,
            "basis": BASIS,
            "alternatives": ["card", "pin"],
            "withdrawal": [channel.value for channel in (Channel.GATE, Channel.SELF_SERVICE, Channel.DESK)],
        },
    }


def from_json(value: object) -> ConsentEvent:
    """Read an event back. Raises ValueError unless it is one that ``to_json`` could have written, to the letter."""
    try:
        event = _event(value)
        _check(event)
        whole = to_json(event) == value
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError("This is no consent event.") from error
    if not whole:
        raise ValueError("This consent event holds what it may not hold.")
    return event


def _event(value: object) -> ConsentEvent:
    body = _object(value)
    told = _object(body["event"])
    kind, reason = EventKind(_text(told["kind"])), told["reason"]
    reasons = ExpiryReason if kind is EventKind.EXPIRED else InvalidationReason
    erased = told["erased"]
    if type(erased) is not int:
        raise TypeError("A count is a whole number.")
    return ConsentEvent(
        record=ConsentId(_text(body["record"])),
        subject=SubjectRef(_text(body["subject"])),
        kind=kind,
        at=_time(told["at"]),
        by=By(Channel(_text(told["channel"])), _text(told["actor"])),
        indication=Indication(_text(told["indication"])),
        device=_text(told["device"]),
        asked=_asked(_object(body["asked"])) if "asked" in body else None,
        reason=None if reason is None else reasons(_text(reason)),
        erased=erased,
    )


def _asked(body: Mapping[str, object]) -> Asked:
    processing, parties, notice = (_object(body[name]) for name in ("processing", "parties", "notice"))
    guardian, birthday, retention_s = body["guardian"], body["turns_14_on"], processing["retention_s"]
    processors, data = parties["processors"], processing["data"]
    if not isinstance(processors, list) or not isinstance(data, list) or type(retention_s) is not int:
        raise TypeError("Processors and data are lists, a span is whole seconds.")
    return Asked(
        age_band=AgeBand(_text(body["age_band"])),
        guardian=None if guardian is None else _guardian(_object(guardian)),
        turns_14_on=None if birthday is None else date.fromisoformat(_text(birthday)),
        purpose=Purpose(_text(processing["purpose"])),
        retention=timedelta(seconds=retention_s),
        expires_at=_time(processing["expires_at"]),
        model_sha256=_text(processing["model_sha256"]),
        controller=_text(parties["controller"]),
        contact=_text(parties["contact"]),
        processors=tuple(map(_text, processors)),
        notice=NoticeVersion(_text(notice["version"])),
        notice_sha256=_text(notice["sha256"]),
        language=_text(notice["language"]),
        data=tuple(DataCategory(_text(category)) for category in data),
        method=_text(processing["method"]),
        storage=_text(processing["storage"]),
    )


def _guardian(body: Mapping[str, object]) -> Guardian:
    return Guardian(
        _text(body["ref"]), Relation(_text(body["relation"])), RelationProof(_text(body["checked_by"]))
    )


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError("A group is an object.")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("A word is text.")
    return value


def time_text(at: datetime) -> str:
    """Give *at* as RFC 3339 in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _time(value: object) -> datetime:
    return datetime.strptime(_text(value), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)

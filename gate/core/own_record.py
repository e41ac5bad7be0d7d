"""All that the gate holds of one person, as that person may see it and take it along (R70; PIPL 45).

There is no place in it for a template, a key, a card number, a lookup or anybody else. Passages are not in it because
none are kept by person (R36).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final

from gate.core.consent import Channel, ConsentState, Indication
from gate.core.consent_record import ConsentEvent, EventKind, Reason
from gate.core.rights import Outcome, RequestKind, RequestState
from gate.core.types import Method

SCHEMA: Final = "gate own record 1"


@dataclass(frozen=True, slots=True)
class Controller:
    """Who answers for the gate, and whom to ask."""

    name: str
    contact: str
    gate: str


@dataclass(frozen=True, slots=True)
class OwnCredential:
    """That a card, PIN or guest's code exists, and when it holds; never the number. None: no bound."""

    method: Method
    valid_from: datetime | None
    valid_until: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnTemplate:
    """That a face template exists, since when, the month of its last use, and when it goes at the latest.

    lookalike: as it was taken it came near somebody else's; whose is not known.
    """

    since: datetime
    last_used: str
    expires_at: datetime
    lookalike: bool = False


@dataclass(frozen=True, slots=True)
class OwnConsent:
    """One consent record as it stands."""

    record: str
    state: ConsentState
    notice: str
    language: str
    given_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    restricted_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnEvent:
    """One step of a consent: what, when, through which channel, by whom as a role, shown how, and why."""

    record: str
    what: EventKind
    at: datetime
    channel: Channel
    actor: str
    indication: Indication
    reason: Reason | None

    @classmethod
    def of(cls, event: ConsentEvent) -> OwnEvent:
        """Take over what the ledger says, without the random words that only the gate needs."""
        return cls(
            record=event.record,
            what=event.kind,
            at=event.at,
            channel=event.by.channel,
            actor=event.by.actor,
            indication=event.indication,
            reason=event.reason,
        )


@dataclass(frozen=True, slots=True)
class OwnRequest:
    """One request of theirs, with its answer once there is one."""

    id: str
    kind: RequestKind
    state: RequestState
    received_at: datetime
    due_at: datetime
    closed_at: datetime | None
    outcome: Outcome | None
    details: str = field(repr=False)
    answer: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The figures behind the automated decision (PIPL 24): shares from 0 to 1.

    strangers_matched, owners_refused: as measured. ..._most: their upper bounds at *confidence*.
    """

    threshold: float
    margin: float
    strangers_matched: float
    strangers_matched_most: float
    owners_refused: float
    owners_refused_most: float
    confidence: float
    measured_on: date


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """Everything of one person at one moment.

    events_complete: False where a part of the consent ledger was altered and cannot be read. explanation: None where
    no face model is installed. entry_hours: when the gate lets this person in, None at all times.
    """

    at: datetime
    controller: Controller
    unit: str = field(repr=False)
    name: str = field(repr=False)
    contact: str = field(repr=False)
    tenancy_ends_at: datetime | None
    declined_face: bool
    credentials: tuple[OwnCredential, ...]
    template: OwnTemplate | None
    consents: tuple[OwnConsent, ...]
    events: tuple[OwnEvent, ...]
    events_complete: bool
    requests: tuple[OwnRequest, ...]
    explanation: Explanation | None
    entry_hours: str | None = field(default=None, repr=False)


def to_json(record: OwnRecord) -> dict[str, object]:
    """Give the record as plain JSON values; times as ISO 8601 in UTC. Its shape is stable within SCHEMA."""
    return {"schema": SCHEMA} | {each.name: _plain(getattr(record, each.name)) for each in fields(record)}


def _plain(value: object) -> object:
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    return value

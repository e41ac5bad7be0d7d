"""Everything that can happen to the gate, as values. Results carry the id of the attempt they belong to."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from gate.core.liveness import Challenge
from gate.core.policy import Conditions, Finding
from gate.core.types import (
    AttemptId,
    Credential,
    NoticeVersion,
    Reason,
    Second,
    TemplateId,
    WithdrawalOutcome,
)


@dataclass(frozen=True, slots=True)
class Presence:
    """Somebody touched the screen or stepped up. *attempt* is fresh and random."""

    attempt: AttemptId


@dataclass(frozen=True, slots=True)
class CredentialPresented:
    """A reader, keypad or scanner gave a whole credential.

    *attempt* is fresh and random; the second of two factors goes on under the attempt of the first.
    """

    attempt: AttemptId
    credential: Credential | Second


@dataclass(frozen=True, slots=True)
class NoticeShown:
    """The screen confirms that this notice is visible, now."""

    attempt: AttemptId
    notice: NoticeVersion


@dataclass(frozen=True, slots=True)
class FaceChosen:
    """The person chose face on the screen.

    challenge: what the service drew for this capture, to be asked where the face does not show by itself that it
    lives. Without one nothing can be asked.
    """

    attempt: AttemptId
    challenge: Challenge | None = None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The person pressed cancel or walked off."""

    attempt: AttemptId


@dataclass(frozen=True, slots=True)
class MoreTime:
    """The person asked for more time where the gate waits for them (WCAG 2.2.1)."""

    attempt: AttemptId


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """The person wants to read the notice once more before they choose."""

    attempt: AttemptId


@dataclass(frozen=True, slots=True)
class FaceFound:
    """Vision's finding for one frame."""

    attempt: AttemptId
    finding: Finding


@dataclass(frozen=True, slots=True)
class CameraFailed:
    """The camera gave no usable frame, or vision died while it was open."""

    attempt: AttemptId


@dataclass(frozen=True, slots=True)
class CredentialChecked:
    """What the store found: KNOWN_CREDENTIAL goes on, anything else refuses.

    templates: those its person agreed to; face is asked for as the second only where there are any (R05).
    """

    attempt: AttemptId
    reason: Reason
    templates: tuple[TemplateId, ...] = field(default=(), repr=False)


class Stored(StrEnum):
    """How recording a decision ended."""

    COMMITTED = "committed"
    NOT_CONSENTED = "not-consented"
    NOT_NOW = "not-now"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Recorded:
    """The decision record and its outbox row are, or are not, on disk."""

    attempt: AttemptId
    stored: Stored


@dataclass(frozen=True, slots=True)
class DoorReported:
    """The door controller says whether it released."""

    attempt: AttemptId
    released: bool


@dataclass(frozen=True, slots=True)
class WithdrawalChosen:
    """The person wants their face deleted. *attempt* is fresh and random, or the one whose choice stood there."""

    attempt: AttemptId


@dataclass(frozen=True, slots=True)
class WithdrawalConfirmed:
    """The person whose card or PIN was just verified pressed delete."""

    attempt: AttemptId


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The consent is, or is not, ended. reference: a short word for the receipt; receipt: its text for a QR code."""

    attempt: AttemptId
    outcome: WithdrawalOutcome
    reference: str = ""
    receipt: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ConditionsChanged:
    """Something that decides whether face may be offered came or went."""

    conditions: Conditions


@dataclass(frozen=True, slots=True)
class EntryChanged:
    """The door lets nobody in for now, whoever asks and by whatever method, or lets people in again (None).

    FAULT: its controller does not answer. reader_lost: the reader of cards and keys does not.
    """

    obstacle: Reason | None
    reader_lost: bool = False


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Input = (
    Presence
    | CredentialPresented
    | NoticeShown
    | FaceChosen
    | Cancelled
    | MoreTime
    | ReadAgain
    | FaceFound
    | CameraFailed
    | CredentialChecked
    | Recorded
    | DoorReported
    | WithdrawalChosen
    | WithdrawalConfirmed
    | Withdrawn
    | ConditionsChanged
    | EntryChanged
    | Tick
)

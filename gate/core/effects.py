"""Everything the gate may ask of the world, as values. The shell carries them out in the order given."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from gate.core.liveness import Challenge, Level
from gate.core.policy import FacePlace, Hint
from gate.core.types import (
    AttemptId,
    Credential,
    Decision,
    Method,
    NoticeVersion,
    Reason,
    Second,
    TemplateId,
    WithdrawalOutcome,
)


@dataclass(frozen=True, slots=True)
class ShowNotice:
    """Show the short notice and confirm when it is visible (R10); *second*: and say that a PIN does as well, now."""

    attempt: AttemptId
    notice: NoticeVersion
    second: bool = False


@dataclass(frozen=True, slots=True)
class OfferMethods:
    """Offer these ways in, as equals (R03); *two_factors*: each is only the first step."""

    attempt: AttemptId
    methods: tuple[Method, ...]
    two_factors: bool = False


@dataclass(frozen=True, slots=True)
class AskSecond:
    """Say that the first factor held, and ask for one of these, as equals (R03)."""

    attempt: AttemptId
    methods: tuple[Method, ...]


@dataclass(frozen=True, slots=True)
class Guide:
    """Help the person to be seen. place: where their face is, for a silhouette; None while there is none to place.

    challenge: the movement that is asked for now, which goes before the hint.
    """

    attempt: AttemptId
    hint: Hint
    place: FacePlace | None = field(default=None, repr=False)
    challenge: Challenge | None = None


@dataclass(frozen=True, slots=True)
class ShowChecking:
    """Say that a card, PIN or code is being checked."""

    attempt: AttemptId
    method: Method


@dataclass(frozen=True, slots=True)
class ShowResult:
    """Say how it ended, and why in a word that describes nobody. lost: the door's controller does not answer."""

    attempt: AttemptId
    granted: bool
    reason: Reason
    lost: bool = False


@dataclass(frozen=True, slots=True)
class AskCredential:
    """Ask a person who wants their face deleted for their card or PIN; *opens*: it opens the door as always."""

    attempt: AttemptId
    opens: bool = True


class DoorSaid(StrEnum):
    """What the door did as somebody showed a credential to withdraw."""

    OPENED = "opened"
    FAILED = "failed"
    STAYED_SHUT = "stayed-shut"
    """One factor withdraws, two open; or the door lets nobody in, or not this person now (R24)."""


@dataclass(frozen=True, slots=True)
class ConfirmWithdrawal:
    """Ask once whether the face shall be deleted now, yes and no as equals, and say what the door did."""

    attempt: AttemptId
    door: DoorSaid = DoorSaid.OPENED


@dataclass(frozen=True, slots=True)
class ShowWithdrawn:
    """Say how the withdrawal ended, with its receipt to take along (R25). It never stays for the next person."""

    attempt: AttemptId
    outcome: WithdrawalOutcome
    reference: str = ""
    receipt: str = field(default="", repr=False)


class Standstill(StrEnum):
    """Why the gate does not open as always, until somebody ends it."""

    LOCKED = "locked"
    """By a lockdown or by the door's hours, for everybody."""
    DOOR_LOST = "door-lost"
    """The door's controller does not answer: nothing opens it."""
    READER_LOST = "reader-lost"
    """The reader does not answer: no card and no key of its keypad is heard."""


@dataclass(frozen=True, slots=True)
class ClearScreen:
    """Go back to the resting screen, which says what the gate stands still for before anybody tries."""

    standstill: Standstill | None = None


View = (
    ShowNotice
    | OfferMethods
    | AskSecond
    | Guide
    | ShowChecking
    | ShowResult
    | AskCredential
    | ConfirmWithdrawal
    | ShowWithdrawn
    | ClearScreen
)


@dataclass(frozen=True, slots=True)
class TellRefused:
    """Say beside what stands there that another card, PIN or code did not open; the wait of *attempt* goes on."""

    attempt: AttemptId
    reason: Reason


@dataclass(frozen=True, slots=True)
class Prolonged:
    """Say that what stands there stands for its whole time again."""

    attempt: AttemptId


Aside = TellRefused | Prolonged
"""What a screen says beside its view, which stays."""


@dataclass(frozen=True, slots=True)
class OpenCamera:
    """Open the camera and analyse the person in the zone until CloseCamera.

    only: the templates to compare with, and no other (1:1); empty stands for all of them (1:N). liveness: what the face
    must show beside its likeness.
    """

    attempt: AttemptId
    only: tuple[TemplateId, ...] = field(default=(), repr=False)
    liveness: Level | None = None


@dataclass(frozen=True, slots=True)
class AskChallenge:
    """Have vision watch for this movement, from now on; the screen asks for it by a Guide. Once in a capture at most."""

    attempt: AttemptId
    challenge: Challenge


@dataclass(frozen=True, slots=True)
class CloseCamera:
    """Close the device."""


@dataclass(frozen=True, slots=True)
class Forget:
    """Overwrite and drop frames, crops and the probe (R31)."""


@dataclass(frozen=True, slots=True)
class CheckCredential:
    """Look the credential up; the answer is a CredentialChecked."""

    attempt: AttemptId
    credential: Credential


@dataclass(frozen=True, slots=True)
class CheckSecond:
    """Look up whether this is of the person whose first credential *attempt* verified; answered by a CredentialChecked."""

    attempt: AttemptId
    credential: Second


@dataclass(frozen=True, slots=True)
class Record:
    """Write the decision and its outbox row in one transaction; the answer is a Recorded.

    With a template, the transaction holds only if its consent is still active (R21, R24).
    """

    decision: Decision
    template: TemplateId | None = None


@dataclass(frozen=True, slots=True)
class ReleaseDoor:
    """Ask the controller for one release; it times the strike itself. The answer is a DoorReported."""

    attempt: AttemptId


@dataclass(frozen=True, slots=True)
class RecordOutcome:
    """Write what the door did of it."""

    attempt: AttemptId
    released: bool


@dataclass(frozen=True, slots=True)
class Withdraw:
    """End the consent of the person whose card or PIN this attempt verified (R24); the answer is a Withdrawn."""

    attempt: AttemptId


Effect = (
    View
    | Aside
    | OpenCamera
    | AskChallenge
    | CloseCamera
    | Forget
    | CheckCredential
    | CheckSecond
    | Record
    | ReleaseDoor
    | RecordOutcome
    | Withdraw
)

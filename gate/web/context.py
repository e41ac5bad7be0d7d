"""What the pages need from the gate, as Protocols: the composition root hands them in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum
from typing import Protocol

from gate.core import inputs as on
from gate.core.broker import BrokerState
from gate.core.consent import Relation, RelationProof
from gate.core.credentials import SignedIn
from gate.core.enrolment import Progress
from gate.core.notices import Form, Published
from gate.core.own_record import OwnRecord
from gate.core.receipt import Receipt
from gate.core.rights import RequestKind
from gate.core.roles import Staff
from gate.core.types import AttemptId, Method, NoticeVersion, PersonId
from gate.ports import Clock
from gate.web.kiosk.parts import KioskParts
from gate.web.staff.office import Office
from gate.web.transport import Transport, site_address


@dataclass(frozen=True, slots=True)
class Status:
    """One look at the gate, without any person in it."""

    gate_id: str
    version: str
    phase: str
    face_offered: bool
    obstacles: tuple[str, ...]
    templates: int
    vision_providers: tuple[str, ...]
    vision_fault: str | None
    reader_healthy: bool
    door_healthy: bool
    broker_connected: bool
    key_custody: str
    broker: BrokerState = BrokerState.CONNECTING
    """How the gate stands with its broker, in one word."""
    undeleted: int = 0
    """Records past their time, or damaged, that could not be deleted (R76)."""
    backup_wanted: bool = False
    backup_fault: str | None = None
    rotation_failing: bool = False
    door: str = "locked"
    """How the door is, in one word of the door machine's."""
    alarms: tuple[str, ...] = ()
    cards_can_be_copied: bool = False
    deidentified_live: bool = False
    """Whether each passage leaves at once, as a de-identified live event (R44)."""


class FaceStanding(StrEnum):
    """How a resident stands to face."""

    NONE = "none"
    GIVEN = "given"
    RESTRICTED = "restricted"
    OUTDATED = (
        "outdated"  # given under an older major notice: it carries no face until they agree again (R22)
    )
    DECLINED = "declined"  # nobody asks again (R05)


@dataclass(frozen=True, slots=True)
class Resident:
    """A resident as the desk sees them. child: under 14 by what a guardian told; then the name is empty (R27).

    agreed_to: the notice their consent was given under, while there is one. methods: CARD and PIN, if they have them now.
    """

    person: PersonId
    unit: str
    name: str = field(repr=False)
    standing: FaceStanding
    child: bool = False
    agreed_to: NoticeVersion | None = None
    methods: frozenset[Method] = frozenset()

    @property
    def has_consented(self) -> bool:
        """Tell whether there is a consent to withdraw."""
        return self.standing in {FaceStanding.GIVEN, FaceStanding.RESTRICTED, FaceStanding.OUTDATED}


@dataclass(frozen=True, slots=True)
class ChildSaid:
    """What a guardian said for a child, and how staff checked it (R27)."""

    relation: Relation
    checked_by: RelationProof
    turns_14_on: date = field(repr=False)


class Identified(StrEnum):
    """How it was known at the desk who somebody is."""

    BY_STAFF = "by-staff"  # who chose them in the list
    BY_CARD = "by-card"
    BY_PIN = "by-pin"


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody at the desk answered: to which text, in which language. child: where it is about one.

    identified: how it was known who answered; the consent's record tells it.
    """

    notice: NoticeVersion
    notice_sha256: str
    language: str
    child: ChildSaid | None = None
    identified: Identified = Identified.BY_STAFF

    @classmethod
    def to(cls, notice: Published, language: str, child: ChildSaid | None = None) -> Said:
        """Give the answer to the full form of *notice* in one of its languages."""
        return cls(notice.version, notice.sha256[language, Form.FULL], language, child)


class NoticePort(Protocol):
    """The published notices. Every method may raise VaultError."""

    @property
    def in_force(self) -> Published | None:
        """Give the notice people are asked to agree to, None while there is none."""

    def version(self, version: NoticeVersion) -> Published | None:
        """Give any published version, None where there is none that can be trusted."""

    def all(self) -> Sequence[Published]:
        """Give every published version, oldest first."""


class DeskPort(Protocol):
    """Consent and withdrawal with the resident present. Every method may raise RequestError or VaultError."""

    async def by_unit(self, offset: int, limit: int) -> Sequence[Resident]:
        """Give up to *limit* residents after the first *offset*, in the order of their units."""

    @property
    def children_enabled(self) -> bool:
        """Tell whether the site has face for children under 14."""

    def resident(self, person: PersonId) -> Resident:
        """Give one resident."""

    def find(self, unit: str) -> Resident | None:
        """Give the resident of a unit, None where there is none."""

    async def identify(self, unit: str, pin: str) -> PersonId:
        """Give whose unit and PIN these are; as slow for a unit that does not exist.

        Raises ``sign-in-wrong``, ``sign-in-wait``.
        """

    def identify_card(self, card: str) -> PersonId:
        """Give whose card has the number that a reader types here. Raises ``card-wrong``, ``sign-in-wait``."""

    @property
    def progress(self) -> Progress | None:
        """Give how far the enrolment under way is, None before the first frame and where there is none."""

    def looks_alike(self, person: PersonId) -> bool:
        """Tell whether the last face that was taken was this person's, and came near somebody else's."""

    def refuse_early(self, person: PersonId, said: Said, *, by: Staff | None = None) -> None:
        """Raise what ``enrol`` would raise of an answer, before any camera opens."""

    async def enrol(self, person: PersonId, said: Said, *, by: Staff | None = None) -> Receipt:
        """Take the face live and write consent and template together. by: for whom a child's record was opened (R27)."""

    def reconfirm(self, person: PersonId, said: Said, *, by: Staff | None = None) -> Receipt:
        """Let the template live on under a new consent to a new major notice."""

    async def fresh_pin(self, person: PersonId, *, by: Staff) -> str:
        """Give the person a fresh PIN in place of the earlier one, shown once. Raises ``staff-sign-in-wait``."""

    def is_open(self, staff: Staff, person: PersonId) -> bool:
        """Tell whether a second person let *staff* open this child's record, and it is open still (R27)."""

    def give_card(self, person: PersonId, card: str) -> None:
        """Give the person, who types it themselves, a card beside those they have. Raises ``card-unfit``, ``card-taken``."""

    def decline(self, person: PersonId, said: Said) -> Receipt:
        """Remember that the person declined, so that nobody asks again."""

    def withdraw(self, person: PersonId) -> Receipt | None:
        """End the consent and destroy the template; None where there was no consent."""

    def receipts(self, person: PersonId) -> Sequence[Receipt]:
        """Issue all receipts of a person again, oldest first; of a child only what was just decided (R27)."""


@dataclass(frozen=True, slots=True)
class GuestCode:
    """A visitor's code that is unused, as its host sees it. begins, until: aware."""

    id: str
    begins: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class FreshCode:
    """A visitor's code as it is handed over, once: whoever has the text may come in with it."""

    code: GuestCode
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RenewedPin:
    """Another PIN, shown once, and the sign-in that goes on with it."""

    who: SignedIn = field(repr=False)
    pin: str = field(repr=False)


class OwnPort(Protocol):
    """What people do about their own data once their PIN is known. Every method may raise RequestError or VaultError."""

    def take_code(self, code: str) -> bool:
        """Use up a code that the gate's screen showed; tells whether it was good."""

    async def sign_in(self, unit: str, pin: str, *, at_gate: bool) -> SignedIn:
        """Give who this is; as slow for a unit that does not exist, and as a wrong PIN where nobody was *at_gate*.

        Raises ``sign-in-wrong``, ``sign-in-wait``.
        """

    async def change_pin(self, person: PersonId, present: str, chosen: str, again: str) -> RenewedPin:
        """Give the person another PIN: *chosen*, typed twice, or drawn by the gate where it is empty.

        Raises ``pin-wrong`` unless *present* is theirs, ``pin-weak``, ``pin-differs``, ``sign-in-wait``.
        """

    def visits(self, person: PersonId) -> Sequence[GuestCode]:
        """Give the person's codes for visitors that nobody used yet, oldest first."""

    def invite(self, person: PersonId, begins: str, until: str) -> FreshCode:
        """Issue a code for a visitor, once. begins, until: as typed, in the site's zone; begins empty: now.

        Raises ``time-unfit``, ``visit-span``, ``visit-many``.
        """

    def revoke_visit(self, person: PersonId, visit: str) -> None:
        """Take one of the person's own codes back. Raises ``visit-unknown``."""

    def still_holds(self, signed_in: SignedIn) -> bool:
        """Tell whether the PIN of a sign-in is still in force and the tenancy not over."""

    def record(self, person: PersonId) -> OwnRecord:
        """Give all that is held of the person."""

    def withdraw(self, person: PersonId) -> Receipt | None:
        """End the consent and destroy the template; None where there was no consent."""

    def receipts(self, person: PersonId) -> Sequence[Receipt]:
        """Issue all receipts of the person again, oldest first."""

    def restrict(self, person: PersonId) -> None:
        """Leave the person's face alone without ending the consent."""

    def release(self, person: PersonId) -> None:
        """Take the restriction back."""

    def ask(self, person: PersonId, kind: RequestKind, details: str) -> str:
        """Take a request in and give its id; an objection also leaves the face alone from now on."""

    def note_export(self, person: PersonId) -> None:
        """Note that the person took a copy."""


class Simulation(Protocol):
    """The simulated reader, door and camera, to be played with from a page. Methods may raise GateError."""

    @property
    def scenes(self) -> Sequence[str]:
        """Name who can stand before the camera; empty with a real camera."""

    @property
    def scene(self) -> str:
        """Name who stands there now."""

    @property
    def door_locked(self) -> bool:
        """Tell whether the strike holds."""

    @property
    def leaf_open(self) -> bool:
        """Tell whether the door stands open."""

    @property
    def reader_plugged(self) -> bool:
        """Tell whether the reader's cable is in."""

    def set_scene(self, name: str) -> None:
        """Put somebody else before the camera."""

    def present_card(self, value: int) -> None:
        """Hold a 26-bit card to the reader."""

    def press(self, keys: str) -> None:
        """Press keys on the keypad."""

    def scan(self, text: str) -> None:
        """Hold a visitor's code before the scanner."""

    @property
    def deeds(self) -> Mapping[str, Sequence[str]]:
        """Name what else can be done, by the device: reader, camera, door."""

    def act(self, deed: str) -> None:
        """Do one of the deeds."""


@dataclass(frozen=True, slots=True)
class WebContext:
    """Everything the pages are built from.

    public_url: where people's own telephones find the notice, if anywhere. simulation is None on a real gate, and its page then does not
    exist. two_factors: whether this gate asks for two. scanner: whether it reads visitors' codes. zone:
    the site's, in which times are shown.
    """

    clock: Clock
    post: Callable[[on.Input], None]
    new_attempt: Callable[[], AttemptId]
    notices: NoticePort
    public_url: str | None
    notice_minimum_s: float
    status: Callable[[], Status]
    desk: DeskPort
    own: OwnPort
    contact: str
    office: Office
    transport: Transport = field(default_factory=Transport)
    kiosk: KioskParts = field(default_factory=KioskParts)
    simulation: Simulation | None = None
    two_factors: bool = False
    scanner: bool = False
    zone: tzinfo = UTC

    @property
    def offers_own_code(self) -> bool:
        """Tell whether codes for people's own telephones are of use: these reach the pages, or all of it is played."""
        reached = site_address(self.transport) is not None or self.simulation is not None
        return self.kiosk.codes is not None and reached

    @property
    def notice(self) -> NoticeVersion | None:
        """Give the version of the notice in force, None while there is none."""
        in_force = self.notices.in_force
        return in_force.version if in_force else None

"""What the pages do for residents: looking somebody up, their record, cards and PIN, hours and visitors (R04, R71, R75)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from gate.core.credentials import CredentialId
from gate.core.receipt import Receipt
from gate.core.roles import Staff
from gate.core.roster import Row, RowError
from gate.core.types import Method, PersonId
from gate.web.staff.ports.approvals import ApprovalView

if TYPE_CHECKING:  # the context imports every port: at run time this would be a circle
    from gate.web.context import FaceStanding

PAGE: Final = 50
"""People on one page of the list."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A resident in the list. child: under 14 by what a guardian told; then the name is empty (R27)."""

    person: PersonId
    unit: str
    name: str = field(repr=False)
    child: bool = False
    hours: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what a search found. total: of all its pages. damaged: records that do not open, of all there are."""

    lines: tuple[Listed, ...]
    total: int
    damaged: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What somebody typed of a person, stripped of blanks around it."""

    unit: str = field(repr=False)
    name: str = field(repr=False)
    contact: str = field(repr=False)


class CredentialState(StrEnum):
    """How a card or PIN stands now."""

    OPENS = "opens"
    NOT_YET = "not-yet"
    OVER = "over"
    ENDED = "ended"  # by somebody, for good


@dataclass(frozen=True, slots=True)
class CredentialView:
    """One card or PIN: never the number. Times are the site's; None: no bound. until: when it ends, or ended."""

    id: CredentialId
    method: Method
    state: CredentialState
    begins: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A resident's record as staff see it. seen: a digest of it, for the acts that change it.

    A child's record that no second person opened (R27) shows its unit, and which cards and PIN there are: so that a lost
    card ends at once, and another is given; a fresh PIN waits, for it opens the child's own page. Then is_open is False and the rest is empty. opened_until: of a child's record that is open. cards_taken: when the
    resident gave themselves a card at the page handed over to them, the newest first. face_aged: their face was taken so long
    ago that taking it anew is worth a word. lookalike: as it was taken it came near somebody else's; nobody knows whose.
    """

    person: PersonId
    unit: str
    name: str = field(repr=False)
    contact: str = field(repr=False)
    hours: str | None = field(repr=False)
    ends_at: datetime | None = field(repr=False)
    standing: FaceStanding
    credentials: tuple[CredentialView, ...]
    codes: int
    seen: str
    child: bool = False
    is_open: bool = True
    opened_until: datetime | None = None
    cards_taken: tuple[datetime, ...] = ()
    face_aged: bool = False
    lookalike: bool = False


@dataclass(frozen=True, slots=True)
class ShownPin:
    """A fresh PIN, and the duress PIN beside it where one was asked for: shown once."""

    unit: str
    pin: str = field(repr=False)
    duress_pin: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Left:
    """How a removal went. receipt: of the face that was deleted with it. damaged: the record did not open."""

    unit: str
    receipt: Receipt | None = field(repr=False)
    damaged: bool


class PeoplePort(Protocol):
    """Residents. Every method may raise VaultError; an act on nobody known raises RequestError ``person-unknown``.

    An act that takes *seen* raises ``record-changed`` where somebody changed the record since, and one that shows or
    changes a child's facts ``minor-approval`` where no second person opened it; then nothing is written.
    """

    @property
    def takes_duress(self) -> bool:
        """Tell whether the site takes duress PINs."""

    @property
    def hours_names(self) -> Sequence[str]:
        """Name the hours that somebody may be given."""

    @property
    def has_lookalikes(self) -> bool:
        """Tell whether anybody's face came near somebody else's as it was taken."""

    async def search(self, query: str, page: int, *, alike: bool = False) -> Found:
        """Give the page-th page, from 1, of those whose unit or name *query* tells; of all where it is empty.

        alike: of those alone whose face came near somebody else's, and of no child (R27).
        """

    async def in_order(self) -> Sequence[PersonId]:
        """Name all who hold a unit, in the order of the units; not those whose record does not open."""

    def sheet(self, who: Staff, person: PersonId) -> Sheet:
        """Give one resident's record."""

    async def move_in(self, who: Staff, facts: Facts, card: str) -> tuple[PersonId, ShownPin]:
        """Enter somebody with a fresh PIN and the card of that value, if any.

        Raises ``unit-unfit``, ``unit-taken``, ``card-unfit``, ``card-taken``.
        """

    def correct(self, who: Staff, person: PersonId, facts: Facts, *, seen: str) -> bool:
        """Put the facts right (R71); False if they were so already. Raises ``unit-unfit``, ``unit-taken``."""

    def give_card(
        self, who: Staff, person: PersonId, card: str, *, begins: str = "", until: str = "", beside: bool
    ) -> None:
        """Give a card in place of the earlier ones, or *beside* them. begins, until: as typed, in the site's zone.

        Raises ``card-unfit``, ``card-taken``, ``validity-unfit``, ``time-unfit``.
        """

    def revoke(self, who: Staff, person: PersonId, credential: CredentialId) -> None:
        """End one card or PIN at once. Raises ``credential-unknown``."""

    async def new_pin(self, who: Staff, person: PersonId, *, duress: bool) -> ShownPin:
        """Give a fresh PIN in place of the earlier one, and with *duress* one for use under threat.

        Raises ``duress-off``, and ``minor-approval`` for a child's record that is shut: the PIN opens the child's own page.
        """

    def end_duress(self, who: Staff, person: PersonId) -> None:
        """End the duress PIN, if there is one."""

    def give_hours(self, who: Staff, person: PersonId, name: str, *, seen: str) -> None:
        """Let the person in within these hours only; an empty name: at all times. Raises ``hours-unknown``."""

    def set_end(self, who: Staff, person: PersonId, day: str, *, seen: str, sure: bool) -> None:
        """Set the last day of the tenancy, as typed, or take it back where empty (R75).

        Raises ``time-unfit``; ``end-soon`` where it ends within a day and nobody is *sure*.
        """

    def move_out(self, who: Staff, person: PersonId, *, unit: str) -> Left:
        """Delete the person with cards, PIN and face. unit: typed again. Raises ``not-confirmed``."""

    def block_card(self, who: Staff, card: str) -> None:
        """End a card for good, whoever holds it. Raises ``card-unfit``, ``card-unknown``."""

    def export(self, who: Staff) -> AsyncIterator[str]:
        """Give all residents as lines of comma-separated values, their ends included; that it was taken is on record.

        A child's line tells the unit alone. Cards are not in it: no number is held.
        """

    def approval(self, who: Staff, person: PersonId) -> ApprovalView | None:
        """Give the newest approval that *who* asked for to open this child's record, None where there is none."""

    def ask_to_open(self, who: Staff, person: PersonId, reason: str) -> None:
        """Ask a second person to let *who* open a child's record (R27). Raises ``reason-unfit``."""

    def open_child(self, who: Staff, person: PersonId) -> None:
        """Open a child's record for a quarter of an hour, with the approval there is. Raises ``approval-missing``."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would do; nothing of it is written yet. rows: fit ones, in the file's order. encoding: as it was read.

    With errors nothing can be entered: the file is put right and sent again. errors_in_all: more than are listed.
    """

    id: str
    encoding: str
    rows: tuple[Row, ...] = field(repr=False)
    errors: tuple[RowError, ...]
    errors_in_all: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What was entered."""

    people: int
    cards: int


class ImportPort(Protocol):
    """Many residents from one file. Nothing of it touches the disk before ``enter``."""

    async def look(self, who: Staff, data: bytes) -> Preview:
        """Read a file and keep what it would do for a quarter of an hour, in memory.

        Raises ``import-size``, ``import-rows``, ``import-utf16``, ``import-workbook``, ``import-encoding``.
        """

    def preview(self, who: Staff, preview: str) -> Preview:
        """Give a preview that *who* looked at. Raises ``import-gone``."""

    async def enter(self, who: Staff, preview: str) -> Imported:
        """Enter all of it, or nothing. Raises ``import-gone``, ``import-faulty``, ``import-stale``."""


class DoorKeeps(StrEnum):
    """What the door does by itself in hours of its own."""

    LOCKED = "locked"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class HoursView:
    """Named weekly hours. text: None where they were altered and open nothing. people: how many residents have them."""

    name: str
    text: str | None
    people: int
    seen: str


@dataclass(frozen=True, slots=True)
class HoursPage:
    """All hours. door: which of them the door keeps, by name. gone: names that residents have, and that are not there."""

    hours: tuple[HoursView, ...]
    door: Mapping[DoorKeeps, str | None]
    door_seen: str
    gone: tuple[str, ...]
    time_zone: str


class HoursPort(Protocol):
    """Named weekly hours, and the door's own. Every method may raise VaultError."""

    async def all(self) -> HoursPage:
        """Give all hours by name."""

    def set(self, who: Staff, name: str, text: str, *, seen: str) -> str:
        """Let *name* mean *text*; give it as it was read. seen: of the hours of that name as shown, empty for new ones.

        Raises ``hours-name``, ``hours-unfit``, ``record-changed``, ``hours-there`` where new ones are there already.
        """

    def remove(self, who: Staff, name: str, *, seen: str) -> None:
        """Delete hours nobody has. Raises ``hours-unknown``, ``hours-in-use``, ``record-changed``."""

    def set_door(self, who: Staff, kept: Mapping[DoorKeeps, str | None], *, seen: str) -> None:
        """Let the door keep these hours, None: none. Raises ``hours-unknown``, ``record-changed``."""


@dataclass(frozen=True, slots=True)
class VisitView:
    """A visitor's code that is unused. Times are the site's."""

    id: str
    begins: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class HostVisits:
    """A host's codes that may still be used."""

    host: Listed
    visits: tuple[VisitView, ...]


@dataclass(frozen=True, slots=True)
class FreshInvitation:
    """A visitor's code as it is handed over: shown once."""

    host: PersonId
    unit: str
    text: str = field(repr=False)
    begins: datetime
    until: datetime


class VisitsPort(Protocol):
    """Visitors' codes, for a host. Every method may raise VaultError."""

    @property
    def time_zone(self) -> str:
        """Name the site's zone, in which every time is typed and shown."""

    def of(self, unit: str) -> HostVisits:
        """Give the unused codes of the unit's resident. Raises ``unit-unknown``."""

    def invite(self, who: Staff, unit: str, begins: str, until: str) -> FreshInvitation:
        """Issue a code. begins, until: as typed, in the site's zone; begins empty: now.

        Raises ``unit-unknown``, ``time-unfit``, ``visit-span``, ``visit-many``.
        """

    def revoke(self, who: Staff, visit: str) -> None:
        """Take a code back. Raises ``visit-unknown``."""


@dataclass(frozen=True, slots=True)
class PeopleOffice:
    """All that the pages do for residents."""

    people: PeoplePort
    imports: ImportPort
    hours: HoursPort
    visits: VisitsPort

"""The gate behind the pages in these tests: the real core and the real pages; only the hardware is made up."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.attempt import advance, deadline, face_is_offered
from gate.core.broker import BrokerState
from gate.core.consent_record import EventKind
from gate.core.enrolment import Progress
from gate.core.phases import Gate
from gate.core.policy import Conditions, Rules
from gate.core.receipt import Receipt
from gate.core.roles import Program
from gate.core.types import (
    AttemptId,
    Card,
    Method,
    PersonId,
    Pin,
    Reason,
    TemplateId,
    UnitPin,
    WithdrawalOutcome,
)
from gate.errors import RequestError
from gate.simulated import DEEDS
from gate.web.context import FaceStanding, Resident, Said, Status, WebContext
from gate.web.kiosk.parts import KioskParts
from gate.web.screen import KioskScreen
from gate.web.staff.office import Office
from gate.web.staff.ports.people import PeopleOffice
from gate.web.staff.ports.privacy import PrivacyOffice
from tests.notices import FIRST, published_board
from tests.receipts import receipt_of
from tests.web.gate_fakes import quiet_gate

REFERENCE = "7K2M-9QXD"
RECEIPT = "GATE1:" + "0123456789abcdefABCDEF-_" * 25
LONGEST = 200
"""The settings take so many characters for who runs the gate and whom to ask."""


@dataclass
class StoppedClock:
    """Time that passes when the test says so."""

    seconds: float = 1000.0

    def monotonic(self):
        return self.seconds

    def now(self):
        raise AssertionError("no page needs the wall time")


@dataclass
class FakeDesk:
    """Two residents, one agreed and one did not, and *others*; *fault* is raised by whatever is asked next.

    An enrolment is over at once, or with *capture_ends*.
    """

    consented: dict[str, bool] = field(default_factory=lambda: {"p-agreed": True, "p-undecided": False})
    fault: Exception | None = None
    others: int = 0
    asked: list[tuple[int, int]] = field(default_factory=list)
    capture_ends: asyncio.Event | None = None
    capturing: asyncio.Event = field(default_factory=asyncio.Event)
    given_up: asyncio.Event = field(default_factory=asyncio.Event)
    agreements: list[tuple[str, str]] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    standings: dict[str, FaceStanding] = field(default_factory=dict)
    children: set[str] = field(default_factory=set)
    children_enabled: bool = False
    methods: frozenset[Method] = frozenset({Method.CARD, Method.PIN})
    issued: list[Receipt] = field(default_factory=list)
    progress: Progress | None = None
    lookalikes: set[str] = field(default_factory=set)
    opened: set[tuple[str, str]] = field(default_factory=set)
    pins: list[tuple[str, str]] = field(default_factory=list)
    cards: list[tuple[str, str]] = field(default_factory=list)

    def find(self, unit):
        return next((each for each in self.residents(0, 2 + self.others) if each.unit == unit), None)

    async def identify(self, unit, pin):
        if (unit, pin) != ("1204", "739154"):
            raise RequestError("sign-in-wrong", "Unit, PIN or code is not right.", remedy="Try again.")
        return PersonId("p-undecided")

    def identify_card(self, card):
        if card != "40451":
            raise RequestError("card-wrong", "No card that opens here has this number.", remedy="Try again.")
        return PersonId("p-undecided")

    async def by_unit(self, offset, limit):
        return self.residents(offset, limit)

    def looks_alike(self, person):
        return person in self.lookalikes

    def refuse_early(self, _person, said, **_by):
        if said.child is not None and not self.opened:
            raise RequestError("minor-approval", "A second approval is needed.", remedy="Ask.")
        if self.fault:
            raise self.fault

    def is_open(self, staff, person):
        return (staff.account, person) in self.opened

    async def fresh_pin(self, person, *, by):
        self.pins.append((person, by.value))
        return "482915"

    def give_card(self, person, card):
        if not card.isdigit():
            raise RequestError("card-unfit", "This is no card's number.", remedy="Type it again.")
        self.cards.append((person, card))

    def residents(self, offset, limit):
        self.asked.append((offset, limit))
        everybody = [
            ("p-agreed", "1203", "Li Wen"),
            ("p-undecided", "1204", "<b>Chen & Bo</b>"),
            *((f"p-{number}", str(2000 + number), f"Resident {number}") for number in range(self.others)),
        ]
        return [
            Resident(
                PersonId(person),
                unit,
                name,
                self._standing(person),
                person in self.children,
                methods=self.methods,
            )
            for person, unit, name in everybody[offset : offset + limit]
        ]

    def resident(self, person):
        found = [each for each in self.residents(0, 2 + self.others) if each.person == person]
        self.asked.pop()
        if not found:
            raise RequestError("person-unknown", "There is no such person here.", remedy="Look again.")
        return found[0]

    def receipts(self, _person):
        return tuple(self.issued)

    async def enrol(self, person, said, **_by):
        self.capturing.set()
        try:
            if self.capture_ends:
                await self.capture_ends.wait()
        except asyncio.CancelledError:
            self.given_up.set()
            raise
        return self._agreed(person, said, EventKind.GIVEN)

    def reconfirm(self, person, said, **_by):
        return self._agreed(person, said, EventKind.RECONFIRMED)

    def decline(self, person, said):
        self._change(person, to=False)
        self.said.append(said)
        self.standings[person] = FaceStanding.DECLINED
        return self._issue(EventKind.REFUSED)

    def withdraw(self, person):
        had = self.consented.get(person, False)
        self._change(person, to=False)
        return self._issue(EventKind.WITHDRAWN) if had else None

    def _standing(self, person):
        given = FaceStanding.GIVEN if self.consented.get(person, False) else FaceStanding.NONE
        return self.standings.get(person, given)

    def _agreed(self, person, said, kind):
        self._change(person, to=True)
        self.standings.pop(person, None)
        self.said.append(said)
        self.agreements.append((said.notice, said.language))
        return self._issue(kind)

    def _issue(self, kind):
        self.issued.append(receipt_of(kind, seq=2 + len(self.issued)))
        return self.issued[-1]

    def _change(self, person, *, to):
        if self.fault:
            raise self.fault
        self.consented[person] = to


@dataclass
class FakeSimulation:
    """Remembers what was done to it."""

    scenes: tuple[str, ...] = ("nobody", "resident")
    scene: str = "nobody"
    door_locked: bool = True
    leaf_open: bool = False
    reader_plugged: bool = True
    done: list[object] = field(default_factory=list)

    def set_scene(self, name):
        if name not in self.scenes:
            raise RequestError("scene-unknown", "There is no such scene.", remedy="Choose another.")
        self.scene = name

    def present_card(self, value):
        self.done.append(value)

    def press(self, keys):
        self.done.append(keys)

    def scan(self, text):
        self.done.append(text)

    deeds = DEEDS

    def act(self, deed):
        if deed not in {name for names in DEEDS.values() for name in names}:
            raise RequestError("deed-unknown", "There is no such deed.", remedy="Choose another.")
        self.done.append(deed)
        if deed in {"plug", "unplug"}:
            self.reader_plugged = deed == "plug"


def has_withdrawn(attempt):
    """Answer as a store that ended a consent."""
    return on.Withdrawn(attempt, WithdrawalOutcome.WITHDRAWN, REFERENCE, RECEIPT)


class NobodyKnown:
    """One's own page where no PIN is right; tests/service/test_own_page.py has the real one."""

    def take_code(self, _code):
        return False

    async def sign_in(self, _unit, _pin, **_code):
        raise RequestError("sign-in-wrong", "Unit, PIN or code is not right.", remedy="Try again.")

    def still_holds(self, _signed_in):
        return False


@dataclass
class KnownAccounts:
    """Accounts where every sign-in holds until *ended* names it; tests/office has the real ones."""

    ended: set[str] = field(default_factory=set)
    sign_in = joining = book = own = None

    def still_holds(self, who):
        return who.account not in self.ended

    def name_of(self, _who):
        return "Wang Li"


@dataclass
class KnownTokens:
    """Tokens by their text."""

    holders: dict[str, Program] = field(default_factory=dict)

    def holder(self, bearer):
        return self.holders.get(bearer)


NO_PEOPLE = PeopleOffice(people=None, imports=None, hours=None, visits=None)
"""tests/web/staff has the real one."""

NO_PRIVACY = PrivacyOffice(
    notices=None, requests=None, retention=None, audit=None, evidence=None, governance=None
)


def known_office():
    """Give an office whose staff are known, for pages that ask it nothing else."""
    return Office(
        accounts=KnownAccounts(),
        approvals=None,
        tokens=KnownTokens(),
        people=NO_PEOPLE,
        gate=quiet_gate(),
        privacy=NO_PRIVACY,
    )


class World:
    """One gate. What is posted is taken at once; cards numbered "known" open."""

    def __init__(
        self,
        clock,
        *,
        controller="Lakeside Homes",
        contact="010-5555 0100",
        simulated=True,
        scanner=False,
        kiosk=None,
        **rules,
    ):
        self.clock = clock
        self.rules = Rules(FIRST, **{"notice_minimum_s": 2.0} | rules)
        self.posted: list[on.Input] = []
        self.effects: list[do.Effect] = []
        self.gate = Gate()
        self.obstacles_elsewhere = False
        self.deidentified_live = False
        self.broker = BrokerState.CONNECTING
        self.withdrawal: Callable[[AttemptId], on.Withdrawn] = has_withdrawn
        self.screen = KioskScreen(clock)
        self.desk = FakeDesk()
        self.simulation = FakeSimulation() if simulated else None
        self.office = known_office()
        self._ids = itertools.count(1)
        self.context = WebContext(
            clock=clock,
            post=self.post,
            new_attempt=self.new_attempt,
            notices=published_board(controller=controller, contact=contact),
            public_url=None,
            notice_minimum_s=self.rules.notice_minimum_s,
            status=self.status,
            desk=self.desk,
            simulation=self.simulation,
            contact=contact,
            own=NobodyKnown(),
            office=self.office,
            two_factors=self.rules.two_factors,
            scanner=scanner,
            kiosk=kiosk or KioskParts(),
        )

    def new_attempt(self):
        return AttemptId(f"attempt-{next(self._ids)}")

    def post(self, event):
        self.posted.append(event)
        self.look()
        self._take(event)

    def look(self):
        """Let the gate notice the screen, and its deadlines pass."""
        fine = not self.obstacles_elsewhere
        everything = Conditions(*[fine] * len(fields(Conditions)))
        conditions = replace(everything, switched_on=True, screen_live=self.screen.live)
        if conditions != self.gate.conditions:
            self._take(on.ConditionsChanged(conditions))
        due = deadline(self.gate)
        if due is not None and self.clock.monotonic() >= due:
            self._take(on.Tick())

    def present(self, card):
        self.post(on.CredentialPresented(self.new_attempt(), Card(card)))

    def status(self):
        return Status(
            gate_id="north-1",
            version="0.1.0",
            phase=type(self.gate.phase).__name__.lower(),
            face_offered=face_is_offered(self.gate, self.clock.monotonic()),
            obstacles=self.gate.conditions.obstacles,
            templates=3,
            vision_providers=("cpu",),
            vision_fault=None,
            reader_healthy=True,
            door_healthy=True,
            broker_connected=False,
            broker=self.broker,
            key_custody="file",
            deidentified_live=self.deidentified_live,
        )

    def _take(self, event):
        self.gate, effects = advance(self.gate, event, self.clock.monotonic(), self.rules)
        for effect in effects:
            self.effects.append(effect)
            match effect:
                case do.CheckCredential(attempt, Card("known") | UnitPin("1203", "739154")):
                    self._take(
                        on.CredentialChecked(attempt, Reason.KNOWN_CREDENTIAL, (TemplateId("theirs"),))
                    )
                case do.CheckSecond(attempt, Pin("739154")):
                    self._take(on.CredentialChecked(attempt, Reason.KNOWN_CREDENTIAL))
                case do.CheckCredential(attempt, _) | do.CheckSecond(attempt):
                    self._take(on.CredentialChecked(attempt, Reason.UNKNOWN_CREDENTIAL))
                case do.Record(decision):
                    self._take(on.Recorded(decision.attempt, on.Stored.COMMITTED))
                case do.ReleaseDoor(attempt):
                    self._take(on.DoorReported(attempt, released=True))
                case do.Withdraw(attempt):
                    self._take(self.withdrawal(attempt))
                case _ if isinstance(effect, do.View | do.Aside):
                    self.screen.show(effect)
                case _:
                    pass

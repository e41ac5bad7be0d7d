"""The gate behind the pages in these tests: the real core and the real pages; only the hardware is made up."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.attempt import advance, deadline, face_is_offered
from gate.core.broker import BrokerState
from gate.core.phases import Gate
from gate.core.policy import Conditions, Rules
from gate.core.roles import Program
from gate.core.types import (
    AttemptId,
    Card,
    Pin,
    Reason,
    TemplateId,
    UnitPin,
    WithdrawalOutcome,
)
from gate.errors import RequestError
from gate.simulated import DEEDS
from gate.web.context import Status, WebContext
from gate.web.kiosk.parts import KioskParts
from gate.web.screen import KioskScreen
from gate.web.staff.office import Office
from gate.web.staff.ports.people import PeopleOffice
from gate.web.staff.ports.privacy import PrivacyOffice
from tests.notices import FIRST, published_board
from tests.web.desk import FakeDesk
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

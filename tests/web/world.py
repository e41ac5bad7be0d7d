"""The gate behind the pages in these tests: the real core and the real pages; only the hardware is made up."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.attempt import Gate, advance, deadline, face_is_offered
from gate.core.policy import Conditions, Rules
from gate.core.types import AttemptId, Card, PersonId, Reason
from gate.errors import RequestError
from gate.notice import CURRENT, LANGUAGES, NOTICES
from gate.web.context import Resident, Status, WebContext
from gate.web.screen import KioskScreen

LONGEST = 200
"""The settings take so many characters for who runs the gate and whom to ask."""


def notice_texts(controller: str, contact: str) -> dict[str, str]:
    """Give the published texts, filled."""
    values = {"controller": controller, "contact": contact, "retention_days": 365, "version": CURRENT}
    return {
        language: (NOTICES / CURRENT / f"{language}.txt").read_text(encoding="utf-8").format(**values).strip()
        for language in LANGUAGES
    }


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

    def residents(self, offset, limit):
        self.asked.append((offset, limit))
        everybody = [
            ("p-agreed", "1203", "Li Wen"),
            ("p-undecided", "1204", "<b>Chen & Bo</b>"),
            *((f"p-{number}", str(2000 + number), f"Resident {number}") for number in range(self.others)),
        ]
        return [
            Resident(PersonId(person), unit, name, self.consented.get(person, False))
            for person, unit, name in everybody[offset : offset + limit]
        ]

    async def enrol(self, person, *, agreed_to, language):
        self.capturing.set()
        try:
            if self.capture_ends:
                await self.capture_ends.wait()
        except asyncio.CancelledError:
            self.given_up.set()
            raise
        self._change(person, to=True)
        self.agreements.append((agreed_to, language))

    def withdraw(self, person):
        self._change(person, to=False)

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

    def push_door(self):
        self.done.append("push")

    def leave(self):
        self.done.append("leave")

    def shut_door(self):
        self.done.append("shut")

    def plug_reader(self, *, plugged):
        self.reader_plugged = plugged

    def kill_vision(self):
        self.done.append("kill")


class World:
    """One gate. What is posted is taken at once; cards numbered "known" open."""

    def __init__(
        self, clock, *, controller="Lakeside Homes", contact="010-5555 0100", simulated=True, **rules
    ):
        self.clock = clock
        self.rules = Rules(CURRENT, **{"notice_minimum_s": 2.0, "threshold": 0.4, "margin": 0.1} | rules)
        self.posted: list[on.Input] = []
        self.effects: list[do.Effect] = []
        self.gate = Gate()
        self.obstacles_elsewhere = False
        self.screen = KioskScreen(clock)
        self.desk = FakeDesk()
        self.simulation = FakeSimulation() if simulated else None
        self._ids = itertools.count(1)
        self.context = WebContext(
            clock=clock,
            post=self.post,
            new_attempt=self.new_attempt,
            notice=CURRENT,
            notice_texts=notice_texts(controller, contact),
            notice_minimum_s=self.rules.notice_minimum_s,
            status=self.status,
            desk=self.desk,
            simulation=self.simulation,
            contact=contact,
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
        conditions = Conditions(True, fine, self.screen.live, fine, fine, fine, fine)
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
            key_custody="software file",
        )

    def _take(self, event):
        self.gate, effects = advance(self.gate, event, self.clock.monotonic(), self.rules)
        for effect in effects:
            self.effects.append(effect)
            match effect:
                case do.CheckCredential(attempt, Card("known")):
                    self._take(on.CredentialChecked(attempt, Reason.KNOWN_CREDENTIAL))
                case do.CheckCredential(attempt, _):
                    self._take(on.CredentialChecked(attempt, Reason.UNKNOWN_CREDENTIAL))
                case do.Record(decision):
                    self._take(on.Recorded(decision.attempt, on.Stored.COMMITTED))
                case do.ReleaseDoor(attempt):
                    self._take(on.DoorReported(attempt, released=True))
                case do.ShowNotice() | do.OfferMethods() | do.Guide() | do.ShowChecking() | do.ShowResult():
                    self.screen.show(effect)
                case do.ClearScreen():
                    self.screen.show(effect)
                case _:
                    pass

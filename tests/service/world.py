"""A service at work on a real store, with simulated devices and times short enough to wait for."""

import asyncio
from array import array
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace

from firmware_bridge.simulators import SimulatedDoor, SimulatedReader
from gate.alarms import AlarmBoard
from gate.beat import Beat
from gate.core import effects as do
from gate.core import inputs as on
from gate.core.door import Declared, DoorRules
from gate.core.phases import Idle, second_wanted
from gate.core.policy import Finding, Hint, Rules
from gate.core.roles import AccountId, Role, Staff
from gate.core.types import NoticeVersion
from gate.desk import Desk, LiveCapture
from gate.doorkeeper import Doorkeeper
from gate.hardware import Hardware
from gate.identifying import PinPages
from gate.passbacks import PassbackWatch
from gate.service import Service, new_attempt
from gate.simulated import ShiftedClock, SimulatedScreen
from gate.store import Store
from gate.store.upkeep.clock import TrustedClock
from gate.telling import Teller
from gate.web.context import Said
from tests.consents import TERMS, give
from tests.fakes import FakeVision
from tests.notices import board, publish_notice
from tests.stores import lay_started, open_in

NOTICE = NoticeVersion("1.0")
RULES = Rules(
    notice=NOTICE,
    notice_minimum_s=0.02,
    notice_confirm_s=0.3,
    choose_s=5,
    capture_s=5,
    compare_s=0.2,
    show_result_s=0.02,
    rest_s=0.3,
)
DOOR_RULES = DoorRules(Declared.FAIL_SECURE, release_s=3.0)
CARD = 40451
FACE = array("f", [1.0] + [0.0] * 127).tobytes()
STAFF = Staff(AccountId("a" * 16), frozenset({Role.MANAGER}))
OTHER_FACE = array("f", [0.0, 1.0] + [0.0] * 126).tobytes()


class Door(SimulatedDoor):
    """A door whose controller can keep its confirmations back."""

    mute = False

    def open(self, emit):
        self._kept = []
        super().open(lambda event: self._kept.append((emit, event)) if self.mute else emit(event))

    def unmute(self):
        self.mute = False
        for emit, event in self._kept:
            emit(event)


class Screen(SimulatedScreen):
    """A screen whose driver can fail."""

    _accident = None

    def break_down(self, accident):
        self._accident = accident

    @property
    def live(self):
        if self._accident is not None:
            raise self._accident
        return self._live

    @live.setter
    def live(self, live):
        self._live = live


class Clock(ShiftedClock):
    """A clock whose monotonic time can leap as well."""

    _leapt = 0.0

    def move(self, ahead):
        """Let time pass, which both clocks tell; or set the wall clock back."""
        super().move(ahead)
        self._leapt += max(0.0, ahead.total_seconds())

    def monotonic(self):
        return super().monotonic() + self._leapt

    def leap(self, seconds):
        self._leapt += seconds


@dataclass
class World:
    service: Service
    inputs: asyncio.Queue
    store: Store
    reader: SimulatedReader
    door: SimulatedDoor
    screen: SimulatedScreen
    vision: FakeVision
    capture: LiveCapture
    desk: Desk
    clock: Clock
    doorkeeper: Doorkeeper
    alarms: AlarmBoard
    teller: Teller
    beat: Beat

    def add_resident(self, unit="1203", card=CARD):
        now = self.clock.now()
        person = self.store.people.add(unit, "Ada Chen", "ada@example.org")
        self.store.credentials.issue_card(person, f"26:{card}", at=now)
        return person, self.store.credentials.issue_pin(person, at=now)

    def consent(self, person, face=FACE):
        now = self.clock.now()
        enrolled = give(self.store, person, at=now, template=face)
        self.service.reload_gallery()
        return enrolled.template

    def said(self, language="en", child=None):
        """Give what somebody at the desk answers to the notice in force."""
        return Said.to(self.store.notices.current, language, child)

    async def enrol(self, person):
        """Enrol *person* at the desk; somebody must stand before the camera meanwhile."""
        return await self.desk.enrol(person, self.said())

    async def begin_enrolment(self, person):
        """Have *person* stand before the open camera at the desk; give the enrolment, still to be awaited."""
        await self.until(lambda: self.service.face_offered, "face to be offered")
        enrolment = asyncio.create_task(self.enrol(person))
        await self.until(lambda: self.vision.capturing, "the camera to open")
        return enrolment

    def take_face(self, face=FACE, **seen):
        """Take *face* for whoever is being enrolled, as vision does once every pose was shown."""
        self.capture.take(self.capture.attempt, self.vision.epoch, face, **seen)

    async def until(self, holds, what, patience=30.0):
        """Wait until *holds*; a test that waits in vain says for what."""
        async with asyncio.timeout(patience) as limit:
            while not holds():  # noqa: ASYNC110 - what is waited for is in the real devices and store
                await asyncio.sleep(0.001)
        assert not limit.expired(), what

    async def result(self, since=None):
        """Wait for the next result on the screen."""
        start = len(self.screen.views) if since is None else since

        def shown():
            return [view for view in self.screen.views[start:] if isinstance(view, do.ShowResult)]

        await self.until(shown, "a result on the screen")
        return shown()[0]

    async def to_capture(self):
        """Step up, let the notice stand, choose face; give the attempt."""
        await self.until(lambda: isinstance(self.service.gate.phase, Idle), "the gate to rest")
        await self.until(lambda: self.service.face_offered, "face to be offered")
        start = len(self.screen.views)
        self.inputs.put_nowait(on.Presence(new_attempt()))
        await self.until(
            lambda: any(isinstance(v, do.OfferMethods) for v in self.screen.views[start:]), "an offer"
        )
        attempt = self.screen.view.attempt
        self.inputs.put_nowait(on.FaceChosen(attempt))
        await self.until(lambda: self.vision.capturing == attempt, "the camera to open")
        return attempt

    def finds(self, attempt, template):
        for _ in range(RULES.agreeing_frames):
            self.inputs.put_nowait(on.FaceFound(attempt, Finding(Hint.COMPARED, template)))

    def decisions(self):
        """Give what the decisions table holds: granted, reason, outcome, oldest first."""
        rows = self.store.decisions._database.rows(
            "SELECT granted, reason, outcome FROM decisions ORDER BY rowid"
        )
        return [(bool(granted), reason, outcome) for granted, reason, outcome in rows]


async def kept_as_they_are(_old_seed, _new_seed, templates):
    """Stand in for vision's renewal, which needs a process of its own: the real one has its own tests."""
    return list(templates)


@asynccontextmanager
async def world(
    folder,
    *,
    rules=RULES,
    templates_most=100,
    vision=True,
    notice_published=True,
    approved=lambda: True,
    notices=board,
    renew=kept_as_they_are,
    terms=TERMS,
    door_rules=DOOR_RULES,
    passback_s=0.0,
    duress=False,
    live=False,
    liveness_fitted=True,
):
    clock = Clock()
    inputs = asyncio.Queue()
    lay_started(folder, with_notice=False)
    store = open_in(folder, terms=terms, model_sha256="0" * 64, duress=duress)
    if notice_published:
        publish_notice(store, clock.now())
    reader, door = SimulatedReader(), Door()
    screen = Screen(inputs.put_nowait)
    fake = FakeVision()
    capture = LiveCapture()
    trusted = TrustedClock(clock, store.clock)
    hardware = Hardware(
        (reader,),
        door,
        post=inputs.put_nowait,
        new_attempt=new_attempt,
        after_card=lambda: second_wanted(service.gate),
        monotonic=clock.monotonic,
    )
    teller = Teller(store.outbox, trusted, live=live)
    alarms = AlarmBoard(store.rings, trusted.now, teller.alarm)
    alarms.restore(clock.monotonic())
    doorkeeper = Doorkeeper(hardware, door_rules, trusted, store, alarms, inputs.put_nowait)
    hardware.open(clock.monotonic())
    service = Service(
        inputs,
        clock=trusted,
        rules=rules,
        templates_most=templates_most,
        store=store,
        hardware=hardware,
        doorkeeper=doorkeeper,
        passbacks=PassbackWatch(store, trusted, alarms, passback_s),
        alarms=alarms,
        screen=screen,
        vision=fake if vision else None,
        renew=renew,
        switched_on=True,
        liveness_fitted=liveness_fitted,
        notices=notices(store),
        assessment_approved=approved,
        passed=teller.passed,
    )
    desk = Desk(
        clock=trusted,
        store=store,
        service=service,
        capture=capture,
        pins=PinPages(trusted, service),
        children_enabled=terms.under_14_retention is not None,
    )
    running = asyncio.create_task(service.run())
    try:
        made = World(
            service,
            inputs,
            store,
            reader,
            door,
            screen,
            fake,
            capture,
            desk,
            clock,
            doorkeeper,
            alarms,
            teller,
            Beat(
                service=service,
                hardware=hardware,
                doorkeeper=doorkeeper,
                alarms=alarms,
                clock=trusted,
                version="1",
                deidentified_live=live,
            ),
        )
        yield made
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        hardware.close()
        store.close()


def with_rules(**changes):
    return replace(RULES, **changes)

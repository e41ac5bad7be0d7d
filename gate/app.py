"""The composition root: the one place where adapters are built and put together."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import structlog

from firmware_bridge.drivers import Door, Reader
from firmware_bridge.simulators import SimulatedDoor, SimulatedReader
from gate import notice
from gate.alarms import AlarmBoard
from gate.backups import BackupKeeper, keeper_for
from gate.beat import Beat
from gate.calibrated import point_in_force
from gate.core import inputs as on
from gate.core.broker import BrokerState
from gate.core.notices import NO_NOTICE
from gate.core.phases import second_wanted
from gate.core.policy import Rules
from gate.desk import Desk, LiveCapture
from gate.doorkeeper import Doorkeeper, door_rules
from gate.errors import GateError, VaultError
from gate.govern.approval import face_approved
from gate.hardware import Hardware
from gate.identifying import PinPages
from gate.inforce import open_in_force
from gate.keyplace import key_place
from gate.logs import log_loss
from gate.manager import Turned, unwatched
from gate.office.door import DoorOffice
from gate.office.gatecodes import GateCodes
from gate.ordering import hear_orders
from gate.passbacks import PassbackWatch
from gate.ports import Clock, Screen
from gate.publish import link
from gate.publish.mqtt import Publisher
from gate.publishing import open_publisher, publish_on
from gate.rights import records_of
from gate.selfservice import SelfService
from gate.service import Service, new_attempt
from gate.settings import Settings
from gate.sight import level_of, liveness_fitted, vision_of
from gate.simulated import DeskSimulation, SystemClock
from gate.site import NO_MODEL, consent_terms, counting
from gate.store import Store
from gate.store.holds import SERVING_NAME
from gate.store.keyring.custody import KeyPlace
from gate.store.upkeep.clock import TrustedClock
from gate.telling import Teller, alarm_of_a_breach
from gate.vision.client import VisionClient
from gate.vision.manifest import manifest_for
from gate.vision.renewal import renewed
from gate.web.context import Status, WebContext
from gate.web.staff.ports.approvals import ApprovalsPort
from gate.web.staff.ports.gate import GateOffice
from gate.web.transport import Transport
from gate.wiring import devices_of, has_scanner

log = structlog.get_logger()

VERSION = version("gate")
EXIT_SOFTWARE = 70

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class RunningGate:
    """One gate at work, with its parts in reach of whoever composed it."""

    settings: Settings
    by_file: Settings
    """What the settings file alone says: beside it stands what was changed from the console."""
    clock: TrustedClock
    notices: notice.NoticeBoard
    inputs: asyncio.Queue[on.Input]
    service: Service
    desk: Desk
    own: SelfService
    codes: GateCodes
    store: Store
    screen: Screen
    hardware: Hardware
    doorkeeper: Doorkeeper
    door_office: DoorOffice
    alarms: AlarmBoard
    beat: Beat
    vision: VisionClient | None
    publisher: Publisher | None
    broker: link.BrokerSettings | None
    simulation: DeskSimulation | None
    readers: tuple[Reader, ...] = ()
    backups: BackupKeeper | None = None

    def status(self) -> Status:
        """Give one look at the gate, without any person in it."""
        gate = self.service.gate
        fault = self.vision.last_fault if self.vision else None
        return Status(
            gate_id=self.settings.site.gate_id,
            version=VERSION,
            phase=type(gate.phase).__name__.lower(),
            face_offered=self.service.face_offered,
            obstacles=gate.conditions.obstacles,
            templates=self.store.templates.count(),
            undeleted=len(self.store.retention.standing),
            vision_providers=self.vision.providers if self.vision else (),
            vision_fault=f"{fault.what} {fault.remedy}" if fault else None,
            reader_healthy=self.hardware.reader_healthy,
            door_healthy=self.hardware.door_healthy,
            broker_connected=self.publisher is not None and self.publisher.connected,
            broker=self.publisher.state if self.publisher else BrokerState.OFF,
            key_custody=self.store.custody,
            rotation_failing=self.service.rotation_failing,
            door=self.doorkeeper.look,
            alarms=self.alarms.standing,
            cards_can_be_copied=self.hardware.cards_can_be_copied,
            deidentified_live=self.settings.events.deidentified_live,
            backup_wanted=self.backups is not None,
            backup_fault=self.backups.fault if self.backups else None,
        )

    def _gate_office(self, transport: Transport | None) -> Callable[[ApprovalsPort], GateOffice]:
        from gate.office.gate import open_gate_office

        return lambda approvals: open_gate_office(
            settings=self.settings,
            by_file=self.by_file,
            store=self.store,
            clock=self.clock,
            door=self.door_office,
            alarms=self.alarms,
            backups=self.backups,
            approvals=approvals,
            restart=(transport or Transport()).restart,
        )

    def web_context(self, transport: Transport | None = None) -> WebContext:
        """Give the pages what they are built from."""
        from gate.office.opening import open_office  # the door works before the pages are loaded
        from gate.office.screen import kiosk_parts

        return WebContext(
            clock=self.clock,
            post=self.inputs.put_nowait,
            new_attempt=new_attempt,
            notices=self.notices,
            public_url=self.settings.web.public_url,
            notice_minimum_s=self.settings.notice.minimum_s,
            contact=self.settings.site.contact,
            status=self.status,
            desk=self.desk,
            own=self.own,
            office=open_office(
                self.settings, self.store, self.clock, self.service, self.desk, self._gate_office(transport)
            ),
            simulation=self.simulation,
            two_factors=self.settings.access.two_factors,
            scanner=has_scanner(self.settings),
            zone=self.settings.site.zone,
            transport=transport or Transport(),
            kiosk=kiosk_parts(self.settings.screen, self.alarms, self.clock, self.codes),
        )


@asynccontextmanager
async def open_gate(
    settings: Settings,
    make_screen: Callable[[Callable[[on.Input], None]], Screen],
    *,
    clock: Clock | None = None,
    place: KeyPlace | None = None,
    turned: Turned = unwatched,
) -> AsyncIterator[RunningGate]:
    """Run one gate while the block runs: door first, then face, then events.

    make_screen: makes the screen from the function that takes its inputs. place: as ``open_store``, turned: as ``Service`` has it. Raises GateError where even card and PIN
    cannot work. Whatever only face or the broker needs is logged when it fails, and the door serves without it.
    """
    inputs: asyncio.Queue[on.Input] = asyncio.Queue()
    capture = LiveCapture()
    async with AsyncExitStack() as stack:
        by_file = settings
        settings, store = open_in_force(by_file, lambda present: open_store(present, place))
        stack.callback(store.close)
        key = store.signer.public_key
        point = _or_none(lambda: point_in_force(settings, key))
        rules = Rules(
            NO_NOTICE,
            settings.notice.minimum_s,
            two_factors=settings.access.two_factors,
            liveness=level_of(settings),
        )
        stack.enter_context(alone_on(settings.storage.data_dir))
        time = TrustedClock(clock or SystemClock(), store.clock)
        board = notice.NoticeBoard(
            store.notices, lambda: notice.load_sources(settings, store.notice_texts.site, public_key=key)
        )
        readers, door = devices_of(settings, store.device_keys.get)
        hardware = Hardware(
            readers,
            door,
            post=inputs.put_nowait,
            new_attempt=new_attempt,
            after_card=lambda: second_wanted(service.gate),
            monotonic=time.monotonic,
        )
        teller = Teller(store.outbox, time, live=settings.events.deidentified_live)
        alarms = AlarmBoard(store.rings, time.now, teller.alarm)
        alarms.restore(time.monotonic())
        doorkeeper = Doorkeeper(hardware, door_rules(settings), time, store, alarms, inputs.put_nowait)
        hardware.open(time.monotonic())
        stack.callback(hardware.close)
        vision = vision_of(settings, point, inputs.put_nowait, capture) if point else None
        screen = make_screen(inputs.put_nowait)
        service = Service(
            inputs,
            clock=time,
            rules=rules,
            templates_most=point.n_max if point else 0,
            store=store,
            hardware=hardware,
            doorkeeper=doorkeeper,
            passbacks=PassbackWatch(store, time, alarms, 60.0 * settings.access.passback_minutes),
            alarms=alarms,
            screen=screen,
            vision=vision,
            switched_on=settings.face.enabled,
            liveness_fitted=liveness_fitted(settings),
            notices=board,
            assessment_approved=lambda: face_approved(settings, store),
            renew=renewed,
            passed=teller.passed,
            turned=turned,
        )
        _spawn(stack, service.run(), "service")
        beat = Beat(
            service=service,
            hardware=hardware,
            doorkeeper=doorkeeper,
            alarms=alarms,
            clock=time,
            version=VERSION,
            deidentified_live=settings.events.deidentified_live,
        )
        if vision is not None:
            vision.start()
            stack.push_async_callback(vision.stop)
        door_office = DoorOffice(
            clock=time, store=store, doorkeeper=doorkeeper, hardware=hardware, new_attempt=new_attempt
        )
        broker, publisher = await open_publisher(
            settings,
            stack,
            store,
            time,
            on_breach=alarm_of_a_breach(alarms, time),
            before=partial(
                hear_orders, settings=settings, store=store, clock=time, door=door_office, stack=stack
            ),
        )
        stack.callback(teller.flush)  # what was noted last still goes out with the publisher's last words
        _spawn(stack, teller.run(), "telling")
        if publisher is not None:
            _spawn(stack, publish_on(publisher, beat.health, time), "publish")
        if settings.metrics.enabled:
            from gate.metrics import open_metrics  # only a site that wants figures loads their library

            metrics = open_metrics(settings, stack, store, beat.health, publisher)
            if metrics is not None:
                _spawn(stack, metrics.run(), "metrics")
        backups = keeper_for(settings, store, time)
        if backups is not None:
            _spawn(stack, backups.run(), "backups")
        pins, codes = PinPages(time, service), GateCodes(time)
        yield RunningGate(
            settings=settings,
            by_file=by_file,
            backups=backups,
            clock=time,
            notices=board,
            inputs=inputs,
            service=service,
            desk=Desk(
                clock=time,
                store=store,
                service=service,
                capture=capture,
                pins=pins,
                children_enabled=settings.face.under_14.enabled,
            ),
            own=SelfService(
                clock=time,
                service=service,
                pins=pins,
                records=records_of(settings, store, point),
                codes=codes,
                zone=settings.site.zone,
            ),
            codes=codes,
            store=store,
            screen=screen,
            hardware=hardware,
            doorkeeper=doorkeeper,
            door_office=door_office,
            alarms=alarms,
            beat=beat,
            vision=vision,
            publisher=publisher,
            broker=broker,
            simulation=_simulation(readers[0], door, vision),
            readers=readers,
        )


def open_store(settings: Settings, place: KeyPlace | None = None) -> Store:
    """Open the gate's store, also beside a running gate. Raises VaultError with the remedy.

    place: of the keys, where the caller has asked for the passphrase already.
    """
    manifest = _or_none(lambda: manifest_for(settings.models_dir, "embed"))
    place = place or key_place(settings)
    return Store.open(
        settings.storage.data_dir,
        settings.storage.keys_dir,
        credentials_dir=place.credentials_dir,
        custody=place.custody,
        ask=place.ask,
        tpm=place.tpm,
        gate_id=settings.site.gate_id,
        terms=consent_terms(settings),
        model_sha256=manifest.sha256 if manifest else NO_MODEL,
        zone=settings.site.zone,
        duress=settings.access.duress,
        counting=counting(settings),
    )


@contextmanager
def alone_on(data_dir: Path) -> Iterator[None]:
    """Keep a second gate off the same data. Raises VaultError when one serves already; the kernel frees a dead one's."""
    with (data_dir / SERVING_NAME).open("w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise VaultError(
                "gate-running",
                f"Another gate already serves the data in {data_dir}.",
                remedy="End that one first, or give this one a storage.data_dir of its own.",
            ) from error
        yield


def _or_none(build: Callable[[], Kind]) -> Kind | None:
    """Build what card and PIN can do without; say so when it cannot be had."""
    try:
        return build()
    except GateError as error:
        log_loss(error)
        return None


def _simulation(reader: Reader, door: Door, vision: VisionClient | None) -> DeskSimulation | None:
    """Give the simulated devices in one hand, where both are simulated."""
    if isinstance(reader, SimulatedReader) and isinstance(door, SimulatedDoor):
        return DeskSimulation(reader, door, vision)
    return None


def _spawn(stack: AsyncExitStack, work: Coroutine[None, None, None], name: str) -> None:
    """Run *work* while the stack is open. It is made never to end: if it does, so does the process, to be restarted."""

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            log.critical("task_ended", task=task.get_name(), kind=type(task.exception()).__name__)
            raise SystemExit(EXIT_SOFTWARE)

    async def cancel() -> None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    task = asyncio.create_task(work, name=name)
    task.add_done_callback(ended)
    stack.push_async_callback(cancel)

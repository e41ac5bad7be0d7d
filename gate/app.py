"""The composition root: the one place where adapters are built and put together."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import structlog

from firmware_bridge.registry import DOORS, READERS
from firmware_bridge.simulators import SimulatedDoor, SimulatedReader
from gate import notice
from gate.backups import BackupKeeper, keeper_for
from gate.core import inputs as on
from gate.core.notices import NO_NOTICE
from gate.core.operating import OperatingPoint, effective_threshold
from gate.core.policy import Rules
from gate.desk import Desk, LiveCapture
from gate.errors import ConfigError, GateError, VaultError
from gate.govern.approval import face_approved
from gate.hardware import Hardware
from gate.keyplace import key_place
from gate.ports import Clock, Screen
from gate.process import keep_memory_private
from gate.publish import link
from gate.publish.embedded import embedded_broker
from gate.publish.mqtt import Publisher
from gate.rights import records_of
from gate.selfservice import SelfService
from gate.service import Service, new_attempt
from gate.settings import Settings, broker_password
from gate.simulated import DeskSimulation, SystemClock
from gate.site import NO_MODEL, consent_terms
from gate.store import Store
from gate.store.holds import SERVING_NAME
from gate.store.keyring.custody import KeyPlace
from gate.store.upkeep.clock import TrustedClock
from gate.vision import wire
from gate.vision.client import VisionClient, VisionSettings
from gate.vision.manifest import load_operating_point, manifest_for
from gate.vision.renewal import renewed
from gate.web.context import Status, WebContext

log = structlog.get_logger()

VERSION = version("gate")
DRAIN_S = 1.0
HEALTH_S = 60.0
EXIT_SOFTWARE = 70

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class RunningGate:
    """One gate at work, with its parts in reach of whoever composed it."""

    settings: Settings
    clock: Clock
    notices: notice.NoticeBoard
    inputs: asyncio.Queue[on.Input]
    service: Service
    desk: Desk
    own: SelfService
    store: Store
    screen: Screen
    hardware: Hardware
    vision: VisionClient | None
    publisher: Publisher | None
    broker: link.BrokerSettings | None
    simulation: DeskSimulation | None
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
            key_custody=self.store.custody,
            rotation_failing=self.service.rotation_failing,
            backup_wanted=self.backups is not None,
            backup_fault=self.backups.fault if self.backups else None,
        )

    def web_context(self) -> WebContext:
        """Give the pages what they are built from."""
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
            simulation=self.simulation,
        )


@asynccontextmanager
async def open_gate(
    settings: Settings,
    make_screen: Callable[[Callable[[on.Input], None]], Screen],
    *,
    clock: Clock | None = None,
) -> AsyncIterator[RunningGate]:
    """Run one gate while the block runs: door first, then face, then events.

    make_screen: makes the screen from the function that takes its inputs. Raises GateError where even card and PIN
    cannot work. Whatever only face or the broker needs is logged when it fails, and the door serves without it.
    """
    inputs: asyncio.Queue[on.Input] = asyncio.Queue()
    capture = LiveCapture()
    point = _or_none(
        lambda: load_operating_point(settings.models_dir, manifest_for(settings.models_dir, "embed"))
    )
    rules = Rules(NO_NOTICE, settings.notice.minimum_s)
    async with AsyncExitStack() as stack:
        store = open_store(settings)
        stack.callback(store.close)
        stack.enter_context(_alone_on(settings.storage.data_dir))
        time = TrustedClock(clock or SystemClock(), store.clock)
        board = notice.NoticeBoard(store.notices, lambda: notice.load_sources(settings))
        hardware, simulated = _hardware(settings, inputs)
        hardware.open(time.monotonic())
        stack.callback(hardware.close)
        vision = _vision(settings, point, inputs.put_nowait, capture) if point else None
        screen = make_screen(inputs.put_nowait)
        service = Service(
            inputs,
            clock=time,
            rules=rules,
            templates_most=point.n_max if point else 0,
            store=store,
            hardware=hardware,
            screen=screen,
            vision=vision,
            switched_on=settings.face.enabled,
            notices=board,
            assessment_approved=lambda: face_approved(settings, store),
            renew=renewed,
        )
        _spawn(stack, service.run(), "service")
        if vision is not None:
            vision.start()
            stack.push_async_callback(vision.stop)
        broker, publisher = await _publisher(settings, stack, store, time)
        if publisher is not None:
            _spawn(stack, _publish(publisher, service, time), "publish")
        backups = keeper_for(settings, store, time)
        if backups is not None:
            _spawn(stack, backups.run(), "backups")
        yield RunningGate(
            settings=settings,
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
                children_enabled=settings.face.under_14.enabled,
            ),
            own=SelfService(clock=time, service=service, records=records_of(settings, store, point)),
            store=store,
            screen=screen,
            hardware=hardware,
            vision=vision,
            publisher=publisher,
            broker=broker,
            simulation=DeskSimulation(*simulated, vision) if simulated else None,
        )


async def run(settings: Settings, announce: Callable[[str], None]) -> None:
    """Run the gate with its pages until cancelled; *announce* is told where the pages are.

    Pages that cannot be served are logged: the door serves without them.
    """
    from gate.web.app import create_app
    from gate.web.screen import KioskScreen
    from gate.web.server import serve

    keep_memory_private()
    screen = KioskScreen(SystemClock())
    async with open_gate(settings, lambda _post: screen) as gate:
        app = create_app(gate.web_context(), screen)
        try:
            await serve(app, settings.web.host, settings.web.port, announce=announce)
        except GateError as error:
            _log_loss(error)
            await asyncio.Event().wait()


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
    )


@contextmanager
def _alone_on(data_dir: Path) -> Iterator[None]:
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
        _log_loss(error)
        return None


def _log_loss(error: GateError) -> None:
    log.error("serving_without", code=error.code, what=error.what, remedy=error.remedy)


def _hardware(
    settings: Settings, inputs: asyncio.Queue[on.Input]
) -> tuple[Hardware, tuple[SimulatedReader, SimulatedDoor] | None]:
    """Build reader and door, and give the pair again where both are simulated."""
    reader = _driver(READERS, settings.reader.driver, "reader")
    door = _driver(DOORS, settings.door.driver, "door")
    hardware = Hardware(
        reader, door, release_s=settings.door.release_s, post=inputs.put_nowait, new_attempt=new_attempt
    )
    pair = (reader, door) if isinstance(reader, SimulatedReader) and isinstance(door, SimulatedDoor) else None
    return hardware, pair


async def _publisher(
    settings: Settings, stack: AsyncExitStack, store: Store, clock: Clock
) -> tuple[link.BrokerSettings | None, Publisher | None]:
    """Start publishing, to the site's broker or to the embedded one; without either, the outbox waits."""
    try:
        broker = broker_of(settings)
        if broker is None:
            broker = await asyncio.to_thread(stack.enter_context, embedded_broker())
        publisher = Publisher(broker, store.outbox, clock, gate_id=settings.site.gate_id)
        await publisher.start()
    except GateError as error:
        _log_loss(error)
        return None, None
    stack.push_async_callback(publisher.stop)
    return broker, publisher


def _vision(
    settings: Settings, point: OperatingPoint, post: Callable[[on.Input], None], capture: LiveCapture
) -> VisionClient | None:
    camera, face = settings.camera, settings.face
    if not face.enabled or camera is None:
        return None

    def heed(message: wire.Message) -> None:
        match message:
            case wire.Found():
                post(on.FaceFound(wire.attempt_of(message), message.finding()))
            case wire.Enrolled(attempt, epoch, payload):
                capture.take(attempt, epoch, payload)
            case wire.Fault(attempt, code, what, remedy):
                capture.fail(attempt, code, what, remedy)
                post(on.CameraFailed(wire.attempt_of(message)))
            case _:
                pass

    source = (
        str(settings.models_dir / "weights" / "portraits") if camera.driver == "simulated" else camera.source
    )
    return VisionClient(
        VisionSettings(
            models_dir=str(settings.models_dir),
            driver=camera.driver,
            source=source,
            width_px=camera.width_px,
            height_px=camera.height_px,
            frames_per_s=camera.frames_per_s,
            threshold=effective_threshold(point, settings.face.threshold_at_least),
            margin=point.margin,
            providers=face.providers,
            threads=face.threads,
            detect_side_px=face.detect_side_px,
            zone=face.zone,
        ),
        heed,
    )


def _driver(table: Mapping[str, Callable[[], Kind]], name: str, section: str) -> Kind:
    try:
        return table[name]()
    except KeyError:
        raise ConfigError(
            "driver-unknown",
            f"{section}.driver names no driver of this release.",
            remedy=f"Choose one of: {', '.join(table)}.",
        ) from None


def broker_of(settings: Settings) -> link.BrokerSettings | None:
    """Give the configured broker, or None for the embedded one. Raises ConfigError for half a login."""
    broker = settings.broker
    if broker is None:
        return None
    password = broker_password()
    if broker.username is not None and password is None:
        raise ConfigError(
            "broker-password",
            "broker.username is set but there is no password for it.",
            remedy="Hand it over as the systemd credential broker-password (deploy/mosquitto/README.md).",
        )
    tls = None
    if broker.ca_file is not None:
        tls = link.TlsSettings(broker.ca_file, broker.certificate_file, broker.key_file)
    return link.BrokerSettings(broker.host, broker.port, broker.username, password, tls)


async def _publish(publisher: Publisher, service: Service, clock: Clock) -> None:
    """Drain the outbox about once a second and tell the gate's health once a minute, whatever passes the door."""
    health_at = clock.monotonic()
    while True:
        try:
            publisher.drain()
            if clock.monotonic() >= health_at and publisher.connected:
                publisher.publish_health(service.health(VERSION))
                health_at = clock.monotonic() + HEALTH_S
        except GateError as error:
            log.error("publish_failed", code=error.code, remedy=error.remedy)  # noqa: TRY400 - code and remedy say it
        except Exception as error:  # noqa: BLE001 - an outer loop: the next window may go out
            log.error("publish_failed", kind=type(error).__name__)  # noqa: TRY400 - a trace may quote values
        await asyncio.sleep(DRAIN_S)


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

"""The composition root: the one place where adapters are built and put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from typing import TypeVar

import structlog

from firmware_bridge.drivers import Door, Reader
from firmware_bridge.registry import DOORS, READERS
from firmware_bridge.simulators import SimulatedDoor, SimulatedReader
from gate import notice
from gate.core import inputs as on
from gate.core.operating import effective_threshold
from gate.core.policy import Rules
from gate.desk import Desk, LiveCapture
from gate.errors import ConfigError, GateError
from gate.hardware import Hardware
from gate.ports import Clock, Screen
from gate.publish import link
from gate.publish.embedded import embedded_broker
from gate.publish.mqtt import Publisher
from gate.service import Service, new_attempt
from gate.settings import Settings, broker_password, credentials_dir
from gate.simulated import DeskSimulation, SystemClock
from gate.store import Store
from gate.vision import wire
from gate.vision.client import VisionClient, VisionSettings
from gate.vision.manifest import load_operating_point, manifest_for
from gate.web.context import Status, WebContext

log = structlog.get_logger()

VERSION = version("gate")
DRAIN_S = 1.0
HEALTH_S = 60.0

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class RunningGate:
    """One gate at work, with its parts in reach of whoever composed it."""

    settings: Settings
    clock: Clock
    notice: notice.Notice
    inputs: asyncio.Queue[on.Input]
    service: Service
    desk: Desk
    store: Store
    screen: Screen
    hardware: Hardware
    vision: VisionClient | None
    publisher: Publisher
    broker: link.BrokerSettings
    simulation: DeskSimulation | None

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
            vision_providers=self.vision.providers if self.vision else (),
            vision_fault=f"{fault.what} {fault.remedy}" if fault else None,
            reader_healthy=self.hardware.reader_healthy,
            door_healthy=self.hardware.door_healthy,
            broker_connected=self.publisher.connected,
            key_custody=self.store.custody,
        )

    def web_context(self) -> WebContext:
        """Give the pages what they are built from."""
        return WebContext(
            clock=self.clock,
            post=self.inputs.put_nowait,
            new_attempt=new_attempt,
            notice=self.notice.version,
            notice_texts=self.notice.texts,
            notice_minimum_s=self.settings.notice.minimum_s,
            contact=self.settings.site.contact,
            status=self.status,
            desk=self.desk,
            simulation=self.simulation,
        )


@asynccontextmanager
async def open_gate(
    settings: Settings,
    make_screen: Callable[[Callable[[on.Input], None]], Screen],
    *,
    clock: Clock | None = None,
) -> AsyncIterator[RunningGate]:
    """Run one gate while the block runs: door first, then face, then events. Raises GateError when it cannot start.

    make_screen: makes the screen from the function that takes its inputs.
    """
    clock = clock or SystemClock()
    published = notice.load_notice(settings)
    point = load_operating_point(settings.models_dir, manifest_for(settings.models_dir, "embed"))
    inputs: asyncio.Queue[on.Input] = asyncio.Queue()
    capture = LiveCapture()
    async with AsyncExitStack() as stack:
        store = open_store(settings)
        stack.callback(store.close)
        reader = _driver(READERS, settings.reader.driver, "reader")
        door = _driver(DOORS, settings.door.driver, "door")
        hardware = Hardware(
            reader, door, release_s=settings.door.release_s, post=inputs.put_nowait, new_attempt=new_attempt
        )
        hardware.open(clock.monotonic())
        stack.callback(hardware.close)
        vision = _vision(settings, inputs.put_nowait, capture)
        threshold = effective_threshold(point, settings.face.threshold_at_least)
        screen = make_screen(inputs.put_nowait)
        service = Service(
            inputs,
            clock=clock,
            rules=Rules(
                published.version, settings.notice.minimum_s, threshold=threshold, margin=point.margin
            ),
            templates_most=point.n_max,
            store=store,
            hardware=hardware,
            screen=screen,
            vision=vision,
        )
        stack.push_async_callback(_cancel, asyncio.create_task(service.run()))
        if vision is not None:
            vision.start()
            stack.push_async_callback(vision.stop)
        broker = broker_of(settings)
        if broker is None:
            broker = await asyncio.to_thread(stack.enter_context, embedded_broker())
        publisher = Publisher(broker, store.outbox, clock, gate_id=settings.site.gate_id)
        await publisher.start()
        stack.push_async_callback(publisher.stop)
        stack.push_async_callback(_cancel, asyncio.create_task(_publish(publisher, service, clock)))
        desk = Desk(
            clock=clock,
            store=store,
            service=service,
            capture=capture,
            alike_at_least=threshold,
            retention=timedelta(days=settings.face.retention_days),
        )
        yield RunningGate(
            settings=settings,
            clock=clock,
            notice=published,
            inputs=inputs,
            service=service,
            desk=desk,
            store=store,
            screen=screen,
            hardware=hardware,
            vision=vision,
            publisher=publisher,
            broker=broker,
            simulation=_simulation(reader, door, vision),
        )


async def run(settings: Settings, announce: Callable[[str], None]) -> None:
    """Run the gate with its pages until cancelled; *announce* is told where the pages are."""
    from gate.web.app import create_app
    from gate.web.screen import KioskScreen
    from gate.web.server import serve

    screen = KioskScreen(SystemClock())
    async with open_gate(settings, lambda _post: screen) as gate:
        app = create_app(gate.web_context(), screen)
        await serve(app, settings.web.host, settings.web.port, announce=announce)


def open_store(settings: Settings) -> Store:
    """Open the gate's store, also beside a running gate. Raises VaultError with the remedy."""
    return Store.open(
        settings.storage.data_dir,
        settings.storage.keys_dir,
        credentials_dir=credentials_dir(),
        gate_id=settings.site.gate_id,
        notice_version=notice.CURRENT,
        model_sha256=manifest_for(settings.models_dir, "embed").sha256,
    )


def _vision(
    settings: Settings, post: Callable[[on.Input], None], capture: LiveCapture
) -> VisionClient | None:
    camera, face = settings.camera, settings.face
    if not face.enabled or camera is None:
        return None

    def heed(message: wire.Message) -> None:
        match message:
            case wire.Found():
                post(on.FaceFound(wire.attempt_of(message), message.finding()))
            case wire.Embedded(attempt, payload):
                capture.take(attempt, payload)
            case wire.Fault(attempt, what=what):
                capture.fail(attempt, what)
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


def _simulation(reader: Reader, door: Door, vision: VisionClient | None) -> DeskSimulation | None:
    if isinstance(reader, SimulatedReader) and isinstance(door, SimulatedDoor):
        return DeskSimulation(reader, door, vision)
    return None


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
        await asyncio.sleep(DRAIN_S)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

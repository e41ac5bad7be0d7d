"""The events' way out: to which broker, and the loop that empties the outbox. No door waits for any of it (R46)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from importlib.metadata import version
from secrets import SystemRandom

import structlog

from gate.core.events import Health
from gate.errors import ConfigError, GateError
from gate.logs import log_loss
from gate.ports import Clock
from gate.publish import link
from gate.publish.embedded import embedded_broker
from gate.publish.homeassistant import SPREAD_S, Introduction
from gate.publish.mqtt import Publisher
from gate.settings import Settings, broker_password
from gate.store import Store

log = structlog.get_logger()

DRAIN_S = 1.0
HEALTH_S = 60.0
_LOT = SystemRandom()


async def open_publisher(
    settings: Settings,
    stack: AsyncExitStack,
    store: Store,
    clock: Clock,
    *,
    on_breach: Callable[[], None] | None = None,
    before: Callable[[Publisher], None] | None = None,
) -> tuple[link.BrokerSettings | None, Publisher | None]:
    """Start publishing, to the site's broker or to the embedded one; without either, the outbox waits.

    on_breach: called when something was refused because it fits no schema. before: given the publisher before it calls
    for the first time, to listen to topics of its own.
    """
    try:
        broker = broker_of(settings)
        if broker is None:
            broker = await asyncio.to_thread(stack.enter_context, embedded_broker())
        publisher = Publisher(broker, store.outbox, clock, gate_id=settings.site.gate_id, on_breach=on_breach)
        if settings.broker is not None and settings.broker.home_assistant:
            _introduce_to_home_assistant(publisher, settings.broker.home_assistant_prefix, settings, clock)
        if before is not None:
            before(publisher)
        await publisher.start()
    except GateError as error:
        log_loss(error)
        return None, None
    stack.push_async_callback(publisher.stop)
    return broker, publisher


def _introduce_to_home_assistant(publisher: Publisher, prefix: str, settings: Settings, clock: Clock) -> None:
    """Have the gate introduced after each birth, and whenever Home Assistant says that it has started."""
    spread = _LOT.uniform(0.0, SPREAD_S)
    introduction = Introduction(prefix, settings.site.gate_id, version("gate"), spread=spread)

    def introduce() -> None:
        now = clock.monotonic()
        message = introduction.take_due(now)
        if message is not None and not publisher.introduce(prefix, message):
            introduction.begin(now)  # the broker has no room in this second

    publisher.at_birth(lambda: introduction.begin(clock.monotonic()))
    publisher.listen(
        introduction.status_topic, lambda heard: introduction.heed(heard.payload, clock.monotonic())
    )
    publisher.at_drain(introduce)


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


async def publish_on(publisher: Publisher, health: Callable[[], Health], clock: Clock) -> None:
    """Drain the outbox about once a second and tell the gate's health once a minute, whatever passes the door.

    Beats are due on a grid from the start on, and each pause is drawn by lot: a chain of equal pauses would take up every
    millisecond that a passage keeps the loop, and whoever times the beats could read passages off their drift (R44).
    """
    began, beats = clock.monotonic(), 0
    while True:
        try:
            publisher.drain()
            if (lasted := clock.monotonic() - began) >= beats * HEALTH_S and publisher.connected:
                publisher.publish_health(health())
                beats = int(lasted // HEALTH_S) + 1
        except GateError as error:
            log.error("publish_failed", code=error.code, remedy=error.remedy)  # noqa: TRY400 - code and remedy say it
        except Exception as error:  # noqa: BLE001 - an outer loop: the next window may go out
            log.error("publish_failed", kind=type(error).__name__)  # noqa: TRY400 - a trace may quote values
        await asyncio.sleep(_LOT.uniform(DRAIN_S / 2, DRAIN_S * 3 / 2))

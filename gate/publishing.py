"""The events' way out: to which broker, and the loop that empties the outbox. No door waits for any of it (R46)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

import structlog

from gate.core.events import Health
from gate.errors import ConfigError, GateError
from gate.logs import log_loss
from gate.ports import Clock
from gate.publish import link
from gate.publish.embedded import embedded_broker
from gate.publish.mqtt import Publisher
from gate.settings import Settings, broker_password
from gate.store import Store

log = structlog.get_logger()

DRAIN_S = 1.0
HEALTH_S = 60.0


async def open_publisher(
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
        log_loss(error)
        return None, None
    stack.push_async_callback(publisher.stop)
    return broker, publisher


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
    """Drain the outbox about once a second and tell the gate's health once a minute, whatever passes the door."""
    health_at = clock.monotonic()
    while True:
        try:
            publisher.drain()
            if clock.monotonic() >= health_at and publisher.connected:
                publisher.publish_health(health())
                health_at = clock.monotonic() + HEALTH_S
        except GateError as error:
            log.error("publish_failed", code=error.code, remedy=error.remedy)  # noqa: TRY400 - code and remedy say it
        except Exception as error:  # noqa: BLE001 - an outer loop: the next window may go out
            log.error("publish_failed", kind=type(error).__name__)  # noqa: TRY400 - a trace may quote values
        await asyncio.sleep(DRAIN_S)

"""One call to the broker, to see how it answers: for ``gate check``. It sends no message and hears none."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import paho.mqtt.client as mqtt
from cryptography import x509
from paho.mqtt.properties import Properties

from gate.core.broker import BrokerState
from gate.core.types import Seconds
from gate.errors import ConfigError
from gate.publish import link, messages
from gate.publish.endings import STOPPED, of_error
from gate.publish.link import BrokerSettings, Terms

PATIENCE_S: Final[Seconds] = 15.0
"""How long an answer may take once the line stands."""
CALLS: Final = 3
"""A broker that turns the gate's certificate down closes at once, and its word for it is often lost in that."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How the broker answered. reason: as broker or system put it; valid_until: of the broker's certificate, with TLS."""

    state: BrokerState
    reason: str
    valid_until: datetime | None = None


def call(settings: BrokerSettings, gate_id: str) -> Seen:
    """Connect as the gate does, under a client id of its own so that a running gate is not thrown out, and hang up.

    Blocks, half a minute at the longest, and for DNS. Raises ConfigError if the certificate files cannot be used.
    """
    for _ in range(CALLS):
        seen = _call(settings, gate_id)
        if seen.state is not BrokerState.CLOSED:
            break
    return seen


def _call(settings: BrokerSettings, gate_id: str) -> Seen:
    granted: list[Terms] = []
    until = time.monotonic() + 2 * link.CONNECT_S + PATIENCE_S

    def on_up(client: mqtt.Client, properties: Properties | None) -> None:
        granted.append(link.terms_of(client, properties, most_in_flight=1))
        client.disconnect()

    client = link.new_client(settings, f"{messages.checked_gate_id(gate_id)}-check")
    try:
        ending = link.converse(
            client, settings, on_up=on_up, stopping=lambda: bool(granted) or time.monotonic() >= until
        )
    except Exception as error:  # noqa: BLE001 - whatever a stranger answers becomes a word
        ending = of_error(error)
    if granted:
        valid_until = granted[0].valid_until
        at = None if valid_until is None else datetime.fromtimestamp(valid_until, UTC)
        return Seen(BrokerState.CONNECTED, "accepted", at)
    if ending == STOPPED:
        return Seen(BrokerState.SILENT, "no answer")
    return Seen(ending.state, ending.reason)


def last_day_of(cert_file: Path) -> datetime:
    """Give when the gate's own certificate runs out. Raises ConfigError if it cannot be read."""
    try:
        return x509.load_pem_x509_certificate(cert_file.read_bytes()).not_valid_after_utc
    except (OSError, ValueError) as error:
        raise ConfigError(
            "broker-tls",
            "The gate's own certificate cannot be read.",
            remedy="Check certificate_file under [broker]: it must exist and be PEM.",
        ) from error

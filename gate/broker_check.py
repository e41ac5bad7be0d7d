"""What ``gate check`` says of the broker."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from gate.core.broker import COUNSEL, BrokerState
from gate.errors import DeviceFault
from gate.publish import link, probe
from gate.publish.link import BrokerSettings, TlsSettings

RENEW_WITHIN: Final = timedelta(days=30)


def look_at_broker(broker: BrokerSettings | None, gate_id: str, now: datetime) -> str:
    """Call *broker* and say what it answered, and how long the certificates hold. None: the embedded one.

    Raises DeviceFault ``broker-<state>`` with the remedy where it does not let the gate in, ConfigError ``broker-tls``
    where the certificate files cannot be used.
    """
    if broker is None:
        return "embedded, on loopback: only programs on this device hear what the gate tells"
    if broker.tls is not None:
        link.tls_context(broker.tls)
    seen = probe.call(broker, gate_id)
    if seen.state is not BrokerState.CONNECTED:
        counsel = COUNSEL[seen.state]
        raise DeviceFault(
            f"broker-{seen.state}",
            f"{broker.host}:{broker.port}: {counsel.what} ({seen.reason})",
            remedy=counsel.remedy,
        )
    return f"{broker.host}:{broker.port} lets the gate in, {_secured(broker.tls, seen.valid_until, now)}"


def _secured(tls: TlsSettings | None, brokers: datetime | None, now: datetime) -> str:
    if tls is None or brokers is None:
        return "without TLS, on this device alone"
    words = f"over TLS; its certificate holds {_until(brokers, now)}"
    if tls.cert_file is None:
        return words
    return f"{words}; the gate's own holds {_until(probe.last_day_of(tls.cert_file), now)}"


def _until(day: datetime, now: datetime) -> str:
    soon = ": RENEW IT NOW" if day - now < RENEW_WITHIN else ""
    return f"until {day:%Y-%m-%d}{soon}"

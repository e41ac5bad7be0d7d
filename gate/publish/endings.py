"""What ended a connection to the broker, in one of the core's words: from reason codes, paho's codes and exceptions."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from typing import Final

from paho.mqtt.client import DisconnectFlags
from paho.mqtt.reasoncodes import ReasonCode

from gate.core.broker import BrokerState, ended_by
from gate.errors import ConfigError

LONGEST_REASON: Final = 200

# X509_V_ERR_* of OpenSSL's x509_vfy.h.
_OUT_OF_DATE: Final = frozenset({9, 10})  # CERT_NOT_YET_VALID, CERT_HAS_EXPIRED
_OTHER_NAME: Final = frozenset({62, 64})  # HOSTNAME_MISMATCH, IP_ADDRESS_MISMATCH

_KEEPALIVE: Final = 0x8D
_PROTOCOL: Final = 0x82


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a connection is over: the word for it, and the reason as broker, paho or system put it."""

    state: BrokerState
    reason: str


STOPPED: Final = Ending(BrokerState.CLOSED, "stopped")


def of_connack(reason: ReasonCode) -> Ending:
    """Word a CONNACK that refuses."""
    return Ending(ended_by(reason.value), str(reason))


def of_disconnect(reason: ReasonCode, flags: DisconnectFlags, wire_errors: object) -> Ending:
    """Word what paho's on_disconnect tells. wire_errors: the client's user data, as ``link.new_client`` set it."""
    if flags.is_disconnect_packet_from_server:
        # 0x00, which every broker sends when it shuts down in good order, says nothing else.
        return Ending(ended_by(reason.value), str(reason))
    if reason.value == _KEEPALIVE:
        return Ending(BrokerState.SILENT, str(reason))
    if reason.value == _PROTOCOL:
        return Ending(BrokerState.NONSENSE, str(reason))
    word = wire_errors[-1] if isinstance(wire_errors, list) and wire_errors else ""
    # TLS 1.3 brings the broker's "no" to the gate's certificate only after the handshake, as a failed read.
    state = BrokerState.OWN_CERTIFICATE if _is_about_own_certificate(word) else BrokerState.CLOSED
    return Ending(state, word or str(reason))


def of_error(error: Exception) -> Ending:
    """Word what connecting or serving raised."""
    return Ending(_state_of(error), f"{type(error).__name__}: {error}"[:LONGEST_REASON])


def _state_of(error: Exception) -> BrokerState:  # noqa: PLR0911 - one word per kind of error
    match error:
        case ConfigError():
            return BrokerState.OWN_FILES
        case ssl.SSLCertVerificationError(verify_code=code) if code in _OUT_OF_DATE:
            return BrokerState.EXPIRED
        case ssl.SSLCertVerificationError(verify_code=code) if code in _OTHER_NAME:
            return BrokerState.WRONG_NAME
        case ssl.SSLCertVerificationError():
            return BrokerState.UNTRUSTED
        case ssl.SSLError() if _is_about_own_certificate(str(error)):
            return BrokerState.OWN_CERTIFICATE
        case ssl.SSLError():
            return BrokerState.NO_TLS
        case socket.gaierror():
            return BrokerState.NAME_UNKNOWN
        case TimeoutError():
            return BrokerState.SILENT if "handshake" in str(error) else BrokerState.UNREACHABLE
        case OSError():
            return BrokerState.UNREACHABLE
    # What paho's decoders raise on bytes that are no MQTT: they have no error of their own for it.
    return BrokerState.NONSENSE


def _is_about_own_certificate(word: str) -> bool:
    said = word.lower()
    return "alert" in said and any(
        about in said for about in ("certificate", "unknown ca", "unknown_ca", "access denied")
    )

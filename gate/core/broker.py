"""How the gate stands with its broker, in one word, and what to do about it. No door depends on any of it (R46)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class BrokerState(StrEnum):
    """One word for the log, ``gate check``, the metrics and the console."""

    CONNECTED = "connected"
    UNHEARD = "unheard"
    CONNECTING = "connecting"
    OFF = "off"
    # The connection cannot be made, or was lost.
    UNREACHABLE = "unreachable"
    NAME_UNKNOWN = "name-unknown"
    SILENT = "silent"
    UNTRUSTED = "untrusted"
    EXPIRED = "expired"
    WRONG_NAME = "wrong-name"
    NO_TLS = "no-tls"
    OWN_FILES = "own-files"
    OWN_CERTIFICATE = "own-certificate"
    CREDENTIALS = "credentials"
    BARRED = "barred"
    MOVED = "moved"
    BUSY = "busy"
    TAKEN_OVER = "taken-over"
    NONSENSE = "nonsense"
    SHOUTING = "shouting"
    CLOSED = "closed"
    # The connection stands, and something does not go through.
    TOPIC_REFUSED = "topic-refused"
    OVER_QUOTA = "over-quota"
    TOO_LARGE = "too-large"
    REFUSED = "refused"
    OUTBOX = "outbox"


@dataclass(frozen=True, slots=True)
class Counsel:
    """What is so, and what to do next, in English."""

    what: str
    remedy: str


COUNSEL: Final[Mapping[BrokerState, Counsel]] = MappingProxyType(
    {
        BrokerState.CONNECTED: Counsel("Connected.", "Nothing needs to be done."),
        BrokerState.UNHEARD: Counsel(
            "Connected, but nobody has subscribed to what the gate sends, so it waits here.",
            "Connect a receiver, or see why it does not subscribe.",
        ),
        BrokerState.CONNECTING: Counsel(
            "The gate is calling the broker.", "Wait a minute, then look again. Nothing is lost meanwhile."
        ),
        BrokerState.OFF: Counsel(
            "The gate does not call any broker: its settings cannot be used, or the embedded one does not start.",
            "Run gate check, mend the section [broker], then start the gate again.",
        ),
        BrokerState.UNREACHABLE: Counsel(
            "Nothing answers at the broker's address.",
            "See that the broker runs. Check the network, and host and port in the section [broker].",
        ),
        BrokerState.NAME_UNKNOWN: Counsel(
            "The broker's name leads to no address.",
            "Check host in the section [broker], and the network's name service (DNS).",
        ),
        BrokerState.SILENT: Counsel(
            "The broker took the call and then did not answer.",
            "See whether the broker hangs or its disk is full, and whether the network between is cut.",
        ),
        BrokerState.UNTRUSTED: Counsel(
            "The authority in ca_file does not vouch for the broker's certificate.",
            "Find out who answers at that address. If the site changed its authority, put the new one's certificate "
            "into ca_file.",
        ),
        BrokerState.EXPIRED: Counsel(
            "The broker's certificate has run out, or is not valid yet by this device's clock.",
            "Renew the broker's certificate, and check this device's clock.",
        ),
        BrokerState.WRONG_NAME: Counsel(
            "The broker's certificate is for another name.",
            "Set host in the section [broker] to a name in the certificate, or have it made for that name.",
        ),
        BrokerState.NO_TLS: Counsel(
            "The broker and the gate do not agree on TLS.",
            "Check that the port in the section [broker] is the broker's TLS port, and that it offers TLS 1.2 or later.",
        ),
        BrokerState.OWN_FILES: Counsel(
            "The certificate files that the section [broker] names cannot be used.",
            "Check that they exist, that the gate may read them, that they are PEM and belong together.",
        ),
        BrokerState.OWN_CERTIFICATE: Counsel(
            "The broker does not accept the gate's own certificate.",
            "Renew certificate_file and key_file, or have the broker trust the authority that signed them.",
        ),
        BrokerState.CREDENTIALS: Counsel(
            "The broker does not accept the gate's user name or password.",
            "Check username in the section [broker] and the credential broker-password against the broker's list.",
        ),
        BrokerState.BARRED: Counsel(
            "The broker does not let this gate in.",
            "Ask whoever runs the broker to admit this gate; its client id is the gate's id.",
        ),
        BrokerState.MOVED: Counsel(
            "The broker says that another one serves now.",
            "Set host and port in the section [broker]. The gate goes nowhere by a broker's word alone.",
        ),
        BrokerState.BUSY: Counsel(
            "The broker has no room for the gate at the moment.",
            "The gate calls again by itself. If this lasts, see the broker's limits, memory and disk.",
        ),
        BrokerState.TAKEN_OVER: Counsel(
            "Another device has connected under this gate's id.",
            "Give each device a gate_id and a credential of its own, and find out who used this one.",
        ),
        BrokerState.NONSENSE: Counsel(
            "What answers there does not speak MQTT 5.",
            "Check host and port in the section [broker], and that the broker speaks MQTT 5.",
        ),
        BrokerState.SHOUTING: Counsel(
            "The broker sends far more than the gate has asked for, so the gate hung up.",
            "Find out who writes to the gate's topics, and check the broker's access list.",
        ),
        BrokerState.CLOSED: Counsel(
            "The broker, or something between, ended the connection.",
            "The gate calls again by itself. If this lasts, read the broker's log.",
        ),
        BrokerState.TOPIC_REFUSED: Counsel(
            "The broker does not let the gate use one of its topics.",
            "Add it to the broker's access list, as deploy/mosquitto/acl does.",
        ),
        BrokerState.OVER_QUOTA: Counsel(
            "The broker takes no more messages from this gate at the moment.",
            "The gate tries again by itself. If this lasts, raise the broker's limits or make room on its disk.",
        ),
        BrokerState.TOO_LARGE: Counsel(
            "The broker takes no message as large as the gate's.",
            "Raise the broker's largest message to 4096 bytes (mosquitto: message_size_limit and max_packet_size).",
        ),
        BrokerState.REFUSED: Counsel(
            "The broker refuses what the gate sends.",
            "Read the broker's log; the gate tries again each minute.",
        ),
        BrokerState.OUTBOX: Counsel(
            "The gate's own queue cannot be read or written.",
            "Free some space on this device's disk; the gate goes on by itself.",
        ),
    }
)

UP: Final = frozenset(
    {
        BrokerState.CONNECTED,
        BrokerState.UNHEARD,
        BrokerState.TOPIC_REFUSED,
        BrokerState.OVER_QUOTA,
        BrokerState.TOO_LARGE,
        BrokerState.REFUSED,
        BrokerState.OUTBOX,
    }
)
"""The states in which the connection stands."""

_ENDINGS: Final[Mapping[int, BrokerState]] = MappingProxyType(
    {
        0x81: BrokerState.NONSENSE,  # malformed packet
        0x82: BrokerState.NONSENSE,  # protocol error
        0x84: BrokerState.NONSENSE,  # unsupported protocol version
        0x85: BrokerState.BARRED,  # client identifier not valid
        0x86: BrokerState.CREDENTIALS,  # bad user name or password
        0x87: BrokerState.BARRED,  # not authorised
        0x88: BrokerState.BUSY,  # server unavailable
        0x89: BrokerState.BUSY,  # server busy
        0x8A: BrokerState.BARRED,  # banned
        0x8B: BrokerState.BUSY,  # server shutting down
        0x8C: BrokerState.CREDENTIALS,  # bad authentication method
        0x8D: BrokerState.SILENT,  # keep alive timeout
        0x8E: BrokerState.TAKEN_OVER,  # session taken over
        0x90: BrokerState.TOPIC_REFUSED,  # topic name invalid: of the last will, or of a message
        0x93: BrokerState.OVER_QUOTA,  # receive maximum exceeded
        0x95: BrokerState.TOO_LARGE,  # packet too large
        0x96: BrokerState.OVER_QUOTA,  # message rate too high
        0x97: BrokerState.OVER_QUOTA,  # quota exceeded
        0x98: BrokerState.BARRED,  # administrative action
        0x9A: BrokerState.REFUSED,  # retain not supported
        0x9B: BrokerState.REFUSED,  # QoS not supported: the last will asks for QoS 1
        0x9C: BrokerState.MOVED,  # use another server
        0x9D: BrokerState.MOVED,  # server moved
        0x9F: BrokerState.BUSY,  # connection rate exceeded
    }
)
_REFUSALS: Final[Mapping[int, BrokerState]] = MappingProxyType(
    {
        0x87: BrokerState.TOPIC_REFUSED,  # not authorised
        0x8F: BrokerState.TOPIC_REFUSED,  # topic filter invalid
        0x90: BrokerState.TOPIC_REFUSED,  # topic name invalid
        0x95: BrokerState.TOO_LARGE,  # packet too large
        0x96: BrokerState.OVER_QUOTA,  # message rate too high
        0x97: BrokerState.OVER_QUOTA,  # quota exceeded
    }
)


def ended_by(code: int) -> BrokerState:
    """Word the reason code of a CONNACK or DISCONNECT (MQTT 5.0, 2.4); one not known there closed the connection."""
    return _ENDINGS.get(code, BrokerState.CLOSED)


def refused_by(code: int) -> BrokerState:
    """Word the reason code of a PUBACK or SUBACK that is a failure (0x80 and above)."""
    return _REFUSALS.get(code, BrokerState.REFUSED)

"""What the console says of the broker, in English; the catalogue holds the other languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gate.core.broker import BrokerState
from gate.web.languages import marked as _
from gate.web.staff.gate_words import Tone
from gate.web.words import Words

BROKER: Final[Mapping[BrokerState, Words]] = {
    BrokerState.CONNECTED: Words(
        _("Connected."),
        _("Nothing needs to be done."),
    ),
    BrokerState.UNHEARD: Words(
        _("Connected, but nobody has subscribed to what the gate sends, so it waits here."),
        _("Connect a receiver, or see why it does not subscribe."),
    ),
    BrokerState.CONNECTING: Words(
        _("The gate is calling the broker."),
        _("Wait a minute, then look again. Nothing is lost meanwhile."),
    ),
    BrokerState.OFF: Words(
        _(
            "The gate does not call any broker: its settings cannot be used, or the embedded one "
            "does not start."
        ),
        _("Run gate check, mend the section [broker], then start the gate again."),
    ),
    BrokerState.UNREACHABLE: Words(
        _("Nothing answers at the broker's address."),
        _("See that the broker runs. Check the network, and host and port in the section [broker]."),
    ),
    BrokerState.NAME_UNKNOWN: Words(
        _("The broker's name leads to no address."),
        _("Check host in the section [broker], and the network's name service (DNS)."),
    ),
    BrokerState.SILENT: Words(
        _("The broker took the call and then did not answer."),
        _("See whether the broker hangs or its disk is full, and whether the network between is cut."),
    ),
    BrokerState.UNTRUSTED: Words(
        _("The authority in ca_file does not vouch for the broker's certificate."),
        _(
            "Find out who answers at that address. If the site changed its authority, put the new "
            "one's certificate into ca_file."
        ),
    ),
    BrokerState.EXPIRED: Words(
        _("The broker's certificate has run out, or is not valid yet by this device's clock."),
        _("Renew the broker's certificate, and check this device's clock."),
    ),
    BrokerState.WRONG_NAME: Words(
        _("The broker's certificate is for another name."),
        _("Set host in the section [broker] to a name in the certificate, or have it made for that name."),
    ),
    BrokerState.NO_TLS: Words(
        _("The broker and the gate do not agree on TLS."),
        _(
            "Check that the port in the section [broker] is the broker's TLS port, and that it "
            "offers TLS 1.2 or later."
        ),
    ),
    BrokerState.OWN_FILES: Words(
        _("The certificate files that the section [broker] names cannot be used."),
        _("Check that they exist, that the gate may read them, that they are PEM and belong together."),
    ),
    BrokerState.OWN_CERTIFICATE: Words(
        _("The broker does not accept the gate's own certificate."),
        _("Renew certificate_file and key_file, or have the broker trust the authority that signed them."),
    ),
    BrokerState.CREDENTIALS: Words(
        _("The broker does not accept the gate's user name or password."),
        _(
            "Check username in the section [broker] and the credential broker-password against the "
            "broker's list."
        ),
    ),
    BrokerState.BARRED: Words(
        _("The broker does not let this gate in."),
        _("Ask whoever runs the broker to admit this gate; its client id is the gate's id."),
    ),
    BrokerState.MOVED: Words(
        _("The broker says that another one serves now."),
        _("Set host and port in the section [broker]. The gate goes nowhere by a broker's word alone."),
    ),
    BrokerState.BUSY: Words(
        _("The broker has no room for the gate at the moment."),
        _("The gate calls again by itself. If this lasts, see the broker's limits, memory and disk."),
    ),
    BrokerState.TAKEN_OVER: Words(
        _("Another device has connected under this gate's id."),
        _("Give each device a gate_id and a credential of its own, and find out who used this one."),
    ),
    BrokerState.NONSENSE: Words(
        _("What answers there does not speak MQTT 5."),
        _("Check host and port in the section [broker], and that the broker speaks MQTT 5."),
    ),
    BrokerState.SHOUTING: Words(
        _("The broker sends far more than the gate has asked for, so the gate hung up."),
        _("Find out who writes to the gate's topics, and check the broker's access list."),
    ),
    BrokerState.CLOSED: Words(
        _("The broker, or something between, ended the connection."),
        _("The gate calls again by itself. If this lasts, read the broker's log."),
    ),
    BrokerState.TOPIC_REFUSED: Words(
        _("The broker does not let the gate use one of its topics."),
        _("Add it to the broker's access list, as deploy/mosquitto/acl does."),
    ),
    BrokerState.OVER_QUOTA: Words(
        _("The broker takes no more messages from this gate at the moment."),
        _(
            "The gate tries again by itself. If this lasts, raise the broker's limits or make room "
            "on its disk."
        ),
    ),
    BrokerState.TOO_LARGE: Words(
        _("The broker takes no message as large as the gate's."),
        _(
            "Raise the broker's largest message to 4096 bytes (mosquitto: message_size_limit and "
            "max_packet_size)."
        ),
    ),
    BrokerState.REFUSED: Words(
        _("The broker refuses what the gate sends."),
        _("Read the broker's log; the gate tries again each minute."),
    ),
    BrokerState.OUTBOX: Words(
        _("The gate's own queue cannot be read or written."),
        _("Free some space on this device's disk; the gate goes on by itself."),
    ),
}

WAITS: Final = _("Events wait here meanwhile, and nothing is lost.")

_TONES: Final[Mapping[BrokerState, Tone]] = {
    BrokerState.CONNECTED: Tone.GOOD,
    BrokerState.UNHEARD: Tone.NEAR,
    BrokerState.CONNECTING: Tone.NEAR,
}


def tone_of(state: BrokerState) -> Tone:
    """Give how *state* looks."""
    return _TONES.get(state, Tone.BAD)

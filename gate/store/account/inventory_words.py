"""What each column holds, in words: the one list behind the data inventory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gate.core.retention import Item


class Class(StrEnum):
    """How much harm a column's content could do. An id is personal where it stands for one person."""

    PUBLIC = "public"
    OPERATIONAL = "operational"
    PERSONAL = "personal"
    SENSITIVE = "sensitive"
    SECRET = "secret"  # noqa: S105 - a class of data


@dataclass(frozen=True, slots=True)
class Words:
    """One column: what it holds, its class, how it is sealed, and by which line of the retention table it goes."""

    what: str
    data_class: Class
    sealed: str
    item: Item | str


_PLAIN = "no: it names nobody"
_KEYED = "keyed HMAC (HMAC-SHA256)"
_OWN_KEY = "AES-256-GCM, a key of its own"
_WRAPPED = "AES-256-GCM under the key of its class"
_LINK = "no: a random id"
_BESIDE_LINK = "no: readable, beside a random id"
_BESIDE_KEYED = "no: readable, beside a keyed HMAC"
_FOR_GOOD = "for the life of the device"
_ORDERS_KEPT = "10 minutes, and until the next order after that"


def _public(what: str, item: Item | str) -> Words:
    return Words(what, Class.PUBLIC, "no: it is published", item)


def _operational(what: str, item: Item | str) -> Words:
    return Words(what, Class.OPERATIONAL, _PLAIN, item)


def _personal(what: str, item: Item | str, sealed: str = _BESIDE_LINK) -> Words:
    return Words(what, Class.PERSONAL, sealed, item)


def _link(what: str, item: Item | str) -> Words:
    return _personal(what, item, _LINK)


def _key_of(what: str, item: Item | str) -> Words:
    return Words(f"the key of {what}, wrapped", Class.SECRET, _WRAPPED, item)


COLUMNS: Final[Mapping[str, Mapping[str, Words]]] = {
    "meta": {
        "name": _operational("what the value is", _FOR_GOOD),
        "value": _operational(
            "check value of the key, epoch numbers, marks of the clock, the audit log, counting, signed orders, tamper and the end of the service",
            _FOR_GOOD,
        ),
    },
    "people": {
        "id": _link("random id of a person", Item.PERSON),
        "unit_lookup": _personal("the unit number", Item.PERSON, _KEYED),
        "wrapped_key": _key_of("the record", Item.PERSON),
        "sealed": _personal(
            "name, unit, contact, the name of their hours, the random word that stands beside consents",
            Item.PERSON,
            _OWN_KEY,
        ),
        "ends_at": _personal("when the tenancy ends", Item.PERSON),
        "subject_lookup": _personal("the random word that stands beside consents", Item.PERSON, _KEYED),
    },
    "credentials": {
        "id": _link("random id of a card or PIN", Item.CREDENTIAL),
        "person_id": _link("random id of its holder", Item.CREDENTIAL),
        "kind": _personal("card or PIN", Item.CREDENTIAL),
        "lookup": _personal("the card's number", Item.CREDENTIAL, _KEYED),
        "verifier": Words(
            "what a PIN is verified with",
            Class.SECRET,
            "argon2id over a keyed HMAC of the PIN",
            Item.CREDENTIAL,
        ),
        "valid_from": _personal("from when it opens", Item.CREDENTIAL),
        "valid_until": _personal("until when it opens", Item.CREDENTIAL),
        "revoked_at": _personal("when it was revoked", Item.CREDENTIAL),
        "duress": Words(
            "what a duress PIN is verified with, or noise where there is none",
            Class.SECRET,
            "argon2id over a keyed HMAC of the PIN",
            Item.CREDENTIAL,
        ),
    },
    "visits": {
        "id": _personal("a visitor's code", Item.VISIT, _KEYED),
        "person_id": _link("random id of whose guest it lets in", Item.VISIT),
        "valid_from": _personal("from when it opens", Item.VISIT),
        "valid_until": _personal("until when it opens", Item.VISIT),
    },
    "throttle": {
        "unit_lookup": _personal(
            "a unit number as it was typed, whether there is such a unit or not; one row stands for all cards shown at the desk",
            Item.WAIT,
            _KEYED,
        ),
        "failures": _personal("wrong PINs in a row", Item.WAIT, _BESIDE_KEYED),
        "not_before": _personal("when the next PIN is taken", Item.WAIT, _BESIDE_KEYED),
    },
    "consents": {
        "id": _link("random id of a consent record", Item.CONSENT),
        "subject_ref": _link("the random word that stands for its person", Item.CONSENT),
        "purpose": _personal("the one purpose: opening this gate", Item.CONSENT),
        "notice_version": _personal("the notice it was given under", Item.CONSENT),
        "language": _personal("the language it was read in", Item.CONSENT),
        "given_at": _personal("when it was given", Item.CONSENT),
        "expires_at": _personal("when it runs out", Item.CONSENT),
        "ended_at": _personal("when it ended", Item.CONSENT),
        "state": _personal("given, withdrawn, expired or invalidated", Item.CONSENT),
        "restricted_at": _personal("since when face is left alone at the person's wish", Item.CONSENT),
        "under_14": _personal("whether a guardian gave it", Item.CONSENT),
    },
    "templates": {
        "id": _link("random id of a template", Item.TEMPLATE),
        "consent_id": _link("random id of the consent it lives by", Item.TEMPLATE),
        "model_sha256": _operational("hash of the network that made it", Item.TEMPLATE),
        "epoch": _operational("number of the epoch it is sealed under", Item.TEMPLATE),
        "wrapped_key": _key_of("the template, under the epoch's key", Item.TEMPLATE),
        "sealed": Words(
            "the face template, after the keyed transform of the epoch",
            Class.SENSITIVE,
            _OWN_KEY,
            Item.TEMPLATE,
        ),
        "created_at": _personal("when it was taken", Item.TEMPLATE),
        "last_used_month": _personal("the month it last opened", Item.UNUSED_TEMPLATE),
        "lookalike": _personal(
            "whether the face came near somebody else's as it was taken; neither whose nor how near",
            Item.TEMPLATE,
        ),
    },
    "consent_events": {
        "seq": _operational("number of the event", _FOR_GOOD),
        "record": _link("random id of the consent record", _FOR_GOOD),
        "at": _personal("when", _FOR_GOOD),
        "digest": _operational("salted SHA-256 of the event", _FOR_GOOD),
        "hash": _operational("hash of the chain", _FOR_GOOD),
        "signature": _operational("the device's signature", _FOR_GOOD),
        "wrapped_key": _key_of("the event", Item.CONSENT),
        "sealed": _personal(
            "what was asked and answered: notice, channel, role, language, guardian's relation where there is one",
            Item.CONSENT,
            _OWN_KEY,
        ),
    },
    "decisions": {
        "attempt": _operational("random id of an attempt at the gate, used once", Item.DECISION),
        "at": _operational("when", Item.DECISION),
        "gate": _operational("which gate", Item.DECISION),
        "method": _operational("card, PIN, face or code; or that the staff released the door", Item.DECISION),
        "granted": _operational("whether it opened", Item.DECISION),
        "reason": _operational("why; nothing about the person", Item.DECISION),
        "outcome": _operational("what the door did", Item.DECISION),
    },
    "outbox": {
        "id": _operational("number", Item.COUNT),
        "stream": _operational("counts, alarms or live events", Item.COUNT),
        "message_id": _operational("random id of the message", Item.COUNT),
        "due": _operational("when it may be sent", Item.COUNT),
        "wrapped_key": _key_of("the message", Item.COUNT),
        "sealed": _personal(
            "a count as it may be told, an alarm, or a live event without a name", Item.COUNT, _OWN_KEY
        ),
        "epoch": _operational("random id of the row of numbers it belongs to", Item.COUNT),
        "sequence": _operational("its number, once it was handed out", Item.COUNT),
        "sent_at": _operational("when the broker had it", Item.COUNT),
    },
    "outbox_streams": {
        "stream": _operational("counts, alarms or live events", _FOR_GOOD),
        "last": _operational("the last number drawn", _FOR_GOOD),
    },
    "tally": {
        "part": _operational("which hour is counted, or what was withheld so far", Item.WINDOW_SET),
        "wrapped_key": _key_of("the numbers", Item.WINDOW_SET),
        "sealed": _personal(
            "how many came in, of how many people at least, and how many did not", Item.WINDOW_SET, _OWN_KEY
        ),
    },
    "audit_log": {
        "seq": _operational("number of the line", Item.AUDIT),
        "at": _personal("when", Item.AUDIT),
        "actor": _personal("who, as a role", Item.AUDIT),
        "action": _personal("what was done", Item.AUDIT),
        "object": _personal(
            "random id, version or hash of what it was done to",
            Item.AUDIT,
            "no: a random id, version or hash",
        ),
        "detail": _personal("numbers and words of the action's own", Item.AUDIT),
        "hash": _operational("hash of the chain", Item.AUDIT),
    },
    "anchors": {
        "seq": _operational("number of a signed line", Item.AUDIT),
        "at": _operational("when it was signed", Item.AUDIT),
        "hash": _operational("hash of the chain there", Item.AUDIT),
        "signature": _operational("the device's signature", Item.AUDIT),
    },
    "tombstones": {
        "seq": _operational("number", Item.TOMBSTONE),
        "kind": _operational(
            "what was erased: template, consent, person, credential or request", Item.TOMBSTONE
        ),
        "ref": _link("random id it had", Item.TOMBSTONE),
        "at": _operational("when", Item.TOMBSTONE),
    },
    "notices": {
        "version": _public("number of the notice", Item.NOTICE),
        "language": _public("its language", Item.NOTICE),
        "form": _public("short or full", Item.NOTICE),
        "sha256": _public("hash of the text", Item.NOTICE),
        "text": _public("the text", Item.NOTICE),
        "terms": _public("what a change of makes people be asked anew", Item.NOTICE),
        "published_at": _public("when it was published", Item.NOTICE),
    },
    "notice_texts": {
        "stage": _operational("draft, or in place of the folder's texts", Item.NOTICE),
        "texts": _operational("the notice's texts before they are filled", Item.NOTICE),
        "at": _operational("when they were written", Item.NOTICE),
        "by": _link("random id of the account that wrote them", Item.NOTICE),
    },
    "requests": {
        "id": _operational("random id of a request", Item.REQUEST),
        "kind": _operational("what is asked for", Item.REQUEST),
        "received_at": _operational("when it came", Item.REQUEST),
        "due_at": _operational("when it is due", Item.REQUEST),
        "closed_at": _operational("when it was answered", Item.REQUEST),
        "outcome": _operational("how it was answered", Item.REQUEST),
        "wrapped_key": _key_of("the request", Item.REQUEST),
        "sealed": _personal("who asked, in what words, what was answered", Item.REQUEST, _OWN_KEY),
        "person_lookup": _personal("who asked", Item.REQUEST, _KEYED),
    },
    "register_entries": {
        "id": _operational("random id of an entry", Item.REGISTER),
        "revision": _operational("number of its revision", Item.REGISTER),
        "register": _operational("which register", Item.REGISTER),
        "at": _operational("when it was entered", Item.REGISTER),
        "wrapped_key": _key_of("the entry", Item.REGISTER),
        "sealed": _personal("the entry; a training names its staff", Item.REGISTER, _OWN_KEY),
    },
    "assessments": {
        "id": _operational("random id of an approval", Item.ASSESSMENT),
        "config_sha256": _operational("hash of the configuration it holds for", Item.ASSESSMENT),
        "approved_at": _operational("when", Item.ASSESSMENT),
        "signature": _operational("the device's signature", Item.ASSESSMENT),
        "wrapped_key": _key_of("the assessment", Item.ASSESSMENT),
        "sealed": _personal(
            "the assessment, word for word, with name and office of who approved", Item.ASSESSMENT, _OWN_KEY
        ),
    },
    "overrides": {
        "version": _operational("number of a change of the settings from the console", Item.OVERRIDE),
        "at": _personal("when", Item.OVERRIDE),
        "by": _link("random id of the account that changed them", Item.OVERRIDE),
        "settings": _operational("the settings that stand beside the settings file", Item.OVERRIDE),
        "signature": _operational("the device's signature", Item.OVERRIDE),
    },
    "rings": {
        "alarm": _operational("which alarm rings", Item.RING),
        "at": _operational("since when", Item.RING),
    },
    "hours": {
        "name": _operational("name of weekly hours, such as cleaners", Item.HOURS),
        "text": _operational("the hours", Item.HOURS),
        "mac": _operational("keyed code of both, so that an alteration shows", Item.HOURS),
    },
    "door_hours": {
        "kind": _operational("whether the door stands locked or open in them", Item.HOURS),
        "name": _operational("name of the hours", Item.HOURS),
        "mac": _operational("keyed code of both, so that an alteration shows", Item.HOURS),
    },
    "device_keys": {
        "device": _operational("which device, as the settings name it", Item.DEVICE_KEY),
        "wrapped_key": _key_of("the key in use", Item.DEVICE_KEY),
        "sealed": Words("the key in use", Class.SECRET, _OWN_KEY, Item.DEVICE_KEY),
        "confirmed_at": _operational("since when the device holds it", Item.DEVICE_KEY),
        "offered_wrapped_key": _key_of("the key offered", Item.DEVICE_KEY),
        "offered_sealed": Words(
            "a key offered and not yet confirmed", Class.SECRET, _OWN_KEY, Item.DEVICE_KEY
        ),
        "offered_at": _operational("when it was offered", Item.DEVICE_KEY),
    },
    "certificates": {
        "name": _operational("which of the gate's two certificates", Item.CERTIFICATE),
        "certificate": _public("the certificate, as every browser gets it", Item.CERTIFICATE),
        "wrapped_key": _key_of("its private key", Item.CERTIFICATE),
        "sealed": Words("its private key", Class.SECRET, _OWN_KEY, Item.CERTIFICATE),
        "made_at": _operational("when it was made", Item.CERTIFICATE),
    },
    "accounts": {
        "id": _link("random id of a staff account", Item.ACCOUNT),
        "login_lookup": _personal("the login", Item.ACCOUNT, _KEYED),
        "created_at": _personal("when it was entered", Item.ACCOUNT),
        "disabled_at": _personal("when it was ended", Item.ACCOUNT),
        "wrapped_key": _key_of("the account", Item.ACCOUNT),
        "sealed": _personal(
            "login, name, offices, who entered, reset or gave an office to it lately", Item.ACCOUNT, _OWN_KEY
        ),
    },
    "account_secrets": {
        "stamp": _link("random id of its present secrets, another after every change", Item.ACCOUNT),
        "account_id": _link("random id of the account", Item.ACCOUNT),
        "wrapped_key": _key_of("the secrets", Item.ACCOUNT),
        "sealed": Words(
            "what the password is verified with (argon2id), the authenticator's secret, its last used step",
            Class.SECRET,
            _OWN_KEY,
            Item.ACCOUNT,
        ),
    },
    "passkeys": {
        "id": _link("random id of a passkey", Item.ACCOUNT),
        "account_id": _link("random id of the account", Item.ACCOUNT),
        "credential_lookup": _personal("the passkey's own id", Item.ACCOUNT, _KEYED),
        "added_at": _personal("when it was added", Item.ACCOUNT),
        "wrapped_key": _key_of("the passkey", Item.ACCOUNT),
        "sealed": _personal("its name, public key and count of uses", Item.ACCOUNT, _OWN_KEY),
    },
    "recovery_codes": {
        "id": Words("a recovery code", Class.SECRET, _KEYED, Item.ACCOUNT),
        "account_id": _link("random id of the account", Item.ACCOUNT),
    },
    "one_time_codes": {
        "lookup": Words("a set-up code or an invitation", Class.SECRET, _KEYED, Item.ONE_TIME_CODE),
        "account_id": _link("random id of the account it is for", Item.ONE_TIME_CODE),
        "expires_at": _operational("until when it can be used", Item.ONE_TIME_CODE),
        "mac": _operational("keyed code of all, so that an alteration shows", Item.ONE_TIME_CODE),
    },
    "approvals": {
        "id": _operational("random id of an approval", Item.APPROVAL),
        "asked_at": _operational("when it was asked for", Item.APPROVAL),
        "wrapped_key": _key_of("the approval", Item.APPROVAL),
        "sealed": _personal("for what, why, who asked, who answered", Item.APPROVAL, _OWN_KEY),
    },
    "tokens": {
        "id": _link("random id of a token", Item.TOKEN),
        "lookup": Words("the token", Class.SECRET, _KEYED, Item.TOKEN),
        "made_at": _personal("when it was made", Item.TOKEN),
        "expires_at": _personal("when it runs out", Item.TOKEN),
        "revoked_at": _personal("when it was revoked", Item.TOKEN),
        "wrapped_key": _key_of("the record", Item.TOKEN),
        "sealed": _personal("its name, office, who made it", Item.TOKEN, _OWN_KEY),
    },
    "order_nonces": {
        "nonce": _operational("random id of a signed order, used once", _ORDERS_KEPT),
        "key": _operational("which of the site's keys signed it", _ORDERS_KEPT),
        "kind": _operational("lockdown, its end, or a release", _ORDERS_KEPT),
        "issued_at": _operational("when it was signed", _ORDERS_KEPT),
        "expires_at": _operational("until when it was good", _ORDERS_KEPT),
        "taken_at": _operational("when it came", _ORDERS_KEPT),
    },
    "retention_runs": {
        "seq": _operational("number of the run", Item.RUN),
        "at": _operational("when", Item.RUN),
        "deleted": _operational("how much of what was deleted", Item.RUN),
        "failed": _operational("what could not be deleted", Item.RUN),
    },
}

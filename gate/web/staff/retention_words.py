"""What each line of the table of retention says, as its page shows it: word for word what the core says, to be translated (R75)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gate.core.retention import DataClass, Item
from gate.web.languages import marked as _


@dataclass(frozen=True, slots=True)
class RowWords:
    """One line: the fields of the same name of ``gate.core.retention.DataRow``."""

    what: str
    starts: str
    kept: str
    ends: str


CLASSES: Final[Mapping[DataClass, str]] = MappingProxyType(
    {
        DataClass.SENSITIVE: _("sensitive"),
        DataClass.PERSONAL: _("personal"),
        DataClass.SECRET: _("secret"),
        DataClass.OPERATIONAL: _("of the gate itself"),
    }
)

ITEMS: Final[Mapping[Item, str]] = MappingProxyType(
    {
        Item.FRAME: _("Pictures and figures of the moment"),
        Item.WINDOW_SET: _("Distinct people of a counting window"),
        Item.KEYS: _("Keys of the device"),
        Item.TEMPLATE: _("Face templates"),
        Item.UNUSED_TEMPLATE: _("Face templates without use"),
        Item.UNOPENABLE: _("Face templates that no key opens"),
        Item.ORPHAN: _("Consents nobody can withdraw"),
        Item.TENANCY: _("Tenancies that end"),
        Item.PERSON: _("Residents' names, units, contacts"),
        Item.DAMAGED_PERSON: _("Residents' records that were altered"),
        Item.CREDENTIAL: _("Cards and PINs"),
        Item.VISIT: _("Visitors' codes"),
        Item.CONSENT: _("Consent records"),
        Item.DECISION: _("Decisions at the gate"),
        Item.COUNT: _("Counts that are told"),
        Item.WAIT: _("Wrong PINs"),
        Item.AUDIT: _("Lines of the audit log"),
        Item.REQUEST: _("Requests of people"),
        Item.REGISTER: _("Earlier revisions of registers"),
        Item.ASSESSMENT: _("Earlier impact assessments"),
        Item.RUN: _("Runs of deletion"),
        Item.TOMBSTONE: _("Notes of what was erased"),
        Item.NOTICE: _("Published notices"),
        Item.HOURS: _("Weekly hours"),
        Item.DEVICE_KEY: _("Keys of reader and door controller"),
        Item.OVERRIDE: _("Earlier settings"),
        Item.RING: _("Alarms that ring"),
        Item.CERTIFICATE: _("Certificates of the pages"),
        Item.ACCOUNT: _("Staff accounts"),
        Item.APPROVAL: _("Approvals by a second person"),
        Item.TOKEN: _("Tokens of programs"),
        Item.ONE_TIME_CODE: _("Set-up codes and invitations"),
    }
)

ROWS: Final[Mapping[Item, RowWords]] = MappingProxyType(
    {
        Item.FRAME: RowWords(
            _("frame, crop, probe embedding, similarity"),
            _("the frame"),
            _("at most 1 s after the decision"),
            _("the decision, or the person leaves"),
        ),
        Item.WINDOW_SET: RowWords(
            _("distinct people of one counting window"),
            _("the window"),
            _("until the window is told of, at most the UTC day"),
            _("the end of the window or of the day, or a restart"),
        ),
        Item.KEYS: RowWords(
            _("root key, epoch secret, transform seed"),
            _("the epoch"),
            _("until the next erasure (epoch secret); the device's life (root key)"),
            _("an erasure rotates the epoch; a factory reset ends all"),
        ),
        Item.TEMPLATE: RowWords(
            _("face template"),
            _("consent"),
            _("the consent's span, at most 12 months (180 days under 14)"),
            _("withdrawal, expiry, end of tenancy"),
        ),
        Item.UNUSED_TEMPLATE: RowWords(
            _("face template that is not used, and the month of its last use"),
            _("the end of the month of the last use"),
            _("180 days"),
            _("disuse ends the consent, and the template with it"),
        ),
        Item.UNOPENABLE: RowWords(
            _("face template that no key opens any more, after an older copy of the data was put back"),
            _("the loss of its key"),
            _("until the second run that meets it: keys or data may be put right before"),
            _("its consent is invalidated, it is erased"),
        ),
        Item.ORPHAN: RowWords(
            _("consent that no person here can withdraw any more"),
            _("the loss of the person's record"),
            _("until the next run"),
            _("it is invalidated, its template erased"),
        ),
        Item.TENANCY: RowWords(
            _("cards, PIN and face of somebody who moves out on a day known before"),
            _("the end of the tenancy"),
            _("ends with it"),
            _("cards and PIN are revoked, the consent is invalidated, the unit number is free"),
        ),
        Item.PERSON: RowWords(
            _("name, unit, contact"),
            _("the end of the tenancy"),
            _("30 days"),
            _("deletion; removal at the desk is immediate"),
        ),
        Item.DAMAGED_PERSON: RowWords(
            _("name, unit, contact in a record that was altered and opens no more"),
            _("the damage"),
            _("until it is put right or removed at the desk; each run tells of it"),
            _("gate resident remove"),
        ),
        Item.CREDENTIAL: RowWords(
            _("card (keyed HMAC of its number), PIN (argon2id over a keyed HMAC)"),
            _("the end of its validity"),
            _("30 days, opening nothing"),
            _("revocation, expiry, end of tenancy"),
        ),
        Item.VISIT: RowWords(
            _("visitor's code that nobody used yet: whose guest, from when until when; no name of the guest"),
            _("the end of its validity, at most 37 days after it was issued"),
            _("goes with it"),
            _("its one use, revocation, expiry, end of tenancy"),
        ),
        Item.CONSENT: RowWords(
            _("consent record and its events"),
            _("the end of the consent"),
            _("3 years, restricted to proving it"),
            _("content deleted; hash and signature stay as links of the chain"),
        ),
        Item.DECISION: RowWords(
            _("decision at the gate: time, method, result, reason; no person"),
            _("the decision"),
            _("30 days"),
            _("deletion"),
        ),
        Item.COUNT: RowWords(
            _("counts as they are told, and alarms on their way"),
            _("when it may be sent"),
            _("counts 90 days once they are sent; the rest until it is sent"),
            _("deletion; where the queue is full, two messages become one"),
        ),
        Item.WAIT: RowWords(
            _("wrong PINs by keyed HMAC of the unit as typed"),
            _("the end of the wait"),
            _("30 days"),
            _("a right PIN, or deletion"),
        ),
        Item.AUDIT: RowWords(
            _("audit log: roles, acts, random ids"),
            _("the entry"),
            _("3 years"),
            _("deletion from the oldest on, up to a signed head"),
        ),
        Item.REQUEST: RowWords(
            _("requests of people about their own data"),
            _("the answer"),
            _("3 years"),
            _("deletion"),
        ),
        Item.REGISTER: RowWords(
            _("superseded revisions of registers (recipients, processors, training, incidents, signs)"),
            _("the next revision"),
            _("3 years; the present revision stays"),
            _("deletion"),
        ),
        Item.ASSESSMENT: RowWords(
            _("impact assessments that a newer approval replaced"),
            _("the next approval"),
            _("3 years; the latest stays"),
            _("deletion"),
        ),
        Item.RUN: RowWords(
            _("runs of the retention engine"),
            _("the run"),
            _("3 years"),
            _("deletion"),
        ),
        Item.TOMBSTONE: RowWords(
            _("tombstones: random ids of what was erased"),
            _("the erasure"),
            _("3 years, longer than any backup is of use"),
            _("deletion"),
        ),
        Item.NOTICE: RowWords(
            _("published notices"),
            _("publication"),
            _("for good: they hold no personal data but the controller's own"),
            _("a factory reset"),
        ),
        Item.HOURS: RowWords(
            _(
                "named weekly hours, and which of them the door keeps; who has which is in the person's own record"
            ),
            _("the setting"),
            _("until they are removed"),
            _("gate hours remove, gate door hours"),
        ),
        Item.DEVICE_KEY: RowWords(
            _("keys shared with the reader and the door controller"),
            _("the pairing"),
            _("until the device is paired anew or forgotten"),
            _("the next pairing replaces it; a factory reset ends all"),
        ),
        Item.OVERRIDE: RowWords(
            _("settings changed from the console that a newer change replaced"),
            _("the next change"),
            _("3 years; the present settings stay"),
            _("deletion"),
        ),
        Item.RING: RowWords(
            _("alarms that ring: which and since when, and nobody's name"),
            _("the alarm"),
            _("until somebody of the staff says that they know, or half an hour"),
            _("the staff's word, or the time"),
        ),
        Item.CERTIFICATE: RowWords(
            _(
                "the gate's own certificate authority and the certificate of its pages, each with its private key"
            ),
            _("the making"),
            _("10 years; the pages' certificate 397 days, renewed 30 days before"),
            _("the next one replaces it; a factory reset ends all"),
        ),
        Item.ACCOUNT: RowWords(
            _("staff account: login, name, offices, and what its holder signs in with"),
            _("the end of the account"),
            _("3 years; what it signs in with goes with its end"),
            _("deletion"),
        ),
        Item.APPROVAL: RowWords(
            _("what one of the staff asked for and another allowed"),
            _("the asking"),
            _("3 years"),
            _("deletion"),
        ),
        Item.TOKEN: RowWords(
            _("token of a program: its name, its office, who made it; the token itself is not held"),
            _("the end of its validity, at most a year after it was made"),
            _("30 days, opening nothing"),
            _("revocation, expiry, the end of the account that made it"),
        ),
        Item.ONE_TIME_CODE: RowWords(
            _("set-up code or invitation that nobody used yet"),
            _("the end of its validity: an hour, or 7 days"),
            _("goes with it"),
            _("its one use, the next one"),
        ),
    }
)

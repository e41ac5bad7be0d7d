"""What the device may hold, where, how long, and what ends it: the one list (R75). The cut-offs are in ``retention.py``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class DataClass(StrEnum):
    """How much harm the item could do."""

    SENSITIVE = "sensitive"
    PERSONAL = "personal"
    SECRET = "secret"  # noqa: S105 - a class of data
    OPERATIONAL = "operational"


class Item(StrEnum):
    """Each kind of thing the device holds."""

    FRAME = "frame"
    WINDOW_SET = "window-set"
    KEYS = "keys"
    TEMPLATE = "template"
    UNUSED_TEMPLATE = "unused-template"
    UNOPENABLE = "unopenable"
    ORPHAN = "orphan"
    TENANCY = "tenancy"
    PERSON = "person"
    DAMAGED_PERSON = "damaged-person"
    CREDENTIAL = "credential"
    VISIT = "visit"
    CONSENT = "consent"
    DECISION = "decision"
    COUNT = "count"
    WAIT = "wait"
    AUDIT = "audit"
    REQUEST = "request"
    REGISTER = "register"
    ASSESSMENT = "assessment"
    RUN = "run"
    TOMBSTONE = "tombstone"
    NOTICE = "notice"
    HOURS = "hours"
    DEVICE_KEY = "device-key"
    OVERRIDE = "override"
    RING = "ring"
    CERTIFICATE = "certificate"
    ACCOUNT = "account"
    APPROVAL = "approval"
    TOKEN = "token"  # noqa: S105 - a kind of record
    ONE_TIME_CODE = "one-time-code"


@dataclass(frozen=True, slots=True)
class DataRow:
    """One line of the table of what the device may hold.

    what: in plain words. where: place and sealing. starts: what starts its clock. kept: how long from then, None where
    a rule and no span ends it. ends: what ends it. enforced: by what, a place in the code.
    """

    item: Item
    what: str
    data_class: DataClass
    where: str
    starts: str
    kept: str
    ends: str
    enforced: str


_ENGINE = "gate/store/upkeep/retention.py, hourly and at each start"
_VISION = "gate/vision/worker.py: memory only, overwritten"

DATA_TABLE: Final[tuple[DataRow, ...]] = (
    DataRow(
        Item.FRAME,
        "frame, crop, probe embedding, similarity",
        DataClass.SENSITIVE,
        "memory of the vision process; never on disk",
        "the frame",
        "at most 1 s after the decision",
        "the decision, or the person leaves",
        _VISION,
    ),
    DataRow(
        Item.WINDOW_SET,
        "distinct people of one counting window",
        DataClass.PERSONAL,
        "memory, as digests under a key of the day; on disk numbers only, sealed",
        "the window",
        "until the window is told of, at most the UTC day",
        "the end of the window or of the day, or a restart",
        "gate/store/tally.py",
    ),
    DataRow(
        Item.KEYS,
        "root key, epoch secret, transform seed",
        DataClass.SECRET,
        "the custody chosen in the settings; where it is a file, the health page says so",
        "the epoch",
        "until the next erasure (epoch secret); the device's life (root key)",
        "an erasure rotates the epoch; a factory reset ends all",
        "gate/store/keyring/rotation.py",
    ),
    DataRow(
        Item.TEMPLATE,
        "face template",
        DataClass.SENSITIVE,
        "database, a key of its own under the epoch's",
        "consent",
        "the consent's span, at most 12 months (180 days under 14)",
        "withdrawal, expiry, end of tenancy",
        _ENGINE,
    ),
    DataRow(
        Item.UNUSED_TEMPLATE,
        "face template that is not used, and the month of its last use",
        DataClass.SENSITIVE,
        "database, beside the template",
        "the end of the month of the last use",
        "180 days",
        "disuse ends the consent, and the template with it",
        _ENGINE,
    ),
    DataRow(
        Item.UNOPENABLE,
        "face template that no key opens any more, after an older copy of the data was put back",
        DataClass.SENSITIVE,
        "database, noise for good",
        "the loss of its key",
        "until the second run that meets it: keys or data may be put right before",
        "its consent is invalidated, it is erased",
        _ENGINE,
    ),
    DataRow(
        Item.ORPHAN,
        "consent that no person here can withdraw any more",
        DataClass.SENSITIVE,
        "database",
        "the loss of the person's record",
        "until the next run",
        "it is invalidated, its template erased",
        _ENGINE,
    ),
    DataRow(
        Item.TENANCY,
        "cards, PIN and face of somebody who moves out on a day known before",
        DataClass.PERSONAL,
        "database",
        "the end of the tenancy",
        "ends with it",
        "cards and PIN are revoked, the consent is invalidated, the unit number is free",
        _ENGINE,
    ),
    DataRow(
        Item.PERSON,
        "name, unit, contact",
        DataClass.PERSONAL,
        "database, a key of its own, apart from biometric data",
        "the end of the tenancy",
        "30 days",
        "deletion; removal at the desk is immediate",
        _ENGINE,
    ),
    DataRow(
        Item.DAMAGED_PERSON,
        "name, unit, contact in a record that was altered and opens no more",
        DataClass.PERSONAL,
        "database, unreadable",
        "the damage",
        "until it is put right or removed at the desk; each run tells of it",
        "gate resident remove",
        _ENGINE,
    ),
    DataRow(
        Item.CREDENTIAL,
        "card (keyed HMAC of its number), PIN (argon2id over a keyed HMAC)",
        DataClass.PERSONAL,
        "database; neither number nor PIN is held",
        "the end of its validity",
        "30 days, opening nothing",
        "revocation, expiry, end of tenancy",
        _ENGINE,
    ),
    DataRow(
        Item.VISIT,
        "visitor's code that nobody used yet: whose guest, from when until when; no name of the guest",
        DataClass.PERSONAL,
        "database, found by a keyed HMAC; the code itself is not held",
        "the end of its validity, at most 37 days after it was issued",
        "goes with it",
        "its one use, revocation, expiry, end of tenancy",
        _ENGINE,
    ),
    DataRow(
        Item.CONSENT,
        "consent record and its events",
        DataClass.PERSONAL,
        "database, a key of its own per event",
        "the end of the consent",
        "3 years, restricted to proving it",
        "content deleted; hash and signature stay as links of the chain",
        _ENGINE,
    ),
    DataRow(
        Item.DECISION,
        "decision at the gate: time, method, result, reason; no person",
        DataClass.OPERATIONAL,
        "database",
        "the decision",
        "30 days",
        "deletion",
        _ENGINE,
    ),
    DataRow(
        Item.COUNT,
        "counts as they are told, and alarms on their way",
        DataClass.OPERATIONAL,
        "database, sealed; published",
        "when it may be sent",
        "counts 90 days once they are sent; the rest until it is sent",
        "deletion; where the queue is full, two messages become one",
        _ENGINE,
    ),
    DataRow(
        Item.WAIT,
        "wrong PINs by keyed HMAC of the unit as typed",
        DataClass.PERSONAL,
        "database",
        "the end of the wait",
        "30 days",
        "a right PIN, or deletion",
        _ENGINE,
    ),
    DataRow(
        Item.AUDIT,
        "audit log: roles, acts, random ids",
        DataClass.PERSONAL,
        "database, chained, its head signed",
        "the entry",
        "3 years",
        "deletion from the oldest on, up to a signed head",
        _ENGINE,
    ),
    DataRow(
        Item.REQUEST,
        "requests of people about their own data",
        DataClass.PERSONAL,
        "database, a key of its own",
        "the answer",
        "3 years",
        "deletion",
        _ENGINE,
    ),
    DataRow(
        Item.REGISTER,
        "superseded revisions of registers (recipients, processors, training, incidents, signs)",
        DataClass.PERSONAL,
        "database, a key of its own",
        "the next revision",
        "3 years; the present revision stays",
        "deletion",
        _ENGINE,
    ),
    DataRow(
        Item.ASSESSMENT,
        "impact assessments that a newer approval replaced",
        DataClass.PERSONAL,
        "database, a key of its own",
        "the next approval",
        "3 years; the latest stays",
        "deletion",
        _ENGINE,
    ),
    DataRow(
        Item.RUN,
        "runs of the retention engine",
        DataClass.OPERATIONAL,
        "database",
        "the run",
        "3 years",
        "deletion",
        _ENGINE,
    ),
    DataRow(
        Item.TOMBSTONE,
        "tombstones: random ids of what was erased",
        DataClass.OPERATIONAL,
        "database; a signed list beside the backups",
        "the erasure",
        "3 years, longer than any backup is of use",
        "deletion",
        _ENGINE,
    ),
    DataRow(
        Item.NOTICE,
        "published notices",
        DataClass.OPERATIONAL,
        "database, immutable",
        "publication",
        "for good: they hold no personal data but the controller's own",
        "a factory reset",
        "triggers of gate/store/schema/0002_law.sql",
    ),
    DataRow(
        Item.HOURS,
        "named weekly hours, and which of them the door keeps; who has which is in the person's own record",
        DataClass.OPERATIONAL,
        "database, with a keyed code against alteration",
        "the setting",
        "until they are removed",
        "gate hours remove, gate door hours",
        "gate/store/permits.py",
    ),
    DataRow(
        Item.DEVICE_KEY,
        "keys shared with the reader and the door controller",
        DataClass.SECRET,
        "database, a key of its own each",
        "the pairing",
        "until the device is paired anew or forgotten",
        "the next pairing replaces it; a factory reset ends all",
        "gate/store/device_keys.py",
    ),
    DataRow(
        Item.OVERRIDE,
        "settings changed from the console that a newer change replaced",
        DataClass.PERSONAL,
        "database, signed; who changed them as a random id",
        "the next change",
        "3 years; the present settings stay",
        "deletion",
        _ENGINE,
    ),
    DataRow(
        Item.RING,
        "alarms that ring: which and since when, and nobody's name",
        DataClass.OPERATIONAL,
        "database",
        "the alarm",
        "until somebody of the staff says that they know, or half an hour",
        "the staff's word, or the time",
        "gate/alarms.py",
    ),
    DataRow(
        Item.CERTIFICATE,
        "the gate's own certificate authority and the certificate of its pages, each with its private key",
        DataClass.SECRET,
        "database, a key of its own each; the certificates readable",
        "the making",
        "10 years; the pages' certificate 397 days, renewed 30 days before",
        "the next one replaces it; a factory reset ends all",
        "gate/office/trust.py",
    ),
    DataRow(
        Item.ACCOUNT,
        "staff account: login, name, offices, and what its holder signs in with",
        DataClass.PERSONAL,
        "database, a key of its own; password by argon2id, codes by keyed HMAC",
        "the end of the account",
        "3 years; what it signs in with goes with its end",
        "deletion",
        _ENGINE,
    ),
    DataRow(
        Item.APPROVAL,
        "what one of the staff asked for and another allowed",
        DataClass.PERSONAL,
        "database, a key of its own; accounts as random ids",
        "the asking",
        "3 years",
        "deletion",
        _ENGINE,
    ),
    DataRow(
        Item.TOKEN,
        "token of a program: its name, its office, who made it; the token itself is not held",
        DataClass.PERSONAL,
        "database, a key of its own, found by a keyed HMAC",
        "the end of its validity, at most a year after it was made",
        "30 days, opening nothing",
        "revocation, expiry, the end of the account that made it",
        _ENGINE,
    ),
    DataRow(
        Item.ONE_TIME_CODE,
        "set-up code or invitation that nobody used yet",
        DataClass.SECRET,
        "database, by keyed HMAC",
        "the end of its validity: an hour, or 7 days",
        "goes with it",
        "its one use, the next one",
        _ENGINE,
    ),
)

"""What a receipt attests about one step of a consent (R25)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gate.core.consent import Purpose
from gate.core.consent_record import EventKind, Reason, Standing


@dataclass(frozen=True, slots=True)
class ReceiptTerms:
    """What was asked, as a receipt says it."""

    controller: str
    purpose: Purpose
    notice: str
    notice_sha256: str
    retention: timedelta


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """One step: what, when, from which standing, of which record and random person reference.

    terms: None where the gate itself can no longer read them. reason, erased (templates destroyed): in the full form
    only. fingerprint: of the key that signed.
    """

    what: EventKind
    at: datetime
    previous: Standing
    record: str
    subject: str
    reference: str
    terms: ReceiptTerms | None
    fingerprint: str
    reason: Reason | None = None
    erased: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """One receipt. document: signed JSON. compact: the same in short, for a QR code. reference: to be read aloud."""

    reference: str
    facts: ReceiptFacts = field(repr=False)
    document: str = field(repr=False)
    compact: str = field(repr=False)

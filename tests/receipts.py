"""Receipts of a made-up device, for tests without a store."""

from datetime import UTC, datetime, timedelta

from gate.core.consent import AgeBand, Agreement, By, Channel, ConsentTerms, Indication, SubjectRef
from gate.core.consent_record import ConsentEvent, EventKind, ExpiryReason, InvalidationReason, asked_for
from gate.core.types import ConsentId, NoticeVersion
from gate.store.account.signing import Signer
from gate.store.consent.ledger import Entry
from gate.store.consent.receipts import issue

DEVICE = Signer(b"\7" * 32)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
AT_DESK = By(Channel.DESK, "resident")


def entries(kind, *, controller="Garden Compound Ltd", seq=2, at=NOON):
    """Give the request and the event of *kind* in one record."""
    said = Agreement(
        NoticeVersion("1.0"), "zh-CN", AT_DESK, Indication.TICKED_AND_PRESSED, AgeBand.FROM_14, "ab" * 32
    )
    terms = ConsentTerms(controller, "+86 10 5555 0100", timedelta(days=365))
    record, subject = ConsentId("0123456789abcdef" * 2), SubjectRef("fedcba9876543210" * 2)
    asked = asked_for(said, terms, "0" * 64, at)
    reasons = {
        EventKind.EXPIRED: ExpiryReason.SPAN_OVER,
        EventKind.INVALIDATED: InvalidationReason.TENANCY_ENDED,
    }
    request = ConsentEvent(record, subject, EventKind.REQUESTED, at, AT_DESK, Indication.NONE, "north", asked)
    event = ConsentEvent(
        record, subject, kind, at, AT_DESK, said.indication, "north", reason=reasons.get(kind), erased=1
    )
    return Entry(1, b"\1" * 32, request), Entry(seq, bytes([seq]) * 32, event)


def receipt_of(kind, *, device=DEVICE, **said):
    """Issue one receipt."""
    return issue(device, *entries(kind, **said))

"""Receipts: what the gate attests about one step of a consent, signed, to be checked anywhere without the gate (R25).

None is stored: each is issued from the ledger again, the same to the byte, whenever its person asks.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from datetime import UTC, datetime, timedelta
from typing import Final

from gate.core.canonical import canonical
from gate.core.consent import Purpose
from gate.core.consent_record import (
    TRANSITIONS,
    Asked,
    ConsentEvent,
    EventKind,
    Standing,
    from_json,
    time_text,
    to_json,
)
from gate.core.receipt import Receipt, ReceiptFacts, ReceiptTerms
from gate.errors import RequestError
from gate.store.account.signing import Signer, fingerprint, verify
from gate.store.consent.ledger import Entry

KIND: Final = "receipt"
SCHEMA: Final = "gate-receipt-1"
COMPACT_SCHEMA: Final = "gate-receipt-compact-1"
PREFIX: Final = "GATE1:"
"""What the text of a receipt's QR code begins with."""
_MOST_BYTES: Final = 64 * 1024
_REFERENCE_BYTES: Final = 5
_EVENT_KEYS: Final = frozenset({"schema", "what", "at", "previous", "record", "subject", "reference"})
_TERMS_KEYS: Final = frozenset({"controller", "purpose", "notice", "notice_sha256", "retention_s"})


def issue(signer: Signer, request: Entry | None, answer: Entry) -> Receipt:
    """Give the receipt of *answer*. request: the event that says what was asked, None where it can no longer be read."""
    reference = _reference(answer.hash)
    event = answer.event
    asking = None if request is None else request.event
    facts = _facts(event, asking, reference, fingerprint(signer.public_key))
    document = {
        "schema": SCHEMA,
        "reference": reference,
        "previous": facts.previous.value,
        "ledger": {"seq": answer.seq, "hash": answer.hash.hex()},
        "request": asking and to_json(asking),
        "event": to_json(event),
    }
    short = json.loads(signer.issue(KIND, _short(facts)))
    packed = base64.urlsafe_b64encode(zlib.compress(canonical(short), 9)).rstrip(b"=").decode()
    return Receipt(reference, facts, signer.issue(KIND, document), PREFIX + packed)


def read(text: str | bytes, *, public_key: bytes | None = None) -> ReceiptFacts:
    """Check a receipt, as a file or as the text of its QR code, and give what it attests. Needs no gate.

    public_key: the key it must be signed with, where the caller knows it. Raises RequestError: ``document-malformed``,
    ``document-kind``, ``signature-wrong``, ``signer-unknown``, ``receipt-shape``.
    """
    content = text.encode() if isinstance(text, str) else text
    content = content.strip()
    if len(content) > _MOST_BYTES:
        raise _unfit("document-malformed", "This is too long for a receipt.")
    if content.startswith(PREFIX.encode()):
        content = _unpacked(content.removeprefix(PREFIX.encode()))
    signed = verify(content, KIND, public_key=public_key)
    try:
        if signed.document.get("schema") == COMPACT_SCHEMA:
            return _from_short(signed.document, signed.fingerprint)
        return _from_full(signed.document, signed.fingerprint)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise _unfit(
            "receipt-shape", "The receipt is signed, but not of a shape this release reads."
        ) from error


def _facts(
    event: ConsentEvent, request: ConsentEvent | None, reference: str, signed_with: str
) -> ReceiptFacts:
    answers = event.kind in TRANSITIONS[Standing.ASKED]
    return ReceiptFacts(
        what=event.kind,
        at=event.at,
        previous=Standing.ASKED if answers else Standing.GIVEN,
        record=event.record,
        subject=event.subject,
        reference=reference,
        terms=None if request is None or request.asked is None else _terms(request.asked),
        fingerprint=signed_with,
        reason=event.reason,
        erased=event.erased,
    )


def _terms(asked: Asked) -> ReceiptTerms:
    return ReceiptTerms(asked.controller, asked.purpose, asked.notice, asked.notice_sha256, asked.retention)


def _short(facts: ReceiptFacts) -> dict[str, object]:
    terms = facts.terms
    told: dict[str, object] = {
        "schema": COMPACT_SCHEMA,
        "what": facts.what.value,
        "at": time_text(facts.at),
        "previous": facts.previous.value,
        "record": facts.record,
        "subject": facts.subject,
        "reference": facts.reference,
    }
    if terms is None:
        return told
    return told | {
        "controller": terms.controller,
        "purpose": terms.purpose.value,
        "notice": terms.notice,
        "notice_sha256": terms.notice_sha256,
        "retention_s": terms.retention // timedelta(seconds=1),
    }


def _from_full(document: dict[str, object], signed_with: str) -> ReceiptFacts:
    ledger, request = document["ledger"], document["request"]
    if set(document) != {"schema", "reference", "previous", "ledger", "request", "event"}:
        raise ValueError("Another set of groups.")
    if not isinstance(ledger, dict) or document["schema"] != SCHEMA:
        raise TypeError("Another schema.")
    event = from_json(document["event"])
    asking = None if request is None else from_json(request)
    facts = _facts(event, asking, _reference(bytes.fromhex(ledger["hash"])), signed_with)
    same_record = asking is None or (asking.record, asking.subject) == (event.record, event.subject)
    told = (document["reference"], document["previous"])
    if not same_record or told != (facts.reference, facts.previous.value):
        raise ValueError("The groups contradict each other.")
    return facts


def _from_short(document: dict[str, object], signed_with: str) -> ReceiptFacts:
    word = {name: value for name, value in document.items() if isinstance(value, str)}
    terms = None
    if set(document) == _EVENT_KEYS | _TERMS_KEYS:
        seconds = document["retention_s"]
        if type(seconds) is not int:
            raise TypeError("A span is whole seconds.")
        terms = ReceiptTerms(
            word["controller"],
            Purpose(word["purpose"]),
            word["notice"],
            word["notice_sha256"],
            timedelta(seconds=seconds),
        )
    elif set(document) != _EVENT_KEYS:
        raise ValueError("Another set of words.")
    return ReceiptFacts(
        what=EventKind(word["what"]),
        at=datetime.strptime(word["at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC),
        previous=Standing(word["previous"]),
        record=word["record"],
        subject=word["subject"],
        reference=word["reference"],
        terms=terms,
        fingerprint=signed_with,
    )


def _unpacked(packed: bytes) -> bytes:
    try:
        raw = base64.b64decode(packed + b"=" * (-len(packed) % 4), altchars=b"-_", validate=True)
        inflating = zlib.decompressobj()
        content = inflating.decompress(raw, _MOST_BYTES)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise _torn() from error
    if not inflating.eof or inflating.unused_data:
        raise _torn()
    return content


def _reference(linked: bytes) -> str:
    """Give eight letters and digits that are easy to read aloud, from the event's place in the chain."""
    text = base64.b32encode(linked[:_REFERENCE_BYTES]).decode()
    return f"{text[:4]}-{text[4:]}"


def _torn() -> RequestError:
    return _unfit("document-malformed", "The text of the QR code is torn or altered.")


def _unfit(code: str, what: str) -> RequestError:
    return RequestError(code, what, remedy="Ask the gate that issued it for a fresh copy.")

"""Receipts as pages to print, with a QR code, and as signed files (R25). None is stored: each is issued again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from gate.core.receipt import Receipt
from gate.core.types import PersonId
from gate.web.consent_words import BEFORE, REASONS, RECEIPTS
from gate.web.faults import page_fault
from gate.web.moments import LocalTimes
from gate.web.qr import qr_svg

DESK: Final = "/staff/desk/receipt"


def receipt_path(person: PersonId, reference: str) -> str:
    """Give the address of one receipt at the desk; both are random words."""
    return f"{DESK}?{urlencode({'person': person, 'reference': reference})}"


def receipt_values(receipts: Sequence[Receipt], shown: Receipt | None, times: LocalTimes) -> dict[str, Any]:
    """Give what a template needs to show one receipt to print, and the others' references. None: there is none yet."""
    return {
        "receipt": shown,
        "receipts": receipts,
        "facts": shown and shown.facts,
        "code": qr_svg(shown.compact) if shown else "",
        "what": RECEIPTS,
        "reasons": REASONS,
        "before": BEFORE,
        "moment": times.moment,
        "exact": times.exact,
    }


def receipt_file(receipt: Receipt) -> Response:
    """Answer with the signed document, to be kept and checked anywhere."""
    name = f"receipt-{receipt.reference}.json"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(receipt.document, media_type="application/json", headers=headers)


def find_receipt(receipts: Sequence[Receipt], reference: str) -> Receipt:
    """Give the receipt with that reference, the newest for none. Raises RequestError ``no-receipt``."""
    for receipt in reversed(receipts):
        if reference in {"", receipt.reference}:
            return receipt
    raise page_fault("no-receipt")

"""Receipts as pages to print, with a QR code, and as signed files (R25). None is stored: each is issued again."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.core.receipt import Receipt
from gate.core.types import PersonId
from gate.web.consent_words import BEFORE, REASONS, RECEIPTS
from gate.web.context import WebContext
from gate.web.faults import page_fault
from gate.web.gatekeeper import GuardedRoute
from gate.web.pages import Pages
from gate.web.qr import qr_svg

HOME = "/desk"
PAGE = f"{HOME}/receipt"
FILE = f"{HOME}/receipt.json"


def routes(context: WebContext, pages: Pages) -> APIRouter:
    """Give the desk's pages of a person's receipts."""
    router = APIRouter(route_class=GuardedRoute)

    @router.get(PAGE)
    async def receipt(request: Request, person: str, reference: str = "") -> Response:
        """Show the receipt with that reference, or the newest one, and the way to the others."""
        receipts = context.desk.receipts(PersonId(person))
        shown = find_receipt(receipts, reference) if receipts or reference else None
        return receipt_page(request, pages, receipts, shown, home=HOME, person=person)

    @router.get(FILE)
    async def document(person: str, reference: str) -> Response:
        return receipt_file(find_receipt(context.desk.receipts(PersonId(person)), reference))

    return router


def receipt_path(person: PersonId, reference: str) -> str:
    """Give the address of one receipt at the desk; both are random words."""
    return f"{PAGE}?{urlencode({'person': person, 'reference': reference})}"


def receipt_page(
    request: Request,
    pages: Pages,
    receipts: Sequence[Receipt],
    shown: Receipt | None,
    *,
    home: str,
    person: str = "",
) -> Response:
    """Show one receipt to print, and the others' references; None: there is none yet.

    home: the page it belongs to, which has ``receipt`` and ``receipt.json`` below it. person: whose it is, where the
    address has to say so.
    """
    return pages.page(
        request,
        "receipt.html",
        receipt=shown,
        receipts=receipts,
        home=home,
        whose=f"{urlencode({'person': person})}&" if person else "",
        is_desk=home == HOME,
        facts=shown and shown.facts,
        code=qr_svg(shown.compact) if shown else "",
        what=RECEIPTS,
        reasons=REASONS,
        before=BEFORE,
    )


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

"""One's own page: see, take along, withdraw, restrict, ask (R24, R70, R71). Signed in to with unit and PIN."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from gate.core.consent import ConsentState
from gate.core.own_record import to_json
from gate.core.rights import RequestKind
from gate.core.types import PersonId
from gate.errors import GateError, RequestError
from gate.web.context import WebContext
from gate.web.faults import page_fault
from gate.web.gatekeeper import OWN_COOKIE, GuardedRoute, OwnSession, SignedOwn, gatekeeper_of
from gate.web.own import ASKABLE, record_values
from gate.web.pages import Pages, back_to, words_of
from gate.web.receipt import find_receipt, receipt_file, receipt_page

HOME: Final = "/me"


def routes(context: WebContext, pages: Pages) -> APIRouter:
    """Give the own page, its sign-in, and its forms."""
    router = APIRouter(route_class=GuardedRoute)
    own = _Own(context, pages)
    _sign_in_and_out(router, own)
    _deeds(router, own)
    _papers(router, own)
    return router


def _sign_in_and_out(router: APIRouter, own: _Own) -> None:
    @router.get(HOME)
    async def home(request: Request, received: str = "") -> Response:
        """Show everything. received: the id of the request that was just taken in."""
        session = gatekeeper_of(request).own_session(request)
        return own.sign_in_page(request) if session is None else own.page(request, session, received=received)

    @router.post("/me/sign-in")
    async def sign_in(
        request: Request,
        unit: Annotated[str, Form(max_length=64)],
        pin: Annotated[str, Form(max_length=64)],
    ) -> Response:
        try:
            who = await own.context.own.sign_in(unit, pin)
        except GateError as error:
            return own.sign_in_page(request, error)
        answer = back_to(HOME)
        gatekeeper_of(request).sign_in(answer, request, who)
        return answer

    @router.post("/me/sign-out")
    async def sign_out(request: Request) -> Response:
        gatekeeper_of(request).own.end(request.cookies.get(OWN_COOKIE))
        return back_to(HOME)


def _deeds(router: APIRouter, own: _Own) -> None:
    @router.post("/me/withdraw")
    async def withdraw(request: Request, session: SignedOwn) -> Response:
        """End the consent with one press; no reason is asked (R24)."""

        def deed(person: PersonId) -> str:
            receipt = own.context.own.withdraw(person)
            return HOME if receipt is None else f"/me/receipt?reference={receipt.reference}"

        return own.do(request, session, deed)

    @router.post("/me/restrict")
    async def restrict(request: Request, session: SignedOwn) -> Response:
        return own.do(request, session, _then_home(own.context.own.restrict))

    @router.post("/me/release")
    async def release(request: Request, session: SignedOwn) -> Response:
        return own.do(request, session, _then_home(own.context.own.release))

    @router.post("/me/request")
    async def ask(
        request: Request,
        session: SignedOwn,
        kind: Annotated[RequestKind, Form()],
        details: Annotated[str, Form()] = "",
    ) -> Response:
        def deed(person: PersonId) -> str:
            if kind not in ASKABLE:
                raise page_fault("bad-form")
            return f"{HOME}?received={own.context.own.ask(person, kind, details)}"

        return own.do(request, session, deed)


def _papers(router: APIRouter, own: _Own) -> None:
    @router.get("/me/record.json")
    async def record(session: SignedOwn) -> Response:
        """Give the record to take along, without any template (R70)."""
        document = json.dumps(
            to_json(own.context.own.record(session.who.person)), ensure_ascii=False, indent=2
        )
        own.context.own.note_export(session.who.person)
        headers = {"content-disposition": 'attachment; filename="own-record.json"'}
        return Response(document + "\n", media_type="application/json", headers=headers)

    @router.get("/me/receipt")
    async def receipt(request: Request, session: SignedOwn, reference: str = "") -> Response:
        receipts = own.context.own.receipts(session.who.person)
        shown = find_receipt(receipts, reference) if receipts or reference else None
        return receipt_page(request, own.pages, receipts, shown, home=HOME)

    @router.get("/me/receipt.json")
    async def document(session: SignedOwn, reference: str) -> Response:
        return receipt_file(find_receipt(own.context.own.receipts(session.who.person), reference))


def _then_home(act: Callable[[PersonId], None]) -> Callable[[PersonId], str]:
    def deed(person: PersonId) -> str:
        act(person)
        return HOME

    return deed


@dataclass(frozen=True, slots=True)
class _Own:
    """The own page."""

    context: WebContext
    pages: Pages

    def do(self, request: Request, session: OwnSession, deed: Callable[[PersonId], str]) -> Response:
        """Do what the signed-in person pressed, and send the browser on to where *deed* says."""
        try:
            return back_to(deed(session.who.person))
        except GateError as error:
            return self.page(request, session, error)

    def sign_in_page(self, request: Request, error: GateError | None = None) -> Response:
        return self.pages.page(
            request,
            "own_sign_in.html",
            status=HTTPStatus.OK if error is None else HTTPStatus.UNPROCESSABLE_ENTITY,
            contact=self.context.contact,
            error=error,
            words=error and words_of(error),
        )

    def page(
        self, request: Request, session: OwnSession, error: GateError | None = None, *, received: str = ""
    ) -> Response:
        """Show everything; who is no resident any more is signed out."""
        try:
            record = self.context.own.record(session.who.person)
        except RequestError as gone:
            gatekeeper_of(request).own.end(request.cookies.get(OWN_COOKIE))
            return self.sign_in_page(request, gone)
        given = [each for each in record.consents if each.state is ConsentState.GIVEN]
        return self.pages.page(
            request,
            "own.html",
            status=HTTPStatus.OK if error is None else HTTPStatus.UNPROCESSABLE_ENTITY,
            token=session.form,
            has_consent=bool(given),
            agreed_to=given[0].notice if given else None,
            notice=self.context.notice,
            is_restricted=any(each.restricted_at for each in given),
            askable=ASKABLE,
            received=next((each for each in record.requests if each.id == received), None),
            error=error,
            fault_words=error and words_of(error),
            **record_values(record),
        )

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
from gate.web.own import ASKABLE, record_values
from gate.web.pages import Pages, back_to, words_of
from gate.web.receipt import find_receipt, receipt_file, receipt_page
from gate.web.sessions import Session, Sessions
from gate.web.words import FAULTS

HOME: Final = "/me"
COOKIE: Final = "own"
Token = Annotated[str, Form()]


def routes(context: WebContext, pages: Pages) -> APIRouter:
    """Give the own page, its sign-in, and its forms."""
    router = APIRouter()
    own = _Own(context, pages, Sessions(context.clock))
    _sign_in_and_out(router, own)
    _deeds(router, own)
    _papers(router, own)
    return router


def _sign_in_and_out(router: APIRouter, own: _Own) -> None:
    @router.get(HOME)
    async def home(request: Request, received: str = "") -> Response:
        """Show everything. received: the id of the request that was just taken in."""
        session = own.session(request)
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
        # Not "secure": the pages are served to this device alone, without TLS.
        answer.set_cookie(COOKIE, own.sessions.begin(who), path=HOME, httponly=True, samesite="strict")
        return answer

    @router.post("/me/sign-out")
    async def sign_out(request: Request, token: Token) -> Response:
        def leave(_person: PersonId) -> str:
            own.sessions.end(request.cookies.get(COOKIE))
            return HOME

        return own.do(request, token, leave)


def _deeds(router: APIRouter, own: _Own) -> None:
    @router.post("/me/withdraw")
    async def withdraw(request: Request, token: Token) -> Response:
        """End the consent with one press; no reason is asked (R24)."""

        def deed(person: PersonId) -> str:
            receipt = own.context.own.withdraw(person)
            return HOME if receipt is None else f"/me/receipt?reference={receipt.reference}"

        return own.do(request, token, deed)

    @router.post("/me/restrict")
    async def restrict(request: Request, token: Token) -> Response:
        return own.do(request, token, _then_home(own.context.own.restrict))

    @router.post("/me/release")
    async def release(request: Request, token: Token) -> Response:
        return own.do(request, token, _then_home(own.context.own.release))

    @router.post("/me/request")
    async def ask(
        request: Request,
        token: Token,
        kind: Annotated[RequestKind, Form()],
        details: Annotated[str, Form()] = "",
    ) -> Response:
        def deed(person: PersonId) -> str:
            if kind not in ASKABLE:
                raise RequestError("bad-form", FAULTS["bad-form"].title, remedy=FAULTS["bad-form"].next)
            return f"{HOME}?received={own.context.own.ask(person, kind, details)}"

        return own.do(request, token, deed)


def _papers(router: APIRouter, own: _Own) -> None:
    @router.get("/me/record.json")
    async def record(request: Request) -> Response:
        """Give the record to take along, without any template (R70)."""
        session = own.session(request)
        if session is None:
            return back_to(HOME)
        document = json.dumps(to_json(own.context.own.record(session.person)), ensure_ascii=False, indent=2)
        own.context.own.note_export(session.person)
        headers = {"content-disposition": 'attachment; filename="own-record.json"'}
        return Response(document + "\n", media_type="application/json", headers=headers)

    @router.get("/me/receipt")
    async def receipt(request: Request, reference: str = "") -> Response:
        session = own.session(request)
        if session is None:
            return back_to(HOME)
        receipts = own.context.own.receipts(session.person)
        shown = find_receipt(receipts, reference) if receipts or reference else None
        return receipt_page(request, own.pages, receipts, shown, home=HOME)

    @router.get("/me/receipt.json")
    async def document(request: Request, reference: str) -> Response:
        session = own.session(request)
        if session is None:
            return back_to(HOME)
        return receipt_file(find_receipt(own.context.own.receipts(session.person), reference))


def _then_home(act: Callable[[PersonId], None]) -> Callable[[PersonId], str]:
    def deed(person: PersonId) -> str:
        act(person)
        return HOME

    return deed


@dataclass(frozen=True, slots=True)
class _Own:
    """The own page and who is signed in to it."""

    context: WebContext
    pages: Pages
    sessions: Sessions

    def session(self, request: Request) -> Session | None:
        """Give the session of a request; it ends with the PIN it was opened with, and with the tenancy."""
        token = request.cookies.get(COOKIE)
        session = self.sessions.find(token)
        if session is not None and not self.context.own.still_holds(session.who):
            self.sessions.end(token)
            return None
        return session

    def do(self, request: Request, token: str, deed: Callable[[PersonId], str]) -> Response:
        """Do what the signed-in person pressed, and send the browser on to where *deed* says."""
        session = self.session(request)
        if session is None:
            return back_to(HOME)
        if not session.fits(token):
            return self.pages.refuse(request, "foreign-page", HTTPStatus.FORBIDDEN)
        try:
            return back_to(deed(session.person))
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
        self, request: Request, session: Session, error: GateError | None = None, *, received: str = ""
    ) -> Response:
        """Show everything; who is no resident any more is signed out."""
        try:
            record = self.context.own.record(session.person)
        except RequestError as gone:
            self.sessions.end(request.cookies.get(COOKIE))
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

"""One's own page: see, take along, withdraw, restrict, ask (R24, R70, R71).

Signed in to with unit, PIN, and a code that the gate's screen shows: whoever knows a PIN must have been at the gate too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Form, Query
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
from gate.web.gatepass import AT_GATE_COOKIE, GatePasses
from gate.web.moments import LocalTimes
from gate.web.own import ASKABLE, record_values
from gate.web.pages import Pages, back_to, words_of
from gate.web.parked import PARKED_COOKIE, over_fault, owner_of
from gate.web.receipt import find_receipt, receipt_file, receipt_values
from gate.web.staff.layout import fresh_word

HOME: Final = "/me"


def routes(context: WebContext, pages: Pages) -> APIRouter:
    """Give the own page, its sign-in, and its forms."""
    router = APIRouter(route_class=GuardedRoute)
    own = OwnPages(context, pages, GatePasses(context.clock))
    _sign_in_and_out(router, own)
    _deeds(router, own)
    _papers(router, own)
    return router


def _sign_in_and_out(router: APIRouter, own: OwnPages) -> None:
    @router.get(HOME)
    async def home(
        request: Request,
        received: str = "",
        code: Annotated[str, Query(max_length=16)] = "",
        over: str = "",
    ) -> Response:
        """Show everything. received: the request just taken in. code: as the gate's QR code has it. over: after a time-out."""
        session = gatekeeper_of(request).own_session(request)
        if session is None:
            return own.sign_in_page(request, over_fault(over), code=code)
        return own.page(request, session, received=received)

    @router.post("/me/sign-in")
    async def sign_in(
        request: Request,
        unit: Annotated[str, Form(max_length=64)],
        pin: Annotated[str, Form(max_length=64)],
        code: Annotated[str, Form(max_length=64)] = "",
    ) -> Response:
        """Sign in. A code is good once; the browser that brought it may mistype its PIN without another one."""
        known = request.cookies.get(AT_GATE_COOKIE)
        fresh = None if own.passes.holds(known) or not own.context.own.take_code(code) else own.passes.issue()
        try:
            at_gate = fresh is not None or own.passes.holds(known)
            who = await own.context.own.sign_in(unit, pin, at_gate=at_gate)
        except GateError as error:
            answer = own.sign_in_page(request, error, unit=unit, at_gate=at_gate)
            if fresh is not None:
                own.passes.give(answer, fresh)
            return answer
        keeper = gatekeeper_of(request)
        waits = keeper.parked.get(request.cookies.get(PARKED_COOKIE), owner_of(who))
        answer = back_to("/me/resume" if waits else HOME)
        own.passes.end(answer, known)
        own.passes.end(answer, fresh)
        keeper.sign_in(answer, request, who)
        return answer

    @router.post("/me/sign-out")
    async def sign_out(request: Request) -> Response:
        gatekeeper_of(request).own.end(request.cookies.get(OWN_COOKIE))
        return back_to(HOME)


def _deeds(router: APIRouter, own: OwnPages) -> None:
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
        details: Annotated[str, Form(max_length=8000)] = "",
    ) -> Response:
        def deed(person: PersonId) -> str:
            if kind not in ASKABLE:
                raise page_fault("bad-form")
            return f"{HOME}?received={own.context.own.ask(person, kind, details)}"

        return own.do(request, session, deed, kind=kind, details=details)


def _papers(router: APIRouter, own: OwnPages) -> None:
    @router.get("/me/record.json")
    async def record(session: SignedOwn) -> Response:
        """Give the record to take along, without any template (R70)."""
        held = to_json(own.context.own.record(session.who.person))
        own.context.own.note_export(session.who.person)
        headers = {"content-disposition": 'attachment; filename="own-record.json"'}
        document = json.dumps(held, ensure_ascii=False, indent=2)
        return Response(document + "\n", media_type="application/json", headers=headers)

    @router.get("/me/receipt")
    async def receipt(request: Request, session: SignedOwn, reference: str = "") -> Response:
        receipts = own.context.own.receipts(session.who.person)
        shown = find_receipt(receipts, reference) if receipts or reference else None
        return own.pages.page(
            request,
            "own/receipt.html",
            token=session.form,
            here=request.url.path,
            once=fresh_word,
            **receipt_values(receipts, shown, own.times),
        )

    @router.get("/me/receipt.json")
    async def document(session: SignedOwn, reference: str) -> Response:
        return receipt_file(find_receipt(own.context.own.receipts(session.who.person), reference))


def _then_home(act: Callable[[PersonId], None]) -> Callable[[PersonId], str]:
    def deed(person: PersonId) -> str:
        act(person)
        return HOME

    return deed


@dataclass(frozen=True, slots=True)
class OwnPages:
    """The own page."""

    context: WebContext
    pages: Pages
    passes: GatePasses

    @property
    def times(self) -> LocalTimes:
        """Give how moments are told here."""
        return LocalTimes(self.context.zone)

    def do(
        self,
        request: Request,
        session: OwnSession,
        deed: Callable[[PersonId], str],
        *,
        kind: RequestKind | None = None,
        details: str = "",
    ) -> Response:
        """Do what the signed-in person pressed, and send the browser on to where *deed* says.

        kind, details: what they had typed, to stand there again where it was refused.
        """
        try:
            return back_to(deed(session.who.person))
        except GateError as error:
            return self.page(request, session, error, kind=kind, details=details)

    def sign_in_page(
        self,
        request: Request,
        error: GateError | None = None,
        *,
        code: str = "",
        unit: str = "",
        at_gate: bool = False,
    ) -> Response:
        """Ask for unit, PIN and, unless this browser brought one, the code. unit, code: as typed or scanned."""
        return self.pages.page(
            request,
            "own/sign_in.html",
            status=HTTPStatus.OK if error is None else HTTPStatus.UNPROCESSABLE_ENTITY,
            once=fresh_word,
            contact=self.context.contact,
            error=error,
            words=error and words_of(error),
            code=code if code.isascii() and code.isdigit() else "",
            unit=unit,
            at_gate=at_gate or self.passes.holds(request.cookies.get(AT_GATE_COOKIE)),
        )

    def page(
        self,
        request: Request,
        session: OwnSession,
        error: GateError | None = None,
        *,
        received: str = "",
        kind: RequestKind | None = None,
        details: str = "",
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
            "own/home.html",
            status=HTTPStatus.OK if error is None else HTTPStatus.UNPROCESSABLE_ENTITY,
            token=session.form,
            here=request.url.path,
            once=fresh_word,
            has_consent=bool(given),
            agreed_to=given[0].notice if given else None,
            notice=self.context.notice,
            is_restricted=any(each.restricted_at for each in given),
            askable=ASKABLE,
            received=next((each for each in record.requests if each.id == received), None),
            error=error,
            words=error and words_of(error),
            asked=kind,
            details=details,
            **record_values(record, self.times),
        )

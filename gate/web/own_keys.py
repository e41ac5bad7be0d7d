"""Of one's own page: another PIN, and codes for visitors (R52, R70)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from gate.errors import GateError
from gate.web.context import FreshCode, WebContext
from gate.web.gatekeeper import OWN_COOKIE, GuardedRoute, OwnSession, SignedOwn, gatekeeper_of
from gate.web.moments import LocalTimes
from gate.web.pages import Pages, back_to, words_of
from gate.web.qr import qr_svg
from gate.web.staff.layout import fresh_word

PIN: Final = "/me/pin"
VISITORS: Final = "/me/visitors"
FIELDS: Final = {
    "pin-wrong": "present",
    "pin-weak": "chosen",
    "pin-differs": "again",
    "sign-in-wait": "present",
    "time-unfit": "until",
    "visit-span": "until",
}
"""Which field each fault is about."""
TypedField = Annotated[str, Form(max_length=64)]


def routes(context: WebContext, pages: Pages) -> APIRouter:
    """Give the pages for the PIN and for visitors."""
    router = APIRouter(route_class=GuardedRoute)
    _pin(router, context, pages)
    _visitors(router, context, pages)
    return router


def _pin(router: APIRouter, context: WebContext, pages: Pages) -> None:
    def show(request: Request, session: OwnSession, error: GateError | None = None) -> Response:
        pin = session.take(request.query_params.get("shown", ""))
        return _page(request, pages, session, "own/pin.html", error, pin=pin)

    @router.get(PIN)
    async def page(request: Request, session: SignedOwn) -> Response:
        return show(request, session)

    @router.post(PIN)
    async def change(
        request: Request,
        session: SignedOwn,
        present: TypedField,
        chosen: TypedField = "",
        again: TypedField = "",
    ) -> Response:
        """Give another PIN; whoever was signed in with the old one is signed out, but for this browser."""
        try:
            renewed = await context.own.change_pin(session.who.person, present, chosen, again)
        except GateError as error:
            return show(request, session, error)
        keeper = gatekeeper_of(request)
        keeper.own.end(request.cookies.get(OWN_COOKIE))
        answer = back_to(PIN)
        token = keeper.sign_in(answer, request, renewed.who)
        fresh = keeper.own.find(token)
        if fresh is not None:
            answer.headers["location"] = f"{PIN}?shown={fresh.put_aside(renewed.pin)}"
        return answer


def _visitors(router: APIRouter, context: WebContext, pages: Pages) -> None:
    times = LocalTimes(context.zone)

    def show(
        request: Request, session: OwnSession, error: GateError | None = None, **typed: object
    ) -> Response:
        shown = session.take(request.query_params.get("shown", ""))
        fresh = shown if isinstance(shown, FreshCode) else None
        today = context.clock.now().astimezone(context.zone).date().isoformat()
        return _page(
            request,
            pages,
            session,
            "own/visitors.html",
            error,
            codes=context.own.visits(session.who.person),
            fresh=fresh,
            picture=qr_svg(fresh.text) if fresh else "",
            moment=times.moment,
            today=today,
            **({"begins": "", "until": ""} | typed),
        )

    @router.get(VISITORS)
    async def page(request: Request, session: SignedOwn) -> Response:
        return show(request, session)

    @router.post(VISITORS)
    async def invite(
        request: Request, session: SignedOwn, until: TypedField, begins: TypedField = ""
    ) -> Response:
        try:
            fresh = context.own.invite(session.who.person, begins.strip(), until.strip())
        except GateError as error:
            return show(request, session, error, begins=begins, until=until)
        return back_to(f"{VISITORS}?shown={session.put_aside(fresh)}")

    @router.post("/me/visitors/revoke")
    async def revoke(request: Request, session: SignedOwn, visit: TypedField) -> Response:
        try:
            context.own.revoke_visit(session.who.person, visit)
        except GateError as error:
            return show(request, session, error)
        return back_to(VISITORS)


def _page(
    request: Request,
    pages: Pages,
    session: OwnSession,
    template: str,
    error: GateError | None,
    **values: object,
) -> Response:
    words = error and words_of(error)
    return pages.page(
        request,
        template,
        status=HTTPStatus.OK if error is None else HTTPStatus.UNPROCESSABLE_ENTITY,
        token=session.form,
        here=request.url.path,
        once=fresh_word,
        error=error,
        words=words,
        wrong_field=FIELDS.get(error.code, "") if error else "",
        **values,
    )

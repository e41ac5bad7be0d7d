"""The gate's screen: a page that shows one view after another and says when a notice is truly seen."""

from __future__ import annotations

import math
from functools import lru_cache
from http import HTTPStatus
from typing import Annotated, assert_never

from fastapi import APIRouter, Form
from starlette.responses import HTMLResponse, JSONResponse, Response

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.notices import Form as NoticeForm
from gate.core.types import AttemptId, Method, NoticeVersion, WithdrawalOutcome
from gate.web.context import WebContext
from gate.web.gatekeeper import GuardedRoute
from gate.web.guard import HEARTBEAT
from gate.web.languages import Language
from gate.web.pages import Pages, back_to
from gate.web.qr import qr_svg
from gate.web.screen import KioskScreen, Shown
from gate.web.words import CHECKING, CHOSEN, HINTS, METHODS, RESULTS, SECOND, SHUT, WITHDRAWALS

HOME = "/kiosk"
IN_ORDER = (Method.CARD, Method.PIN, Method.FACE)
"""The order on the screen: equal in size and weight, and the first focus is never on face (R03)."""


def routes(context: WebContext, screen: KioskScreen, pages: Pages) -> APIRouter:
    """Give the kiosk's page, its script's questions and its buttons."""
    router = APIRouter(route_class=GuardedRoute)
    _reads(router, context, screen, pages)
    _writes(router, context, screen)
    _choices(router, context, screen)
    _withdrawal(router, context)
    return router


def _reads(router: APIRouter, context: WebContext, screen: KioskScreen, pages: Pages) -> None:
    @router.get(HOME)
    async def kiosk() -> Response:
        view = _fragment(context, screen.shown, pages)
        return HTMLResponse(
            pages.render(
                "kiosk/page.html",
                screen.shown.language,
                view=view,
                number=screen.shown.number,
                page=screen.load(),
            )
        )

    @router.get(HEARTBEAT)
    async def view(after: int, page: str) -> Response:
        """Answer the gate's screen with what is new, and any older page with the words that it is no screen."""
        if screen.take_over(page) and not isinstance(screen.shown.view, do.ClearScreen):
            # Its person reads the other page: a notice begun there is not shown to the end here (R10).
            context.post(on.Cancelled(screen.shown.view.attempt))
        if not screen.heard(page):
            words = pages.render("kiosk/elsewhere.html", screen.shown.language)
            return JSONResponse({"html": words}, HTTPStatus.CONFLICT)
        shown = await screen.newer_than(after)
        news = shown.number != after
        return JSONResponse(
            {
                "number": shown.number,
                "language": shown.language,
                "html": _fragment(context, shown, pages) if news else None,
            }
        )


def _writes(router: APIRouter, context: WebContext, screen: KioskScreen) -> None:
    @router.post("/kiosk/hidden", status_code=HTTPStatus.NO_CONTENT)
    async def hidden(page: Annotated[str, Form()]) -> None:
        screen.hidden(page)

    @router.post("/kiosk/shown", status_code=HTTPStatus.NO_CONTENT)
    async def notice_shown(
        attempt: Annotated[str, Form()], notice: Annotated[str, Form()], page: Annotated[str, Form()]
    ) -> None:
        """Confirm a notice, if it is the one on the gate's screen and that can be seen (R10)."""
        view = screen.shown.view
        is_shown = isinstance(view, do.ShowNotice) and (view.attempt, view.notice) == (attempt, notice)
        if is_shown and screen.is_seen_on(page):
            context.post(on.NoticeShown(AttemptId(attempt), NoticeVersion(notice)))

    @router.post("/kiosk/language")
    async def language(language: Annotated[Language, Form()]) -> Response:
        """Change the language; a notice begins again, for its minimum time is for reading it.

        One that followed a card begins again with the card: nobody else may go on from there.
        """
        view = screen.shown.view
        if isinstance(view, do.ShowNotice):
            screen.restart(language)
            context.post(on.Cancelled(view.attempt))
            if not view.second:
                context.post(on.Presence(context.new_attempt()))
        else:
            screen.speak(language)
        return back_to(HOME)


def _choices(router: APIRouter, context: WebContext, screen: KioskScreen) -> None:
    @router.post("/kiosk/start")
    async def start() -> Response:
        context.post(on.Presence(context.new_attempt()))
        return back_to(HOME)

    @router.post("/kiosk/choose")
    async def choose(
        attempt: Annotated[str, Form()], method: Annotated[Method | None, Form()] = None
    ) -> Response:
        """Go on with a method, or back to the choice without one. Only face needs the gate to do anything."""
        if screen.choose(AttemptId(attempt), method) and method is Method.FACE:
            context.post(on.FaceChosen(AttemptId(attempt)))
        return back_to(HOME)

    @router.post("/kiosk/cancel")
    async def cancel(attempt: Annotated[str, Form()]) -> Response:
        context.post(on.Cancelled(AttemptId(attempt)))
        return back_to(HOME)


def _withdrawal(router: APIRouter, context: WebContext) -> None:
    @router.post("/kiosk/withdraw")
    async def withdraw(attempt: Annotated[str | None, Form()] = None) -> Response:
        """Ask for a card or PIN, from rest or in place of the choice of *attempt* (R24)."""
        context.post(on.WithdrawalChosen(AttemptId(attempt) if attempt else context.new_attempt()))
        return back_to(HOME)

    @router.post("/kiosk/withdraw/confirm")
    async def confirm(attempt: Annotated[str, Form()]) -> Response:
        context.post(on.WithdrawalConfirmed(AttemptId(attempt)))
        return back_to(HOME)


_code_of = lru_cache(maxsize=4)(qr_svg)
"""The same address is drawn again and again, on the door's own loop."""


def _notice_code(context: WebContext) -> str:
    """Give the QR code of the notice (R13); none without a public address: a telephone cannot open this device's own."""
    return _code_of(context.public_url) if context.notice and context.public_url else ""


def _fragment(context: WebContext, shown: Shown, pages: Pages) -> str:
    template, values = _view_model(context, shown)
    if template in {"rest", "notice"}:
        values |= {"notice_code": _notice_code(context)}
    return pages.render(f"kiosk/{template}.html", shown.language, **values)


def _view_model(context: WebContext, shown: Shown) -> tuple[str, dict[str, object]]:
    """Give the template of a view and its values."""
    match shown.view:
        case do.ClearScreen():
            return "rest", {"two_factors": context.two_factors}
        case do.ShowNotice(attempt, notice, second):
            published = context.notices.version(notice)
            text = published.texts[shown.language, NoticeForm.SHORT] if published else ""
            heading, *lines = text.splitlines() or [""]
            seconds = math.ceil(context.notice_minimum_s)
            return "notice", {
                "attempt": attempt,
                "version": notice,
                "heading": heading,
                "lines": lines,
                "seconds": seconds,
                "second": second,
            }
        case do.OfferMethods() | do.AskSecond() as view:
            return _choice_model(context, view, shown.chosen)
        case do.Guide(attempt, hint):
            return "chosen", {"attempt": attempt, "method": Method.FACE, "words": HINTS[hint], "back": False}
        case do.ShowChecking(_, method):
            return "checking", {"method": method, "title": CHECKING[method]}
        case do.ShowResult(_, granted, reason):
            return "result", {
                "granted": granted,
                "words": RESULTS[reason],
                "contact": context.contact,
                "shut": reason in SHUT,
            }
        case _:
            return _withdrawal_model(context, shown.view)


def _choice_model(
    context: WebContext, view: do.OfferMethods | do.AskSecond, chosen: Method | None
) -> tuple[str, dict[str, object]]:
    """Give the ways to begin, or to go on after a first step, as equals; and one alone as if it were chosen."""
    offer = view if isinstance(view, do.OfferMethods) else None
    alone = view.methods[0] if len(view.methods) == 1 else None
    if (method := chosen or alone) is not None:
        words = CHOSEN[method] if offer else SECOND[method]
        back = alone is None and method is not Method.FACE
        return "chosen", {"attempt": view.attempt, "method": method, "words": words, "back": back}
    return "choices", {
        "attempt": view.attempt,
        "tiles": [(method, METHODS[method]) for method in IN_ORDER if method in view.methods],
        "with_face": Method.FACE in view.methods,
        "second": offer is None,
        "two_factors": offer is not None and offer.two_factors,
        "scanner": context.scanner,
    }


def _withdrawal_model(
    context: WebContext, view: do.AskCredential | do.ConfirmWithdrawal | do.ShowWithdrawn
) -> tuple[str, dict[str, object]]:
    match view:
        case do.AskCredential(attempt, opens):
            return "withdraw", {"attempt": attempt, "opens": opens}
        case do.ConfirmWithdrawal(attempt, door):
            return "confirm", {"attempt": attempt, "door": door}
        case do.ShowWithdrawn(attempt, outcome, reference, receipt):
            return "withdrawn", {
                "attempt": attempt,
                "failed": outcome is WithdrawalOutcome.FAILED,
                "words": WITHDRAWALS[outcome],
                "contact": context.contact,
                "reference": reference,
                "code": qr_svg(receipt) if receipt else "",
            }
        case _:
            assert_never(view)

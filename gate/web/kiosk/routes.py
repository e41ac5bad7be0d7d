"""The gate's screen: a page that shows one view after another and says when a notice is truly seen."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import HTMLResponse, JSONResponse, Response

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.types import AttemptId, Method
from gate.web.context import WebContext
from gate.web.faults import page_fault
from gate.web.gatekeeper import GuardedRoute
from gate.web.guard import HEARTBEAT
from gate.web.kiosk.deeds import Deeds
from gate.web.kiosk.speech import words_of_view
from gate.web.kiosk.views import aside, fragment, live
from gate.web.languages import Language
from gate.web.pages import Pages, back_to
from gate.web.screen import KioskScreen

HOME = "/kiosk"
SPEECH = "/kiosk/speech"


def routes(context: WebContext, screen: KioskScreen, pages: Pages) -> APIRouter:
    """Give the kiosk's page, its script's questions and its buttons."""
    router = APIRouter(route_class=GuardedRoute)
    screen.touch = context.kiosk.touch
    deeds = Deeds(context, screen)
    _reads(router, context, screen, pages)
    _speech(router, context, screen, pages)
    _page(router, screen, deeds)
    _choices(router, deeds)
    _keys(router, screen, deeds)
    _withdrawal(router, deeds)
    return router


def _reads(router: APIRouter, context: WebContext, screen: KioskScreen, pages: Pages) -> None:
    @router.get(HOME)
    async def kiosk() -> Response:
        shown = screen.shown
        return HTMLResponse(
            pages.render(
                "kiosk/page.html",
                shown.language,
                view=fragment(context, screen, pages),
                number=shown.number,
                page=screen.load(),
                sound=context.kiosk.sound,
                speaks=context.kiosk.voice is not None,
                touch=context.kiosk.touch,
            )
        )

    @router.get(HEARTBEAT)
    async def view(after: int, page: str) -> Response:
        """Answer the gate's screen with what is new, and any older page with the words that it is no screen."""
        shown = screen.shown
        if screen.take_over(page) and not isinstance(shown.view, do.ClearScreen):
            # Its person reads the other page: a notice begun there is not shown to the end here (R10).
            context.post(on.Cancelled(shown.view.attempt))
        if not screen.heard(page):
            words = pages.render("kiosk/elsewhere.html", screen.shown.language)
            return JSONResponse({"html": words}, HTTPStatus.CONFLICT)
        shown = await screen.newer_than(after)
        # A page from before a restart holds a number of that other gate.
        is_drawn = shown.drawn <= after <= shown.number
        return JSONResponse(
            {
                "number": shown.number,
                "language": shown.language,
                "html": None if is_drawn else fragment(context, screen, pages),
                "live": live(context, screen, pages),
            }
        )


def _speech(router: APIRouter, context: WebContext, screen: KioskScreen, pages: Pages) -> None:
    @router.get(SPEECH)
    async def speech() -> Response:
        """Read aloud what stands on the screen now."""
        shown, voice = screen.shown, context.kiosk.voice
        if voice is None:
            raise page_fault("speech-none")
        words = words_of_view(fragment(context, screen, pages))
        said = aside(context, screen, pages)
        return Response(
            await voice.say("\n".join(filter(None, (words, said))), shown.language), media_type="audio/wav"
        )


def _page(router: APIRouter, screen: KioskScreen, deeds: Deeds) -> None:
    @router.post("/kiosk/hidden", status_code=HTTPStatus.NO_CONTENT)
    async def hidden(page: Annotated[str, Form()]) -> None:
        screen.hidden(page)

    @router.post("/kiosk/shown", status_code=HTTPStatus.NO_CONTENT)
    async def notice_shown(
        attempt: Annotated[str, Form()], notice: Annotated[str, Form()], page: Annotated[str, Form()]
    ) -> None:
        deeds.notice_shown(attempt, notice, page)

    @router.post("/kiosk/language")
    async def language(language: Annotated[Language, Form()]) -> Response:
        deeds.change_language(language)
        return back_to(HOME)

    @router.post("/kiosk/help")
    async def call_help() -> Response:
        deeds.call_help()
        return back_to(HOME)


def _choices(router: APIRouter, deeds: Deeds) -> None:
    @router.post("/kiosk/start")
    async def start() -> Response:
        deeds.start()
        return back_to(HOME)

    @router.post("/kiosk/choose")
    async def choose(
        attempt: Annotated[str, Form()], method: Annotated[Method | None, Form()] = None
    ) -> Response:
        deeds.choose(AttemptId(attempt), method)
        return back_to(HOME)

    @router.post("/kiosk/read")
    async def read_again(attempt: Annotated[str, Form()]) -> Response:
        deeds.read_again(AttemptId(attempt))
        return back_to(HOME)

    @router.post("/kiosk/more-time")
    async def more_time(attempt: Annotated[str, Form()]) -> Response:
        deeds.more_time(AttemptId(attempt))
        return back_to(HOME)

    @router.post("/kiosk/cancel")
    async def cancel(attempt: Annotated[str, Form()]) -> Response:
        deeds.cancel(AttemptId(attempt))
        return back_to(HOME)


def _keys(router: APIRouter, screen: KioskScreen, deeds: Deeds) -> None:
    @router.post("/kiosk/pad")
    async def pad() -> Response:
        deeds.open_pad()
        return back_to(HOME)

    @router.post("/kiosk/key")
    async def key(key: Annotated[str, Form(max_length=8)]) -> Response:
        deeds.press(key)
        return back_to(HOME)

    @router.post("/kiosk/code")
    async def own_code() -> Response:
        deeds.show_own_code()
        return back_to(HOME)

    @router.post("/kiosk/back")
    async def back() -> Response:
        """Take the keys or the code away, and show what stands behind them."""
        screen.uncover()
        return back_to(HOME)


def _withdrawal(router: APIRouter, deeds: Deeds) -> None:
    @router.post("/kiosk/withdraw")
    async def withdraw(attempt: Annotated[str | None, Form()] = None) -> Response:
        deeds.withdraw(AttemptId(attempt) if attempt else None)
        return back_to(HOME)

    @router.post("/kiosk/withdraw/confirm")
    async def confirm(attempt: Annotated[str, Form()]) -> Response:
        deeds.confirm_withdrawal(AttemptId(attempt))
        return back_to(HOME)

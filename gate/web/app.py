"""All pages of one gate as one application."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from gate.errors import GateError
from gate.web import desk, enrol, landing, me, own_keys, simulator, status
from gate.web.api.routes import routes as api_routes
from gate.web.context import WebContext
from gate.web.gatekeeper import Gatekeeper, refuse_unruled
from gate.web.guard import Guard
from gate.web.kiosk.routes import routes as kiosk_routes
from gate.web.pages import API, FOLDER, Pages, back_to, language_of, ready_pages
from gate.web.screen import KioskScreen
from gate.web.sitting import SittingRoom
from gate.web.staff import (
    account,
    accounts,
    alarms,
    approvals,
    audit,
    backups,
    counts,
    door,
    evidence,
    governance,
    health,
    hours,
    joining,
    live_events,
    notices,
    overrides,
    overview,
    people,
    people_import,
    person,
    requests,
    resume,
    retention,
    retention_rules,
    sign_in,
    tokens,
    visits,
)
from gate.web.staff.layout import StaffPages

TELEMETRY_OFF: Final[TelemetryConfig] = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "auto_configure": False,
}
"""R41: outgoing traffic goes to the broker and nowhere else."""
CODES: Final = {HTTPStatus.NOT_FOUND: "no-page"}


def create_app(context: WebContext, screen: KioskScreen) -> FastAPI:
    """Build the application; its routes run on the loop that serves it, as do *context* and *screen*."""
    app = FastAPI(telemetry=TELEMETRY_OFF, docs_url=None, redoc_url=None, openapi_url=None)
    pages = ready_pages()
    app.include_router(landing.routes(context, pages))
    app.include_router(status.routes(context, pages))
    app.include_router(kiosk_routes(context, screen, pages))
    room = SittingRoom(context.clock, context.office.accounts.still_holds)
    app.include_router(desk.routes(context, pages, room))
    app.include_router(enrol.routes(context, pages, room))
    app.include_router(me.routes(context, pages))
    app.include_router(own_keys.routes(context, pages))
    if context.simulation is not None:
        app.include_router(simulator.routes(context.simulation, pages))
    app.include_router(resume.routes(pages))
    staff = StaffPages(context, pages)
    for area in (overview, door, alarms, health, overrides, retention_rules, live_events, backups, counts):
        app.include_router(area.routes(staff))
    for area in (
        people,
        people_import,
        person,
        hours,
        visits,
    ):  # person last of its folder: it takes any word there
        app.include_router(area.routes(staff))
    for area in (audit, evidence, governance, notices, requests, retention):
        app.include_router(area.routes(staff))
    for area in (sign_in, joining, account, accounts, approvals, tokens):
        app.include_router(area.routes(staff))
    app.include_router(api_routes(context))
    app.state.gatekeeper = Gatekeeper(context, pages)
    app.state.gatekeeper.end_sitting = room.end
    refuse_unruled(app)
    app.mount("/static", StaticFiles(directory=FOLDER / "static"))
    _answer_errors(app, pages)
    app.add_middleware(Guard, pages=pages, transport=context.transport, clock=context.clock)
    return app


def _home_of(path: str) -> str:
    """Give where the part of the pages that *path* belongs to begins."""
    return next((home for home in ("/staff", "/me") if path.startswith(f"{home}/")), "/")


def _answer_errors(app: FastAPI, pages: Pages) -> None:
    @app.exception_handler(GateError)
    async def gate_error(request: Request, error: GateError) -> Response:
        return pages.error(request, error)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and "lang" in request.query_params:
            # The language was changed on a page that answered a form: there is no such page to ask for again.
            return back_to(f"{_home_of(request.url.path)}?lang={language_of(request)}")
        answer = pages.refuse(request, CODES.get(HTTPStatus(error.status_code), "not-so"), error.status_code)
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(RequestValidationError)
    async def form_error(request: Request, _: RequestValidationError) -> Response:
        # A program has nowhere to go back to.
        code = "bad-query" if request.url.path.startswith(API) else "bad-form"
        return pages.refuse(request, code, HTTPStatus.BAD_REQUEST)

"""The routes of the JSON API. Each one's rule names the act that the token's office must be allowed (gate/web/rules.py)."""

from __future__ import annotations

from datetime import date
from functools import cache
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.requests import Request
from starlette.responses import JSONResponse

from gate.core.counts import DAYS_MOST
from gate.web.api.values import (
    AuditEntries,
    Confirmation,
    DayCounts,
    Door,
    GateStatus,
    Lockdown,
    Problem,
    Release,
    StandingAlarm,
    WindowCounts,
)
from gate.web.context import WebContext
from gate.web.gatekeeper import Bearer, GuardedRoute
from gate.web.staff.ports.audit import AuditQuery

HOME: Final = "/api/v1"
TITLE: Final = "Gate"
DESCRIPTION: Final = (
    "What a program of the site may see and do with a token of the staff's pages. Nothing here names a person, a card or a "
    "passage. Every refusal is a Problem."
)
_PROBLEM: Final = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"description": description, "content": _PROBLEM}
    for status, description in (
        (HTTPStatus.BAD_REQUEST, "Something in the request is wrong."),
        (HTTPStatus.UNAUTHORIZED, "There is no such token, or it is over."),
        (HTTPStatus.FORBIDDEN, "The token's office may not do this."),
        (HTTPStatus.CONFLICT, "The gate stands so that it cannot be done now."),
        (HTTPStatus.TOO_MANY_REQUESTS, "Too many requests from there."),
        (HTTPStatus.SERVICE_UNAVAILABLE, "The database cannot serve."),
    )
}
_SEQUENCE_MOST: Final = 2**53

Word = Annotated[str, Query(max_length=40, pattern=r"^[a-z-]*$")]


def routes(context: WebContext) -> APIRouter:
    """Give the API's routes and its OpenAPI document."""
    router = APIRouter(prefix=HOME, route_class=GuardedRoute)
    api = APIRouter(
        prefix=HOME,
        route_class=GuardedRoute,
        responses=_PROBLEMS,
        dependencies=[
            Depends(HTTPBearer(auto_error=False, description="A token of the staff's pages.")),
            Depends(_only_known),
        ],
    )
    _gate(api, context)
    _door(api, context)
    _records(api, context)

    @cache
    def document() -> dict[str, Any]:
        made = get_openapi(title=TITLE, version="1", description=DESCRIPTION, routes=api.routes)
        made["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        return made

    @router.get("/openapi.json", include_in_schema=False)
    async def openapi() -> JSONResponse:
        return JSONResponse(document())

    router.routes.extend(api.routes)
    return router


def _only_known(request: Request) -> None:
    """Refuse a parameter that the route does not have: a misspelt bound must not give what was not asked for."""
    route: APIRoute = request.scope["route"]
    known = {each.alias for each in route.dependant.query_params}
    if unknown := set(request.query_params) - known:
        raise RequestValidationError(
            [{"type": "extra_forbidden", "loc": ("query",), "msg": f"{len(unknown)} unknown"}]
        )


def _gate(api: APIRouter, context: WebContext) -> None:
    office = context.office.gate

    @api.get("/status")
    async def status() -> GateStatus:
        """Give one look at the gate."""
        return GateStatus.of(context.status(), tuple(view.alarm for view in office.alarms.standing()))

    @api.get("/alarms")
    async def alarms() -> list[StandingAlarm]:
        """Give the alarms that stand."""
        return [StandingAlarm.of(view) for view in office.alarms.standing()]


def _door(api: APIRouter, context: WebContext) -> None:
    door = context.office.gate.door

    @api.get("/door")
    async def look() -> Door:
        """Give the door now."""
        return Door.of(door.state())

    @api.post("/door/release", status_code=HTTPStatus.CREATED)
    async def ask(who: Bearer) -> Release:
        """Ask for one release; nothing opens before it is confirmed."""
        return Release.of(door.ask(who))

    @api.post("/door/release/confirm")
    async def confirm(who: Bearer, confirmation: Confirmation) -> Door:
        """Release the door once, as asked for; it relocks by itself."""
        await door.confirm(who, confirmation.word)
        return Door.of(door.state())

    @api.put("/lockdown")
    async def begin(who: Bearer) -> Lockdown:
        """Let nobody in until it is ended; leaving is as free as ever."""
        return Lockdown(changed=door.lock_down(who), lockdown=True)

    @api.delete("/lockdown")
    async def end(who: Bearer) -> Lockdown:
        """Let people in again."""
        return Lockdown(changed=door.end_lockdown(who), lockdown=False)


def _records(api: APIRouter, context: WebContext) -> None:
    counts, audit = context.office.gate.counts, context.office.privacy.audit

    @api.get("/counts")
    async def days(days: Annotated[int, Query(ge=1, le=DAYS_MOST)] = 7) -> list[DayCounts]:
        """Give what was told of the last UTC days, today last; small counts are withheld (R44)."""
        return [DayCounts.of(day) for day in counts.days(days)]

    @api.get("/counts/{day}")
    async def windows(day: date) -> list[WindowCounts]:
        """Give what was told of one UTC day's windows that are over; small counts are withheld (R44)."""
        return [WindowCounts.of(window) for window in counts.windows(day)]

    @api.get("/audit")
    async def lines(
        first: date | None = None,
        last: date | None = None,
        actor: Word = "",
        action: Word = "",
        before: Annotated[int | None, Query(ge=1, le=_SEQUENCE_MOST)] = None,
    ) -> AuditEntries:
        """Give lines of the audit log, newest first, a hundred at most."""
        return AuditEntries.of(await audit.page(AuditQuery(first, last, actor, action, before)))

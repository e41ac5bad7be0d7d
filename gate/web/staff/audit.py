"""The audit log's pages: looked through by day, act and actor, verified, taken along (R55)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gate.errors import GateError
from gate.web.gatekeeper import GuardedRoute, SignedStaff
from gate.web.languages import marked as _
from gate.web.moments import LocalTimes
from gate.web.pages import back_to
from gate.web.staff.audit_details import details_of, object_of
from gate.web.staff.audit_words import ACTIONS, ACTORS
from gate.web.staff.layout import StaffPages
from gate.web.staff.ports.audit import AuditPort, AuditQuery, AuditVerdict

HOME: Final = "/staff/audit"
_FIRST_YEAR: Final = 2000
_LAST_YEAR: Final = 2200
_SEQ_MOST: Final = 1 << 53
NO_DAY: Final = _("This is no day. Choose one, or write it as 2026-11-22.")
TURNED: Final = _("The last day lies before the first.")

Typed = Annotated[str, Query(max_length=64)]


def routes(staff: StaffPages) -> APIRouter:
    """Give the audit log's page, its verification and its file."""
    router = APIRouter(route_class=GuardedRoute)
    port = staff.context.office.privacy.audit

    @router.get(HOME)
    async def home(
        request: Request,
        session: SignedStaff,
        first: Typed = "",
        last: Typed = "",
        actor: Typed = "",
        action: Typed = "",
        before: Typed = "",
    ) -> Response:
        """Show the lines that are looked for, the newest first."""
        typed = {"first": first.strip(), "last": last.strip(), "actor": actor, "action": action}
        query, faults = _read(port, typed, before)
        verdict, fault = _verdict(port)
        return staff.page(
            request,
            session,
            "audit_list.html",
            error=fault,
            page=None if faults else await port.page(query),
            typed=typed,
            query=urlencode({name: value for name, value in typed.items() if value}),
            is_newest=query.before is None,
            faults=faults,
            verdict=verdict,
            is_verifying=port.is_verifying,
            actors=ACTORS,
            actions=ACTIONS,
            known_actors=port.actors,
            known_actions=port.actions,
            minute=LocalTimes(staff.context.zone).moment,
            details_of=details_of,
            object_of=object_of,
        )

    @router.post("/staff/audit/verify")
    async def verify(session: SignedStaff) -> Response:
        """Begin to verify; the page shows how it goes."""
        del session
        port.verify()
        return back_to(HOME)

    @router.post("/staff/audit/lines")
    async def lines(request: Request, session: SignedStaff) -> Response:
        """Give the lines that are looked for as a file; that somebody took them is on record."""
        form = await request.form()
        typed = {name: str(form.get(name, "")).strip() for name in ("first", "last", "actor", "action")}
        query, faults = _read(port, typed, "")
        if faults:
            return back_to(f"{HOME}?{urlencode(typed)}")
        headers = {"content-disposition": 'attachment; filename="audit-log.jsonl"'}
        given = port.export(query, session.who)
        return StreamingResponse(given, media_type="application/x-ndjson", headers=headers)

    return router


def _verdict(port: AuditPort) -> tuple[AuditVerdict | None, GateError | None]:
    try:
        return port.verdict, None
    except GateError as error:
        return None, error


def _read(port: AuditPort, typed: dict[str, str], before: str) -> tuple[AuditQuery, dict[str, str]]:
    """Read what is looked for; give it with what is wrong by field. An act or actor that is none finds everything."""
    faults: dict[str, str] = {}
    days: dict[str, date | None] = {}
    for name in ("first", "last"):
        days[name] = None
        try:
            days[name] = date.fromisoformat(typed[name]) if typed[name] else None
        except ValueError:
            faults[name] = NO_DAY
        day = days[name]
        if day is not None and not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            faults[name] = NO_DAY
    if days["first"] and days["last"] and days["last"] < days["first"] and not faults:
        faults["last"] = TURNED
    seq = (
        int(before) if before.isascii() and before.isdecimal() and len(before) < len(str(_SEQ_MOST)) else None
    )
    query = AuditQuery(
        days["first"],
        days["last"],
        typed["actor"] if typed["actor"] in port.actors else "",
        typed["action"] if typed["action"] in port.actions else "",
        seq,
    )
    return query, faults

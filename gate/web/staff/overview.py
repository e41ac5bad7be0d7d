"""The page a guard looks at all day, and its stream (R60, R72, R74)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final, TypedDict

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gate.core.roles import Act
from gate.web.gatekeeper import GuardedRoute, SignedStaff, StaffSession, gatekeeper_of
from gate.web.moments import LocalTimes
from gate.web.pages import language_of
from gate.web.rules import For
from gate.web.staff.gate_words import DECLARED, LEAVES, OBSTACLES_TO_ENTRY
from gate.web.staff.layout import StaffPages, fresh_word
from gate.web.staff.live import LiveView, Streams, events, look
from gate.web.words import ALARMS, DOOR, OBSTACLES, SILENT, Words

HOME: Final = "/staff"
_WATCHING: Final = For(Act.SEE_GATE, quiet=True)


class Said(TypedDict):
    """What the templates of the live pages find."""

    now: LiveView
    door_words: str
    obstacle_words: str | None
    leaf_words: str
    declared_words: str
    alarm_words: Mapping[str, Words]
    silent: frozenset[str]
    face_words: list[Words]
    moment: Callable[[datetime], str]


def routes(staff: StaffPages) -> APIRouter:
    """Give the overview and its stream."""
    router = APIRouter(route_class=GuardedRoute)
    context, streams = staff.context, Streams()

    @router.get(HOME)
    async def overview(request: Request, session: SignedStaff, still: str = "") -> Response:
        """Show the gate now; *still*: without a script, do not renew the page."""
        return staff.page(
            request,
            session,
            "overview.html",
            still=bool(still),
            pending=_pending(staff, session),
            **said_of(staff, look(context)),
        )

    @router.get("/staff/live")
    async def live(request: Request, session: SignedStaff, page: str = "") -> Response:
        """Send the part that changes of the overview or of the *page* "door", while somebody looks.

        It never keeps the session alive.
        """
        if not streams.has_room(session.id):
            return staff.pages.refuse(request, "streams-many", HTTPStatus.SERVICE_UNAVAILABLE)
        keeper, language = gatekeeper_of(request), language_of(request)

        def holds() -> bool:
            return keeper.staff_session(request, _WATCHING) is session and session.who.may(Act.SEE_GATE)

        def now() -> tuple[LiveView, bool]:
            return look(context), context.office.gate.door.asked(session.who) is not None

        def render(seen: tuple[LiveView, bool]) -> str:
            view, asked = seen
            return staff.pages.render(
                "staff/door_live.html" if page == "door" else "staff/gate_live.html",
                language,
                asked=asked,
                token=session.form,
                once=fresh_word,
                may=lambda act: session.who.may(Act(act)),
                **said_of(staff, view),
            )

        async def stream() -> AsyncIterator[str]:
            with streams.held(session.id):
                async for event in events(now, render, holds=holds, monotonic=context.clock.monotonic):
                    yield event

        return StreamingResponse(stream(), media_type="text/event-stream")

    return router


def said_of(staff: StaffPages, view: LiveView) -> Said:
    """Give what the templates say *view* with."""
    return {
        "now": view,
        "door_words": DOOR[view.door.view],
        "obstacle_words": OBSTACLES_TO_ENTRY.get(view.door.obstacle) if view.door.obstacle else None,
        "leaf_words": LEAVES[view.door.leaf.value],
        "declared_words": DECLARED[view.door.declared],
        "alarm_words": ALARMS,
        "silent": SILENT,
        "face_words": [OBSTACLES[name] for name in view.obstacles],
        "moment": LocalTimes(staff.context.zone).moment,
    }


def _pending(staff: StaffPages, session: StaffSession) -> int:
    """Count the approvals that wait for somebody who may give them."""
    if not session.who.may(Act.APPROVE):
        return 0
    asked = staff.context.office.approvals.all()
    return sum(each.state == "pending" and each.asked_by != session.who.account for each in asked)

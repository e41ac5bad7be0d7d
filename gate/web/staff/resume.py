"""After a session that was over: what somebody had typed, to be sent after all."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.core.roles import Staff
from gate.web.gatekeeper import GuardedRoute, OwnSession, SignedOwn, SignedStaff, StaffSession, gatekeeper_of
from gate.web.languages import marked as _
from gate.web.pages import Pages, back_to
from gate.web.parked import PARKED_COOKIE, owner_of
from gate.web.staff.layout import NAVIGATION, fresh_word

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {entry.path: entry.title for group in NAVIGATION for entry in group.entries}
    | {
        "/staff/registers": _("Duties"),
        "/staff/assessment": _("Duties"),
        "/me": _("My data"),
        "/me/visitors": _("Visitors"),
    }
)
"""What people know a page by, by where its addresses begin."""


def routes(pages: Pages) -> APIRouter:
    """Give the page that follows a sign-in where a form waits; the sign-ins lead to it."""
    router = APIRouter(route_class=GuardedRoute)

    @router.get("/staff/resume")
    async def staff(request: Request, session: SignedStaff) -> Response:
        return _resume(request, pages, session)

    @router.get("/me/resume")
    async def own(request: Request, session: SignedOwn) -> Response:
        return _resume(request, pages, session)

    @router.post("/staff/resume")
    async def drop_staff(request: Request, session: SignedStaff) -> Response:
        return _drop(request, session)

    @router.post("/me/resume")
    async def drop_own(request: Request, session: SignedOwn) -> Response:
        return _drop(request, session)

    return router


def _home_of(session: StaffSession | OwnSession) -> str:
    return "/staff" if isinstance(session.who, Staff) else "/me"


def _resume(request: Request, pages: Pages, session: StaffSession | OwnSession) -> Response:
    """Name the page of what waits, and offer to send it; the fields stay with the gatekeeper."""
    key = request.cookies.get(PARKED_COOKIE)
    parked = gatekeeper_of(request).parked.get(key, owner_of(session.who))
    if parked is None:
        return back_to(_home_of(session))
    return pages.page(
        request,
        "resume.html",
        form=parked,
        key=key,
        page_name=title_of(parked.path),
        token=session.form,
        once=fresh_word,
        home=_home_of(session),
    )


def _drop(request: Request, session: StaffSession | OwnSession) -> Response:
    gatekeeper_of(request).parked.drop(request.cookies.get(PARKED_COOKIE), owner_of(session.who))
    answer = back_to(_home_of(session))
    answer.delete_cookie(PARKED_COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    return answer


def title_of(path: str) -> str:
    """Give the name of the page that *path* belongs to, in English."""
    nearest = max((start for start in TITLES if f"{path}/".startswith(f"{start}/")), key=len)
    return TITLES[nearest]

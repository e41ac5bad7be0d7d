"""After a session that was over: what somebody had typed, to be sent after all."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.core.roles import Staff
from gate.web.gatekeeper import GuardedRoute, OwnSession, SignedOwn, SignedStaff, StaffSession, gatekeeper_of
from gate.web.pages import Pages, back_to
from gate.web.parked import PARKED_COOKIE
from gate.web.staff.layout import fresh_word


def routes(pages: Pages) -> APIRouter:
    """Give the page that follows a sign-in where a form waits; the sign-ins lead to it."""
    router = APIRouter(route_class=GuardedRoute)

    @router.get("/staff/resume")
    async def staff(request: Request, session: SignedStaff) -> Response:
        return _resume(request, pages, session)

    @router.get("/me/resume")
    async def own(request: Request, session: SignedOwn) -> Response:
        return _resume(request, pages, session)

    return router


def _resume(request: Request, pages: Pages, session: StaffSession | OwnSession) -> Response:
    """Show what waits as one button: the values stay hidden, for somebody else may have signed in here."""
    parked = gatekeeper_of(request).parked.take(request.cookies.get(PARKED_COOKIE))
    home = "/staff" if isinstance(session.who, Staff) else "/me"
    if parked is None or not parked.path.startswith(f"{home}/"):
        return back_to(home)
    answer = pages.page(
        request,
        "resume.html",
        form=parked,
        count=len(parked.fields),
        token=session.form,
        once=fresh_word,
        home=home,
    )
    answer.delete_cookie(PARKED_COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    return answer

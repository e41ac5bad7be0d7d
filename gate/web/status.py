"""The notice, for everybody to read and print."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.core.notices import Form
from gate.core.types import NoticeVersion
from gate.web.context import WebContext
from gate.web.gatekeeper import GuardedRoute
from gate.web.pages import Pages, language_of
from gate.web.texts import blocks_of
from gate.web.words import OBSTACLES


def routes(context: WebContext, pages: Pages) -> APIRouter:
    """Give the routes that everybody may read."""
    router = APIRouter(route_class=GuardedRoute)

    @router.get("/notice")
    async def notice(request: Request, version: str | None = None) -> Response:
        """Show the full text of *version*, or of the notice in force, or of the newest there is (R13)."""
        versions = context.notices.all()
        shown = context.notices.in_force or (versions[-1] if versions else None)
        if version is not None:
            shown = context.notices.version(NoticeVersion(version))
            if shown is None:
                return pages.refuse(request, "no-page", HTTPStatus.NOT_FOUND)
        return pages.page(
            request,
            "notice.html",
            shown=shown,
            in_force=context.notices.in_force,
            versions=versions,
            blocks=blocks_of(shown.texts[language_of(request), Form.FULL]) if shown else (),
            unpublished=OBSTACLES["notice_published"],
        )

    return router

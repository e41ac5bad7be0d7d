"""The status page, and the notice for everybody to read and print."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.web.context import WebContext
from gate.web.pages import Pages
from gate.web.words import CUSTODY, OBSTACLES, PHASES


def routes(context: WebContext, pages: Pages) -> APIRouter:
    """Give the routes that everybody may read."""
    router = APIRouter()

    @router.get("/")
    async def status(request: Request) -> Response:
        now = context.status()
        return pages.page(
            request,
            "status.html",
            status_now=now,
            phase=PHASES[now.phase],
            obstacles=[OBSTACLES[name] for name in now.obstacles],
            custody=CUSTODY[now.key_custody],
            has_simulation=context.simulation is not None,
        )

    @router.get("/notice")
    async def notice(request: Request) -> Response:
        return pages.page(
            request,
            "notice.html",
            version=context.notice,
            texts=context.notice_texts,
            unpublished=OBSTACLES["notice_published"],
        )

    return router

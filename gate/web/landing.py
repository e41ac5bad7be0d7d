"""The first page, for whoever opens the gate's address, and the page that explains the gate's certificate."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.web.context import WebContext
from gate.web.gatekeeper import GuardedRoute
from gate.web.guard import is_this_device
from gate.web.pages import Pages


def routes(context: WebContext, pages: Pages) -> APIRouter:
    """Give the routes that lead everybody to where they want to go; nothing on them tells of the gate's inside."""
    router = APIRouter(route_class=GuardedRoute)

    @router.get("/")
    async def landing(request: Request) -> Response:
        here = is_this_device(request.scope)
        return pages.page(
            request,
            "landing.html",
            contact=context.contact,
            here=here,
            has_simulation=here and context.simulation is not None,
            has_authority=context.transport.authority() is not None,
        )

    @router.get("/trust")
    async def trust(request: Request) -> Response:
        return pages.page(
            request, "trust.html", authority=context.transport.authority(), contact=context.contact
        )

    @router.get("/trust/ca.crt")
    async def authority_file(request: Request) -> Response:
        authority = context.transport.authority()
        if authority is None:
            return pages.refuse(request, "no-page", 404)
        name = "gate-ca.crt"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(authority.pem, media_type="application/x-x509-ca-cert", headers=headers)

    return router

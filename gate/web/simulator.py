"""The simulated reader, door and camera, to play with from a page or a command line."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from gate.web.context import Simulation
from gate.web.gatekeeper import GuardedRoute
from gate.web.pages import Pages, back_to
from gate.web.words import DEEDS, SCENES

HOME = "/sim"


def routes(simulation: Simulation, pages: Pages) -> APIRouter:
    """Give the simulator's page and its forms."""
    router = APIRouter(route_class=GuardedRoute)

    @router.get(HOME)
    async def simulator(request: Request) -> Response:
        return pages.page(request, "simulator.html", simulation=simulation, deeds=DEEDS, scenes=SCENES)

    @router.post("/sim/card")
    async def card(value: Annotated[int, Form(ge=0, lt=2**26)]) -> Response:
        simulation.present_card(value)
        return back_to(HOME)

    @router.post("/sim/keys")
    async def keys(keys: Annotated[str, Form(max_length=64)]) -> Response:
        simulation.press(keys)
        return back_to(HOME)

    @router.post("/sim/code")
    async def code(text: Annotated[str, Form(max_length=512)]) -> Response:
        simulation.scan(text)
        return back_to(HOME)

    @router.post("/sim/scene")
    async def scene(name: Annotated[str, Form()]) -> Response:
        simulation.set_scene(name)
        return back_to(HOME)

    @router.post("/sim/deed")
    async def deed(name: Annotated[str, Form(max_length=32)]) -> Response:
        simulation.act(name)
        return back_to(HOME)

    return router

"""The simulated reader, door and camera, to play with from a page or a command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from gate.web.context import Simulation
from gate.web.pages import Pages, back_to

HOME = "/sim"
Deed = Literal["push", "leave", "shut", "unplug", "plug", "tamper", "kill-vision"]


def routes(simulation: Simulation, pages: Pages) -> APIRouter:
    """Give the simulator's page and its forms."""
    router = APIRouter()
    deeds: Mapping[Deed, Callable[[], None]] = {
        "push": simulation.push_door,
        "leave": simulation.leave,
        "shut": simulation.shut_door,
        "unplug": partial(simulation.plug_reader, plugged=False),
        "plug": partial(simulation.plug_reader, plugged=True),
        "tamper": simulation.tamper,
        "kill-vision": simulation.kill_vision,
    }

    @router.get(HOME)
    async def simulator(request: Request) -> Response:
        return pages.page(request, "simulator.html", simulation=simulation)

    @router.post("/sim/card")
    async def card(value: Annotated[int, Form(ge=0, lt=2**26)]) -> Response:
        simulation.present_card(value)
        return back_to(HOME)

    @router.post("/sim/keys")
    async def keys(keys: Annotated[str, Form(max_length=64)]) -> Response:
        simulation.press(keys)
        return back_to(HOME)

    @router.post("/sim/scene")
    async def scene(name: Annotated[str, Form()]) -> Response:
        simulation.set_scene(name)
        return back_to(HOME)

    @router.post("/sim/deed")
    async def deed(name: Annotated[Deed, Form()]) -> Response:
        deeds[name]()
        return back_to(HOME)

    return router

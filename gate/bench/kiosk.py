"""What the gate's screen takes from the end of a notice's minimum time to the choice: the step a person waits for."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter
from typing import Final

from gate.core.types import Seconds
from gate.errors import DeviceFault

Ask = Callable[[str, str, Mapping[str, str] | None], Awaitable[bytes]]
"""Asks the pages: a method, a path with its query, and a form; gives the body of the answer. Redirects are not followed."""

ANSWERS_MOST: Final = 200
"""Held questions until the choice must be there: more than any notice stands."""


async def choice_steps(ask: Ask, *, minimum_s: Seconds, rounds: int) -> list[Seconds]:
    """Visit *rounds* times, as the screen's page does, and give what each step took beyond the notice's *minimum_s*.

    From the page's word that the notice is seen to the answer that holds the choice. Nobody else may be at the gate, and
    face must be offered. Raises DeviceFault ``bench-refused`` where no notice or no choice comes.
    """
    page = _found(r'data-page="([^"]+)"', await ask("GET", "/kiosk", None))
    return [await _one_step(ask, page, minimum_s) for _ in range(rounds)]


async def _one_step(ask: Ask, page: str, minimum_s: Seconds) -> Seconds:
    number, _ = await _until(ask, page, -1, 'class="stage rest')
    await ask("POST", "/kiosk/start", {})
    number, html = await _until(ask, page, number, 'id="notice"')
    attempt, notice = (_found(rf'data-{name}="([^"]+)"', html) for name in ("attempt", "version"))
    began = perf_counter()
    await ask("POST", "/kiosk/shown", {"attempt": attempt, "notice": notice, "page": page})
    await _until(ask, page, number, 'class="tiles"')
    spent = perf_counter() - began - minimum_s
    await ask("POST", "/kiosk/cancel", {"attempt": attempt})
    return spent


async def _until(ask: Ask, page: str, number: int, sign: str) -> tuple[int, bytes]:
    """Ask for what is new, as the page does, until it holds *sign*; give its number and itself."""
    for _ in range(ANSWERS_MOST):
        news = json.loads(await ask("GET", f"/kiosk/view?after={number}&page={page}", None))
        number = news["number"]
        if sign in (news["html"] or ""):
            return number, news["html"].encode()
    raise DeviceFault(
        "bench-refused",
        "The gate's screen did not come to what is measured.",
        remedy="See that face is offered: gate check.",
    )


def _found(pattern: str, body: bytes) -> str:
    found = re.search(pattern, body.decode())
    if found is None:
        raise DeviceFault("bench-refused", "The gate's screen is not as expected.", remedy="Run gate check.")
    return found[1]

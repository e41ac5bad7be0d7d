"""The counts' page: days and hours as bars and as a table, from which nobody's passage can be read (R44)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.core.counts import DAYS_MOST, Cell, Day, Hour
from gate.web.gatekeeper import GuardedRoute, SignedStaff
from gate.web.languages import marked as _
from gate.web.pages import language_of
from gate.web.staff.charts import Bars, bar_chart
from gate.web.staff.layout import StaffPages

HOME: Final = "/staff/counts"
DAYS: Final = (7, 14, 30, DAYS_MOST)
USUAL_DAYS: Final = 14
DAYS_WORDS: Final = {
    7: _("one week"),
    14: _("two weeks"),
    30: _("30 days"),
    DAYS_MOST: _("60 days"),
}
GRANTED: Final = _("Let in")
REFUSED: Final = _("Refused")


def routes(staff: StaffPages) -> APIRouter:
    """Give the counts' page and its pictures."""
    router = APIRouter(route_class=GuardedRoute)
    port = staff.context.office.gate.counts

    @router.get(HOME)
    async def home(request: Request, session: SignedStaff, days: str = "", day: str = "") -> Response:
        """Show the last *days* days, or the hours of one *day*."""
        one = _day(day)
        return staff.page(
            request,
            session,
            "counts.html",
            days_options={
                str(each): staff.pages.say(DAYS_WORDS[each], language_of(request)) for each in DAYS
            },
            days=_days(days),
            day=one,
            by_day=() if one else tuple(reversed(port.days(_days(days)))),
            by_hour=port.hours(one) if one else (),
        )

    @router.get("/staff/counts/chart.svg")
    async def chart(
        request: Request, session: SignedStaff, days: str = "", day: str = "", dark: str = ""
    ) -> Response:
        """Draw the same."""
        del session
        one, say = _day(day), partial(staff.pages.say, language=language_of(request))
        shown: Sequence[Day | Hour] = port.hours(one) if one else port.days(_days(days))
        labels = [_label(each, len(shown), place) for place, each in enumerate(shown)]
        rows = _rows(shown, say)
        drawn = await asyncio.to_thread(bar_chart, labels, rows, dark=bool(dark))
        return Response(drawn, media_type="image/svg+xml")

    return router


def _rows(shown: Sequence[Day | Hour], say: Callable[[str], str]) -> list[Bars]:
    def values(of: Callable[[Day | Hour], Cell]) -> tuple[int | None, ...]:
        return tuple(of(each).value for each in shown)

    return [
        Bars(say(GRANTED), values(lambda each: each.granted)),
        Bars(say(REFUSED), values(lambda each: each.refused)),
    ]


def _label(each: Day | Hour, of: int, place: int) -> str:
    """Name a bar; of many only each third or so, which is all that there is room for."""
    step = 1 if of <= USUAL_DAYS else 3 if of <= 2 * USUAL_DAYS + 2 else 7
    if place % step:
        return ""
    return f"{each.start:%H}" if isinstance(each, Hour) else f"{each.day:%m-%d}"


def _days(text: str) -> int:
    return next((each for each in DAYS if str(each) == text), USUAL_DAYS)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None

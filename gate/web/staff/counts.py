"""The counts' page: days and hours as bars and as a table, from which nobody's passage can be read (R44)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.core.counts import DAYS_MOST, Day, Hour
from gate.web.gatekeeper import GuardedRoute, SignedStaff
from gate.web.languages import marked as _
from gate.web.pages import language_of
from gate.web.staff.charts import Chart, bar_chart
from gate.web.staff.layout import StaffPages

HOME: Final = "/staff/counts"
USUAL_DAYS: Final = 14
DAYS_WORDS: Final = {
    7: _("one week"),
    14: _("two weeks"),
    30: _("30 days"),
    DAYS_MOST: _("60 days"),
}


def routes(staff: StaffPages) -> APIRouter:
    """Give the counts' page."""
    router = APIRouter(route_class=GuardedRoute)
    port = staff.context.office.gate.counts

    @router.get(HOME)
    async def home(request: Request, session: SignedStaff, days: str = "", day: str = "") -> Response:
        """Show the last *days* days, or the hours of one *day*."""
        one, language = _day(day), language_of(request)
        by_hour = port.hours(one) if one else ()
        by_day = () if one else port.days(_days(days))
        return staff.page(
            request,
            session,
            "counts.html",
            days_options={str(each): staff.pages.say(words, language) for each, words in DAYS_WORDS.items()},
            days=_days(days),
            day=one,
            since=port.since(),
            by_day=by_day[::-1],
            by_hour=by_hour,
            chart=_chart(by_hour or by_day),
        )

    return router


def _chart(shown: Sequence[Day | Hour]) -> Chart:
    labels = [f"{each.start:%H}" if isinstance(each, Hour) else f"{each.day:%m-%d}" for each in shown]
    return bar_chart(labels, [[each.granted.value for each in shown], [each.refused.value for each in shown]])


def _days(text: str) -> int:
    return next((each for each in DAYS_WORDS if str(each) == text), USUAL_DAYS)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None

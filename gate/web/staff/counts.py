"""The counts' page: what was told of passages, as bars and as a table, and nothing besides (R44)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.core.counts import DAYS_MOST, Cell, Day, Window, bounds
from gate.core.events import Span
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
        """Show the last *days* days, or the windows of one *day*."""
        one, language, zone = _day(day), language_of(request), staff.context.zone
        by_window = [_Row(each, zone) for each in port.windows(one)] if one else []
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
            by_window=by_window,
            day_begins=_midnight(one or port.since(), zone),
            chart=_windows_chart(by_window) if one else _days_chart(by_day),
            live=staff.context.status().deidentified_live,
        )

    return router


@dataclass(frozen=True, slots=True)
class _Row:
    """One window in the site's zone. alone: an hour; else what the hours of a longer window withheld."""

    window: Window
    zone: tzinfo

    @property
    def alone(self) -> bool:
        return self.window.span is Span.HOUR

    @property
    def start(self) -> datetime:
        return self.window.start.astimezone(self.zone)

    @property
    def end(self) -> datetime:
        return self.window.end.astimezone(self.zone)

    @property
    def people(self) -> Cell:
        return self.window.people


def _days_chart(days: Sequence[Day]) -> Chart:
    rows = [[each.people.value for each in days], [each.refused.value for each in days]]
    return bar_chart([f"{each.day:%m-%d}" for each in days], rows)


def _windows_chart(rows: Sequence[_Row]) -> Chart:
    labels = [f"{each.start:%H}" if each.alone else f"{each.start:%H}-{each.end:%H}" for each in rows]
    return bar_chart(labels, [[each.people.value for each in rows]])


def _midnight(day: date | None, zone: tzinfo) -> datetime | None:
    """Give when UTC's midnight is in the site's *zone*."""
    return None if day is None else bounds(day)[0].astimezone(zone)


def _days(text: str) -> int:
    return next((each for each in DAYS_WORDS if str(each) == text), USUAL_DAYS)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None

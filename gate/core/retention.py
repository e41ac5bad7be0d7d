"""How long each thing the device may hold is kept, what starts its clock, and what ends it (R75).

``gate/core/data_table.py`` is the one list; the deleting is done in ``gate/store/upkeep/retention.py``, by the cut-offs
given here.
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from typing import Final

from gate.core.data_table import DATA_TABLE, DataClass, DataRow, Item

__all__ = [
    "DATA_TABLE",
    "DataClass",
    "DataRow",
    "Item",
    "cutoff",
    "last_month_unused",
    "month_end",
    "months_before",
    "years_before",
]

TEMPLATE_MONTHS: Final = 12
UNUSED: Final = timedelta(days=180)
UNDER_14: Final = timedelta(days=180)
RECORD_YEARS: Final = 3
AFTER_TENANCY: Final = timedelta(days=30)
AFTER_VALIDITY: Final = timedelta(days=30)
DECISIONS: Final = timedelta(days=30)
COUNTS: Final = timedelta(days=90)
WAITS: Final = timedelta(days=30)
FRAME: Final = timedelta(seconds=1)
_MONTHS = 12


def years_before(now: datetime, years: int) -> datetime:
    """Give the same day and time *years* earlier, 28 February for 29 February where there is none. now: aware, UTC."""
    utc = now.astimezone(UTC)
    return months_before(utc, years * _MONTHS)


def months_before(now: datetime, months: int) -> datetime:
    """Give the same day and time *months* earlier, the month's last day where it is shorter. now: aware, UTC."""
    utc = now.astimezone(UTC)
    year, month0 = divmod(utc.year * _MONTHS + utc.month - 1 - months, _MONTHS)
    day = min(utc.day, calendar.monthrange(year, month0 + 1)[1])
    return utc.replace(year=year, month=month0 + 1, day=day)


def month_end(month: int) -> datetime:
    """Give the first moment after the calendar *month*, which is twelve times the year plus 0 to 11, in UTC."""
    year, month0 = divmod(month + 1, _MONTHS)
    return datetime(year, month0 + 1, 1, tzinfo=UTC)


def last_month_unused(now: datetime) -> int:
    """Give the latest month of last use whose templates are due at *now*: its end lies 180 days back or more."""
    cut = (now - UNUSED).astimezone(UTC)
    return cut.year * _MONTHS + cut.month - 1 - 1


def cutoff(item: Item, now: datetime) -> datetime:
    """Give the time at or before which the item's clock must have started for it to be deleted at *now*.

    Raises KeyError for an item that no span of time ends.
    """
    utc = now.astimezone(UTC)
    span = _SPANS.get(item)
    return years_before(utc, _YEARS[item]) if span is None else utc - span


_SPANS: Final = {
    Item.PERSON: AFTER_TENANCY,
    Item.CREDENTIAL: AFTER_VALIDITY,
    Item.VISIT: timedelta(),
    Item.TOKEN: AFTER_VALIDITY,
    Item.ONE_TIME_CODE: timedelta(),
    Item.DECISION: DECISIONS,
    Item.COUNT: COUNTS,
    Item.WAIT: WAITS,
}
_YEARS: Final = dict.fromkeys(
    (
        Item.CONSENT,
        Item.AUDIT,
        Item.REQUEST,
        Item.REGISTER,
        Item.ASSESSMENT,
        Item.OVERRIDE,
        Item.ACCOUNT,
        Item.APPROVAL,
        Item.RUN,
        Item.TOMBSTONE,
    ),
    RECORD_YEARS,
)

"""Days and times as somebody types them, in the site's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from gate.errors import RequestError


def begin_of(text: str, zone: tzinfo) -> datetime:
    """Give the moment *text* names: a day stands for its first second. Raises RequestError ``time-unfit``."""
    return _moment(text, zone, days=0)


def end_of(text: str, zone: tzinfo) -> datetime:
    """Give the moment *text* names: a day stands for the end of it. Raises RequestError ``time-unfit``."""
    return _moment(text, zone, days=1)


def told(at: datetime, zone: tzinfo) -> str:
    """Give *at* as people of the site read it."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _moment(text: str, zone: tzinfo, *, days: int) -> datetime:
    try:
        if _is_day(text):
            moment = datetime.combine(date.fromisoformat(text) + timedelta(days=days), time(), zone)
        else:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)  # the first and the last day of time are not there in every zone
    except (ValueError, OverflowError) as error:
        raise RequestError(
            "time-unfit",
            "That is no day and no time.",
            remedy="Write YYYY-MM-DD, or YYYY-MM-DDTHH:MM as the site's clocks show it; nothing was changed.",
        ) from error


def _is_day(text: str) -> bool:
    return len(text) == len("YYYY-MM-DD")

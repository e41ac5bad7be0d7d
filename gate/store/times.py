"""Time as the database holds it: an INTEGER of UTC seconds.

Integers compare the same in SQL and in Python, know no zone and no second spelling, and, cut to the second, say no
more of a passage than its record needs (R36). Wall time is always an argument: nothing in the store reads a clock.
"""

from __future__ import annotations

from datetime import UTC, datetime


def seconds_of(at: datetime) -> int:
    """Give *at* in whole UTC seconds, cut off. Raises ValueError for a naive time, which could mean any zone."""
    if at.tzinfo is None:
        raise ValueError("A time without a zone cannot be stored.")
    return int(at.timestamp() // 1)


def time_of(seconds: int) -> datetime:
    """Give the aware UTC time of stored *seconds*."""
    return datetime.fromtimestamp(seconds, UTC)


def month_of(at: datetime) -> int:
    """Give the calendar month of *at* in UTC as one number: twelve times the year, plus 0 for January to 11."""
    utc = at.astimezone(UTC)
    return utc.year * 12 + utc.month - 1

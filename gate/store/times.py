"""Time as the database holds it: an INTEGER of UTC seconds.

Integers compare the same in SQL and in Python, know no zone and no second spelling, and, cut to the second, say no
more of a passage than its record needs (R36). Wall time is always an argument: nothing in the store reads a clock.
"""

from __future__ import annotations

from datetime import UTC, datetime

from gate.errors import VaultError


def seconds_of(at: datetime) -> int:
    """Give *at* in whole UTC seconds, cut off. Raises ValueError for a naive time, which could mean any zone."""
    if at.tzinfo is None:
        raise ValueError("A time without a zone cannot be stored.")
    return int(at.timestamp() // 1)


def time_of(seconds: int) -> datetime:
    """Give the aware UTC time of stored *seconds*. Raises VaultError ``record-altered`` for no time that can be."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError, TypeError) as error:
        raise VaultError(
            "record-altered",
            "A record tells a time that cannot be: it was damaged or altered.",
            remedy="Run gate audit verify; find out who wrote to the database.",
        ) from error


def month_of(at: datetime) -> int:
    """Give the calendar month of *at* in UTC as one number: twelve times the year, plus 0 for January to 11."""
    utc = at.astimezone(UTC)
    return utc.year * 12 + utc.month - 1

"""What people may ask about their own data, and by when they are answered (R70 to R73; PIPL 44 to 50)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

DUE: Final = timedelta(days=15)
NEAR: Final = timedelta(days=3)


class RequestKind(StrEnum):
    """What is asked for."""

    ACCESS = "access"
    COPY = "copy"
    CORRECT = "correct"
    DELETE = "delete"
    RESTRICT = "restrict"
    OBJECT = "object"
    EXPLAIN = "explain"
    NEXT_OF_KIN = "next-of-kin"
    WITHDRAW = "withdraw"


class Outcome(StrEnum):
    """How a request was answered."""

    DONE = "done"
    PARTLY = "partly"
    REFUSED = "refused"  # with the reason, and where to complain
    DROPPED = "dropped"  # by the person who asked


class RequestState(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    NEAR = "near"
    OVERDUE = "overdue"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class NextOfKin:
    """Who asks about a person who died, in what relation, and how that was checked (R73, PIPL 49)."""

    name: str
    relation: str
    checked_how: str

    def __post_init__(self) -> None:
        """Raise ValueError unless all three are said."""
        if not all(each.strip() for each in (self.name, self.relation, self.checked_how)):
            raise ValueError("Name, relation and how it was checked are all needed.")


def due_at(received_at: datetime) -> datetime:
    """Give the end of the fifteenth calendar day (UTC) after the day of receipt. received_at: aware."""
    day = received_at.astimezone(UTC).date() + DUE + timedelta(days=1)
    return datetime.combine(day, time(), UTC)


def last_day(due: datetime) -> date:
    """Give the last day (UTC) on which an answer is in time. due: as ``due_at`` gives it, which is no longer in time."""
    return (due.astimezone(UTC) - timedelta(microseconds=1)).date()


def state_of(due: datetime, closed_at: datetime | None, now: datetime) -> RequestState:
    """Tell where a request stands at *now*: near in its last three days, overdue from its due time on."""
    if closed_at is not None:
        return RequestState.CLOSED
    if now >= due:
        return RequestState.OVERDUE
    return RequestState.NEAR if due - now <= NEAR else RequestState.OPEN

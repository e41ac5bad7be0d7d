"""Whether a person may come in now, and whether the door stands locked or open by the clock.

One rule for card, PIN, face and a visitor's code alike: none of them is told apart here, so none can be favoured (R03).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gate.core.door_inputs import DoorHours
from gate.core.hours import Hours, HoursFault
from gate.core.types import Reason


@dataclass(frozen=True, slots=True)
class Permit:
    """What a person was given. hours: None at all times; a fault where they cannot be read, which opens nothing.

    ends_at: the end of the tenancy, aware, where one is set.
    """

    hours: Hours | HoursFault | None = None
    ends_at: datetime | None = None


def refusal(permit: Permit, local: datetime, *, clock_trusted: bool) -> Reason | None:
    """Give NOT_NOW where the person may not come in at *local*, None where nothing of theirs stands against it.

    local: now, aware, in the site's zone. A clock that is not believed keeps out whoever has hours, and nobody else.
    """
    if permit.ends_at is not None and permit.ends_at <= local:
        return Reason.NOT_NOW
    match permit.hours:
        case None:
            return None
        case HoursFault():
            return Reason.NOT_NOW
        case hours:
            return None if clock_trusted and hours.contains(local) else Reason.NOT_NOW


@dataclass(frozen=True, slots=True)
class Timetable:
    """The door's own hours. None: there are none. A fault: they cannot be read."""

    locked: Hours | HoursFault | None = None
    open: Hours | HoursFault | None = None

    def says(self, local: datetime, *, clock_trusted: bool) -> DoorHours:
        """Give what the door does by itself at *local*, now, aware, in the site's zone; locked hours win over open ones.

        What cannot be read, and a clock that is not believed, say NORMAL: nothing stands open on their word, and cards
        and PINs still decide who comes in (R02).
        """
        if not clock_trusted or isinstance(self.locked, HoursFault):
            return DoorHours.NORMAL
        if self.locked is not None and self.locked.contains(local):
            return DoorHours.ALWAYS_LOCKED
        if isinstance(self.open, Hours) and self.open.contains(local):
            return DoorHours.ALWAYS_OPEN
        return DoorHours.NORMAL

"""How the door is meant to stand: by whom it opens, and never that it just did.

Strike, leaf and the other door of an interlock move with every passage, so nothing here looks at them (R44).
"""

from __future__ import annotations

from enum import StrEnum

from gate.core.door import Door, DoorRules, Link
from gate.core.door_inputs import DoorHours


class DoorMode(StrEnum):
    """What people ordered, by hand or by the door's own hours."""

    CONTROLLED = "controlled"
    """It opens for whoever may come in."""
    LOCKDOWN = "lockdown"
    ALWAYS_LOCKED = "always-locked"
    """Locked by its hours."""
    STANDING_OPEN = "standing-open"
    """Open by its hours."""
    LOST = "lost"
    """Its controller does not answer: it stands as it is declared."""


def door_mode(door: Door, rules: DoorRules) -> DoorMode:
    """Give the mode, by the order in which the door's machine heeds its orders."""
    if door.link is not Link.UP:
        return DoorMode.LOST
    if door.lockdown:
        return DoorMode.LOCKDOWN
    if door.hours is DoorHours.ALWAYS_LOCKED:
        return DoorMode.ALWAYS_LOCKED
    if door.hours is DoorHours.ALWAYS_OPEN and rules.may_stand_open:
        return DoorMode.STANDING_OPEN
    return DoorMode.CONTROLLED

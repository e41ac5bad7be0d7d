"""What a gate raises an alarm for. An alarm says where and what, never who."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Alarm(StrEnum):
    """Each lasts from its Raise to its Clear, but for RINGING: what happens and has no end."""

    FORCED = "forced"
    """The leaf opened while it was locked and nobody had asked to leave; until it is closed."""
    HELD = "held"
    """The leaf stands open longer than it may; until it is closed, or the door is meant to stand open."""
    UNLOCKED = "unlocked"
    """The strike stays free long after any release or exit is over: a button held down, a relay stuck; until it locks."""
    FIRE = "fire"
    TAMPER = "tamper"
    """A case is open."""
    CONTROLLER_LOST = "controller-lost"
    READER_LOST = "reader-lost"
    POWER = "power"
    """A device runs on its battery."""
    DURESS = "duress"
    """Somebody opened under threat: local only, and nothing at the gate or on the broker may show it."""
    PASSBACK = "passback"
    """One credential entered twice within the window; whose is not known by the time anybody asks (R36)."""
    HELP = "help"
    """Somebody at the gate's screen called for help (R74)."""
    EGRESS = "egress"
    """The gate's own program made a message that fits no published schema: it was kept back, and is a fault (R42)."""


RINGING: Final = frozenset({Alarm.DURESS, Alarm.PASSBACK, Alarm.HELP, Alarm.EGRESS})
"""What happens and has no end: it rings until somebody of the staff says that they know."""

LOCAL: Final = frozenset({Alarm.DURESS, Alarm.PASSBACK})
"""What never leaves the device: each of these tells the minute in which somebody known to the gate came in (R36, R44)."""


def leaves(alarm: Alarm) -> bool:
    """Tell whether *alarm* is published."""
    return alarm not in LOCAL

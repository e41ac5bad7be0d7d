"""The alarms of the running gate, as the staff's pages see them."""

from __future__ import annotations

from gate.alarms import AlarmBoard
from gate.core.alarms import RINGING, Alarm
from gate.core.roles import Program, Staff
from gate.web.staff.ports.alarms import AlarmView, PastAlarm


class AlarmsOffice:
    """The alarms port over the gate's own board."""

    def __init__(self, board: AlarmBoard) -> None:
        self._board = board

    def standing(self) -> tuple[AlarmView, ...]:
        """Give those that stand, unacknowledged ones first, then the newest."""
        views = [
            AlarmView(each.alarm, each.since, each.acknowledged, each.alarm in RINGING)
            for each in reversed(self._board.all)
        ]
        return tuple(sorted(views, key=lambda each: each.acknowledged))

    def past(self) -> tuple[PastAlarm, ...]:
        """Give what was over since the gate was started, the newest first."""
        return tuple(
            PastAlarm(each.alarm, each.since, each.over, each.acknowledged) for each in self._board.past
        )

    def acknowledge(self, who: Staff | Program, alarm: str) -> bool:
        """Note that somebody knows of *alarm*."""
        known = {str(each): each for each in Alarm}
        return alarm in known and self._board.acknowledge(known[alarm], who)

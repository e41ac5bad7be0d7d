"""What the gate says of itself once a minute. Nothing in it moves with a passage (R44)."""

from __future__ import annotations

from dataclasses import replace

from gate.alarms import AlarmBoard
from gate.core.alarms import leaves
from gate.core.door_mode import door_mode
from gate.core.events import Health
from gate.doorkeeper import Doorkeeper
from gate.hardware import Hardware
from gate.ports import Clock
from gate.service import Service


class Beat:
    """Puts the gate's own state together. version: of the software. deidentified_live: whether such events go out."""

    def __init__(
        self,
        *,
        service: Service,
        hardware: Hardware,
        doorkeeper: Doorkeeper,
        alarms: AlarmBoard,
        clock: Clock,
        version: str,
        deidentified_live: bool,
    ) -> None:
        self._service = service
        self._hardware = hardware
        self._doorkeeper = doorkeeper
        self._alarms = alarms
        self._clock = clock
        self._version = version
        self._deidentified_live = deidentified_live

    def health(self) -> Health:
        """Give the state now."""
        # Standing conditions only: that face rests, or that the camera is lent, would tell that somebody is there.
        # And a reader on a cable that cannot be watched counts as there once somebody has used it (R01): not here.
        answers = self._hardware.reader_answers
        conditions = replace(self._service.standing_conditions, reader_healthy=answers)
        return Health(
            at=self._clock.now(),
            door_mode=door_mode(self._doorkeeper.door, self._doorkeeper.rules),
            alarms=tuple(each for each in self._alarms.standing if leaves(each)),
            face_offered=not conditions.obstacles,
            reader_healthy=answers,
            door_healthy=self._hardware.door_healthy,
            storage_healthy=conditions.storage_healthy,
            clock_trusted=conditions.clock_trusted,
            deidentified_live=self._deidentified_live,
            version=self._version,
        )

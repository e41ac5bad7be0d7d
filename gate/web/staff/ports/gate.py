"""All that the pages of the gate itself work on: door, alarms, health, settings, backups and counts."""

from __future__ import annotations

from dataclasses import dataclass

from gate.web.staff.ports.alarms import AlarmsPort
from gate.web.staff.ports.backups import BackupsPort
from gate.web.staff.ports.counts import CountsPort
from gate.web.staff.ports.door import DoorPort
from gate.web.staff.ports.health import HealthPort
from gate.web.staff.ports.overrides import OverridesPort


@dataclass(frozen=True, slots=True)
class GateOffice:
    """The ports of the gate itself. Each one's own Protocol says what it gives."""

    door: DoorPort
    alarms: AlarmsPort
    health: HealthPort
    overrides: OverridesPort
    backups: BackupsPort
    counts: CountsPort

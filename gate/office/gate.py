"""The ports of the gate itself, built in one place over its parts at work."""

from __future__ import annotations

from collections.abc import Callable

from gate.alarms import AlarmBoard
from gate.backups import BackupKeeper
from gate.govern.facts import present_duties
from gate.office.alarms import AlarmsOffice
from gate.office.backups import BackupsOffice
from gate.office.counts import CountsOffice
from gate.office.door import DoorOffice
from gate.office.health import HealthOffice
from gate.office.overrides import OverridesOffice
from gate.settings import Settings
from gate.store import Store
from gate.store.upkeep.clock import TrustedClock
from gate.web.staff.ports.approvals import ApprovalsPort
from gate.web.staff.ports.gate import GateOffice


def open_gate_office(
    *,
    settings: Settings,
    by_file: Settings,
    store: Store,
    clock: TrustedClock,
    door: DoorOffice,
    alarms: AlarmBoard,
    backups: BackupKeeper | None,
    approvals: ApprovalsPort,
    restart: Callable[[], None],
) -> GateOffice:
    """Build them. settings: in force; by_file: what the file alone says. restart: opens the gate anew."""
    return GateOffice(
        door=door,
        alarms=AlarmsOffice(alarms),
        health=HealthOffice(store, clock, lambda: present_duties(settings, store, clock.now())),
        overrides=OverridesOffice(
            settings=settings,
            by_file=by_file,
            store=store,
            clock=clock,
            approvals=approvals,
            restart=restart,
        ),
        backups=BackupsOffice(settings, store, backups),
        counts=CountsOffice(store, clock),
    )

"""Backups made by the running gate itself: on time, at once after each renewal of the epoch, and never on the door's time."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from gate.errors import GateError
from gate.ports import Clock
from gate.settings import Settings
from gate.store import Store
from gate.store.account.audit import Action, Actor, Who
from gate.store.backup.archive import Head
from gate.store.backup.backups import Made
from gate.store.keyring.escrow import EpochSecret

log = structlog.get_logger()

LOOK_S = 10.0
RETRY_S = 60.0


class BackupKeeper:
    """Keeps one folder of backups current. All that touches the medium happens in another thread."""

    def __init__(self, store: Store, folder: Path, *, every: timedelta, clock: Clock) -> None:
        self._store = store
        self._folder = folder
        self._every = every
        self._clock = clock
        self._looked = False
        self._newest: Head | None = None
        self._listed = ""
        self._fault: GateError | None = None

    @property
    def fault(self) -> str | None:
        """Say what keeps backups from being made, and the remedy; None if nothing does."""
        return None if self._fault is None else str(self._fault)

    @property
    def trouble(self) -> GateError | None:
        """Give what keeps backups from being made, None if nothing does."""
        return self._fault

    @property
    def folder(self) -> Path:
        """Give where they lie."""
        return self._folder

    @property
    def due_at(self) -> datetime | None:
        """Give when the next one is due, None while it was not looked, or where one is due now."""
        return None if self._newest is None or self._is_due() else self._newest.created + self._every

    async def make(self, by: Who) -> Made:
        """Make one now, whenever the next is due. Raises VaultError as ``Backups.make`` does."""
        made = await self._made(by)
        self._newest, self._listed = made.head, made.listed
        return made

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S if self._fault is None else RETRY_S)

    async def look(self) -> None:
        """Make the backup that is due, or bring the list of what was erased up to date; a fault is told once."""
        try:
            await self._keep()
        except GateError as error:
            if self._fault is None or self._fault.code != error.code:
                log.error("backup_failed", code=error.code, what=error.what, remedy=error.remedy)  # noqa: TRY400 - code and remedy say it
            self._fault, self._looked = error, False
        except Exception as error:  # noqa: BLE001 - an outer loop: the next look may do better
            log.error("backup_failed", kind=type(error).__name__)  # noqa: TRY400 - a trace may quote values
        else:
            if self._fault is not None:
                log.info("backup_works_again")
            self._fault = None

    async def _keep(self) -> None:
        backups, now = self._store.backups, self._clock.now()
        if not self._looked:
            self._newest = await asyncio.to_thread(backups.newest, self._folder)
            self._looked = True
        if self._is_due():
            await self.make(Actor.GATE)
        else:
            self._listed = await asyncio.to_thread(
                backups.list_erased, self._folder, at=now, known=self._listed
            )

    def _is_due(self) -> bool:
        newest = self._newest
        if newest is None or newest.epoch != self._store.epochs.number:
            return True
        # A backup from the future tells of a clock that went wrong, not of a fresh backup.
        return not timedelta(0) <= self._clock.now() - newest.created < self._every

    async def _made(self, by: Who) -> Made:
        made = await make_backup(self._store, self._folder, self._clock.now(), actor=by)
        log.info("backup_made", size=made.size, dropped=made.dropped)
        return made


async def make_backup(store: Store, folder: Path, at: datetime, *, actor: Who = Actor.GATE) -> Made:
    """Make one backup off the loop and note it in the audit log. Raises VaultError as ``Backups.make`` does."""
    number = store.epochs.number
    # With the case opened the epoch's keys stay where they are (R60): the escrow of before is as good.
    secret = None if store.tamper.is_raised else await asyncio.to_thread(store.epochs.secret_of, number)
    epoch = None if secret is None else EpochSecret(number, secret)
    made = await asyncio.to_thread(store.backups.make, folder, at=at, epoch=epoch)
    detail = {"size": made.size, "epoch": made.head.epoch, "dropped": made.dropped}
    store.audit.write(actor, Action.BACKUP_MADE, at=at, object=made.sha256, detail=detail)
    return made


def keeper_for(settings: Settings, store: Store, clock: Clock) -> BackupKeeper | None:
    """Give the keeper of the folder that the settings name, None where they name none."""
    backup = settings.backup
    if backup is None:
        return None
    return BackupKeeper(store, backup.folder, every=timedelta(hours=backup.every_hours), clock=clock)

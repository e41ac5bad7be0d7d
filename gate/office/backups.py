"""Backups on the word of the staff, in the background: one work at a time, and what it came to."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Final

import structlog

from gate.backups import BackupKeeper
from gate.chores import unforeseen
from gate.core.roles import Staff
from gate.errors import GateError, RequestError
from gate.settings import Settings
from gate.store import Store
from gate.store.backup.backups import SUFFIX, Present
from gate.store.backup.opening import look_into
from gate.web.staff.ports.backups import BackupsState, BackupView, Done

log = structlog.get_logger()

_NEWEST_FIRST: Final = -1


class BackupsOffice:
    """The backups port. keeper: None where the settings name no folder."""

    def __init__(self, settings: Settings, store: Store, keeper: BackupKeeper | None) -> None:
        self._every_hours = settings.backup.every_hours if settings.backup else 0
        self._store = store
        self._keeper = keeper
        self._task: asyncio.Task[None] | None = None
        self._done: Done | None = None

    async def state(self) -> BackupsState:
        """Give how they stand."""
        keeper = self._keeper
        if keeper is None:
            return BackupsState(folder=None)
        found: list[Present] = []
        fault = keeper.trouble
        try:
            found = await asyncio.to_thread(self._store.backups.present, keeper.folder)
        except GateError as error:
            fault = fault or error
        return BackupsState(
            folder=str(keeper.folder),
            every_hours=self._every_hours,
            backups=tuple(BackupView(each.path.name, each.head.created, each.head.size) for each in found)[
                ::_NEWEST_FIRST
            ],
            due_at=keeper.due_at,
            fault=fault,
            at_work=self._at_work,
            done=self._done,
        )

    def make(self, who: Staff) -> None:
        """Begin to make one."""
        keeper = self._ready()

        async def make() -> Done:
            made = await keeper.make(who)
            return Done(made.path.name)

        self._begin(make(), Done())

    def verify(self, name: str) -> None:
        """Begin to look into one."""
        path = self._ready().folder / name
        # A name and no path: nothing but the folder's own files is ever opened.
        if Path(name).name != name or not name.endswith(SUFFIX) or not name.startswith("gate-"):
            raise RequestError(
                "backup-unknown", "There is no such backup.", remedy="Choose one of the list, and reload it."
            )

        async def look() -> Done:
            found = await asyncio.to_thread(look_into, path, self._store.backups)
            return Done(name, verified=True, people=found.people, templates=found.templates)

        self._begin(look(), Done(name, verified=True))

    async def settle(self) -> None:
        """Wait until nothing is under way."""
        if self._task is not None:
            await asyncio.wait([self._task])

    @property
    def _at_work(self) -> bool:
        return self._task is not None and not self._task.done()

    def _ready(self) -> BackupKeeper:
        if self._keeper is None:
            raise RequestError(
                "backup-off",
                "The settings name no folder for backups.",
                remedy="Name one in the settings file, in the section [backup], and start the gate again.",
            )
        if self._at_work:
            raise RequestError(
                "backup-at-work", "A backup is being made or looked into.", remedy="Wait until that is done."
            )
        return self._keeper

    def _begin(self, work: Coroutine[None, None, Done], failed: Done) -> None:
        async def do() -> None:
            try:
                self._done = await work
            except GateError as error:
                self._done = Done(failed.name, verified=failed.verified, fault=error)
            except Exception as error:  # noqa: BLE001 - a task's outer frame: the page says that it failed
                log.error("job_failed", kind=type(error).__name__)  # noqa: TRY400 - a trace may quote values
                self._done = Done(failed.name, verified=failed.verified, fault=unforeseen())

        self._done = None
        self._task = asyncio.create_task(do())

"""What the pages need of the backups: which there are, when the next is due, making one, and looking into one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gate.core.roles import Staff
from gate.errors import GateError


@dataclass(frozen=True, slots=True)
class BackupView:
    """A backup as it lies there; only its head was read. name: of its file. size: bytes, of the database in it."""

    name: str
    made_at: datetime
    size: int


@dataclass(frozen=True, slots=True)
class Done:
    """What the last work on the page's word came to. people, templates: of a backup that was looked into.

    fault: why it failed, None where it did not.
    """

    name: str = ""
    verified: bool = False
    people: int = 0
    templates: int = 0
    fault: GateError | None = None


@dataclass(frozen=True, slots=True)
class BackupsState:
    """The backups now. folder: None where the settings name none; then nothing else here counts.

    every_hours: how often one is made. due_at: when the next is, None where one is due now. fault: what keeps them
    from being made, or the folder from being read. at_work: making or looking. done: the last work since the start.
    """

    folder: str | None
    every_hours: int = 0
    backups: tuple[BackupView, ...] = ()
    due_at: datetime | None = None
    fault: GateError | None = None
    at_work: bool = False
    done: Done | None = None


class BackupsPort(Protocol):
    """The backups of this gate; all that touches the medium happens off the door's loop."""

    async def state(self) -> BackupsState:
        """Give how they stand, newest first. Raises nothing: what is wrong is told."""

    def make(self, who: Staff) -> None:
        """Begin to make one. Raises RequestError ``backup-off``, ``backup-at-work``."""

    def verify(self, name: str) -> None:
        """Begin to look into one: is it whole, is it ours, what would come back.

        Raises RequestError ``backup-off``, ``backup-at-work``, ``backup-unknown``.
        """

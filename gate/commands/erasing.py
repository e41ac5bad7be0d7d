"""What has to follow an erasure by command while no gate serves: a new epoch, and the backups brought up to it (R24, R51)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import typer

from gate.errors import GateError
from gate.settings import Settings
from gate.store import Store
from gate.store.holds import is_served


def settle_erasures(settings: Settings, store: Store) -> None:
    """Begin the epoch that is due, then renew backup, list and escrow in the folder that the settings name.

    A serving gate does both by itself within a minute. What fails is told on standard error: the erasure stands, and
    the next command or the next start goes on with it.
    """
    from gate.vision.renewal import renewed_now

    if is_served(settings.storage.data_dir):
        return
    try:
        if store.rotation.due and store.rotation.rotate_now(renewed_now, _now(store)):
            renew_backup(settings, store)
    except GateError as error:
        _tell(
            f"Older copies of the database may still open the erased face until a new epoch begins. {error}"
        )


def renew_backup(settings: Settings, store: Store) -> None:
    """Replace backup, list and escrow where a folder is named and no gate serves: they belong to an epoch that is over."""
    from gate.backups import make_backup
    from gate.store.account.audit import Actor

    if settings.backup is None or is_served(settings.storage.data_dir):
        return
    try:
        asyncio.run(make_backup(store, settings.backup.folder, _now(store), actor=Actor.INSTALLER))
    except GateError as error:
        _tell(f"The older backups may still give the erased face back until the next one is made. {error}")


def _now(store: Store) -> datetime:
    return store.clock.trusted(datetime.now(UTC)).at


def _tell(what: str) -> None:
    typer.echo(f"Not finished: {what}", err=True)

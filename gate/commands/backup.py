"""``gate backup`` and ``gate restore``: sealed copies, the recovery shares, and the way back."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gate.commands.asking import ask, confirm, opened, trusted_now
from gate.commands.resident import DEFAULT_CONFIG, Config
from gate.errors import GateError, RequestError, VaultError
from gate.place_check import stands
from gate.settings import Settings, read_settings
from gate.store.backup.opening import LeftOut
from gate.store.keyring.keys import Custody, MasterKey

backup = typer.Typer(no_args_is_help=True, help="Backups and the recovery shares that open them anywhere.")

Shares = Annotated[
    bool, typer.Option("--shares", help="Ask for the recovery shares, not for this device's key.")
]
_NO_KEY = {"key-missing", "credential-missing"}
_WHY = {
    LeftOut.ASKED: "you asked for it",
    LeftOut.LIST_MISSING: "the list of what was erased (tombstones.json) is not beside it",
    LeftOut.LIST_ALTERED: "the list of what was erased (tombstones.json) was altered",
    LeftOut.LIST_FOREIGN: "the list of what was erased (tombstones.json) is another gate's",
    LeftOut.LIST_OLDER: "the list of what was erased (tombstones.json) is older than the backup",
    LeftOut.ESCROW_MISSING: "the file escrow is not beside it",
    LeftOut.ESCROW_ALTERED: "the file escrow was altered",
    LeftOut.EPOCH_OVER: "something was erased since, and a newer epoch began",
}


@backup.command("make")
def make(
    folder: Annotated[Path | None, typer.Argument(help="A folder that is there; else backup.folder.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Write one sealed backup, with its list and escrow, also beside a running gate."""
    from gate.backups import make_backup
    from gate.store.account.audit import Actor

    with opened(config) as (settings, store):
        where = folder or _named_folder(settings)
        made = asyncio.run(make_backup(store, where, trusted_now(store), actor=Actor.INSTALLER))
    typer.echo(f"{made.path} written, {made.size} bytes. SHA-256 {made.sha256}")
    if made.dropped:
        typer.echo(f"{made.dropped} older backups that it supersedes were deleted.")


@backup.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(help="A backup, or a folder: then its newest.")],
    *,
    shares: Shares = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Open a backup without writing anything: is it whole, how old is it, what would come back."""
    from gate.store.backup.opening import choose, look_beside, open_backup

    with _root(read_settings(config), shares=shares) as (master, _):
        found = open_backup(choose(file, master), master)
        beside = look_beside(found, master)
    hours = (datetime.now(UTC) - found.head.created).total_seconds() / 3600
    typer.echo(f"{found.path} is whole and unaltered, made by gate {found.head.gate_id}.")
    typer.echo(
        f"Made {found.head.created:%Y-%m-%d %H:%M} UTC, {hours:.0f} h ago, with residents: {found.people}."
    )
    if beside.trouble is None:
        typer.echo(
            f"{found.templates} face templates would come back, unless the device knows of a newer epoch."
        )
    else:
        typer.echo(f"No face template would come back: {_WHY[beside.trouble]}. Cards and PINs would.")
    if beside.listed_at is not None:
        typer.echo(f"What was erased is known up to {beside.listed_at:%Y-%m-%d %H:%M} UTC.")


@backup.command("shares")
def make_shares(
    threshold: Annotated[int, typer.Option(help="How many shares open the backups.")] = 2,
    of: Annotated[int, typer.Option("--of", help="How many shares are made.")] = 3,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Show the root key once as shares in words, on this terminal only. Write each on its own sheet.

    Earlier shares keep opening: the root key never changes. Only a reset ends them.
    """
    from gate.store.keyring.recovery import split

    if not sys.stdout.isatty():
        raise RequestError(
            "shares-terminal",
            "Shares are shown on a terminal only, never to a file or another program.",
            remedy="Run the command at the device itself, without a pipe.",
        )
    settings = read_settings(config)
    gate_id = settings.site.gate_id
    confirm(
        f"Whoever holds {threshold} of these shares and a backup can open it. Type {gate_id} to go on",
        gate_id,
    )
    with _root(settings, shares=False) as (master, _):
        shares = split(bytes(master.secret), threshold=threshold, of=of)
    _note_shares(config, threshold, of)
    for number, share in enumerate(shares, start=1):
        typer.echo(f"\nShare {number} of {of} (any {threshold} are enough), gate {gate_id}:\n{share}")
    typer.echo("\nGive each to a different person. Clear this screen and its history now.")


def restore(
    source: Annotated[Path, typer.Argument(help="A folder of backups: its newest; or one backup.")],
    *,
    shares: Shares = False,
    without_faces: Annotated[
        bool, typer.Option("--without-faces", help="Leave the face templates out; people enrol anew.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Put a backup in the place of this device's data: all of it or nothing. The gate must be stopped.

    With this device's own key, or, where it has none (or with --shares), with the recovery shares, one a line.
    """
    from gate.site import restore_site
    from gate.store.backup.opening import choose
    from gate.store.backup.restore import restore as put_back

    settings = read_settings(config)
    gate_id = settings.site.gate_id
    if not stands(source):  # told before anybody types a recovery share
        raise VaultError(
            "backup-missing",
            f"There is no {source}, or this account may not look there.",
            remedy="Mount its medium where the gate's account may go, or name its folder or file.",
        )
    confirm(f"What this device holds now is replaced. Type {gate_id} to go on", gate_id)
    with _root(settings, shares=shares) as (master, is_new):
        restored = put_back(
            choose(source, master),
            restore_site(settings),
            master,
            at=datetime.now(UTC),
            keep_root=is_new,
            faces=not without_faces,
        )
    typer.echo(f"Restored as of {restored.created:%Y-%m-%d %H:%M} UTC, with residents: {restored.people}.")
    if restored.erased_again:
        typer.echo(f"{restored.erased_again} records erased since then were erased again.")
    renewed = _opened_once(config, renew=restored.left_out is None)
    if restored.left_out is None:
        when = (
            "A new epoch began for them."
            if renewed
            else "The gate begins a new epoch for them when it starts."
        )
        typer.echo(f"{restored.templates} face templates live on. {when}")
        typer.echo(
            f"Known erasures reach to {restored.listed_at:%Y-%m-%d %H:%M} UTC. Was any later? Erase it again."
        )
    else:
        typer.echo(
            f"No face template came back: {_WHY[restored.left_out]}. {restored.ended} consents ended; "
            "cards and PINs work, people may enrol anew."
        )
    typer.echo("Run gate check, then start the gate.")


def reset(config: Config = DEFAULT_CONFIG) -> None:
    """Erase this gate from the device: keys first, then all data. Works on damaged ones too. It cannot be undone."""
    from gate.keyplace import key_place
    from gate.store.backup.reset import reset as erase

    settings = read_settings(config)
    gate_id = settings.site.gate_id
    confirm(
        f"All keys, people, consents and logs of this gate are destroyed. Type {gate_id} to go on", gate_id
    )
    folder = settings.backup.folder if settings.backup else None
    done = erase(settings.storage.data_dir, key_place(settings), folder)
    typer.echo("Reset. The next start makes a new gate with a key of its own.")
    typer.echo(
        "Backups and printed shares remain where they are: together they still open people, cards and consents. "
        "Without a file escrow beside them they open no face. Destroy what is not wanted."
    )
    if done.escrow is not None:
        typer.echo(f"{done.escrow} stays: it is not known to be this gate's. Delete it if it is.")
    if done.credential:
        typer.echo(
            "systemd still holds gate-master-key: delete that credential, else the same key comes back."
        )
    for path in done.others:
        typer.echo(f"{path} is none of the gate's and stays.")


@contextmanager
def _root(settings: Settings, *, shares: bool) -> Iterator[tuple[MasterKey, bool]]:
    """Give the root key, wiped afterwards, and whether the device has yet to keep it."""
    own = _own_root(settings, needed=not shares)
    master = own
    try:
        if own is None or shares:
            given = _from_shares(Custody(settings.storage.custody))
            if own is not None and own.secret != given.secret:
                given.wipe()
                raise VaultError(
                    "key-other",
                    "This device has a key of its own, and the shares are another gate's.",
                    remedy="To make this device the other gate, run gate reset first.",
                )
            master = given
        assert master is not None
        yield master, own is None
    finally:
        for key in (own, master):
            if key is not None:
                key.wipe()


def _own_root(settings: Settings, *, needed: bool) -> MasterKey | None:
    """Give the device's own key, None where it has none; one that does not open counts only where it is *needed*."""
    from gate.keyplace import key_place
    from gate.store.keyring.custody import load_root

    try:
        return load_root(key_place(settings), create=False)
    except VaultError as error:
        if needed and error.code not in _NO_KEY:
            remedy = f"{error.remedy} Or use the recovery shares: add --shares."
            raise VaultError(error.code, error.what, remedy=remedy) from error
        return None


def _from_shares(custody: Custody) -> MasterKey:
    from gate.store.keyring.recovery import collect

    def lines() -> Iterator[str]:
        while True:
            try:
                line = ask("A recovery share, all its words on one line")
            except typer.Abort:
                return
            if not line:
                return
            yield line

    def count(given: int, needed: int) -> None:
        typer.echo(f"{given} of {needed} shares.", err=True)

    return MasterKey(collect(lines(), count), custody)


def _note_shares(config: Path, threshold: int, of: int) -> None:
    from gate.store.account.audit import Action, Actor

    with opened(config) as (_, store):
        detail = {"threshold": threshold, "of": of}
        store.audit.write(Actor.INSTALLER, Action.RECOVERY_SHARED, at=trusted_now(store), detail=detail)


def _opened_once(config: Path, *, renew: bool) -> bool:
    """Open the restored store, which destroys the secrets of epochs that are over, and begin a new one if *renew*.

    Else the device that the backup came from would share one with this. Returns whether a new epoch began; what fails
    here, the gate's start does.
    """
    from gate.vision.renewal import renewed_now

    try:
        with opened(config) as (_, store):
            return renew and store.rotation.rotate_now(renewed_now, trusted_now(store))
    except GateError:
        return False


def _named_folder(settings: Settings) -> Path:
    if settings.backup is None:
        raise RequestError(
            "backup-folder-unnamed",
            "The settings name no folder for backups.",
            remedy="Add [backup] with folder to them, or name one: gate backup make FOLDER.",
        )
    return settings.backup.folder

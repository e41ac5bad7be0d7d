"""``gate update``: signed releases, installed beside the one in force, tried, and taken back by themselves (R57)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Annotated, Final

import typer

from gate.commands.resident import DEFAULT_CONFIG, Config
from gate.errors import RequestError
from gate.release import database
from gate.release.admission import Device, refuse_unfit
from gate.release.environment import Payload, make_environment, refuse_python
from gate.release.extras import NEEDS, Extra, bring, note_wanted, wanted
from gate.release.journal import Journal, Result
from gate.release.manifest import INTERFACE, Manifest
from gate.release.place import Place
from gate.release.sealed import read_manifest, unpack
from gate.release.service import PROBATION_MOST_S, PROBATION_S, Service
from gate.release.setup import recover as recover_update
from gate.release.setup import updater_for
from gate.release.signing import KEY_FOLDERS, public_keys

update = typer.Typer(no_args_is_help=True, help="Signed releases: look at one, install it, go back.")

INTERFACE_FILE: Final = Path("/usr/share/gate/interface")
_ENDED = {
    Result.INSTALLED: "installed",
    Result.UNDONE: "taken back",
    Result.BY_HAND: "gone back by hand",
}
Root = Annotated[Path, typer.Option(help="Where releases lie.", hidden=True)]
Work = Annotated[Path, typer.Option(help="Where an update keeps its notes.", hidden=True)]
Keys = Annotated[
    list[Path] | None,
    typer.Option("--keys", help="Folders of public keys, in place of the device's.", hidden=True),
]
Release = Annotated[Path, typer.Argument(help="A release file, gate-VERSION.release.")]
Extras = Annotated[
    list[Extra], typer.Argument(help="tpm: a root key in the TPM. readers: those that type, and PC/SC.")
]
Again = Annotated[bool, typer.Option("--again", help="Also if it was taken back here before.")]
ROOT, WORK = Place().root, Place().work


@update.command("check")
def check(
    file: Release,
    config: Config = DEFAULT_CONFIG,
    *,
    again: Again = False,
    root: Root = ROOT,
    work: Work = WORK,
    keys: Keys = None,
) -> None:
    """Say whether a release is signed by its makers and fit for this device; nothing is changed."""
    manifest = _admitted(file, Place(root, work), config, keys, again=again)
    wheels = "with its dependencies" if manifest.carries_wheels else "its dependencies come from PyPI"
    typer.echo(
        f"gate {manifest.version} is signed and fits: {manifest.size >> 20} MB, {wheels}, database schema {manifest.schema}."
    )


@update.command("install")
def install(
    file: Release,
    config: Config = DEFAULT_CONFIG,
    *,
    again: Again = False,
    probation_s: Annotated[
        float,
        typer.Option(
            "--probation", min=0, max=PROBATION_MOST_S, help="Seconds it must serve before it is believed."
        ),
    ] = PROBATION_S,
    root: Root = ROOT,
    work: Work = WORK,
    keys: Keys = None,
) -> None:
    """Install a release beside the one in force, try it, switch, and watch it serve; else all is as before.

    The door stands still while the service stops and starts. As root.
    """
    place = Place(root, work)
    _refuse_stranger(place)
    with place.alone():
        updater = updater_for(place, config, Service(probation_s=probation_s))
        updater.recover(start=True)
        place.clear_unfinished()
        manifest = _admitted(file, place, config, keys, again=again)
        refuse_python(manifest.pythons)
        typer.echo(f"gate {manifest.version} is signed. Making its environment beside the one in force.")
        unpacked = _emptied(place.make_work() / "unpacked")
        try:
            signed = unpack(file, unpacked, public_keys(keys or KEY_FOLDERS))
            if signed != manifest:
                raise RequestError(
                    "release-altered", "The release was exchanged while it was read.", remedy="Copy it again."
                )
            wheels = unpacked if manifest.carries_wheels else None
            new = make_environment(place, Payload(manifest.version, manifest.schema, unpacked, wheels))
        finally:
            shutil.rmtree(unpacked, ignore_errors=True)
        typer.echo("Trying it, then switching.")
        updater.put_in_force(new)
    typer.echo(f"gate {manifest.version} is in force.")


@update.command("roll-back")
def roll_back(
    config: Config = DEFAULT_CONFIG,
    *,
    probation_s: Annotated[float, typer.Option("--probation", min=0, max=PROBATION_MOST_S)] = PROBATION_S,
    root: Root = ROOT,
    work: Work = WORK,
) -> None:
    """Put the release before this one in force again. Nothing that was stored is lost. As root."""
    place = Place(root, work)
    _refuse_stranger(place)
    with place.alone():
        back = updater_for(place, config, Service(probation_s=probation_s)).roll_back()
    typer.echo(f"gate {back} is in force again.")


@update.command("list")
def list_releases(root: Root = ROOT, work: Work = WORK) -> None:
    """List the releases on this device, and how earlier updates ended."""
    place = Place(root, work)
    now = place.in_force()
    extras = wanted(place)
    if extras:
        typer.echo(f"every release is made with: {', '.join(extras)}")
    for each in place.installed():
        mark = "  in force" if now is not None and now.version == each.version else ""
        typer.echo(f"{each.version}  database schema {each.schema}{mark}")
    for ended in Journal(place).history():
        why = f": {ended.why}" if ended.why and ended.result is Result.UNDONE else ""
        typer.echo(f"{ended.at}  {ended.old} to {ended.new}  {_ENDED[ended.result]}{why}")


@update.command("add")
def add(extras: Extras, root: Root = ROOT, work: Work = WORK) -> None:
    """Bring libraries that are compiled on the device, now and into every next release. As root.

    The gate takes them up at its next start. Sources come from PyPI, or from the folder that GATE_WHEELHOUSE names.
    """
    place = Place(root, work)
    _refuse_stranger(place)
    with place.alone():
        now = place.in_force()
        if now is None:
            raise RequestError(
                "no-release",
                f"No release is in force in {place.root}.",
                remedy="Finish the installation first: dpkg --configure gate.",
            )
        for extra in extras:
            typer.echo(f"Bringing {extra}: {', '.join(NEEDS[extra].modules)}.")
            bring(place, extra, now)
            note_wanted(place, (*wanted(place), extra))
    typer.echo("Done. The gate takes it up at its next start: systemctl restart gate.")


@update.command("drop")
def drop(extras: Extras, root: Root = ROOT, work: Work = WORK) -> None:
    """Make the next releases without these libraries; the one in force keeps what it has. As root."""
    place = Place(root, work)
    _refuse_stranger(place)
    with place.alone():
        note_wanted(place, set(wanted(place)) - set(extras))
    typer.echo("Done.")


@update.command("recover")
def recover(
    config: Config = DEFAULT_CONFIG,
    *,
    start: Annotated[
        bool, typer.Option("--start", help="Start the gate again if the update had stopped it.")
    ] = False,
    root: Root = ROOT,
    work: Work = WORK,
) -> None:
    """Finish or undo an update that a power cut interrupted; every start does this by itself. As root."""
    place = Place(root, work)
    _refuse_stranger(place)
    typer.echo(recover_update(place, config, start=start))


def _admitted(file: Path, place: Place, config: Path, keys: list[Path] | None, *, again: bool) -> Manifest:
    manifest = read_manifest(file, public_keys(keys or KEY_FOLDERS))
    now = place.in_force()
    data = updater_for(place, config).data
    device = Device(
        in_force=None if now is None else now.version,
        history=Journal(place).history(),
        interface=_interface(),
        schema=None if data is None else database.schema_of(data),
    )
    refuse_unfit(manifest, device, again=again)
    return manifest


def _interface() -> int:
    """Give the interface of the Debian package that is installed, this release's own where there is none."""
    try:
        return int(INTERFACE_FILE.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return INTERFACE


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder


def _refuse_stranger(place: Place) -> None:
    if not os.access(place.root if place.root.exists() else place.root.parent, os.W_OK):
        raise RequestError(
            "not-root", f"Releases in {place.root} belong to root.", remedy="Run it again as root, with sudo."
        )

"""``gate calibrate``: a threshold out of photographs or volunteers, signed as this gate's own. No image is stored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.commands.asking import ask, opened, trusted_now
from gate.commands.models import show_progress
from gate.commands.photographs import (
    FPIR_AIM,
    THREADS,
    Folder,
    Fpir,
    Groups,
    Pairs,
    Seed,
    groups_from,
    trials_from,
)
from gate.commands.resident import DEFAULT_CONFIG, Config
from gate.core.accuracy import N_MOST
from gate.store.account.audit import Action, Actor

if TYPE_CHECKING:
    from gate.core.operating import OperatingPoint
    from gate.evaluation.calibrate import Aim
    from gate.settings import Settings
    from gate.store import Store
    from gate.vision.trials import Trials


def calibrate(
    folder: Folder = None,
    pairs: Pairs = None,
    *,
    n: Annotated[int, typer.Option("--n", min=1, max=N_MOST, help="How many templates are to be searched.")],
    fpir: Fpir = FPIR_AIM,
    basis: Annotated[
        str, typer.Option(help="counting, or tail: an assumption that the file then names.")
    ] = "counting",
    groups: Groups = None,
    volunteers: Annotated[
        bool, typer.Option("--volunteers", help="People before this gate's camera instead of photographs.")
    ] = False,
    dataset: Annotated[
        str, typer.Option(help="What the photographs are, in words; people will read it.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")
    ] = False,
    seed: Seed = 1,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Make a threshold from impostor comparisons and sign it as this gate's own. The gate must be stopped.

    The threshold never falls below the shipped one. Face is locked until the new configuration is assessed.
    """
    from gate.evaluation.calibrate import Aim, Basis

    if sum((folder is not None, pairs is not None, volunteers)) != 1:
        raise typer.BadParameter("give a folder, or --pairs FILE.csv, or --volunteers, and only one of them")
    if basis not in set(Basis):
        raise typer.BadParameter(f"--basis takes {' or '.join(Basis)}")
    aim = Aim(fpir, n, Basis(basis), seed)
    with opened(config) as (settings, store):
        from gate.app import alone_on

        with alone_on(settings.storage.data_dir):
            _calibrate(settings, store, aim, (folder, pairs), groups=groups, dataset=dataset, dry_run=dry_run)


def _calibrate(
    settings: Settings,
    store: Store,
    aim: Aim,
    source: tuple[Path | None, Path | None],
    *,
    groups: Path | None,
    dataset: str,
    dry_run: bool,
) -> None:
    from gate.calibrated import shipped_point, write_calibration
    from gate.evaluation.calibrate import calibrate as calibrated
    from gate.evaluation.volunteers import wipe_trials

    shipped = shipped_point(settings)
    trials = _volunteers(settings, shipped) if source == (None, None) else _photographs(settings, *source)
    words = dataset or (
        "Volunteers before this gate's camera" if source == (None, None) else "Photographs of this site"
    )
    now = trusted_now(store)
    try:
        point = calibrated(
            trials, shipped, aim, dataset=words, measured=now.date(), groups=groups_from(groups)
        )
    finally:
        wipe_trials(trials)
    _say(point, shipped)
    if dry_run:
        typer.echo("Nothing was written.")
        return
    path = write_calibration(settings, point, store.signer)
    store.audit.write(Actor.INSTALLER, Action.CALIBRATED, at=now)
    typer.echo(
        f"Signed and written: {path}. Face is locked until gate govern approve has the new configuration."
    )


def _say(point: OperatingPoint, shipped: OperatingPoint) -> None:
    from gate.evaluation.tables import percent

    typer.echo(f"threshold  {point.threshold:g} (shipped: {shipped.threshold:g}), margin {point.margin:g}")
    typer.echo(f"n_max      {point.n_max} (shipped: {shipped.n_max})")
    typer.echo(
        f"FMR        at most {percent(point.fmr.high)} by counting, of {point.impostor_pairs} comparisons"
    )
    typer.echo(
        f"FNMR       {percent(point.fnmr.value)}, at most {percent(point.fnmr.high)}, of {point.genuine_pairs}"
    )
    typer.echo(point.basis)


def _photographs(settings: Settings, folder: Path | None, pairs: Path | None) -> Trials:
    from gate.vision.pipeline import Pipeline

    return trials_from(folder, pairs, Pipeline.load(settings.models_dir, ("cpu",), THREADS))


def _volunteers(settings: Settings, shipped: OperatingPoint) -> Trials:
    """Ask for one volunteer after another; all captures are overwritten once the comparisons are made."""
    from gate.evaluation.volunteers import Volunteers, no_camera
    from gate.sight import vision_settings_of
    from gate.vision.pipeline import Pipeline

    if settings.camera is None:
        raise no_camera()
    pipeline = Pipeline.load(
        settings.models_dir,
        settings.face.providers,
        settings.face.threads,
        detect_side=settings.face.detect_side_px,
    )
    present = Volunteers(vision_settings_of(settings, settings.camera, shipped), pipeline)
    typer.echo(
        "Each volunteer is told, and agrees before the camera opens: it looks for some ten seconds; the pictures are "
        "dropped at once and 128 numbers of each stay in memory until the figures are made; nothing is stored, and nobody "
        "is named. Nobody comes twice.",
        err=True,
    )
    try:
        while (
            said := ask(
                f"Volunteer {present.count + 1}: 'agree' to look into the camera, 'done' when all were here"
            )
        ) != "done":
            if said == "agree":
                caught = present.capture(lambda done, total: show_progress("volunteer", done, total))
                typer.echo("Thank you." if caught else "No face was seen; try again.", err=True)
        return present.trials()
    finally:
        present.wipe()

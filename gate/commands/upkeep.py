"""``gate retention``, ``gate clock``, ``gate tamper``: what the gate looks after by itself, to be looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from gate.commands.asking import ask, confirm, opened, trusted_now
from gate.commands.resident import DEFAULT_CONFIG, Config
from gate.core.retention import DATA_TABLE
from gate.errors import RequestError, VaultError
from gate.store import Store
from gate.store.upkeep.retention import RunReport

retention = typer.Typer(no_args_is_help=True, help="What is kept how long, and the runs that delete it.")
clock = typer.Typer(no_args_is_help=True, help="The latest time the gate has seen.")
tamper = typer.Typer(no_args_is_help=True, help="The opened case.")


@retention.command("table")
def show_table() -> None:
    """Show every kind of data the device may hold: where, how long, and what ends it."""
    for row in DATA_TABLE:
        typer.echo(f"{row.what} ({row.data_class.value})")
        typer.echo(f"  where:  {row.where}")
        typer.echo(f"  kept:   {row.kept}, from: {row.starts}")
        typer.echo(f"  ends:   {row.ends}")
        typer.echo(f"  by:     {row.enforced}")


@retention.command("runs")
def show_runs(
    config: Config = DEFAULT_CONFIG,
    newest: Annotated[int, typer.Option(min=1, help="How many of the latest.")] = 24,
) -> None:
    """Show the latest runs: what they deleted, and what they could not."""
    with opened(config) as (_, store):
        runs = store.retention.runs(newest=newest)
    for report in runs:
        typer.echo(_line(report))
    if runs and runs[-1].failed:
        raise typer.Exit(1)


@retention.command("run")
def run_now(config: Config = DEFAULT_CONFIG) -> None:
    """Delete everything past its time now, also beside a running gate."""
    with opened(config) as (_, store):
        if store.clock.has_leapt(datetime.now(UTC)):
            raise RequestError(
                "clock-ahead",
                "The clock is more than a day ahead of the latest time the gate has seen; nothing was deleted.",
                remedy="If it is right, run gate clock accept, or let the gate run under it for a day.",
            )
        report = store.retention.run(trusted_now(store))
    typer.echo(_line(report))
    if report.failed:
        raise typer.Exit(1)


@clock.command("show")
def show_clock(config: Config = DEFAULT_CONFIG) -> None:
    """Show the device's clock and the latest time the gate has seen."""
    wall = datetime.now(UTC)
    with opened(config) as (_, store):
        mark, _ = store.clock.read()
        is_trusted = store.clock.trusted(wall).clock_trusted and not store.clock.has_leapt(wall)
    typer.echo(f"clock: {wall:%Y-%m-%d %H:%M:%S} UTC")
    typer.echo(f"seen:  {mark:%Y-%m-%d %H:%M:%S} UTC" if mark else "seen:  nothing yet")
    typer.echo(
        "The clock is believed."
        if is_trusted
        else "The clock was set back, or leapt ahead: face is off. See gate clock accept."
    )


@clock.command("accept")
def accept_clock(config: Config = DEFAULT_CONFIG) -> None:
    """Take the device's clock for right although it lies far from what the gate has seen; asks for today's date."""
    wall = datetime.now(UTC)
    with opened(config) as (_, store):
        seen = _seen(store, wall)
        if seen is None:
            typer.echo("The clock is not behind; nothing to accept.")
            return
        typer.echo(f"The clock says {wall:%Y-%m-%d %H:%M} UTC; the gate has seen {seen}.", err=True)
        typer.echo(
            "Accept it only if the clock is right now: what runs out is judged, and deleted, by it.", err=True
        )
        if ask("Type today's date (UTC) as YYYY-MM-DD") != f"{wall:%Y-%m-%d}":
            raise RequestError(
                "not-confirmed",
                "That is not the date the clock shows; nothing was changed.",
                remedy="Set the clock right first, then try again.",
            )
        store.clock.accept(wall)
    typer.echo(f"The gate takes {wall:%Y-%m-%d %H:%M} UTC for right from now on.")


@tamper.command("clear")
def clear_tamper(config: Config = DEFAULT_CONFIG) -> None:
    """Note that somebody looked at the device; asks for the gate's id. Face comes back with the next start."""
    with opened(config) as (settings, store):
        if not store.tamper.is_noted:
            typer.echo("No tamper is noted.")
            return
        confirm("Is the device whole and unchanged? Type the gate's id", settings.site.gate_id)
        store.tamper.clear(trusted_now(store))
    typer.echo("Cleared. Start the gate again: only then are the keys of the faces read.")


def _seen(store: Store, wall: datetime) -> str | None:
    """Say what the gate has seen, None where *wall* is believed anyway."""
    try:
        mark, _ = store.clock.read()
        if mark is None or (mark <= wall and not store.clock.has_leapt(wall)):
            return None
    except VaultError as error:
        if error.code != "record-altered":
            raise
        return "a time that was damaged"
    return f"{mark:%Y-%m-%d %H:%M} UTC"


def _line(report: RunReport) -> str:
    deleted = ", ".join(f"{count} {item.value}" for item, count in report.deleted.items()) or "nothing due"
    lines = [f"{report.at:%Y-%m-%d %H:%M:%S} UTC  deleted: {deleted}"]
    lines += [
        f"  FAILED  {each.item.value} {each.ref}: {each.code}; "
        + ("out of all processing" if each.stopped else "STILL PROCESSED, so face is off")
        for each in report.failed
    ]
    return "\n".join(lines)

"""``gate audit``: the log of who did what, listed and verified, also beside a running gate."""

from __future__ import annotations

from typing import Annotated

import typer

from gate.commands.asking import confirm, opened, trusted_now
from gate.commands.resident import DEFAULT_CONFIG, Config

audit = typer.Typer(no_args_is_help=True, help="The audit log: list it, find what was altered.")


@audit.command("verify")
def verify(config: Config = DEFAULT_CONFIG) -> None:
    """Find the first line that was edited, removed or reordered; exit code 1 if there is one."""
    from gate.core.retention import Item, cutoff

    with opened(config) as (_, store):
        broken = store.audit.verify(cutoff(Item.AUDIT, trusted_now(store)))
        count = len(store.audit.entries()) if broken is None else 0
    if broken is not None:
        typer.echo(f"BROKEN at line {broken.seq}: {broken.why}.")
        typer.echo(
            "Keep a copy of data and keys as they are and find out who could write there. A backup restored, or a "
            "replaced key folder, explains a head that is gone or newer: then gate audit accept.",
            err=True,
        )
        raise typer.Exit(1)
    if count == 0:
        typer.echo("The log is empty.")
        return
    typer.echo(f"All {count} lines are unaltered, in order, and the newest is signed.")


@audit.command("list")
def list_lines(
    config: Config = DEFAULT_CONFIG,
    newest: Annotated[int, typer.Option(min=1, help="How many lines.")] = 50,
) -> None:
    """Show the newest lines, oldest first, each with its hash. Ids are random words; no person is in it."""
    from gate.govern.report import when

    with opened(config) as (_, store):
        for each in store.audit.entries(newest=newest):
            typer.echo(
                f"{each.seq}\t{when(each.at)}\t{each.actor}\t{each.action}\t{each.object}\t{each.detail}"
                f"\t{each.hash.hex()}"
            )


@audit.command("accept")
def accept(config: Config = DEFAULT_CONFIG) -> None:
    """After a restore, or once it is known why the head kept apart is gone: go on from the log as it is.

    A line tells of it. Lines that were altered stay broken.
    """
    with opened(config) as (settings, store):
        gate_id = settings.site.gate_id
        confirm(f"The log as it ends now is taken for the newest. Type {gate_id} to go on", gate_id)
        store.audit.accept(trusted_now(store))
    typer.echo("Accepted. Run gate audit verify.")

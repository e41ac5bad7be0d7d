"""``gate lockdown``: let nobody in, and let people in again. Leaving is never touched."""

from __future__ import annotations

import typer

from gate.commands.asking import confirm, opened, trusted_now
from gate.commands.resident import DEFAULT_CONFIG, Config
from gate.store.account.audit import Actor

lockdown = typer.Typer(no_args_is_help=True, help="Let nobody in until it is ended; everybody can leave.")


@lockdown.command("begin")
def begin(config: Config = DEFAULT_CONFIG) -> None:
    """Refuse every way in, from now on and over restarts. Takes effect at once in a running gate."""
    with opened(config) as (_, store):
        changed = store.lockdown.begin(trusted_now(store), Actor.INSTALLER)
    typer.echo("Locked down. Leaving is free." if changed else "It is locked down already.")


@lockdown.command("end")
def end(config: Config = DEFAULT_CONFIG) -> None:
    """Let people in again; asks for the gate's id."""
    with opened(config) as (settings, store):
        if not store.lockdown.is_on:
            typer.echo("There is no lockdown.")
            return
        confirm("Is it safe to let people in again? Type the gate's id", settings.site.gate_id)
        store.lockdown.end(trusted_now(store), Actor.INSTALLER)
    typer.echo("The lockdown is over.")


@lockdown.command("show")
def show(config: Config = DEFAULT_CONFIG) -> None:
    """Say whether the gate is locked down."""
    with opened(config) as (_, store):
        typer.echo("Locked down: nobody is let in." if store.lockdown.is_on else "There is no lockdown.")

"""``gate hours``: within which hours the gate lets whom in."""

from __future__ import annotations

from typing import Annotated

import typer

from gate.commands.asking import opened, trusted_now
from gate.commands.resident import DEFAULT_CONFIG, Config, Unit
from gate.core.hours import ALWAYS, HoursFault
from gate.errors import RequestError
from gate.store.permits import NamedHours

hours = typer.Typer(no_args_is_help=True, help="Weekly hours by name, and who may come in within which.")

Name = Annotated[str, typer.Argument(help="A name such as cleaners; never a person's.")]


@hours.command("list")
def list_hours(config: Config = DEFAULT_CONFIG) -> None:
    """List all hours by name, and which the door keeps."""
    with opened(config) as (settings, store):
        listed, door = store.permits.list(), store.permits.door()
        unreadable = store.permits.unreadable()
    typer.echo(f"Times are those of {settings.site.time_zone}.")
    for each in listed:
        typer.echo(line(each))
    for kind, each in door.items():
        typer.echo(f"The door stands {kind.value} in: {line(each)}")
    if unreadable:
        raise RequestError(
            "hours-unreadable",
            f"These hours are gone or altered, and open nothing: {', '.join(unreadable)}.",
            remedy=HoursFault.UNREADABLE.remedy,
        )


@hours.command("set")
def set_hours(
    name: Name,
    text: Annotated[
        str,
        typer.Argument(help='Such as "mon-fri 07:00-18:00; sat 08:00-12:00", also as 周一-周五; or always.'),
    ],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Say when these hours are, for all who have them: in the site's time zone, also over midnight (22:00-06:00)."""
    with opened(config) as (settings, store):
        said = store.permits.set(name, text, trusted_now(store))
    typer.echo(f"Hours {name}: {said.text} ({settings.site.time_zone}).")


@hours.command("remove")
def remove_hours(name: Name, config: Config = DEFAULT_CONFIG) -> None:
    """Delete hours that nobody has and the door does not keep."""
    with opened(config) as (_, store):
        store.permits.remove(name, trusted_now(store))
    typer.echo(f"Hours {name} are removed.")


@hours.command("give")
def give_hours(
    unit: Unit,
    name: Annotated[str, typer.Argument(help=f"The hours' name, or {ALWAYS}.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Let a resident in within these hours only: by card, PIN, face and invited visitors alike; always: at all times."""
    with opened(config) as (_, store):
        store.permits.give(unit, None if name == ALWAYS else name, trusted_now(store))
    typer.echo(f"Unit {unit} may come in {'at all times' if name == ALWAYS else f'in the hours {name}'}.")


def line(named: NamedHours) -> str:
    """Say a name and its hours, or that they were altered."""
    said = "ALTERED: opens nothing" if isinstance(named.hours, HoursFault) else named.hours.text
    return f"{named.name}\t{said}"

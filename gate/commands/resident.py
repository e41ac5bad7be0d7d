"""``gate resident``: people, cards and PINs. Personal data is asked for, never an argument others could read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gate.errors import RequestError
from gate.settings import read_settings
from gate.store import Store

resident = typer.Typer(no_args_is_help=True, help="People who live here, their cards and PINs.")

Config = Annotated[Path, typer.Option("--config", "-c", help="The settings file.")]
DEFAULT_CONFIG = Path("gate.toml")
Unit = Annotated[str, typer.Argument(help="The unit number, as typed at the keypad.")]
_CARD_BITS = 26


@resident.command("add")
def add_resident(
    unit: Annotated[str, typer.Option(help="The unit number, as typed at the keypad.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Add a resident with a generated PIN; asks for name, contact and card, on a terminal or line by line.

    Contact and card may be left empty. Face is the resident's own to ask for, at the desk page.
    """
    name = _ask("Name")
    if not name:
        raise RequestError("name-missing", "A resident needs a name.", remedy="Give one; it is sealed.")
    contact = _ask("Contact (may be empty)")
    card = _ask("Card value (may be empty)")
    number = _card_number(card) if card else None
    with _opened(config) as store:
        pin = store.residents.move_in(unit, name, contact, number, datetime.now(UTC))
    typer.echo(f"Unit {unit} added. {_shown_once(unit, pin)}")


@resident.command("list")
def list_residents(config: Config = DEFAULT_CONFIG) -> None:
    """List the units that have a resident."""
    with _opened(config) as store:
        for person in store.people.list():
            typer.echo(f"{person.unit}\t{person.name}")


@resident.command("card")
def new_card(unit: Unit, config: Config = DEFAULT_CONFIG) -> None:
    """Give a resident a new card, asked for; the earlier ones open no more, even if the answer is empty."""
    card = _ask("New card's value (empty: none, the lost one only ends)")
    number = _card_number(card) if card else None
    with _opened(config) as store:
        store.residents.new_card(unit, number, datetime.now(UTC))
    typer.echo(
        f"Unit {unit} {'has the new card' if number else 'has no card now'}; earlier ones open no more."
    )


@resident.command("pin")
def new_pin(unit: Unit, config: Config = DEFAULT_CONFIG) -> None:
    """Give a resident a fresh PIN; the earlier one opens no more."""
    with _opened(config) as store:
        pin = store.residents.new_pin(unit, datetime.now(UTC))
    typer.echo(f"Unit {unit} has a new PIN. {_shown_once(unit, pin)}")


@resident.command("remove")
def remove_resident(
    unit: Unit,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Delete a resident with cards, PIN and face templates, for good."""
    if not yes and _ask(f"This deletes the resident of unit {unit}. Type the unit again") != unit:
        raise RequestError("not-confirmed", "The units differ; nothing was deleted.", remedy="Try again.")
    with _opened(config) as store:
        store.residents.move_out(unit, datetime.now(UTC))
    typer.echo(f"Unit {unit} removed.")


@contextmanager
def _opened(config: Path) -> Iterator[Store]:
    from gate.app import open_store  # slow to import: not for --help

    store = open_store(read_settings(config))
    try:
        yield store
    finally:
        store.close()


def _ask(what: str) -> str:
    """Ask on standard error, read a line: standard output is kept for the answer. Raises Abort at the end of input."""
    typer.echo(f"{what}: ", nl=False, err=True)
    line = sys.stdin.readline()
    if not line:
        raise typer.Abort
    return line.strip()


def _card_number(value: str) -> str:
    """Give the card as a reader sends it. Raises RequestError ``card-unfit``; the value stays out of the message."""
    is_number = value.isascii() and value.isdigit() and len(value) <= _CARD_BITS
    if not is_number or int(value) >= 1 << _CARD_BITS:
        raise RequestError(
            "card-unfit",
            f"A card's value is a whole number from 0 to {(1 << _CARD_BITS) - 1}.",
            remedy="Copy the digits as the reader shows them; nothing was changed.",
        )
    return f"{_CARD_BITS}:{int(value)}"


def _shown_once(unit: str, pin: str) -> str:
    return f"PIN: {pin} (shown once; type {unit}#PIN# at the keypad)."

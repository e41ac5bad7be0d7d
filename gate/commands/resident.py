"""``gate resident``: people, cards and PINs. Personal data is asked for, never an argument others could read."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import typer

from gate.commands.asking import ask, opened, trusted_now
from gate.commands.moments import begin_of, end_of
from gate.core.cards import card_number
from gate.core.types import Method
from gate.errors import RequestError

resident = typer.Typer(no_args_is_help=True, help="People who live here, their cards and PINs.")

Config = Annotated[Path, typer.Option("--config", "-c", envvar="GATE_CONFIG", help="The settings file.")]
DEFAULT_CONFIG = Path("gate.toml")
Unit = Annotated[str, typer.Argument(help="The unit number, as typed at the keypad.")]


@resident.command("add")
def add_resident(
    unit: Annotated[str, typer.Option(help="The unit number, as typed at the keypad.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Add a resident with a generated PIN; asks for name, contact and card, on a terminal or line by line.

    Contact and card may be left empty. Face is the resident's own to ask for, at the desk page.
    """
    name = ask("Name")
    if not name:
        raise RequestError("name-missing", "A resident needs a name.", remedy="Give one; it is sealed.")
    contact = ask("Contact (may be empty)")
    card = ask("Card value (may be empty)")
    number = _card_number(card) if card else None
    with opened(config) as (_, store):
        pin = store.residents.move_in(unit, name, contact, number, trusted_now(store))
    typer.echo(f"Unit {unit} added. {_shown_once(unit, pin)}")


@resident.command("list")
def list_residents(config: Config = DEFAULT_CONFIG) -> None:
    """List the units that have a resident; a child's name is left out (R27)."""
    with opened(config) as (_, store):
        now = trusted_now(store)
        for person in store.people.list():
            typer.echo(f"{person.unit}\t{'(a child)' if person.is_child(now) else person.name}")
        damaged = len(store.people.everybody().damaged)
    if damaged:
        typer.echo(f"{damaged} damaged records do not open: see gate retention runs.", err=True)


@resident.command("card")
def new_card(
    unit: Unit,
    *,
    begin: Annotated[
        str | None, typer.Option("--from", help="Day, or day and time, it begins to open: YYYY-MM-DDTHH:MM.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="Day, or day and time, it ends.")] = None,
    beside: Annotated[bool, typer.Option("--beside", help="Leave the earlier cards in force.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Give a resident a new card, asked for; the earlier ones open no more, even if the answer is empty."""
    card = ask("New card's value (empty: none, the lost one only ends)")
    number = _card_number(card) if card else None
    with opened(config) as (settings, store):
        zone = settings.site.zone
        store.residents.new_card(
            unit,
            number,
            trusted_now(store),
            valid_from=None if begin is None else begin_of(begin, zone),
            valid_until=None if until is None else end_of(until, zone),
            beside=beside,
        )
    has = "has the new card" if number else "gets no card" if beside else "has no card now"
    typer.echo(f"Unit {unit} {has}; earlier ones open {'as before' if beside else 'no more'}.")


@resident.command("block-card")
def block_card(config: Config = DEFAULT_CONFIG) -> None:
    """End a card that was found or lost, asked for by its value, whoever holds it.

    It opens no more, for good. Once its holder has it again: gate resident card UNIT --beside.
    """
    number = _card_number(ask("Card value"))
    with opened(config) as (_, store):
        store.residents.block_card(number, trusted_now(store))
    typer.echo("The card opens no more.")


@resident.command("pin")
def new_pin(unit: Unit, config: Config = DEFAULT_CONFIG) -> None:
    """Give a resident a fresh PIN; the earlier one opens no more."""
    with opened(config) as (_, store):
        pin = store.residents.new_pin(unit, trusted_now(store))
    typer.echo(f"Unit {unit} has a new PIN. {_shown_once(unit, pin)}")


@resident.command("duress")
def duress_pin(
    unit: Unit,
    *,
    off: Annotated[bool, typer.Option("--off", help="End the duress PIN; the PIN stays.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Give a resident a fresh PIN and, beside it, one for use under threat: it opens and raises a silent alarm.

    Both are new, so that no slip of a finger makes one the other.
    """
    with opened(config) as (settings, store):
        if off:
            store.residents.end_duress(unit)
            typer.echo(f"Unit {unit} has no duress PIN. The PIN stays.")
            return
        if not settings.access.duress:
            raise RequestError(
                "duress-off",
                "This site takes no duress PINs; nothing was changed.",
                remedy="Set access.duress = true in the settings file, and start the gate again.",
            )
        pins = store.residents.new_pins(unit, trusted_now(store))
    typer.echo(f"Unit {unit} has a new PIN. {_shown_once(unit, pins.pin)}")
    typer.echo(
        f"Duress PIN: {pins.duress_pin} (shown once; typed in its place, it opens and calls for help)."
    )


@resident.command("revoke")
def revoke(
    unit: Unit,
    *,
    card: Annotated[bool, typer.Option("--card", help="End the cards.")] = False,
    pin: Annotated[bool, typer.Option("--pin", help="End the PIN, and the duress PIN with it.")] = False,
    codes: Annotated[bool, typer.Option("--codes", help="End the codes of guests.")] = False,
    every: Annotated[bool, typer.Option("--all", help="End all of these.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """End what a resident comes in with, for good. A face is its person's to withdraw; it goes with gate resident remove."""
    named = {Method.CARD: card or every, Method.PIN: pin or every, Method.CODE: codes or every}
    methods = [method for method, is_named in named.items() if is_named]
    if not methods:
        raise RequestError(
            "nothing-named",
            "Nothing was named, and nothing was changed.",
            remedy="Say --card, --pin, --codes or --all.",
        )
    with opened(config) as (_, store):
        store.residents.revoke(unit, methods, trusted_now(store))
    typer.echo(f"Unit {unit}: {', '.join(methods)} open no more.")


@resident.command("remove")
def remove_resident(
    unit: Unit,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Delete a resident with cards, PIN and face templates, for good."""
    if not yes and ask(f"This deletes the resident of unit {unit}. Type the unit again") != unit:
        raise RequestError("not-confirmed", "The units differ; nothing was deleted.", remedy="Try again.")
    with opened(config) as (_, store):
        moved = store.residents.move_out(unit, trusted_now(store))
    typer.echo(f"Unit {unit} removed.")
    if moved.receipt is not None:
        typer.echo(
            f"Receipt {moved.receipt.reference} of the deleted face, for its person; nobody can issue it again:"
        )
        typer.echo(moved.receipt.compact)
    if moved.damaged:
        typer.echo(
            "The record was damaged, so the face consent that belonged to it is not known. It ends with the next "
            "retention run, as one nobody can withdraw: gate retention run does it now."
        )


@resident.command("ends")
def end_tenancy(
    unit: Unit,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again, even if it ends now.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Set the last day of a tenancy, asked for: card, PIN and face end with it, the record goes 30 days later."""
    said = ask("Last day as YYYY-MM-DD (empty: no end)")
    ends_at = _end_of_day(said) if said else None
    with opened(config) as (_, store):
        now = trusted_now(store)
        if ends_at is not None and ends_at <= now + timedelta(days=1) and not yes:
            _confirm_end(unit, ends_at, now)
        store.residents.set_end(unit, ends_at, now)
        store.retention.keep(now)
    if ends_at is None:
        typer.echo(f"Unit {unit} has no end of tenancy.")
    else:
        typer.echo(f"Card, PIN and face of unit {unit} end at {ends_at:%Y-%m-%d %H:%M} (this device's time).")


def _confirm_end(unit: str, ends_at: datetime, now: datetime) -> None:
    """Have an end typed again that is here or hours away: a mistyped day erases a face. Raises ``not-confirmed``."""
    when = "NOW" if ends_at <= now else f"at {ends_at:%Y-%m-%d %H:%M}"
    what = f"Card, PIN and face of unit {unit} end {when}; then it cannot be undone. Type the unit again"
    if ask(what) != unit:
        raise RequestError("not-confirmed", "The units differ; nothing was changed.", remedy="Try again.")


def _end_of_day(text: str) -> datetime:
    """Give the end of the day *text* in this device's zone. Raises RequestError ``date-unfit``."""
    try:
        after = date.fromisoformat(text) + timedelta(days=1)
        return datetime.combine(after, time()).astimezone()
    except (ValueError, OverflowError) as error:
        raise RequestError(
            "date-unfit",
            "That is no day.",
            remedy="Write it as YYYY-MM-DD; nothing was changed.",
        ) from error


def _card_number(value: str) -> str:
    """Give the card as a reader sends it. Raises RequestError ``card-unfit``; the value stays out of the message."""
    number = card_number(value)
    if number is None:
        raise RequestError(
            "card-unfit",
            "A card's value is a whole number, of 26 bits, or with its length before it, such as 34:123456789.",
            remedy="Hold the card to the reader with gate reader read, and copy what it shows; nothing was changed.",
        )
    return number


def _shown_once(unit: str, pin: str) -> str:
    return f"PIN: {pin} (shown once; type {unit}#PIN# at the keypad)."

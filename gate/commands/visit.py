"""``gate visit``: codes that let a guest in once. No name of the guest is asked for, and none is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import segno
import typer

from gate.commands.asking import ask, opened, trusted_now
from gate.commands.moments import begin_of, end_of, told
from gate.commands.resident import DEFAULT_CONFIG, Config, Unit
from gate.core.types import PersonId
from gate.core.visit_codes import CodeStanding, VisitCode, gate_digest, judge
from gate.errors import RequestError
from gate.store import Store

visit = typer.Typer(no_args_is_help=True, help="Codes that let a guest in once.")

_KEY_DIGITS = 64
_SAID = {
    CodeStanding.GOOD: "The code is whole and holds now. Whether it was used or taken back, only its gate knows.",
    CodeStanding.MALFORMED: "This is no visitor's code.",
    CodeStanding.FORGED: "The gate with this key never signed this code.",
    CodeStanding.NOT_YET: "The code is whole, and does not hold yet.",
    CodeStanding.OVER: "The code is whole, and is over.",
}


@visit.command("invite")
def invite(
    unit: Unit,
    until: Annotated[str, typer.Option("--until", help="Day, or day and time, it ends: YYYY-MM-DDTHH:MM.")],
    begin: Annotated[str | None, typer.Option("--from", help="Day, or day and time, it begins: now.")] = None,
    svg: Annotated[Path | None, typer.Option("--svg", help="Draw the QR code into this SVG file.")] = None,
    png: Annotated[Path | None, typer.Option("--png", help="Draw the QR code into this PNG file.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Let a guest of a unit in once, within at most 7 days; shows the code as text and, without a file, as a QR code.

    Whoever holds the code may come in with it: give it to the guest alone. Where the door then fails, issue another.
    """
    with opened(config) as (settings, store):
        now, zone = trusted_now(store), settings.site.zone
        begins = now if begin is None else begin_of(begin, zone)
        fresh = store.visits.issue(_host(store, unit), begins, end_of(until, zone), at=now)
    # Said before any file is written: a disk that is full must not swallow a code that is issued.
    typer.echo(fresh.text)
    held = fresh.visit
    span = f"from {told(held.valid_from, zone)} until {told(held.valid_until, zone)}"
    typer.echo(f"Good once, {span}. To take it back: gate visit revoke {held.id}", err=True)
    code = segno.make(fresh.text, error="m", micro=False)
    for path, kind in ((svg, "svg"), (png, "png")):
        if path is not None:
            _draw(code, path, kind)
    if svg is None and png is None:
        code.terminal(compact=True)


@visit.command("list")
def list_visits(unit: Unit, config: Config = DEFAULT_CONFIG) -> None:
    """List the codes of a unit that nobody used yet: id, from when, until when."""
    with opened(config) as (settings, store):
        zone = settings.site.zone
        for each in store.visits.of(_host(store, unit), trusted_now(store)):
            typer.echo(f"{each.id}\t{told(each.valid_from, zone)}\t{told(each.valid_until, zone)}")


@visit.command("revoke")
def revoke(
    visit_id: Annotated[str, typer.Argument(metavar="ID", help="As gate visit list shows it.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Take a code back for good."""
    with opened(config) as (_, store):
        store.visits.revoke(visit_id, trusted_now(store))
    typer.echo("The code opens no more.")


@visit.command("key")
def show_key(config: Config = DEFAULT_CONFIG) -> None:
    """Show the public key by which anybody can verify this gate's codes; it is no secret."""
    with opened(config) as (_, store):
        typer.echo(store.signer.public_key.hex())


@visit.command("verify")
def verify(
    text: Annotated[str | None, typer.Argument(help="The code as text; asked for if left out.")] = None,
    public_key: Annotated[str, typer.Option("--public-key", help="As gate visit key shows it.")] = "",
    gate: Annotated[
        str | None, typer.Option("--gate", help="Accept codes of the gate of this id only.")
    ] = None,
) -> None:
    """Check a code from itself alone: no gate, no settings, no network. Ends with 1 unless it holds now."""
    from gate.store.account.signing import is_signed

    is_ours = partial(is_signed, public_key=_key(public_key))
    now = int(datetime.now(UTC).timestamp())
    standing, code = judge(ask("Code") if text is None else text.strip(), now, is_ours)
    typer.echo(_SAID[standing])
    if code is not None:
        _tell(code)
    is_elsewhere = code is not None and gate is not None and code.gate != gate_digest(gate)
    if is_elsewhere:
        typer.echo(f"It is for another gate than {gate}.")
    if standing is not CodeStanding.GOOD or is_elsewhere:
        raise typer.Exit(1)


def _tell(code: VisitCode) -> None:
    for name, seconds in (("from", code.valid_from), ("until", code.valid_until)):
        typer.echo(f"  {name:<6} {datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC")


def _host(store: Store, unit: str) -> PersonId:
    host = store.people.id_by_unit(unit)
    if host is None:
        raise RequestError(
            "unit-unknown", "No resident is entered under this unit.", remedy="See gate resident list."
        )
    return host


def _key(text: str) -> bytes:
    digits = "".join(text.split()).lower()
    if len(digits) != _KEY_DIGITS or set(digits) - set("0123456789abcdef"):
        raise RequestError(
            "key-unfit",
            "A public key is 64 hexadecimal digits.",
            remedy="Copy it from gate visit key, as --public-key.",
        )
    return bytes.fromhex(digits)


def _draw(code: segno.QRCode, path: Path, kind: str) -> None:
    try:
        code.save(str(path), kind=kind, scale=8, border=4)
    except OSError as error:
        raise RequestError(
            "file-unwritable",
            f"{path} cannot be written: {error.strerror}. The code above is issued and good.",
            remedy="Name a file in a folder you may write to, or take the code back and issue another.",
        ) from error

"""``gate govern``: impact assessment, registers, duties, and the end of the service. Answers are asked for."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.commands.asking import ask, confirm, opened, trusted_now
from gate.commands.resident import DEFAULT_CONFIG, Config
from gate.core.registers import FORMS, Register
from gate.errors import RequestError

if TYPE_CHECKING:
    from gate.govern.stop import Certificate

govern = typer.Typer(no_args_is_help=True, help="Assessment, registers, duties, the end of face.")
register = typer.Typer(
    no_args_is_help=True, help="Registers: recipients, processors, training, incidents, signs."
)
govern.add_typer(register, name="register")

_ASSESSMENT_BYTES_MOST = 4 << 20
Kind = Annotated[Register, typer.Argument(help="Which register.")]


@govern.command("assess")
def assess(
    config: Config = DEFAULT_CONFIG,
    to: Annotated[
        Path | None, typer.Option(help="Write FILE.json, to be added to, and FILE.md, to be read.")
    ] = None,
) -> None:
    """Write the impact assessment of the present configuration, filled as far as the gate knows."""
    from gate.govern.assessment import assessment, assessment_markdown
    from gate.govern.config import configuration as present_configuration
    from gate.govern.config import short
    from gate.govern.files import refuse_unwritable, write_whole

    if to is not None:
        refuse_unwritable(to)
    with opened(config) as (settings, store):
        now = trusted_now(store)
        document, readable = assessment(settings, store, now), assessment_markdown(settings, store, now)
        configuration = present_configuration(settings, store)
    if to is None:
        typer.echo(readable)
    else:
        write_whole(to.with_suffix(".json"), json.dumps(document, ensure_ascii=False, indent=2).encode())
        write_whole(to.with_suffix(".md"), readable.encode())
        typer.echo(f"Written: {to.with_suffix('.md')} to read, {to.with_suffix('.json')} to add to.")
    if configuration["notice"] is None:
        typer.echo(
            "No notice is published. Run gate notice publish first: it changes the configuration.", err=True
        )
    typer.echo(f"Approve it as {short(str(document['config_sha256']))} with gate govern approve.", err=True)


@govern.command("approve")
def approve(
    config: Config = DEFAULT_CONFIG,
    file: Annotated[
        Path | None,
        typer.Option("--document", help="The JSON that assess wrote; else as the gate writes it now."),
    ] = None,
) -> None:
    """Approve the assessment of the present configuration: face may run with it, and with no other (R80)."""
    from gate.govern.approval import approve as approved
    from gate.govern.approval import present_sha256
    from gate.govern.assessment import read_assessment
    from gate.govern.config import short
    from gate.govern.files import read_most

    with opened(config) as (settings, store):
        present = present_sha256(settings, store)
        document = None
        if file is not None:
            text = read_most(file, _ASSESSMENT_BYTES_MOST).decode(errors="replace")
            document = read_assessment(text, present)
        typer.echo(f"Configuration {present}", err=True)
        approver, role = ask("Name of who approves (sealed)"), ask("Office (manager or privacy-officer)")
        confirm("Type the first 8 characters of the configuration's hash", short(present))
        approved(settings, store, approver=approver, role=role, at=trusted_now(store), document=document)
    typer.echo(f"Approved for {short(present)}. A running gate takes it up within half a minute.")


@govern.command("duties")
def duties(config: Config = DEFAULT_CONFIG) -> None:
    """Show what is to do, the most pressing first; exit code 1 if something is overdue."""
    from gate.core.duties import State
    from gate.govern.facts import present_duties
    from gate.govern.report import by

    with opened(config) as (settings, store):
        found = present_duties(settings, store, trusted_now(store))
    for each in found:
        typer.echo(f"{each.state.upper():<8}{by(each.due_at) or 'now':<24}{each.what} ({each.requirement})")
    if not found:
        typer.echo("Nothing is to do.")
    if any(each.state is State.OVERDUE for each in found):
        raise typer.Exit(1)


@govern.command("stop-service")
def stop_service(
    config: Config = DEFAULT_CONFIG,
    to: Annotated[Path, typer.Option(help="The folder the certificate is written to.")] = Path(),
) -> None:
    """End face on this gate for good: every consent, every template. Cards and PINs go on."""
    from gate.commands.erasing import renew_backup
    from gate.govern.files import refuse_unwritable
    from gate.govern.stop import plan
    from gate.govern.stop import stop_service as stopped

    with opened(config) as (settings, store):
        gate_id = settings.site.gate_id
        place = to / f"stop-certificate-{gate_id}.json"
        refuse_unwritable(place)
        found = plan(store)
        if place.exists():
            raise _certified(place, found.stopped_at if found.is_done else None)
        if found.is_done:
            typer.echo(
                f"Face was stopped on {found.stopped_at:%Y-%m-%d} (UTC); nothing is left to erase.", err=True
            )
            _write_certificate(place, stopped(settings, store, trusted_now(store)))
            return
        typer.echo(
            f"This ends {found.consents} consents, erases {found.templates} templates, destroys the key they are "
            "sealed under and locks face on this device for good. It cannot be undone. Cards and PINs go on.",
            err=True,
        )
        confirm(f"Type {gate_id} to do it", gate_id)
        certificate = stopped(settings, store, trusted_now(store))
        _write_certificate(place, certificate)
        renew_backup(settings, store)


def _write_certificate(place: Path, certificate: Certificate) -> None:
    from gate.govern.files import write_whole

    write_whole(place.with_suffix(".html"), certificate.html.encode())
    write_whole(place, certificate.document.encode())
    typer.echo(f"Done. The certificate: {place}, and to print: {place.with_suffix('.html')}")


def _certified(place: Path, stopped_at: datetime | None) -> RequestError:
    """Give the fault of a certificate that exists: it is overwritten by nothing (R87)."""
    what = f"Face was stopped on {stopped_at:%Y-%m-%d} (UTC)" if stopped_at else "Nothing was done"
    return RequestError(
        "certificate-exists",
        f"{what}; {place} holds a certificate and stays as it is.",
        remedy="Name another folder with --to for a certificate of its own.",
    )


@govern.command("verify-certificate")
def verify_certificate(
    file: Annotated[Path, typer.Argument(help="The JSON file that stop-service wrote.")],
) -> None:
    """Check a certificate of the end of face, on any machine; compare the fingerprint with the one the gate shows."""
    from gate.govern.files import read_most
    from gate.govern.stop import KIND
    from gate.store.account.signing import verify

    certificate = verify(read_most(file, _ASSESSMENT_BYTES_MOST), KIND)
    for name, value in certificate.document.items():
        typer.echo(f"{name.replace('_', ' ')}: {value}")
    typer.echo(
        f"Whole, and signed by the device {certificate.fingerprint}: compare it with the one the gate shows."
    )


@register.command("list")
def list_register(
    kind: Kind,
    config: Config = DEFAULT_CONFIG,
    *,
    history: Annotated[bool, typer.Option("--history", help="Earlier revisions as well.")] = False,
) -> None:
    """Show a register's entries."""
    from gate.govern.report import plain, when

    with opened(config) as (_, store):
        for newest in store.registers.current(kind):
            for each in store.registers.history(newest.id) if history else (newest,):
                typer.echo(f"{each.id}  revision {each.revision}  {when(each.at)}")
                for name, value in plain(each.fields).items():
                    typer.echo(f"    {name.replace('_', ' ')}: {'' if value is None else value}")


@register.command("add")
def add_entry(kind: Kind, config: Config = DEFAULT_CONFIG) -> None:
    """Enter something, field by field."""
    from gate.govern.facts import processing_of
    from gate.govern.forms import fill

    with opened(config) as (settings, store):
        now = trusted_now(store)
        filled_in = processing_of(settings) if kind is Register.PROCESSING else None
        fields = fill(FORMS[kind], ask, now, filled_in)
        entry = store.registers.add(kind, fields, now)
    typer.echo(f"Entered: {entry}. {_consequence(kind)}")


@register.command("revise")
def revise_entry(
    kind: Kind,
    entry: Annotated[str, typer.Argument(help="The entry's id, from gate govern register list.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Change an entry, field by field; what it said before stays as an earlier revision."""
    from gate.govern.forms import fill

    with opened(config) as (_, store):
        now = trusted_now(store)
        before = store.registers.newest(entry)
        if before.register is not kind:
            raise RequestError(
                "entry-unknown",
                f"The register '{kind}' has no entry of this id.",
                remedy=f"It is one of the register '{before.register}'.",
            )
        revision = store.registers.revise(entry, fill(FORMS[kind], ask, now, before.fields), now)
    typer.echo(f"Entered: revision {revision}. {_consequence(kind)}")


def _consequence(kind: Register) -> str:
    """Say what a change of the configuration costs (R80)."""
    if kind in {Register.RECIPIENT, Register.PROCESSOR}:
        return "The configuration changed: face is locked until gate govern assess and approve."
    return ""

"""``gate notice``: what people are told before face, its versions, and publishing a new one (R11, R14, R22, R23)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gate.commands.asking import confirm, opened, trusted_now
from gate.core.notices import LANGUAGES, REQUIRED, Change, Form, Published, changed_terms
from gate.core.types import NoticeVersion
from gate.errors import RequestError
from gate.inforce import in_force
from gate.notice import NoticeBoard, Proposal, Sources, load_sources, propose
from gate.settings import WEB_ADDRESS, Settings, read_settings
from gate.store import Store

notice = typer.Typer(no_args_is_help=True, help="The notice people see before face: read, lint, publish.")

Config = Annotated[Path, typer.Option("--config", "-c", envvar="GATE_CONFIG", help="The settings file.")]
DEFAULT_CONFIG = Path("gate.toml")
Out = Annotated[Path, typer.Option("--out", help="The HTML file to write.")]
Url = Annotated[str | None, typer.Option("--url", help="Where the full text is; else web.public_url.")]


class Language(StrEnum):
    """The languages a notice is written in."""

    CHINESE = "zh-CN"
    ENGLISH = "en"


@notice.command("show")
def show_notice(
    version: Annotated[str | None, typer.Argument(help="A version; else the newest.")] = None,
    *,
    full: Annotated[bool, typer.Option("--full", help="The full form, not the short one.")] = False,
    language: Annotated[Language | None, typer.Option("--lang", help="One language; else both.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Print a published notice, word for word."""
    with opened(config) as (_, store):
        shown = _published(store, version)
    form = Form.FULL if full else Form.SHORT
    for each in LANGUAGES if language is None else (language.value,):
        typer.echo(f"{shown.version} {each} {form} SHA-256 {shown.sha256[each, form]}\n")
        typer.echo(shown.texts[each, form] + "\n")


@notice.command("list")
def list_notices(config: Config = DEFAULT_CONFIG) -> None:
    """List every published version with its day and the SHA-256 of each text; exit 1 where one was altered."""
    with opened(config) as (_, store):
        numbers = store.notices.numbers()
        found = {number: store.notices.version(number) for number in numbers}
    for number, each in found.items():
        if each is None:
            typer.echo(
                f"{number}\tALTERED: its rows are not what was published; face is off if it is the newest"
            )
            continue
        typer.echo(f"{number}\t{each.published_at.date().isoformat()}")
        for (language, form), digest in sorted(each.sha256.items()):
            typer.echo(f"\t{digest}  {language} {form}")
    if not numbers:
        typer.echo("No notice is published. Run gate notice publish.")
    if None in found.values():
        raise typer.Exit(1)


@notice.command("lint")
def lint_notice(
    folder: Annotated[
        Path | None, typer.Argument(help="The texts' folder; else notice.folder, or the shipped ones.")
    ] = None,
    *,
    items: Annotated[bool, typer.Option("--items", help="List the items a text must tell.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Say everything that keeps the texts from being published; exit 1 if there is anything."""
    if items:
        for form, required in REQUIRED.items():
            typer.echo(f"{form}: {', '.join(required)}")
        return
    from gate.core.notice_lint import lint

    settings = in_force(read_settings(config))
    if folder is not None:
        settings = settings.model_copy(
            update={"notice": settings.notice.model_copy(update={"folder": folder})}
        )
    # No version is claimed: what a text must tell does not depend on it.
    found = lint(load_sources(settings).draft(NoticeVersion("1.0"), datetime.now(UTC), []))
    for each in found:
        typer.echo(str(each))
    if found:
        raise typer.Exit(1)
    typer.echo("Nothing found. A lint reads words, not meaning: have a person read the texts as well.")


@notice.command("publish")
def publish_notice(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the version.")] = False,
    from_folder: Annotated[
        bool, typer.Option("--from-folder", help="Drop texts written on the pages; take the folder's again.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Publish what settings and texts give now, in both languages; says first what that changes."""
    with opened(config) as (settings, store):
        at, own = trusted_now(store), None if from_folder else store.notice_texts.site
        sources = load_sources(settings, own, public_key=store.signer.public_key)
        proposal = propose(store.notices, sources, at)
        if proposal.change is Change.NONE:
            if from_folder:
                store.notice_texts.back_to_folder()
            typer.echo(
                f"Nothing to publish: notice {proposal.draft.version} says what settings and texts say."
            )
            return
        typer.echo(_consequence(proposal, store.templates.count()))
        version = proposal.draft.version
        if not yes:
            confirm(f"Type the version ({version}) to publish it", version)
        if from_folder:
            store.notice_texts.back_to_folder()
        store.notices.publish(proposal.draft, at=at)  # what was shown, or nothing if another came first
    typer.echo(f"Notice {version} is published. A running gate takes up new texts within half a minute;")
    typer.echo("new settings it takes up when it is started again.")
    if settings.face.enabled:
        typer.echo(
            "The impact assessment covers the notice: run gate govern assess, read it, then gate govern approve."
        )


@notice.command("sign")
def print_sign(out: Out, url: Url = None, config: Config = DEFAULT_CONFIG) -> None:
    """Write the sign for the gate: A4, the short form in both languages, and a QR code to the full text."""
    with opened(config) as (settings, store):
        in_force = _in_force(store, _sources(settings, store))
    _write(out, _printed("sign", settings, in_force, _address(settings, url)))


@notice.command("page")
def print_page(out: Out, config: Config = DEFAULT_CONFIG) -> None:
    """Write the full text in both languages as one page, to be put where the QR code leads."""
    with opened(config) as (settings, store):
        in_force = _in_force(store, _sources(settings, store))
    _write(out, _printed("page", settings, in_force, ""))


def _published(store: Store, version: str | None) -> Published:
    found = store.notices.current if version is None else store.notices.version(NoticeVersion(version))
    if found is None:
        raise RequestError(
            "notice-unknown",
            f"There is no published notice {version or ''}".rstrip() + " that can be trusted.",
            remedy="See gate notice list, or run gate notice publish.",
        )
    return found


def _in_force(store: Store, sources: Sources) -> Published:
    in_force = NoticeBoard(store.notices, lambda: sources).in_force
    if in_force is None:
        raise RequestError(
            "notice-not-published",
            "No notice is published that says what the settings say.",
            remedy="Run gate notice publish first.",
        )
    return in_force


def _consequence(proposal: Proposal, residents: int) -> str:
    version, current = proposal.draft.version, proposal.current
    if proposal.change is Change.MINOR:
        return f"Notice {version} (minor): wording, contact or a shorter time of keeping. Consents go on; people are told."
    if current is None:
        return f"Notice {version} is the first that can be relied on. Whoever wants face agrees to it."
    changed = ", ".join(changed_terms(current.terms, proposal.draft.terms))
    return (
        f"Notice {version} (major): {changed} changed. Face stops for {residents} "
        f"{'resident' if residents == 1 else 'residents'} until they agree again; card and PIN go on."
    )


def _address(settings: Settings, url: str | None) -> str:
    address = url or settings.web.public_url
    if address is None:
        raise RequestError(
            "sign-address",
            "The sign's QR code needs an address that a telephone can open; the gate's pages serve this device only.",
            remedy="Put what gate notice page writes on a web page of yours; set web.public_url to it, or give --url.",
        )
    if not re.search(WEB_ADDRESS, address):
        raise RequestError(
            "sign-address",
            "The sign's QR code needs a web address; this is none.",
            remedy="Give --url one that begins with https:// or http://, without spaces.",
        )
    return address


def _printed(kind: str, settings: Settings, in_force: Published, address: str) -> bytes:
    from gate.web.printed import print_notice  # slow to import: not for --help

    return print_notice(kind, in_force, gate_id=settings.site.gate_id, address=address).encode()


def _write(out: Path, content: bytes) -> None:
    from gate.govern.files import write_whole

    write_whole(out, content)
    typer.echo(f"written: {out}")


def _sources(settings: Settings, store: Store) -> Sources:
    return load_sources(settings, store.notice_texts.site, public_key=store.signer.public_key)

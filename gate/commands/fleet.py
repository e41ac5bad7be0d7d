"""``gate fleet-sim``: many made-up gates against one broker, to see what it carries."""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from gate.commands.results import open_result
from gate.errors import RequestError

if TYPE_CHECKING:
    from gate.fleet.own_broker import Estate


def fleet_sim(
    devices: Annotated[int, typer.Option(min=1, help="How many gates.")] = 10,
    consumers: Annotated[int, typer.Option(min=1, help="How many consumers share the messages.")] = 1,
    hours: Annotated[int, typer.Option(min=0, help="Hours of the fast clock to run at --speed.")] = 24,
    speed: Annotated[float, typer.Option(help="How many times as fast the clock runs.")] = 3600.0,
    burst: Annotated[int, typer.Option(min=0, help="Hours whose messages become due at one moment.")] = 24,
    outage: Annotated[int, typer.Option(min=0, help="Hours of the fast clock without the broker.")] = 1,
    outage_seconds: Annotated[float, typer.Option(help="How long the broker is really away.")] = 10.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same counts and times.")] = 1,
    host: Annotated[
        str | None, typer.Option(help="A broker that runs already; else one of its own is started.")
    ] = None,
    port: Annotated[int, typer.Option(help="Its port.")] = 8883,
    ca_file: Annotated[Path | None, typer.Option(help="The authority behind its certificate.")] = None,
    accounts: Annotated[
        Path | None,
        typer.Option(help="With --host: one line name:password for each gate, and one for receiver."),
    ] = None,
    output: Annotated[Path | None, typer.Option("--json", help="Write the figures here as well.")] = None,
) -> None:
    """Drive made-up gates: messages a second, loss, memory, and how long an outage takes to catch up."""
    from gate import logs
    from gate.fleet.sim import Plan, simulate

    plan = Plan(
        devices=devices,
        consumers=consumers,
        hours=hours,
        speed=speed,
        burst_hours=burst,
        outage_hours=outage,
        outage_s=outage_seconds,
        seed=seed,
    )
    elsewhere = None if host is None else _estate(host, port, ca_file, accounts, devices)
    with ExitStack() as stack:
        figures = None if output is None else stack.enter_context(open_result(output))
        folder = stack.enter_context(TemporaryDirectory(prefix="gate-fleet-"))
        logs.configure(quiet=True)  # a thousand gates that each tell of one outage
        report = asyncio.run(simulate(plan, Path(folder), lambda line: typer.echo(line, err=True), elsewhere))
        if figures is not None:
            figures.write(json.dumps(asdict(report), indent=2) + "\n")
    for line in report.lines():
        typer.echo(line)
    if report.lost or report.gaps or report.refused:
        raise typer.Exit(1)


def _estate(host: str, port: int, ca_file: Path | None, accounts: Path | None, devices: int) -> Estate:
    """Read who may call the broker. Raises RequestError where accounts are missing."""
    from gate.fleet.own_broker import RECEIVER, Estate
    from gate.publish.link import BrokerSettings, TlsSettings

    if accounts is None:
        raise RequestError("fleet-accounts", "--host needs --accounts.", remedy="Name the file of accounts.")
    try:
        lines = accounts.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise RequestError(
            "fleet-accounts",
            f"{accounts} cannot be read: {error.strerror}.",
            remedy="Name the file of accounts.",
        ) from error
    tls = None if ca_file is None else TlsSettings(ca_file)
    each = {
        name: BrokerSettings(host, port, name, password, tls)
        for name, found, password in (line.partition(":") for line in lines)
        if found
    }
    receiver = each.pop(RECEIVER, None)
    if receiver is None or len(each) < devices:
        raise RequestError(
            "fleet-accounts",
            f"{accounts} has {len(each)} gates and {'no' if receiver is None else 'a'} receiver.",
            remedy=f"Give it one line name:password for each of {devices} gates, and one for receiver.",
        )
    return Estate(each, receiver)

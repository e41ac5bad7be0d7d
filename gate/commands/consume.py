"""``gate consume``: hear an estate's gates, each message once. It runs where the receiver is, not on a gate."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.errors import GateError, RequestError
from gate.fleet.journal import Journal, Line, alone
from gate.logs import log_loss
from gate.settings import broker_password

if TYPE_CHECKING:
    from gate.fleet.consume import Desk
    from gate.publish.link import BrokerSettings

consume = typer.Typer(
    no_args_is_help=True, help="Hear the gates of an estate: a receiver of which many may run at once."
)

JOURNAL = Path("journal.sqlite3")
DAYS = 90
FORGET_S = 3600.0

JournalFile = Annotated[
    Path, typer.Option("--journal", help="The SQLite file that all consumers here share.")
]


@consume.command("run")
def run(
    host: Annotated[str, typer.Option(help="The broker.")] = "localhost",
    port: Annotated[int, typer.Option(help="Its port.")] = 8883,
    ca_file: Annotated[
        Path | None, typer.Option(help="The authority that signed the broker's certificate.")
    ] = None,
    cert_file: Annotated[Path | None, typer.Option(help="This consumer's own certificate.")] = None,
    key_file: Annotated[Path | None, typer.Option(help="And its key.")] = None,
    username: Annotated[
        str | None, typer.Option(help="The account; its password is the credential broker-password.")
    ] = None,
    journal: JournalFile = JOURNAL,
    group: Annotated[str, typer.Option(help="Consumers of one group share the messages.")] = "estate",
    name: Annotated[
        str, typer.Option(help="This one's own name; the broker keeps its session under it.")
    ] = "c1",
    keep_days: Annotated[int, typer.Option(min=8, help="Forget messages after so many days.")] = DAYS,
    *,
    whole: Annotated[
        bool,
        typer.Option(
            "--whole", help="Hear everything instead of a group's share. Keep one such on mosquitto."
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print no messages.")] = False,
) -> None:
    """Consume until Ctrl-C or SIGTERM, and print each new message as one line of JSON once it is filed.

    The journal is what counts; a consumer that is killed between filing and printing has printed one line too few.
    """
    from gate.fleet.consume import Desk  # paho is slow to import: not for --help
    from gate.publish.link import BrokerSettings, TlsSettings

    tls = None if ca_file is None else TlsSettings(ca_file, cert_file, key_file)
    settings = BrokerSettings(host, port, username, broker_password(), tls)
    desk = Desk(name, None if whole else group)
    with alone(journal, desk.client_id):
        asyncio.run(_run(settings, journal, desk, keep_days=keep_days, tell=_say_nothing if quiet else _say))


@consume.command("lines")
def show_lines(
    journal: JournalFile = JOURNAL,
    after: Annotated[int, typer.Option(min=0, help="The last number you have.")] = 0,
) -> None:
    """Print filed messages with a number above --after, lowest first: whoever keeps the last one misses none."""
    kept = _opened(journal)
    try:
        while lines := kept.lines(after=after):
            for line in lines:
                typer.echo(worded(line))
            after = lines[-1].number
    finally:
        kept.close()


@consume.command("gaps")
def show_gaps(journal: JournalFile = JOURNAL) -> None:
    """Print what never came although later messages of its gate did; exit 1 if there is any."""
    kept = _opened(journal)
    try:
        gaps = kept.gaps()
    finally:
        kept.close()
    for gap in gaps:
        typer.echo(
            json.dumps(
                {
                    "gate": gap.gate,
                    "stream": gap.stream,
                    "epoch": gap.epoch,
                    "first": gap.first,
                    "last": gap.last,
                    "perhaps_before_this_journal": gap.at_head,
                }
            )
        )
    if not all(gap.at_head for gap in gaps):
        raise typer.Exit(1)


@consume.command("gates")
def show_gates(journal: JournalFile = JOURNAL) -> None:
    """Print what each gate said of itself last, as lines of JSON."""
    kept = _opened(journal)
    try:
        for state in kept.states():
            typer.echo(
                json.dumps(
                    {"gate": state.gate, "received_at": state.received_at, "message": json.loads(state.body)}
                )
            )
    finally:
        kept.close()


def worded(line: Line) -> str:
    """Give one line of JSON: the number, when it was filed, which gate said it, and the message as it came."""
    return json.dumps(
        {
            "number": line.number,
            "received_at": line.received_at,
            "gate": line.arrival.gate,
            "message": json.loads(line.arrival.body),
        },
        separators=(",", ":"),
    )


def _opened(path: Path) -> Journal:
    if not path.is_file():
        raise RequestError(
            "journal-missing", f"There is no journal at {path}.", remedy="Name it with --journal."
        )
    return Journal(path)


async def _run(
    settings: BrokerSettings, path: Path, desk: Desk, *, keep_days: int, tell: Callable[[Line], None]
) -> None:
    from gate.fleet.consume import Consumer

    journal = Journal(path)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    forgetting = asyncio.create_task(_forget(journal, timedelta(days=keep_days)))
    try:
        await Consumer(settings, journal, desk, tell).run(stop)
    finally:
        forgetting.cancel()
        journal.close()


def _say(line: Line) -> None:
    sys.stdout.write(worded(line) + "\n")
    sys.stdout.flush()


def _say_nothing(_line: Line) -> None:
    pass


async def _forget(journal: Journal, keep: timedelta) -> None:
    while True:
        try:
            journal.forget(datetime.now(UTC) - keep)
        except GateError as error:
            log_loss(error)  # what is received goes on; an hour later it is tried again
        await asyncio.sleep(FORGET_S)

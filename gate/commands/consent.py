"""``gate consent``: whether the ledger of consents holds, and what stands in it, as counts."""

from __future__ import annotations

import typer

from gate.commands.asking import opened
from gate.commands.resident import DEFAULT_CONFIG, Config
from gate.errors import RequestError

consent = typer.Typer(no_args_is_help=True, help="The ledger of consents.")


@consent.command("verify")
def verify_ledger(config: Config = DEFAULT_CONFIG) -> None:
    """Check every event of the ledger, also beside a running gate; exit 1 with the first one that does not hold."""
    with opened(config) as (_, store):
        broken = store.consents.verify()
    if broken is None:
        typer.echo(
            "The ledger of consents holds: every event is signed, in place, and borne out by the audit log."
        )
        return
    raise RequestError(
        "ledger-broken",
        f"The ledger of consents does not hold at event {broken.seq}: {broken.why}.",
        remedy="Keep the data folder as it is, find out who wrote to it, and run gate audit verify.",
    )


@consent.command("stats")
def statistics(config: Config = DEFAULT_CONFIG) -> None:
    """Count the records by standing, notice version and channel; nobody is named."""
    with opened(config) as (_, store):
        counts = store.consents.statistics()
    lines = (
        *(("standing", name, count) for name, count in counts.by_state.items()),
        *(("notice", name, count) for name, count in counts.by_version.items()),
        *(("channel", name, count) for name, count in counts.by_channel.items()),
    )
    for title, name, count in sorted(lines):
        typer.echo(f"{title:<10}{name:<14}{count}")

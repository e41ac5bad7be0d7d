"""What the command line asks, and the store it works on; nothing personal is ever an argument."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import typer

from gate.errors import RequestError
from gate.inforce import open_in_force
from gate.settings import Settings, read_settings
from gate.store import Store


@contextmanager
def opened(config: Path) -> Iterator[tuple[Settings, Store]]:
    """Open the store of the gate that *config* describes, also beside a running gate.

    What the block erased is followed by a new epoch before the store is closed, where no gate serves (R24, R51).
    """
    from gate.app import open_store  # slow to import: not for --help
    from gate.commands.erasing import settle_erasures

    settings, store = open_in_force(read_settings(config), open_store)
    try:
        yield settings, store
        settle_erasures(settings, store)
    finally:
        store.close()


def trusted_now(store: Store) -> datetime:
    """Give the time that records carry: never earlier than the latest this gate has seen."""
    return store.clock.trusted(datetime.now(UTC)).at


def ask(what: str) -> str:
    """Ask on standard error, read a line: standard output is kept for the answer. Raises Abort at the end of input."""
    typer.echo(f"{what}: ", nl=False, err=True)
    line = sys.stdin.readline()
    if not line:
        raise typer.Abort
    return line.strip()


def confirm(what: str, word: str) -> None:
    """Have *word* typed. Raises RequestError ``not-confirmed`` for anything else."""
    if ask(what) != word:
        raise RequestError("not-confirmed", "That was not it; nothing was done.", remedy="Try again.")

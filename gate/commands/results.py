"""The result of long work: printed, or written to a file that was opened before the work began."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import typer

from gate.errors import RequestError


def write_result(work: Callable[[], str], output: Path | None) -> None:
    """Do long work and print its result, or write it to *output*. Raises RequestError ``output-unwritable``."""
    if output is None:
        typer.echo(work())
        return
    try:
        with output.open("w", encoding="utf-8") as file:
            file.write(work() + "\n")
    except OSError as error:
        raise RequestError(
            "output-unwritable",
            f"{output} cannot be written: {error.strerror}.",
            remedy="Name another file with --json.",
        ) from error
    typer.echo(f"written: {output}")

"""The result of long work: printed, or written to a file that was opened before the work began."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import typer

from gate.errors import RequestError


def write_result(work: Callable[[], str], output: Path | None) -> None:
    """Do long work and print its result, or write it to *output*. Raises RequestError ``output-unwritable``."""
    if output is None:
        typer.echo(work())
        return
    with open_result(output) as file:
        result = work() + "\n"
        try:
            file.write(result)
            file.flush()
        except OSError as error:
            raise _unwritable(output, error) from error
    typer.echo(f"written: {output}")


def open_result(output: Path) -> TextIO:
    """Open the file for the figures before minutes are spent on them. Raises RequestError ``output-unwritable``."""
    try:
        return output.open("w", encoding="utf-8")
    except OSError as error:
        raise _unwritable(output, error) from error


def _unwritable(output: Path, error: OSError) -> RequestError:
    return RequestError(
        "output-unwritable",
        f"{output} cannot be written: {error.strerror}.",
        remedy="Name another file with --json.",
    )

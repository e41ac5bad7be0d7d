"""What ``gate evaluate`` and ``gate calibrate`` are given: photographs, pairs, groups."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gate.commands.models import show_progress
from gate.errors import RequestError

if TYPE_CHECKING:
    from gate.vision.pipeline import Pipeline
    from gate.vision.trials import Trials

THREADS: Final = 2
FPIR_AIM: Final = 0.001
"""The aim of the product: of a thousand searches for a stranger one may name somebody."""

Folder = Annotated[Path | None, typer.Argument(help="One folder of photographs per person.")]
Pairs = Annotated[Path | None, typer.Option(help="A CSV file with file_x, file_y, Decision instead.")]
Groups = Annotated[Path | None, typer.Option(help="A CSV file with person, group: figures for each group.")]
Seed = Annotated[
    int, typer.Option(min=0, help="Of the people drawn again: the same seed gives the same bounds.")
]
Fpir = Annotated[
    float, typer.Option(min=1e-6, max=0.1, help="How often a stranger may be named, of all searches.")
]


def trials_from(folder: Path | None, pairs: Path | None, pipeline: Pipeline) -> Trials:
    """Compare what the person who runs the command gave: a folder, or a table of pairs."""
    from gate.vision.trials import folder_trials, pair_trials

    if pairs is not None:
        return pair_trials(pairs, pipeline, show_progress)
    assert folder is not None
    return folder_trials(folder, pipeline, show_progress)


def groups_from(table: Path | None) -> dict[str, str]:
    """Read who is in which group, nobody without a table. Raises RequestError where the table is not as it must be."""
    if table is None:
        return {}
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        return {row["person"].strip(): row["group"].strip() for row in rows}
    except (OSError, UnicodeDecodeError, csv.Error, KeyError, AttributeError) as error:
        raise RequestError(
            "groups-input",
            f"{table} is no table of groups.",
            remedy="Give a CSV file with the columns person and group, a person as their folder is called.",
        ) from error

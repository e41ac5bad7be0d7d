"""One self-contained HTML file of figures and charts: no script, no photograph, nobody's name, no file's name."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from gate.errors import RequestError
from gate.evaluation.charts import charts
from gate.evaluation.figures import Figures
from gate.evaluation.tables import Table, compared, tables_of

REPORT = "report.html"

_ENVIRONMENT = Environment(
    loader=PackageLoader("gate.evaluation", "templates"), autoescape=True, undefined=StrictUndefined
)


@dataclass(frozen=True, slots=True)
class Made:
    """What a report is about. networks: the figures of each by its name, the one in force first. more: further tables."""

    threshold: float
    networks: Mapping[str, Figures]
    more: Sequence[Table] = ()


def write_report(made: Made, folder: Path) -> Path:
    """Draw the charts, write them as PNG and in one HTML file into *folder*, and give that file's place.

    Raises RequestError ``matplotlib-missing``, ``output-unwritable``.
    """
    drawn = charts({name: figures.curve for name, figures in made.networks.items()}, made.threshold)
    page = _page(made, drawn)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, png in drawn.items():
            (folder / f"{name}.png").write_bytes(png)
        (folder / REPORT).write_text(page, encoding="utf-8")
    except OSError as error:
        raise RequestError(
            "output-unwritable",
            f"The report cannot be written to {folder}: {error.strerror}.",
            remedy="Name another folder with --report.",
        ) from error
    return folder / REPORT


def _page(made: Made, drawn: Mapping[str, bytes]) -> str:
    first = next(iter(made.networks.values()))
    shared = (compared(made.networks),) if len(made.networks) > 1 else ()
    return _ENVIRONMENT.get_template("report.html").render(
        charts={name: base64.b64encode(png).decode() for name, png in drawn.items()},
        network=next(iter(made.networks)),
        tables=(*tables_of(first), *shared, *made.more),
    )

"""One self-contained HTML file of figures and charts: no script, no photograph, nobody's name, no file's name.

In Chinese or English; the words within the charts are English in both, for a device need not have a font with Chinese.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from gate.errors import RequestError
from gate.evaluation.attacks import Species, attack_table
from gate.evaluation.charts import charts
from gate.evaluation.figures import Figures
from gate.evaluation.tables import compared, tables_of
from gate.web.languages import Language, load_translations

REPORT = "report.html"
CATALOGUES: Final = Path(__file__).parent / "locale" / "zh_CN" / "LC_MESSAGES"


@dataclass(frozen=True, slots=True)
class Made:
    """What a report is about. networks: the figures of each by its name, the one in force first. attacks: by species."""

    threshold: float
    networks: Mapping[str, Figures]
    attacks: Sequence[Species] = ()


def write_report(made: Made, folder: Path, *, language: Language = "en") -> Path:
    """Draw the charts, write them as PNG and in one HTML file into *folder*, and give that file's place.

    Raises RequestError ``matplotlib-missing``, ``output-unwritable``.
    """
    drawn = charts({name: figures.curve for name, figures in made.networks.items()}, made.threshold)
    page = _page(made, drawn, language)
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


def _page(made: Made, drawn: Mapping[str, bytes], language: Language) -> str:
    translations = load_translations(CATALOGUES)[language]
    say = translations.gettext
    environment = Environment(
        loader=PackageLoader("gate.evaluation", "templates"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
    )
    # mypy does not see what the extension adds.
    environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
    first = next(iter(made.networks.values()))
    shared = (compared(made.networks, say),) if len(made.networks) > 1 else ()
    attacks = (attack_table(made.attacks, say),) if made.attacks else ()
    return environment.get_template("report.html").render(
        charts={name: base64.b64encode(png).decode() for name, png in drawn.items()},
        language=language,
        network=next(iter(made.networks)),
        tables=(*tables_of(first, say), *shared, *attacks),
    )

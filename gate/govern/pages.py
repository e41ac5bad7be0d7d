"""Documents as one printable page without script, font or picture from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gate.govern.report import Section

_TEMPLATES: Final = Path(__file__).parent / "templates"


def page(title: str, sections: tuple[Section, ...], *, lead: tuple[str, ...]) -> str:
    """Give the sections as one HTML page. lead: what stands above the first, in sentences."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("document.html").render(title=title, sections=sections, lead=lead)

"""Charts as pictures of their own: SVG by pygal, without a script, in the colours of the page; the table stands beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_WIDTH_PX: Final = 960
_HEIGHT_PX: Final = 320


@dataclass(frozen=True, slots=True)
class Bars:
    """One row of bars. values: None where nothing is shown."""

    name: str
    values: tuple[int | None, ...]


def bar_chart(labels: Sequence[str], rows: Sequence[Bars], *, dark: bool) -> bytes:
    """Draw the rows beside each other over *labels*, as SVG. Takes some 20 ms: call it off the loop."""
    from pygal import Bar  # slow to import, and only this page needs it
    from pygal.style import Style

    ink, guide = ("#eef2f0", "#55625f") if dark else ("#14211f", "#b9c2bd")
    style = Style(
        background="transparent",
        plot_background="transparent",
        foreground=ink,
        foreground_strong=ink,
        foreground_subtle=guide,
        font_family="system-ui, sans-serif",
        label_font_size=13,
        major_label_font_size=13,
        legend_font_size=14,
        opacity="1",
        transition="0s",
        guide_stroke_color=guide,
        colors=("#8fd6cd", "#ffb454") if dark else ("#0b6e67", "#b45309"),
    )
    chart = Bar(
        style=style,
        js=(),
        width=_WIDTH_PX,
        height=_HEIGHT_PX,
        disable_xml_declaration=True,
        legend_at_bottom=True,
        min_scale=1,
        integer_only=True,
        show_x_guides=False,
        x_label_rotation=0,
        spacing=12,
        margin=8,
        no_data_text="",
        value_formatter=lambda value: f"{value:.0f}",
    )
    chart.x_labels = list(labels)
    for row in rows:
        chart.add(row.name, list(row.values))
    drawn: str | bytes = chart.render()
    return drawn.encode() if isinstance(drawn, str) else drawn

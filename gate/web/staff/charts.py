"""Bars as plain SVG, drawn by the page's own template: no script, no style of its own, in the page's colours and size.

pygal was tried and left out: it writes a script and a style into every picture, and puts an importer of its own before
Python's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 960
HEIGHT: Final = 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 16, 12, 34
_LABELS_MOST: Final = 16
_THICKEST: Final = 48
_STEPS: Final = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. kind: 0 or 1, of which row. The unit is the picture's own."""

    kind: int
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """A guide at one value."""

    y: float
    value: int


@dataclass(frozen=True, slots=True)
class Label:
    """What stands below a group of bars."""

    x: float
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of WIDTH by HEIGHT."""

    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    labels: tuple[Label, ...]
    width: int = WIDTH
    height: int = HEIGHT


def bar_chart(labels: Sequence[str], rows: Sequence[Sequence[int | None]]) -> Chart:
    """Lay out one group of bars over each of *labels*, a bar for each of *rows*; None is no bar."""
    highest = max((value or 0 for row in rows for value in row), default=0)
    step = _step(highest)
    top_value = max(step, -(-highest // step) * step)
    floor, room = HEIGHT - _BOTTOM, HEIGHT - _BOTTOM - _TOP
    group = (WIDTH - _LEFT - _RIGHT) / max(1, len(labels))
    thick = min(_THICKEST, group * 0.8 / max(1, len(rows)))
    aside = (group - thick * len(rows)) / 2
    bars = [
        Bar(
            kind,
            round(_LEFT + group * place + aside + thick * kind, 1),
            round(floor - room * value / top_value, 1),
            round(thick, 1),
            round(room * value / top_value, 1),
        )
        for kind, row in enumerate(rows)
        for place, value in enumerate(row)
        if value
    ]
    every = -(-len(labels) // _LABELS_MOST)
    return Chart(
        tuple(bars),
        tuple(
            Line(round(floor - room * value / top_value, 1), value) for value in range(0, top_value + 1, step)
        ),
        tuple(
            Label(round(_LEFT + group * (place + 0.5), 1), words)
            for place, words in enumerate(labels)
            if place % every == 0
        ),
    )


def _step(highest: int) -> int:
    """Give the round distance of about four guides."""
    scale = 1
    while True:
        for each in _STEPS:
            if each * scale * 5 >= highest:
                return each * scale
        scale *= 10

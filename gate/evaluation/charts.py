"""DET, ROC and score histograms as PNG, by matplotlib, which only this room loads and only when a report is asked for."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Final

from gate.errors import RequestError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gate.evaluation.figures import Curve

SIZE_INCHES: Final = (6.0, 4.2)
DPI: Final = 110
NO_SHARE: Final = 1e-3
"""Where a logarithmic axis begins if no rate above 0 was seen."""


def charts(curves: Mapping[str, Curve], threshold: float) -> dict[str, bytes]:
    """Draw ``det``, ``roc`` and ``scores`` of each of *curves*, by name; each is one PNG without metadata of this machine.

    Raises RequestError ``matplotlib-missing`` where the library is not installed.
    """
    require_matplotlib()
    import matplotlib as mpl

    mpl.use("agg")  # draws into memory: no window, no display
    return {
        "det": _png(lambda axes: _det(axes, curves)),
        "roc": _png(lambda axes: _roc(axes, curves)),
        "scores": _png(lambda axes: _scores(axes, next(iter(curves.values())), threshold)),
    }


def require_matplotlib() -> None:
    """Raise RequestError ``matplotlib-missing`` where the library is not installed."""
    try:
        import_module("matplotlib")
    except ImportError as error:
        raise RequestError(
            "matplotlib-missing",
            "Charts are drawn by matplotlib, which is not installed here.",
            remedy="Install it with pip install 'gate[evaluation]', or leave out --report.",
        ) from error


def _png(draw: Callable[[Axes], None]) -> bytes:
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    axes = figure.add_subplot()
    draw(axes)
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI, metadata={"Software": None})
    return stream.getvalue()


def _det(axes: Axes, curves: Mapping[str, Curve]) -> None:
    """Draw the errors against each other: nearer to the lower left corner is better."""
    edge = _edge(curves)
    for name, curve in curves.items():
        axes.plot(_shown(curve.fmr, edge), _shown(curve.fnmr, edge), drawstyle="steps-post", label=name)
    axes.set(
        xscale="log", yscale="log", xlabel="false match rate", ylabel="false non-match rate", title="DET"
    )


def _roc(axes: Axes, curves: Mapping[str, Curve]) -> None:
    edge = _edge(curves)
    for name, curve in curves.items():
        axes.plot(
            _shown(curve.fmr, edge), [1 - each for each in curve.fnmr], drawstyle="steps-post", label=name
        )
    axes.set(xscale="log", xlabel="false match rate", ylabel="true match rate", title="ROC")


def _scores(axes: Axes, curve: Curve, threshold: float) -> None:
    for name, shares, colour in (
        ("two people", curve.impostor, "tab:red"),
        ("one person", curve.genuine, "tab:blue"),
    ):
        axes.stairs(shares, curve.edges, fill=True, alpha=0.5, label=name, color=colour)
    axes.axvline(threshold, color="black", linestyle="--", label=f"threshold {threshold:g}")
    axes.set(xlabel="cosine of two photographs", ylabel="share of comparisons", title="Scores")


def _edge(curves: Mapping[str, Curve]) -> float:
    """Give where a rate of 0 stands on a logarithmic axis: at half the smallest rate that the set could show."""
    rates = [each for curve in curves.values() for each in (*curve.fmr, *curve.fnmr) if each > 0]
    return min(rates, default=NO_SHARE) / 2


def _shown(shares: Sequence[float], edge: float) -> list[float]:
    return [max(each, edge) for each in shares]

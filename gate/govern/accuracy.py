"""What the figures of an operating point mean for people, in plain words."""

from __future__ import annotations

from gate.core.operating import OperatingPoint


def error_rates(point: OperatingPoint) -> tuple[str, ...]:
    """Say how often the right person is refused and a stranger let in, on what evidence, and how far that goes."""
    confidence = f"{point.confidence:.0%}".replace("%", " %")
    return (
        (
            f"Someone who enrolled and is refused: {_share(point.fnmr.value)} of the tries measured, between "
            f"{_share(point.fnmr.low)} and {_share(point.fnmr.high)} with {confidence} confidence "
            f"({point.genuine_pairs} comparisons). Nothing is lost by it: card and PIN open at once."
        ),
        (
            f"Someone else who is taken for one enrolled person: {_share(point.fmr.value)} of the comparisons measured, "
            f"between {_share(point.fmr.low)} and {_share(point.fmr.high)} with {confidence} confidence "
            f"({point.impostor_pairs} comparisons)."
        ),
        (
            f"The chance grows with the number of people enrolled: from {point.n_threshold} templates on the gate asks for more "
            f"likeness, which refuses more people as well; more than {point.n_max} templates switch the search off."
        ),
        (
            f"Measured on {point.measured} on: {point.dataset} ({point.subjects} people, {point.images} pictures). "
            "The people and the light at this gate are others; so may the figures be."
        ),
        point.basis.strip(),
    )


def _share(value: float) -> str:
    return f"{100 * value:.2g} %"

"""The figures as rows of words: the same in the terminal's report, the HTML report and docs/accuracy.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gate.core.operating import Bounded
from gate.evaluation.figures import AtThreshold, Figures

LEAST_SHOWN: Final = 1e-6
NEARLY_ALL: Final = 0.995


@dataclass(frozen=True, slots=True)
class Table:
    """A heading, what to know about it, the columns and the rows."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables_of(figures: Figures) -> tuple[Table, ...]:
    """Give every table; one without rows is left out."""
    made = (_set(figures), _rates(figures), _gallery(figures), _search(figures), _groups(figures))
    return tuple(table for table in made if table.rows)


def compared(results: Mapping[str, Figures]) -> Table:
    """Give two networks on the same photographs beside each other."""
    return Table(
        "Two networks on the same photographs",
        "FNMR at a limit to the false match rate; the threshold of each network is its own.",
        ("network", "failure to acquire", "FNMR at FMR 1 %", "FNMR at FMR 0.1 %", "FNMR at FMR 0"),
        tuple(
            (
                name,
                share_words(each.verification.failure_to_acquire_rate),
                *(share_words(at.fnmr) for at in each.at_limits),
            )
            for name, each in results.items()
        ),
    )


def as_markdown(table: Table) -> str:
    """Give *table* as Markdown, with its heading one level below a document's sections."""
    lines = [f"### {table.title}", "", table.note, ""]
    lines += ["| " + " | ".join(row) + " |" for row in (table.columns, ("---",) * len(table.columns))]
    lines += ["| " + " | ".join(row) + " |" for row in table.rows]
    return "\n".join(lines) + "\n"


def share_words(share: Bounded | None) -> str:
    """Give a share with its bounds, in per cent."""
    if share is None:
        return "not measured"
    return f"{percent(share.value)} ({percent(share.low)} to {percent(share.high)})"


def percent(value: float) -> str:
    """Give a share in per cent with two digits that count."""
    if 0 < value < LEAST_SHOWN:
        return f"below {100 * LEAST_SHOWN:g} %"
    return f"{100 * value:.2g} %" if value < NEARLY_ALL else f"{100 * value:.0f} %"


def _set(figures: Figures) -> Table:
    seen = figures.verification
    return Table(
        "The set",
        "Failure to acquire: photographs in which no usable face was found. Failure to enrol: people of whom none was.",
        (
            "people",
            "photographs",
            "failure to acquire",
            "failure to enrol",
            "pairs of one person",
            "of two people",
        ),
        (
            (
                str(figures.people),
                str(seen.images),
                share_words(seen.failure_to_acquire_rate),
                share_words(figures.failure_to_enrol),
                str(seen.genuine_pairs),
                str(seen.impostor_pairs),
            ),
        ),
    )


def _rates(figures: Figures) -> Table:
    return Table(
        "Verification: two photographs, one person or two",
        "In brackets 95 % bounds: by counting (Clopper-Pearson, comparisons taken as independent), then by drawing the people "
        f"again {figures.draws} times (bootstrap by subject, seed {figures.seed}), which is 0 to 0 where no error was seen at "
        "all. Tail: the larger of a normal and an exponential tail fitted to the impostor scores, an assumption.",
        ("at", "threshold", "FMR", "FMR, by person", "FMR, tail", "FNMR", "FNMR, by person"),
        tuple(_rate(at) for at in (figures.operating, *figures.at_limits)),
    )


def _rate(at: AtThreshold) -> tuple[str, ...]:
    return (
        at.name,
        f"{at.threshold:.3f}",
        share_words(at.fmr),
        share_words(at.fmr_by_person),
        share_words(at.tail),
        share_words(at.fnmr),
        share_words(at.fnmr_by_person),
    )


def _gallery(figures: Figures) -> Table:
    return Table(
        "How often a stranger would be named, by size of the gallery",
        f"1-(1-FMR)^N; the threshold rises with N as the operating point says, and FNMR with it. The aim is "
        f"{percent(figures.fpir)}. Within it this set supports, by its upper bounds at the lowest threshold, "
        f"{figures.n_max_counted} templates by counting and {figures.n_max_tail} by the fitted tail.",
        ("templates", "threshold", "FNMR", "at most, by counting", "by the tail", "at most, by the tail"),
        tuple(
            (
                str(each.n),
                f"{each.threshold:.3f}",
                percent(each.fnmr),
                percent(each.counted_at_most),
                "not fitted" if each.tail is None else percent(each.tail),
                "not fitted" if each.tail_at_most is None else percent(each.tail_at_most),
            )
            for each in figures.galleries
        ),
    )


def _search(figures: Figures) -> Table:
    return Table(
        "Identification: one photograph against everybody's template",
        "Open set, the probe left out of its own template, threshold and margin of the operating point. FPIR: of people who "
        "were taken out of the gallery. FNIR: of people who were in it.",
        ("photographs in a template, at most", "templates", "FPIR", "FNIR"),
        tuple(
            (str(each.captures), str(each.n), share_words(each.fpir), share_words(each.fnir))
            for each in figures.identification
        ),
    )


def _groups(figures: Figures) -> Table:
    return Table(
        "By group, at the operating point",
        "FMR between people of one group, and FNMR of its people. Bounds by counting. Few people say little.",
        ("group", "people", "FMR", "FNMR"),
        tuple(
            (each.name, str(each.people), share_words(each.fmr), share_words(each.fnmr))
            for each in figures.groups
        ),
    )

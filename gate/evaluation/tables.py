"""The figures as rows of words: the same in the HTML report and docs/accuracy.md.

Every sentence passes through *gettext*, which gives it in the reader's language: English as it stands here where none is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gate.core.operating import Bounded
from gate.evaluation.figures import AtThreshold, Figures
from gate.vision.evaluate import FMR_LIMITS

Say = Callable[[str], str]
"""Gives a sentence in the reader's language."""

LEAST_SHOWN: Final = 1e-6
NEARLY_ALL: Final = 0.995


def in_english(sentence: str) -> str:
    """Give a sentence as it stands."""
    return sentence


@dataclass(frozen=True, slots=True)
class Table:
    """A heading, what to know about it, the columns and the rows."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables_of(figures: Figures, gettext: Say = in_english) -> tuple[Table, ...]:
    """Give every table; one without rows is left out."""
    made = (each(figures, gettext) for each in (_set, _rates, _gallery, _search, _groups))
    return tuple(table for table in made if table.rows)


def compared(results: Mapping[str, Figures], gettext: Say = in_english) -> Table:
    """Give two networks on the same photographs beside each other."""
    return Table(
        gettext("Two networks on the same photographs"),
        gettext("FNMR at a limit to the false match rate; the threshold of each network is its own."),
        (
            gettext("network"),
            gettext("failure to acquire"),
            gettext("FNMR at FMR 1 %"),
            gettext("FNMR at FMR 0.1 %"),
            gettext("FNMR at FMR 0"),
        ),
        tuple(
            (
                name,
                share_words(each.verification.failure_to_acquire_rate, gettext),
                *(share_words(at.fnmr, gettext) for at in each.at_limits),
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


def share_words(share: Bounded | None, gettext: Say = in_english) -> str:
    """Give a share with its bounds, in per cent."""
    if share is None:
        return gettext("not measured")
    value, low, high = (percent(each, gettext) for each in (share.value, share.low, share.high))
    return gettext("%(value)s (%(low)s to %(high)s)") % {"value": value, "low": low, "high": high}


def percent(value: float, gettext: Say = in_english) -> str:
    """Give a share in per cent with two digits that count."""
    if 0 < value < LEAST_SHOWN:
        return gettext("below %(share)s") % {"share": f"{100 * LEAST_SHOWN:g} %"}
    return f"{100 * value:.2g} %" if value < NEARLY_ALL else f"{100 * value:.0f} %"


def _set(figures: Figures, gettext: Say) -> Table:
    seen = figures.verification
    return Table(
        gettext("The set"),
        gettext(
            "Failure to acquire: photographs in which no usable face was found. Failure to enrol: people of whom none was."
        ),
        (
            gettext("people"),
            gettext("photographs"),
            gettext("failure to acquire"),
            gettext("failure to enrol"),
            gettext("pairs of one person"),
            gettext("of two people"),
        ),
        (
            (
                str(figures.people),
                str(seen.images),
                share_words(seen.failure_to_acquire_rate, gettext),
                share_words(figures.failure_to_enrol, gettext),
                str(seen.genuine_pairs),
                str(seen.impostor_pairs),
            ),
        ),
    )


def _rates(figures: Figures, gettext: Say) -> Table:
    note = gettext(
        "In brackets 95 %% bounds: by counting (Clopper-Pearson, comparisons taken as independent), then by drawing the people "
        "again %(draws)s times (bootstrap by subject, seed %(seed)s), which is 0 to 0 where no error was seen at "
        "all. Tail: the larger of a normal and an exponential tail fitted to the impostor scores, an assumption."
    )
    return Table(
        gettext("Verification: two photographs, one person or two"),
        note % {"draws": figures.draws, "seed": figures.seed},
        (
            gettext("at"),
            gettext("threshold"),
            gettext("FMR"),
            gettext("FMR, by person"),
            gettext("FMR, tail"),
            gettext("FNMR"),
            gettext("FNMR, by person"),
        ),
        (
            _rate(figures.operating, gettext("operating point"), gettext),
            *(
                _rate(at, gettext("FMR at most %(limit)s") % {"limit": limit}, gettext)
                for at, limit in zip(figures.at_limits, FMR_LIMITS, strict=True)
            ),
        ),
    )


def _rate(at: AtThreshold, name: str, gettext: Say) -> tuple[str, ...]:
    shares = at.fmr, at.fmr_by_person, at.tail, at.fnmr, at.fnmr_by_person
    return name, f"{at.threshold:.3f}", *(share_words(each, gettext) for each in shares)


def _gallery(figures: Figures, gettext: Say) -> Table:
    note = gettext(
        "1-(1-FMR)^N; the threshold rises with N as the operating point says, and FNMR with it. The aim is "
        "%(aim)s. Within it this set supports, by its upper bounds at the lowest threshold, "
        "%(counted)s templates by counting and %(tail)s by the fitted tail."
    )
    aim = percent(figures.fpir, gettext)

    def fitted(share: float | None) -> str:
        return gettext("not fitted") if share is None else percent(share, gettext)

    return Table(
        gettext("How often a stranger would be named, by size of the gallery"),
        note % {"aim": aim, "counted": figures.n_max_counted, "tail": figures.n_max_tail},
        (
            gettext("templates"),
            gettext("threshold"),
            gettext("FNMR"),
            gettext("at most, by counting"),
            gettext("by the tail"),
            gettext("at most, by the tail"),
        ),
        tuple(
            (
                str(each.n),
                f"{each.threshold:.3f}",
                percent(each.fnmr, gettext),
                percent(each.counted_at_most, gettext),
                fitted(each.tail),
                fitted(each.tail_at_most),
            )
            for each in figures.galleries
        ),
    )


def _search(figures: Figures, gettext: Say) -> Table:
    return Table(
        gettext("Identification: one photograph against everybody's template"),
        gettext(
            "Open set, the probe left out of its own template, threshold and margin of the operating point. FPIR: of people who "
            "were taken out of the gallery. FNIR: of people who were in it."
        ),
        (
            gettext("photographs in a template, at most"),
            gettext("templates"),
            gettext("FPIR"),
            gettext("FNIR"),
        ),
        tuple(
            (
                str(each.captures),
                str(each.n),
                share_words(each.fpir, gettext),
                share_words(each.fnir, gettext),
            )
            for each in figures.identification
        ),
    )


def _groups(figures: Figures, gettext: Say) -> Table:
    return Table(
        gettext("By group, at the operating point"),
        gettext(
            "FMR between people of one group, and FNMR of its people. Bounds by counting. Few people say little."
        ),
        (gettext("group"), gettext("people"), gettext("FMR"), gettext("FNMR")),
        tuple(
            (each.name, str(each.people), share_words(each.fmr, gettext), share_words(each.fnmr, gettext))
            for each in figures.groups
        ),
    )

"""``docs/anonymity.md``: what an attacker gets out of everything that leaves a gate, measured.

``python -m tests.attack.report`` (``make anonymity``) measures everything anew, about an hour on one core, and writes the
figures beside this file and the document; with the word ``words`` it takes the figures as they are. Seeded: the same code
gives the same figures. A test holds document and figures together.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from math import exp
from pathlib import Path

from gate.core.anonymity import CHANCE, HERE, K_SMALL_SITE, REFUSALS_OF_ONE, SMALL_SITE, K, share_of
from gate.core.noise import margin
from tests.attack.compound import SIZES
from tests.attack.device import DEFAULT
from tests.attack.limits import NO_BETTER_BELOW, Success
from tests.attack.runs import DAYS, KNOWN_TIMES, MONTHLY, Figure, Told, everything, load, save
from tests.attack.worlds import SECRETS

DOCUMENT = Path(__file__).parents[2] / "docs" / "anonymity.md"
EPSILON = float(DEFAULT.epsilon)

_HEAD = """# What leaves a gate, and what can be learnt of one person from it

Made by `make anonymity` from the attacks in `tests/attack`; do not edit. Every figure is measured on the product's own
code (`gate/core/anonymity.py`, `gate/core/noise.py`), with compounds of made-up people.

## In plain words

A gate tells how many **people** came in, each counted once in a number however often they came. It tells so for each
closed hour, for what the four hours withheld together, and for what the day withheld together. Nobody is in two of these
numbers for one and the same passage, and no total is told besides, so there is nothing to subtract.

- **k**: a number is told only if at least k different people are in it: {k} of them, {k_small} where fewer than {small}
  people live. Else the message comes all the same and says *withheld*. Nobody at all, and one fewer than k, look alike.
- **Noise**: chance adds to or takes from each number that is told, and from each test of whether it may be. The noise is
  discrete Laplace noise, drawn exactly, from the system's own source of randomness.
- **Epsilon** ({epsilon:g} by default): the price of all that one person does within one hour. It is split evenly into
  {shares} shares: the test by method, of the hour, of the four hours, of the day, and the number. At {epsilon:g}, a
  number is off by {usual_error:.0f} on average, and is told from about {threshold} people on ({threshold_small} at the small
  sites). Whoever knows everything but that one hour of that one person is right at most {bound:.1f} times in a hundred,
  where guessing is right 50 times.
- **Delta** ({chance} a test): how likely noise lifts a number of exactly k people over its threshold. Below k it never does.
- **Refusals** have no person, so nobody knows whose they are. They are told once a day, rounded down to a multiple of k,
  with so much noise that {refusals} of one person on one day cost epsilon together, and only from about {refusals_from} on
  ({refusals_from_small} at the small sites).
- Methods are told apart only where every method that the site offers has its k people. A visitor's code is counted for
  the day alone, as the resident who invited.

**The attacker** knows the model of the compound, how many live there, the code, k, epsilon, the habits of everybody and
the exact hours of the person they are after. They get everything that leaves: bytes, sizes, times, topics, numbers. What
they do not know is which of their habits everybody else followed that day (rain, journeys, chance), and the noise. They
are trained on as many days of both kinds as they are tested on, by three methods, of which the best is taken.

**Success** is how often they are right where yes and no are equally likely: 50 % is guessing. In brackets are the exact 99 %
limits. *No better than guessing* is said where the upper limit is below {limit:.0f} %.
"""

_WIRE = """## On the wire

`tests/attack/test_capture.py` runs a real gate (store, tally, outbox, publisher) against mosquitto through a relay that
writes down every packet, once while a compound passes and once while nobody does, in plain text and under TLS.

- Packets: as many, of the same kinds and sizes, in both. Under TLS the records are as many and as long, but for the
  greeting, whose lengths are the luck of its signatures.
- Beats of the gate's health: at the same seconds in both. Their pauses are drawn by lot, so that the milliseconds a passage
  keeps the gate busy do not add up to a drift (`tests/attack/test_beats.py`).
- Counts: the same number each hour, at times drawn by lot one to six minutes after it, which a slow test finds drawn alike.
- Topics and lengths of payloads are the same, and nothing is retained.
- Two passages of one person on two days: every message is the same, byte for byte, as if they were two people's
  (`tests/attack/test_driver.py`). People are told apart within a day, under a key that lives in memory for that day.
"""

_NOT = """## What this does not protect from

- **Long absence.** Noise is drawn afresh for every number, so evidence of many days adds up, as the table of months says.
  Whoever knows a person's habits, and compares months, learns more than by guessing, most at small sites.
- **Somebody who knows everybody else's passages** and asks about many hours: the bound of epsilon is for one hour, and the
  bounds of several hours multiply.
- **Switching the noise off** (`epsilon = 0`): k alone protects neither from neighbours who come in on purpose nor from
  somebody who knows the others. The tables say by how much. An assessment should not pass it.
- **Alarms** go at once: a forced door, a door held open and a call for help are events with a time. They name nobody, but
  whoever saw who stood there knows. A duress alarm and a credential used twice do not leave the device.
- **Faults that a visit brings to light**: a camera that fails as it is opened shows in the next minute's health.
- **De-identified live events**, where a privacy officer switches them on, are passages with a minute. They are not
  anonymous, nothing in this document holds for them, and they are off by default.
- **Orders over the network** and their answers, where they are switched on: they tell what somebody of the staff did.
- **Whoever has the device**, its keys, its console, a camera of their own, or a view of the gate.
- **Where fewer than k people use a method for good**, numbers by method are never told; that they never are tells so much.
- **Real life.** The people here are made up. Where habits are more regular than these, the attacker does better, up to the
  bound of epsilon. A cleverer attacker than these three may be found; the bound holds for them all.
- **A site's size.** k and thus whether fewer than {small} people live there is in every message.
"""


def document(told: Sequence[Told], figures: Sequence[Figure]) -> str:
    """Give the document's text."""
    return "\n".join(
        [
            _head(),
            *_days(figures),
            *_months(figures),
            *_known(figures),
            *_subtraction(told),
            _WIRE,
            _NOT.format(small=SMALL_SITE),
            *_how(),
        ]
    )


def _head() -> str:
    share = share_of(DEFAULT.epsilon, [(HERE, method) for method in DEFAULT.offered])
    ratio, above = exp(-share), margin(share, chance=CHANCE)
    alike = margin(DEFAULT.epsilon / REFUSALS_OF_ONE, chance=CHANCE)
    return _HEAD.format(
        k=K,
        k_small=K_SMALL_SITE,
        small=SMALL_SITE,
        epsilon=EPSILON,
        shares=round(float(DEFAULT.epsilon / share)),
        usual_error=2 * ratio / (1 - ratio**2),
        threshold=K + above,
        threshold_small=K_SMALL_SITE + above,
        bound=100 * bound(1),
        chance=CHANCE,
        refusals=REFUSALS_OF_ONE,
        refusals_from=K + alike,
        refusals_from_small=K_SMALL_SITE + alike,
        limit=100 * NO_BETTER_BELOW,
    )


def bound(hours: int) -> float:
    """Give how often anybody can be right about somebody's *hours* hours, but for delta."""
    return 1 / (1 + exp(-EPSILON * hours))


def _days(figures: Sequence[Figure]) -> list[str]:
    lines = [
        "## One day",
        "",
        "At default settings:",
        "",
        *_table_head(f"{size:,} residents" for size in SIZES),
    ]
    for name, secret in SECRETS.items():
        lines.append(_row(secret.asks, (_of(figures, size, "day", name) for size in SIZES)))
    found = [each for each in figures if each.kind == "day" and each.epsilon]
    better = [each for each in found if not each.success.no_better_than_guessing]
    worst = max(found, key=lambda each: each.success.rate)
    verdict = (
        "All of these are no better than guessing."
        if not better
        else f"{len(better)} of these {len(found)} cannot be called no better than guessing: "
        + "; ".join(f"{SECRETS[each.secret].asks} ({each.residents:,} residents)" for each in better)
        + "."
    )
    lines += ["", f"{verdict} The highest is {worst.success}, at {worst.residents:,} residents.", ""]
    lines += ["With the noise off:", "", *_table_head(f"{size:,} residents" for size in SIZES)]
    for name, secret in SECRETS.items():
        lines.append(_row(secret.asks, (_of(figures, size, "day", name, epsilon=0.0) for size in SIZES)))
    return [*lines, ""]


def _months(figures: Sequence[Figure]) -> list[str]:
    words = {
        "home-usual": "Was a resident who comes in twice a day away all month?",
        "home-busy": "Was a resident who comes in five times a day away all month?",
        "night": "Did the target come in at 03:00 every night of a month, or never?",
    }
    columns = [f"{size:,} residents{noise}" for size in SIZES for noise in ("", ", noise off")]
    lines = [
        "## Four weeks",
        "",
        "The same answer for 28 days, whose evidence the attacker adds up. **This is not hidden**, see below.",
        "",
        *_table_head(columns),
    ]
    for name in MONTHLY:
        cells = (
            _of(figures, size, "month", name, epsilon=epsilon) for size in SIZES for epsilon in (EPSILON, 0.0)
        )
        lines.append(_row(words[name], cells))
    return [*lines, ""]


def _known(figures: Sequence[Figure]) -> list[str]:
    hours = {"evening": 1, "night": 1, "home-usual": 2, "home-busy": 5}
    lines = [
        "## Where the attacker knows everybody else's passages of the day",
        "",
        "The worst case: only noise is left. The bound is epsilon's, for as many hours as the target comes in.",
        "",
        *_table_head(["bound", *(f"{size:,} residents" for size in SIZES), "noise off"]),
    ]
    for name, count in hours.items():
        off = max(
            (_of(figures, size, "known", name, epsilon=0.0) for size in SIZES), key=lambda each: each.rate
        )
        cells = [f"{100 * bound(count):.1f} %", *(_of(figures, size, "known", name) for size in SIZES), off]
        lines.append(_row(SECRETS[name].asks, cells))
    crowds = [max(_all(figures, size, "crowd"), key=lambda each: each.rate) for size in SIZES]
    off = max(_all(figures, SIZES[0], "crowd", epsilon=0.0), key=lambda each: each.rate)
    asks = "One passage among a crowd of whatever size gives most away?"
    return [*lines, _row(asks, [f"{100 * bound(1):.1f} %", *crowds, off]), ""]


def _subtraction(told: Sequence[Told]) -> list[str]:
    lines = [
        "## Subtraction, and what is told at all",
        "",
        "All numbers of four weeks are taken as a system of equations and solved exactly. *Thin* hours had fewer than k people.",
        "",
        *_table_head(
            [
                "numbers told",
                "thin hours",
                "of them found",
                "hours told",
                "four hours told",
                "days told",
                "refusals told",
            ],
            first="site",
        ),
    ]
    for each in sorted(told, key=lambda one: (one.residents, -one.epsilon)):
        name = f"{each.residents:,} residents{'' if each.epsilon else ', noise off'}"
        shares = (each.hours, each.blocks, each.days, each.refusals)
        cells = [
            str(each.numbers),
            str(each.thin_hours),
            str(each.isolated),
            *(f"{100 * one:.0f} %" for one in shares),
        ]
        lines.append(_row(name, cells))
    return [
        *lines,
        "",
        "The last four columns are shares of all hours, of all four hours' ends, of all days.",
        "",
    ]


def _how() -> list[str]:
    days = ", ".join(f"{DAYS[size]:,} at {size:,} residents" for size in SIZES)
    return [
        "## How it was measured",
        "",
        f"Days in each world: {days};",
        f"{KNOWN_TIMES:,} draws of the noise where everybody else is known. The two worlds of a secret share everybody else's day",
        "and, hour by hour, the source of the noise, which leaves each world as likely as it is and makes small differences",
        "visible. The attacker learns on half of the days and answers for the other half, both ways round. Limits are exact",
        "binomial ones (Clopper and Pearson), over the pairs in which both answers are right and those in which both are wrong.",
        "",
    ]


def _of(figures: Sequence[Figure], size: int, kind: str, name: str, *, epsilon: float = EPSILON) -> Success:
    (found,) = (
        each.success
        for each in figures
        if (each.residents, each.kind, each.secret, each.epsilon) == (size, kind, name, epsilon)
    )
    return found


def _all(figures: Sequence[Figure], size: int, kind: str, *, epsilon: float = EPSILON) -> list[Success]:
    return [
        each.success for each in figures if (each.residents, each.kind, each.epsilon) == (size, kind, epsilon)
    ]


def _table_head(columns: Iterable[str], *, first: str = "asked") -> list[str]:
    names = [first, *columns]
    return [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]


def _row(name: str, cells: Iterable[object]) -> str:
    return f"| {name} | {' | '.join(str(each) for each in cells)} |"


def main(words_only: bool) -> None:  # noqa: FBT001 - one switch of one command
    """Measure, unless only the words are wanted, and write the document."""
    if not words_only:
        save(*everything())
    DOCUMENT.write_text(document(*load()), encoding="utf-8")


if __name__ == "__main__":
    main(words_only=sys.argv[1:] == ["words"])

"""The words and tables of docs/reliability.md, around the figures of tests/chaos/measured.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.chaos import invariants
from tests.chaos.misfortunes import MISFORTUNES

Figures = Mapping[str, Any]

_HEAD: Final = """# What happens when things break

Made by `make reliability` of what was measured; change `tests/chaos/`, not this file. Every figure is of one shared x86
computer{cores}; no board was at hand.

`make faults SEEDS=50` plays so many seeds: each is one gate, with the real service, its real vision process, database and
keys, a real mosquitto and a receiver, while somebody holds cards to its reader all the time. A seed decides what happens to
it, one to three things, some of them at once; `make faults SEEDS=1 FIRST=17` plays seed 17 again. What ends is started again,
as its unit does. Afterwards each of the invariants below is asked; with `TIMED=1`, few gates at a time, also how soon a card opened. The decisions behind it: [ADR 0036](adr/0036-faults-by-seed.md).
"""
AIM: Final = 1000
CARD_P95_MS: Final = 2000
"""R03."""
FLAT_MB: Final = 15
FLAT_COUNT: Final = 4
_LIMITS: Final = """
What the harness cannot show: the simulated door lives in the core process, so what a door does while its host is dead is
shown with the controller's own firmware instead ([door-faults.md](door-faults.md)). A power cut is a kill after which whatever
no fsync had asked for is gone, or there in blocks of 4 KiB by chance; a disk that lies about an fsync is not covered. The
cables that are pulled are those of the simulated reader and door; the lines of the shipped drivers are cut in `tests/chaos/test_wires.py`,
between the real service, libosdp's own device and the controller's firmware: exit and fire free that door with its host dead, hung or cut off.
"""


def document(measured: Figures) -> str:
    """Give the whole document."""
    cores = f" with {measured['cores']} cores" if "cores" in measured else ""
    parts = [_HEAD.format(cores=cores), _invariants(measured.get("seeds", {})), _LIMITS]
    if "seeds" in measured:
        parts += [_seeds(measured["seeds"]), _recoveries(measured["seeds"]["timed"])]
    if "found" in measured:
        parts.append(_found(measured["found"]))
    if "day" in measured:
        parts += [_day(measured["day"]), _weight(measured)]
    return "\n".join(parts)


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in lines) + "\n"


def _claim(text: str) -> str:
    return " ".join(text.partition("\n\n")[0].split())


def _invariants(seeds: Figures) -> str:
    held = seeds.get("held", {})
    rows = [
        [f"`{each.__name__}`", _claim(each.__doc__ or ""), held.get(each.__name__, "")]
        for each in invariants.EVERY
    ]
    return "## Invariants\n\n" + _table(("invariant", "what must hold", "asked and held"), rows)


def _seeds(seeds: Figures) -> str:
    def times(what: str) -> int:
        return int(seeds["counters"].get(what, 0))

    in_all, timed = seeds["played_in_all"], seeds["timed"]["plays"]
    aim = "met" if seeds["seeds"] >= AIM else f"missed by {AIM - seeds['seeds']}"
    again = "each once" if in_all == seeds["seeds"] else f"some more than once, {in_all} plays in all"
    held = (
        "Every play held every invariant"
        if seeds["whole"] == in_all
        else f"{seeds['whole']} plays held every invariant"
    )
    played = (
        f"{seeds['seeds']} seeds were played, {again}: {in_all - timed} for their verdict alone, many gates at once "
        f"on a busy computer, and {timed} for their times as well. In {seeds['together']} of them two misfortunes came at once. "
        f"{held}. The aim of {AIM:,} seeds is {aim}."
    )
    seen = (
        f"A card opened during {times('card opened during a fault')} misfortunes that may not touch it. "
        f"{times('cuts that lost something')} power cuts lost {times('blocks lost')} blocks that were written and "
        f"not synced. Of the damaged databases {times('damage refused at the start')} were refused at the start, "
        f"in words, and {times('damage survived the start')} served on; each was restored from the backup. "
        f"The core ended by itself {times('ended by itself')} times, and was started again."
    )
    shown, known = times("withdrawn face: refused"), times("enrolled face: opened")
    faces = (
        f"The face of who had withdrawn was shown {shown} times, and never opened. That of who agreed opened {known} times, "
        f"and {times('enrolled face: not in one try')} times not at the first try."
    )
    broken = [
        f"- Seed {each['seed']} broke `{each['claim']}`: {each['why']}. {_since(each['held'])}"
        for each in seeds["broken"]
    ]
    return "\n".join(("\n## Seeds\n", played, seen, faces, *broken)) + "\n"


def _since(held: int) -> str:
    return (
        f"In {held} other play{'s' * (held != 1)} it held them all."
        if held
        else "It was not played again since."
    )


def _recoveries(timed: Figures) -> str:
    if not timed["plays"]:
        return "\n## Recovery\n\nNo seed was played for its times yet.\n"
    head = ("after", "times", "card, s", "of it, seconds of a core", "face offered, s")
    rows = [
        [each.name, found["times"], *(_pair(found, kind) for kind in ("card", "cpu", "face"))]
        for each in MISFORTUNES
        if (found := timed["recoveries"].get(each.name))
    ]
    starts = timed["starts"]
    rows.append(["an undisturbed start", starts["times"], _pair(starts, "card"), _pair(starts, "cpu"), ""])
    words = (
        "\n## Recovery\n\nSeconds, median and 99th percentile (with few times: the longest), from the end of the misfortune, or from "
        "the start of the process that\ntakes the place of one that ended, to a card that opens through the simulated reader's page, and "
        "to face being offered again. That page is\nloaded after the door serves: a card at a real reader opens sooner (README). "
        f"All of it is from the {timed['plays']} plays for their times; what came two at once is in no row.\n{_surroundings(timed)}\n\n{_soon(timed['restarts'])}\n\n"
    )
    return words + _table(head, rows)


def _surroundings(timed: Figures) -> str:
    beside, load = timed["beside"], timed["load"]
    if not load:
        return "How busy the computer was meanwhile was not written down."
    gates = (
        "One gate was played at a time" if beside == [1, 1] else f"{_span(beside)} gates were played at once"
    )
    return f"{gates}, and the computer's load in the minute before a play was {_span(load)}."


def _span(ends: Sequence[float]) -> str:
    low, high = ends
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _soon(restarts: Figures) -> str:
    """Say whether a card opened soon enough after every restart, as the figures have it."""
    times, soon = restarts["times"], restarts["soon"]
    if not times:
        return "None of them restarted the core."
    most = invariants.SOON_S
    if times == soon:
        return f"After each of the {times} restarts a card opened within {most:g} s: the aim is met."
    return (
        f"After {soon} of the {times} restarts a card opened within {most:g} s, in the median after {restarts['card_50']} s: the aim of "
        f"{most:g} s after every restart is missed.\nIts threads together stood in the queue for a core for {restarts['waited_50']} s in the median "
        f"meanwhile, {restarts['waited_99']} s at the most; the table's last column but one is what a start used of a core."
    )


def _pair(found: Figures, kind: str) -> str:
    return f"{found[f'{kind}_50']}, {found[f'{kind}_99']}" if f"{kind}_50" in found else ""


def _found(found: Sequence[str]) -> str:
    return "\n## Found\n\n" + "".join(f"- {each}\n" for each in found)


_NAMES: Final = {
    "core_mb": "memory of the core, MB",
    "vision_mb": "memory of vision, MB",
    "files": "open files of the core",
    "threads": "threads of the core",
    "wal_bytes": "database log, bytes",
    "db_bytes": "database, bytes",
    "card_p50_ms": "card to its answer, median, ms",
    "card_p95_ms": "95th percentile, ms",
    "card_p99_ms": "99th percentile, ms",
}


def _day(day: Figures) -> str:
    rows = [
        [label, *(day["table"][name][part] for part in ("first", "last", "all", "most"))]
        for name, label in _NAMES.items()
    ]
    return (
        f"\n## A day of {day['residents']} residents\n\n`make soak-day`: 24 hours of a compound at a hundred times its speed, in "
        f"{day['seconds']:.0f} s: {day['passages']} passages, {day['refused']} refusals, {day['faces_opened']} of {day['faces']} faces opened. The wall clock runs a hundred "
        "times as fast; what the gate does on its own clock (housekeeping, its message a minute) does not, and so comes a hundred "
        "times more seldom than in a real day. One of the residents has a face: the shipped operating point allows a search among 100.\n\n"
        f"{_flat(day)}\n\n![Memory, handles, database log and answers over the day](reliability.png)\n\n"
    ) + _table(("figure", "first quarter (cards: half)", "last", "all", "most"), rows)


def _flat(day: Figures) -> str:
    """Say what grew over the day and what did not, and whether cards were answered in time, as the figures have it."""
    table = day["table"]
    allowed = {"core_mb": FLAT_MB, "vision_mb": FLAT_MB, "files": FLAT_COUNT, "threads": FLAT_COUNT}
    grew = [
        _NAMES[name] for name, most in allowed.items() if table[name]["last"] - table[name]["first"] > most
    ]
    p95, p99 = table["card_p95_ms"]["all"], table["card_p99_ms"]["all"]
    load = f" The computer's load in the minute before was {day['load']:g}." if "load" in day else ""
    return (
        f"{'These grew over the day: ' + ', '.join(grew) if grew else 'Memory, files and threads at its end are those of its beginning'}. "
        f"A card was answered within {p95:g} ms at the 95th percentile: R03's {CARD_P95_MS / 1000:g} s are {'met' if p95 <= CARD_P95_MS else 'missed'}; "
        f"within {p99:g} ms at the 99th.{load}"
    )


def _weight(measured: Figures) -> str:
    day, sizes = measured["day"], measured["installed"]
    in_a_day = day["idle_bytes_a_day"] + 2000 * day["bytes_a_decision"]
    rows = [
        [
            (
                f"processor, of one core: this day at a hundredfold; before it, with nobody there ({day['residents']} residents, "
                "the screen's page open, a broker; the README's is without these)"
            ),
            f"{day['cpu_share']:.1%}; {day['idle_cpu']:.1%}",
        ],
        ["written to the disk for one decision", f"{day['bytes_a_decision'] / 1000:.0f} kB"],
        ["written in a day with nobody there", f"{day['idle_bytes_a_day'] / 1e6:.0f} MB"],
        ["written in a day of 2,000 passages: the two together", f"{in_a_day / 1e6:.0f} MB"],
        [
            "installed: the gate's code; its libraries; the models it runs",
            "; ".join(f"{sizes[name] / 1e6:.1f} MB" for name in ("code", "libraries", "models")),
        ],
    ]
    return (
        "\n## What it takes\n\n"
        + _table(("figure", "here"), rows)
        + (
            "\nWritten is what both processes sent to the disk (`write_bytes` of the kernel), without what flash adds to it inside.\n"
        )
    )

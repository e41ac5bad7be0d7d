"""The words and tables of docs/reliability.md, around the figures of tests/chaos/measured.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.chaos import invariants
from tests.chaos.misfortunes import MISFORTUNES

Figures = Mapping[str, Any]

_HEAD: Final = """# What happens when things break

Made by `make reliability` of what was measured; change `tests/chaos/`, not this file. Every figure is of one shared x86
computer with two cores that did much else at the time; no board was at hand.

`make faults SEEDS=50` plays so many seeds: each is one gate, with the real service, its real vision process, database and
keys, a real mosquitto and a receiver, while somebody holds cards to its reader all the time. A seed decides what happens to
it, one to three things, some of them at once; `make faults SEEDS=1 FIRST=17` plays seed 17 again. What ends is started again,
as its unit does. Afterwards each of the invariants below is asked. The decisions behind it: [ADR 0036](adr/0036-faults-by-seed.md).
"""
AIM: Final = 1000
_LIMITS: Final = """
What the harness cannot show: the simulated door lives in the core process, so what a door does while its host is dead is
shown with the controller's own firmware instead ([door-faults.md](door-faults.md)). A power cut is a kill after which whatever
no fsync had asked for is gone, or there in blocks of 4 KiB by chance; a disk that lies about an fsync is not covered. The
cables that are pulled are those of the simulated reader and door; the lines of the shipped drivers are cut in `tests/chaos/test_wires.py`,
between the real service, libosdp's own device and the controller's firmware: exit and fire free that door with its host dead, hung or cut off.
"""


def document(measured: Figures) -> str:
    """Give the whole document."""
    parts = [_HEAD, _invariants(measured.get("seeds", {})), _LIMITS]
    if "seeds" in measured:
        parts += [_seeds(measured["seeds"]), _recoveries(measured["seeds"])]
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

    played = (
        f"{seeds['seeds']} seeds were played, some more than once, {seeds['played_in_all']} plays in all; in {seeds['together']} of them two "
        f"misfortunes came at once. {seeds['whole']} plays held every invariant. The aim of 1,000 seeds "
        f"{'is met' if seeds['seeds'] >= AIM else 'is missed: a night of make reliability SEEDS=1000 is still to be had'}."
    )
    seen = (
        f"A card opened during {times('card opened during a fault')} misfortunes that may not touch it. "
        f"{times('cuts that lost something')} power cuts lost {times('blocks lost')} blocks that were written and "
        f"not synced. Of the damaged databases {times('damage refused at the start')} were refused at the start, "
        f"in words, and {times('damage survived the start')} served on; each was restored from the backup. "
        f"The core ended by itself {times('ended by itself')} times, and was started again."
    )
    faces = (
        f"The face of who had withdrawn was shown {times('withdrawn face: refused')} times, and never opened. "
        f"That of who agreed opened {times('enrolled face: opened')} times, and "
        f"{times('enrolled face: not in one try')} times not at the first try."
    )
    broken = [f"- Seed {seed} broke `{step}`: {why}" for seed, step, why in seeds["broken"]]
    return "\n".join(("\n## Seeds\n", played, seen, faces, *broken)) + "\n"


def _recoveries(seeds: Figures) -> str:
    head = ("after", "times", "card, s", "of it, seconds of a core", "face offered, s")
    rows = [
        [each.name, found["times"], *(_pair(found, kind) for kind in ("card", "cpu", "face"))]
        for each in MISFORTUNES
        if (found := seeds["recoveries"].get(each.name))
    ]
    starts = seeds["starts"]
    rows.append(["an undisturbed start", seeds["seeds"], _pair(starts, "card"), _pair(starts, "cpu"), ""])
    words = """
## Recovery

Seconds, median and 99th percentile (with few times: the longest), from the end of the misfortune, or from the start of the process that
takes the place of one that ended, to a card that opens through the simulated reader's page, and to face being offered again. That page is
loaded after the door serves: a card at a real reader opens sooner (README). Several gates ran at once, at the lowest priority, beside other
work, so that a start stood in the queue for a core most of its time; the next column is what it used of one. The aim of 2 s after a restart
is missed here, on a computer this busy.
"""
    return words + "\n" + _table(head, rows)


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
        "![Memory, handles, database log and answers over the day](reliability.png)\n\n"
    ) + _table(("figure", "first quarter", "last quarter", "all", "most"), rows)


def _weight(measured: Figures) -> str:
    day, sizes = measured["day"], measured["installed"]
    in_a_day = day["idle_bytes_a_day"] + 2000 * day["bytes_a_decision"]
    rows = [
        [
            "processor, of one core: this day at a hundredfold; with nobody there",
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

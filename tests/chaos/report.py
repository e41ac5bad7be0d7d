"""Writes docs/reliability.md from what was measured: ``python -m tests.chaos.report``, with the day's plot beside it.

``--seeds FILE`` adds up the lines that ``tests.chaos.run --to`` wrote, ``--day FILE`` takes what ``tests.chaos.day --to``
wrote; both are kept in tests/chaos/measured.json, from which the document is made.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import distribution, requires
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

from gate.settings import PROJECT
from tests.chaos import invariants, reliability_words

MEASURED: Final = Path(__file__).with_name("measured.json")
DOCUMENT: Final = PROJECT / "docs" / "reliability.md"
PLOT: Final = PROJECT / "docs" / "reliability.png"


def percentile(values: Sequence[float], share: float) -> float:
    """Give the value below which *share* of them lie: the nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def summary(lines: Sequence[str]) -> dict[str, object]:
    """Add up what the seeds told."""
    told = [json.loads(line) for line in lines]
    recoveries: dict[str, dict[str, list[float]]] = {}
    for seed in told:
        for each in seed["recoveries"]:
            of = recoveries.setdefault(each["fault"], {"card": [], "cpu": [], "face": []})
            of["card"].append(round(each["card_s"], 3))
            if each["restarted"] and "cpu_s" in each:
                of["cpu"].append(round(each["cpu_s"], 3))
            if each["face_s"] is not None:
                of["face"].append(round(each["face_s"], 3))
    starts = [each["undisturbed"] for each in told if each["undisturbed"]]
    counters: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for seed in told:
        counters.update(seed["counters"])
        held.update(seed["held"])
    return {
        "seeds": len({seed["seed"] for seed in told}),
        "played_in_all": len(told),
        "whole": sum(not seed["broken"] for seed in told),
        "broken": sorted(
            [seed["seed"], seed["broken"][0], seed["broken"][1][:160]] for seed in told if seed["broken"]
        ),
        "together": sum(seed["together"] for seed in told),
        "played": Counter(name for seed in told for name in seed["misfortunes"]),
        "recoveries": {
            name: {
                "times": len(of["card"]),
                **{
                    f"{kind}_{int(100 * share)}": round(percentile(of[kind], share), 2)
                    for kind in ("card", "cpu", "face")
                    for share in (0.5, 0.99)
                    if of[kind]
                },
            }
            for name, of in recoveries.items()
            if " + " not in name
        },
        "starts": {
            f"{kind}_{int(100 * share)}": round(percentile(values, share), 2)
            for kind, values in (
                ("card", [each["card_s"] for each in starts]),
                ("cpu", [each["cpu_s"] for each in starts if "cpu_s" in each]),
            )
            for share in (0.5, 0.99)
        },
        "counters": counters,
        "held": {claim.__name__: held[claim.__name__] for claim in invariants.EVERY},
    }


def day_summary(day: dict[str, object]) -> dict[str, object]:
    """Add up a day: each figure in its first and last quarter, after the start's own growth."""
    looks = [each for each in day["looks"] if each["at_s"] >= day["seconds"] * 0.04]
    quarter = max(1, len(looks) // 4)
    parts = {"first": looks[:quarter], "last": looks[-quarter:], "all": looks}
    table = {
        name: {part: round(percentile([each[name] for each in seen], 0.5), 1) for part, seen in parts.items()}
        | {"most": round(max(each[name] for each in looks), 1)}
        for name in ("core_mb", "vision_mb", "files", "threads", "wal_bytes", "db_bytes")
    }
    cards = [(at, took) for at, took in day["cards"] if at >= day["seconds"] * 0.04]
    border = day["seconds"] / 2
    for name, share in (("card_p50_ms", 0.5), ("card_p95_ms", 0.95), ("card_p99_ms", 0.99)):
        halves = [took for at, took in cards if at < border], [took for at, took in cards if at >= border]
        first, last = (round(1000 * percentile(each, share), 1) for each in halves)
        both = [took for _, took in cards]
        table[name] = {
            "first": first,
            "last": last,
            "all": round(1000 * percentile(both, share), 1),
            "most": round(1000 * max(both), 1),
        }
    whole, start = day["looks"][-1], day["looks"][0]
    busy = whole["written"] - start["written"]
    events = day["passages"] + day["refused"]
    return {
        "seconds": day["seconds"],
        "residents": day["residents"],
        "passages": day["passages"],
        "refused": day["refused"],
        "faces": day["faces"],
        "faces_opened": day["faces_opened"],
        "cpu_share": round((whole["cpu_s"] - start["cpu_s"]) / day["seconds"], 4),
        "idle_cpu": round(day["idle_cpu"], 4),
        "idle_bytes_a_day": round(day["idle_bytes_a_s"] * 86400),
        "bytes_a_decision": round((busy - day["idle_bytes_a_s"] * day["seconds"]) / max(1, events)),
        "table": table,
    }


def installed() -> dict[str, int]:
    """Give the bytes of what an installed gate consists of: its code, its libraries, the models it runs."""
    seen: set[str] = set()
    waiting = ["gate"]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for line in requires(name) or ():
            wanted = Requirement(line)
            if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
                waiting.append(wanted.name.lower())
    libraries = sum(_size(name) for name in seen - {"gate"})
    code = sum(
        path.stat().st_size
        for room in ("gate", "firmware_bridge")
        for path in (PROJECT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )
    models = sum(
        (PROJECT / "models" / "weights" / name).stat().st_size for name in ("yunet.onnx", "sface.onnx")
    )
    return {"code": code, "libraries": libraries, "models": models}


def _size(name: str) -> int:
    files = distribution(name).files or []
    return sum(path.stat().st_size for each in files if (path := Path(each.locate())).is_file())


def draw(day: dict[str, object], to: Path) -> None:
    """Draw the day as one picture: memory, handles, the log's size, and each card's answer."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    looks = day["looks"]
    hours = [each["at_s"] * 24 / day["seconds"] for each in looks]
    figure, axes = plt.subplots(4, 1, figsize=(7.5, 8), sharex=True, layout="constrained")
    for name, label in (("core_mb", "core"), ("vision_mb", "vision")):
        axes[0].plot(hours, [each[name] for each in looks], label=label)
    axes[0].set_ylabel("memory, MB")
    for name, label in (("files", "open files"), ("threads", "threads")):
        axes[1].plot(hours, [each[name] for each in looks], label=label)
    axes[1].set_ylabel("of the core")
    for name, label in (("wal_bytes", "log"), ("db_bytes", "database")):
        axes[2].plot(hours, [each[name] / 1e6 for each in looks], label=label)
    axes[2].set_ylabel("on disk, MB")
    axes[3].plot(
        [at * 24 / day["seconds"] for at, _ in day["cards"]],
        [1000 * took for _, took in day["cards"]],
        ".",
        markersize=2,
        label="one card",
    )
    axes[3].set_ylabel("answer, ms")
    axes[3].set_yscale("log")
    axes[3].set_xlabel("hour of the day")
    for each in axes:
        each.legend(loc="upper right", fontsize="small")
        each.grid(alpha=0.3)
    for each in axes[:3]:
        each.set_ylim(bottom=0)
    figure.savefig(to, dpi=80)
    plt.close(figure)


def main(arguments: Sequence[str] | None = None) -> None:
    """Take up what was measured anew, and write the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=Path, nargs="*", default=[])
    parser.add_argument("--day", type=Path)
    asked = parser.parse_args(arguments)
    measured = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else {}
    if asked.seeds:
        lines = [line for path in asked.seeds for line in path.read_text(encoding="utf-8").splitlines()]
        measured["seeds"] = summary(lines)
    if asked.day:
        day = json.loads(asked.day.read_text(encoding="utf-8"))
        measured["day"] = day_summary(day)
        measured["installed"] = installed()
        draw(day, PLOT)
    MEASURED.write_text(json.dumps(measured, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    DOCUMENT.write_text(reliability_words.document(measured), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Writes docs/reliability.md from what was measured: ``python -m tests.chaos.report``, with the day's plot beside it.

``--seeds FILE...`` adds up the lines that ``tests.chaos.run --to`` wrote. Each says whether it was played for its times;
files of lines that do not say it are named after ``--timed`` or ``--untimed``, as they were played. ``--day FILE`` takes
what ``tests.chaos.day --to`` wrote. All is kept in tests/chaos/measured.json, from which the document is made.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from importlib.metadata import distribution, requires
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

from gate.settings import PROJECT
from tests.chaos import reliability_words
from tests.chaos.plays import Play, percentile, read_plays, summary

MEASURED: Final = Path(__file__).with_name("measured.json")
DOCUMENT: Final = PROJECT / "docs" / "reliability.md"
PLOT: Final = PROJECT / "docs" / "reliability.png"


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
        **({"load": day["load"]} if "load" in day else {}),
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


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--seeds", "--timed", "--untimed"):
        parser.add_argument(name, type=Path, nargs="+", default=[])
    parser.add_argument("--day", type=Path)
    return parser.parse_args(arguments)


def asked_plays(arguments: Sequence[str] | None) -> list[Play]:
    """Give the plays of all the files that the arguments name, each as it was played."""
    asked = _asked(arguments)
    files = {None: asked.seeds, True: asked.timed, False: asked.untimed}
    return [
        play for timed, paths in files.items() for path in paths for play in read_plays(path, timed=timed)
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Take up what was measured anew, and write the document."""
    asked, plays = _asked(arguments), asked_plays(arguments)
    measured = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else {}
    if plays:
        measured["seeds"], measured["cores"] = summary(plays), os.cpu_count()
    if asked.day:
        day = json.loads(asked.day.read_text(encoding="utf-8"))
        measured["day"] = day_summary(day)
        measured["installed"] = installed()
        draw(day, PLOT)
    MEASURED.write_text(json.dumps(measured, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    DOCUMENT.write_text(reliability_words.document(measured), encoding="utf-8")


if __name__ == "__main__":
    main()
